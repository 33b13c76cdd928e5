// Stat cards: a figure, its change, and its daily values as a line. Texts come formatted (dashboard/overview/document/board.py).

import { html, icon } from "./elements.js"

const HEIGHT = 46
// Characters that fit a card of a phone at full size.
const LONG = 11

// A single day makes a flat line, so the card keeps its height.
function sparkline({ label, series }, drawing, width) {
  const days = series.length === 1 ? [series[0], series[0]] : series
  const known = days.filter(value => value !== null)
  const [low, high] = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1]
  const room = high > low ? 0 : 1
  const params = { last: Math.max(1, days.length - 1), low: low - room, high: high + room }
  drawing.show("sparkline", { data: { marks: days.map((count, place) => ({ count, place })) }, params, width, height: HEIGHT })
  return html("div", { class: "sparkline", role: "img", "aria-label": `${label} per day` }, drawing.element)
}

function arrow(trend) {
  const drawn = icon(trend)
  drawn.dataset.drawn = ""
  return drawn
}

export function card(figures, drawing, width) {
  const change = html(
    "p",
    { class: "change" },
    html("span", { class: `delta ${figures.news}` }, figures.trend ? arrow(figures.trend) : null, html("span", { "data-written": "" }, figures.delta)),
    figures.from ? html("span", { class: "from", "data-written": "" }, figures.from) : null,
    figures.note ? html("span", { class: "from", "data-written": "" }, figures.note) : null,
  )
  if (figures.trend) change.prepend(html("span", { class: "heard" }, figures.trend === "up" ? "Up" : "Down"))
  return [
    html("h2", { class: "label", "data-written": "" }, figures.label),
    html("p", { class: figures.text.length > LONG ? "value long" : "value", title: figures.exact, "data-written": "" }, figures.text),
    html("span", { class: "heard" }, figures.exact === figures.text ? "" : `exactly ${figures.exact}`),
    change,
    sparkline(figures, drawing, width),
  ]
}
