// The menu of a card or a chart, as assistive technology knows one: arrow keys, Home, End, Escape, and focus comes back.

import { html, icon } from "./elements.js"

const MARGIN = 8

let open = null

function close(isFocusBack = false) {
  if (!open) return
  const { button, list } = open
  open = null
  list.remove()
  button.setAttribute("aria-expanded", "false")
  if (isFocusBack) button.focus()
}

document.addEventListener("pointerdown", event => {
  if (open && !open.list.contains(event.target) && !open.button.contains(event.target)) close()
})

function onKey(event) {
  const items = [...open.list.children]
  const here = items.indexOf(document.activeElement)
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key]
  if (to !== undefined) items.at(to % items.length).focus()
  else if (event.key === "Escape") close(true)
  else if (event.key === "Tab") return close(true)
  else return
  event.preventDefault()
  event.stopPropagation()
}

function show(button, entries) {
  const items = entries.map(({ name, mark, act }) =>
    html(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        onclick: () => {
          close(true)
          act()
        },
      },
      icon(mark),
      name,
    ),
  )
  const list = html("div", { class: "menu", role: "menu", "aria-label": button.getAttribute("aria-label"), onkeydown: onKey }, ...items)
  button.after(list)
  // At the left card of a phone it would begin outside the page.
  const outside = MARGIN - list.getBoundingClientRect().left
  if (outside > 0) list.style.right = `${-outside}px`
  button.setAttribute("aria-expanded", "true")
  open = { button, list }
  items[0].focus()
}

export function menuButton(name, entries) {
  const button = html(
    "button",
    { type: "button", class: "dots", "aria-label": name, "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("more"),
  )
  button.onclick = () => {
    const isOpen = open?.button === button
    close()
    if (!isOpen) show(button, entries)
  }
  return button
}
