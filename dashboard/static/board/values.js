// What every chart's marks have in common: a tooltip, a name, and one stop of the keyboard per chart.

import { html } from "./elements.js"

const MOVES = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

export function tooltipIn(frame) {
  const tip = html("div", { class: "tip", "aria-hidden": "true", hidden: true })
  frame.append(tip)
  return tip
}

// The parts of a mark with their names, those without a figure left out.
const partsOf = (mark, legend) =>
  (mark.parts ?? []).map((part, place) => ({ ...legend[place], ...part })).filter(part => part.count)

export function showTip(tip, mark, place, legend) {
  const facts = [html("span", {}, mark.exact ?? mark.text), mark.share ? html("span", {}, mark.share) : null]
  const parts = partsOf(mark, legend).map(part =>
    html("span", { class: "part-of" }, html("i", { class: `dot series-${part.colour}` }), part.label, html("b", {}, part.text)),
  )
  tip.classList.toggle("tall", parts.length > 0)
  tip.replaceChildren(html("strong", {}, mark.label), ...facts.filter(Boolean), ...parts)
  tip.hidden = false
  const frame = tip.parentElement.getBoundingClientRect()
  const left = place.x - frame.left - tip.offsetWidth / 2
  const above = place.y - frame.top - tip.offsetHeight - 12
  tip.style.left = `${Math.max(4, Math.min(left, frame.width - tip.offsetWidth - 4))}px`
  tip.style.top = `${above < 4 ? place.y - frame.top + 18 : above}px`
}

export const hide = tip => {
  tip.hidden = true
}

export function nameOf(mark, legend) {
  const parts = partsOf(mark, legend).map(part => `; ${part.label} ${part.text}`)
  return `${mark.label}: ${mark.exact ?? mark.text}${mark.share ? `, ${mark.share}` : ""}${parts.join("")}`
}

// Arrow keys move among the marks, Home and End to the first and last, Enter and Space choose. Up and down move by a row
// where there are rows. `focus` is called with the mark that the keyboard reaches, and with null when it leaves.
export function reachable(element, { chart, choose, focus, tip }) {
  const markOf = button => chart().marks.find(mark => mark.key === button?.dataset.key)
  const buttons = () => [...element.querySelectorAll(".mark")]
  const go = place => {
    const all = buttons()
    const next = all[Math.max(0, Math.min(place, all.length - 1))]
    for (const button of all) button.setAttribute("tabindex", button === next ? "0" : "-1")
    next.focus()
  }
  element.addEventListener("keydown", event => {
    const here = buttons().indexOf(event.target.closest(".mark"))
    if (here < 0) return
    const isAcross = event.key === "ArrowUp" || event.key === "ArrowDown"
    if (event.key in MOVES) go(here + MOVES[event.key] * (isAcross && chart().rows ? chart().columns.length : 1))
    else if (event.key === "Home") go(0)
    else if (event.key === "End") go(buttons().length - 1)
    else if (event.key === "Escape") hide(tip)
    else return
    event.preventDefault()
  })
  // Enter and Space click a button, and so does assistive technology.
  element.addEventListener("click", event => {
    const mark = markOf(event.target.closest(".mark"))
    if (mark) choose(mark)
  })
  element.addEventListener("focusin", event => {
    const button = event.target.closest(".mark")
    if (button?.matches(":focus-visible")) focus(markOf(button))
  })
  element.addEventListener("focusout", () => {
    hide(tip)
    focus(null)
  })
}

// One stop for Tab: the first picked mark, or the first.
export function firstStop(buttons) {
  const first = buttons.find(button => button.getAttribute("aria-pressed") === "true") ?? buttons[0]
  first?.setAttribute("tabindex", "0")
}
