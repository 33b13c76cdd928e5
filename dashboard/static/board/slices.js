// Shares of a whole: a ring with its total in the middle, or a pie; numbers at the slices, names in a legend.

import { fitted, svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const LINE = 20
const LEGEND = 12
const SMALLEST_WITH_NUMBER = 0.05

const point = (centre, radius, turn) => [
  centre.x + radius * Math.sin(turn * 2 * Math.PI),
  centre.y - radius * Math.cos(turn * 2 * Math.PI),
]

function slice(centre, outer, inner, from, to) {
  // A full circle starts and ends at the same point, which an SVG arc cannot express.
  const end = Math.min(to, from + 0.99999)
  const large = end - from > 0.5 ? 1 : 0
  const [a, b] = [point(centre, outer, from), point(centre, outer, end)]
  const rim = `M${a}A${outer},${outer} 0 ${large} 1 ${b}`
  if (!inner) return `${rim}L${centre.x},${centre.y}Z`
  const [c, d] = [point(centre, inner, end), point(centre, inner, from)]
  return `${rim}L${c}A${inner},${inner} 0 ${large} 0 ${d}Z`
}

function legend(chart, x, height, room) {
  const most = Math.floor((height - 8) / LINE)
  const shown = chart.marks.length > most ? chart.marks.slice(0, most - 1) : chart.marks
  const rest = chart.marks.length - shown.length
  const top = (height - (shown.length + (rest ? 1 : 0)) * LINE) / 2 + LINE / 2
  const isAny = chart.marks.some(mark => mark.picked)
  const lines = shown.map((mark, place) =>
    svg(
      "g",
      { class: `entry${isAny && !mark.picked ? " faded" : ""}`, "data-key": mark.key },
      svg("circle", { class: `series-${mark.colour}`, cx: x + 5, cy: top + place * LINE, r: 5 }),
      svg("text", { class: "name", x: x + 16, y: top + place * LINE + 4 }, fitted(mark.label, room - 16, LEGEND)),
    ),
  )
  if (rest) lines.push(svg("text", { class: "name", x: x + 16, y: top + shown.length * LINE + 4 }, `and ${rest} more`))
  return svg("g", { class: "legend", "aria-hidden": "true" }, ...lines)
}

const TOTAL = 24

// The total fits the hole of the ring.
const sizeWithin = (text, room) => Math.min(TOTAL, (TOTAL * room) / widthOf(text, TOTAL, 600)).toFixed(1)

export function slices(chart, width, height, tip, choose) {
  const { marks } = chart
  const total = marks.reduce((sum, mark) => sum + mark.count, 0) || 1
  const longest = Math.max(...marks.map(mark => widthOf(mark.label, LEGEND))) + 20
  const room = Math.min(longest, width * 0.38)
  const centre = { x: (width - room) / 2, y: height / 2 }
  const outer = Math.max(40, Math.min(height / 2 - 24, (width - room) / 2 - 34))
  const inner = chart.kind === "doughnut" ? outer * 0.64 : 0
  let turn = 0
  const numbers = []
  const drawnSlices = marks.map(mark => {
    const share = mark.count / total
    const [from, to] = [turn, turn + share]
    turn = to
    if (share >= SMALLEST_WITH_NUMBER) {
      const [x, y] = point(centre, outer + 16, (from + to) / 2)
      const text = `${Math.round(share * 100)}%`
      numbers.push(svg("text", { class: "axis", x, y: y + 4, "text-anchor": "middle", "aria-hidden": "true" }, text))
    }
    const shape = svg("path", { class: `slice series-${mark.colour}`, d: slice(centre, outer, inner, from, to) })
    return button(mark, chart, share > 0 ? [shape] : [])
  })
  // Where some are picked, what the cards count stands in the middle.
  const picked = marks.filter(mark => mark.picked).reduce((sum, mark) => sum + mark.count, 0)
  const [counted, unit] = picked ? [chart.unit === "rows" ? picked.toLocaleString("en") : (chart.chosen ?? ""), `of ${chart.total} ${chart.unit}`] : [chart.total, chart.unit]
  const middle = inner
    ? svg(
        "g",
        { "aria-hidden": "true", "text-anchor": "middle" },
        svg("text", { class: "total", x: centre.x, y: centre.y + 3, style: `font-size:${sizeWithin(counted, inner * 1.7)}px` }, counted),
        svg("text", { class: "unit", x: centre.x, y: centre.y + 21 }, unit),
      )
    : null
  const names = legend(chart, width - room, height, room)
  const drawn = picture(chart, width, height, ...drawnSlices, ...numbers, middle, names)
  drawn.addEventListener("click", event => {
    const key = event.target.closest(".mark, .entry")?.dataset.key
    const mark = marks.find(each => each.key === key)
    if (mark) choose(mark)
  })
  reachable(drawn, chart, tip, choose)
  return drawn
}
