// Stat cards: a figure, its change, and its daily values as a line. Texts come formatted (dashboard/overview/document.py).

import { html, icon, svg } from "./elements.js"

const HEIGHT = 46
// Characters that fit a card of a phone at full size.
const LONG = 11

// Runs of consecutive days with a figure; a day without one is a gap, not a zero.
function runs(points) {
  const found = [[]]
  for (const point of points) {
    if (point) found.at(-1).push(point)
    else if (found.at(-1).length) found.push([])
  }
  return found.filter(run => run.length)
}

function course(card, width) {
  // A single day makes a flat line, so the card keeps its height.
  const series = card.series.length === 1 ? [card.series[0], card.series[0]] : card.series
  const known = series.filter(value => value !== null)
  const drawn = svg("svg", { class: "course", width, height: HEIGHT, role: "img", "aria-label": `${card.label} per day`, "data-drawn": "" })
  if (!known.length) return drawn
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const y = value => (high === low ? HEIGHT / 2 : 4 + (HEIGHT - 10) * (1 - (value - low) / (high - low)))
  const points = series.map((value, place) => (value === null ? null : [(width * place) / (series.length - 1), y(value)]))
  for (const run of runs(points)) {
    const line = `M${run.map(([x, at]) => `${x.toFixed(1)},${at.toFixed(1)}`).join("L")}`
    drawn.append(svg("path", { class: "under", d: `${line}V${HEIGHT}H${run[0][0].toFixed(1)}Z` }), svg("path", { class: "line", d: line }))
  }
  return drawn
}

function arrow(trend) {
  const drawn = icon(trend)
  drawn.dataset.drawn = ""
  return drawn
}

export function card(figures, width) {
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
    course(figures, width),
  ]
}
