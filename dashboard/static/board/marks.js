// What every chart's marks have in common: they are buttons, one stop of the keyboard per chart, with a tooltip.

import { html, svg } from "./elements.js"

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

// A mark as a button; `shapes` are drawn in it.
export function button(mark, chart, shapes) {
  const isAny = chart.marks.some(other => other.picked)
  return svg(
    "g",
    {
      class: `mark${isAny && !mark.picked ? " faded" : ""}`,
      role: "button",
      tabindex: "-1",
      "data-key": mark.key,
      "aria-label": nameOf(mark, chart.legend),
      "aria-pressed": String(Boolean(mark.picked)),
    },
    ...shapes,
  )
}

export function picture(chart, width, height, ...children) {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` }
  return svg("svg", { class: "picture", role: "group", "aria-label": chart.alt, ...size }, ...children)
}

// Arrow keys move among the marks, Home and End to the first and last, Enter and Space choose. Up and down move by a row
// where there are rows.
export function reachable(drawn, chart, tip, choose, inRow = 1) {
  const marks = [...drawn.querySelectorAll(".mark")]
  const markOf = element => chart.marks.find(mark => mark.key === element?.dataset.key)
  const first = marks.find(mark => mark.getAttribute("aria-pressed") === "true") ?? marks[0]
  first?.setAttribute("tabindex", "0")
  const go = place => {
    const next = marks[Math.max(0, Math.min(place, marks.length - 1))]
    for (const mark of marks) mark.setAttribute("tabindex", mark === next ? "0" : "-1")
    next.focus()
  }
  drawn.addEventListener("keydown", event => {
    const here = marks.indexOf(event.target.closest(".mark"))
    if (here < 0) return
    if (event.key in MOVES) go(here + MOVES[event.key] * (event.key === "ArrowUp" || event.key === "ArrowDown" ? inRow : 1))
    else if (event.key === "Home") go(0)
    else if (event.key === "End") go(marks.length - 1)
    else if (event.key === "Enter" || event.key === " ") choose(markOf(marks[here]), event)
    else if (event.key === "Escape") hide(tip)
    else return
    event.preventDefault()
  })
  drawn.addEventListener("focusin", event => {
    const element = event.target.closest(".mark")
    if (!element?.matches(":focus-visible")) return
    const box = element.getBoundingClientRect()
    showTip(tip, markOf(element), { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 3, 40) }, chart.legend)
  })
  drawn.addEventListener("focusout", () => hide(tip))
  drawn.addEventListener("pointermove", event => {
    const mark = markOf(event.target.closest(".mark"))
    if (mark && event.pointerType === "mouse") showTip(tip, mark, { x: event.clientX, y: event.clientY }, chart.legend)
    else hide(tip)
  })
  drawn.addEventListener("pointerleave", () => hide(tip))
}
