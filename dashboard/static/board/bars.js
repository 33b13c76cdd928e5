// Horizontal bars, largest first, each with its label on the left and its exact number on the right.

import { fitted, svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const SIZE = 11
const TALLEST = 44

export function bars(chart, width, height, tip, choose) {
  const { marks } = chart
  const names = Math.min(Math.max(...marks.map(mark => widthOf(mark.label, SIZE))) + 10, 130, width * 0.36)
  const numbers = Math.max(...marks.map(mark => widthOf(mark.text, SIZE))) + 12
  const counts = marks.map(mark => mark.count ?? 0)
  const [least, most] = [Math.min(...counts, 0), Math.max(...counts, 0)]
  const room = width - names - numbers
  const scale = value => (most > least ? (room * value) / (most - least) : 0)
  const zero = names + scale(-least)
  const band = Math.min(TALLEST, (height - 8) / marks.length)
  const top = (height - band * marks.length) / 2
  const thick = band * (marks.length > 4 ? 0.66 : 0.5)
  const lines = marks.map((mark, place) => {
    const length = Math.max(1, Math.abs(scale(mark.count ?? 0)))
    const sign = (mark.count ?? 0) < 0 ? -1 : 1
    const middle = top + band * (place + 0.5)
    const round = Math.min(4, length / 2)
    const [y, end] = [middle - thick / 2, zero + sign * length]
    const turn = end - sign * round
    const rim = `Q${end},${y} ${end},${y + round}V${y + thick - round}Q${end},${y + thick} ${turn},${y + thick}`
    return button(mark, chart, [
      svg("rect", { class: "hit", x: 0, y: top + band * place, width, height: band }),
      svg("text", { class: "axis", x: names - 8, y: middle + 4, "text-anchor": "end" }, fitted(mark.label, names - 10, SIZE)),
      mark.count === null ? null : svg("path", { class: "bar series-0", d: `M${zero},${y}H${turn}${rim}H${zero}Z` }),
      svg("text", { class: "axis", x: Math.max(end, zero) + 6, y: middle + 4 }, mark.text),
    ])
  })
  const drawn = picture(chart, width, height, ...lines)
  drawn.addEventListener("click", event => {
    const mark = marks.find(each => each.key === event.target.closest(".mark")?.dataset.key)
    if (mark) choose(mark)
  })
  reachable(drawn, chart, tip, choose)
  return drawn
}
