// A heat map: a cell per pair of values, the darker the more. A cell without a figure stays empty.

import { fitted, svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const SIZE = 11
const BOTTOM = 22
const FAINT = 0.06

export function heat(chart, width, height, tip, choose) {
  const { marks, rows, columns } = chart
  const left = Math.min(Math.max(...rows.map(row => widthOf(row.label, SIZE))) + 10, width * 0.3)
  const [wide, tall] = [(width - left) / columns.length, (height - BOTTOM) / rows.length]
  const counts = marks.map(mark => mark.count).filter(count => count !== null)
  const [low, high] = [Math.min(0, ...counts), Math.max(...counts)]
  const strength = count => (high > low ? FAINT + ((1 - FAINT) * (count - low)) / (high - low) : FAINT)
  const x = place => left + wide * place
  const y = place => tall * place
  const names = rows.map((row, place) =>
    svg("text", { class: "axis", x: left - 8, y: y(place) + tall / 2 + 4, "text-anchor": "end", "aria-hidden": "true" }, fitted(row.label, left - 10, SIZE)),
  )
  const every = Math.max(1, Math.ceil((Math.max(...columns.map(column => widthOf(column.label, SIZE))) + 8) / wide))
  const heads = columns.map((column, place) =>
    place % every ? null : svg("text", { class: "axis", x: x(place) + wide / 2, y: height - 6, "text-anchor": "middle", "aria-hidden": "true" }, fitted(column.label, wide * every, SIZE)),
  )
  const cells = marks.map((mark, place) => {
    const box = { x: x(place % columns.length) + 1, y: y(Math.floor(place / columns.length)) + 1, width: Math.max(wide - 2, 1), height: Math.max(tall - 2, 1), rx: 2 }
    const shade = mark.count === null ? { class: "empty" } : { class: "cell series-0", "fill-opacity": strength(mark.count).toFixed(3) }
    return button(mark, chart, [svg("rect", { ...box, ...shade })])
  })
  const drawn = picture(chart, width, height, ...names, ...heads, ...cells)
  drawn.addEventListener("click", event => {
    const mark = marks.find(each => each.key === event.target.closest(".mark")?.dataset.key)
    if (mark) choose(mark)
  })
  reachable(drawn, chart, tip, choose, columns.length)
  return drawn
}
