// Horizontal bars, largest first, each with its label on the left and its exact number on the right.

import { fitted, svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const SIZE = 11
const TALLEST = 44

export function bars(chart, width, height, tip, choose) {
  const { marks } = chart
  const names = Math.min(Math.max(...marks.map(mark => widthOf(mark.label, SIZE))) + 10, 130, width * 0.36)
  const numbers = Math.max(...marks.map(mark => widthOf(mark.text, SIZE))) + 12
  const most = Math.max(...marks.map(mark => mark.count), 1)
  const band = Math.min(TALLEST, (height - 8) / marks.length)
  const top = (height - band * marks.length) / 2
  const thick = band * (marks.length > 4 ? 0.66 : 0.5)
  const lines = marks.map((mark, place) => {
    const length = Math.max(1, ((width - names - numbers) * mark.count) / most)
    const middle = top + band * (place + 0.5)
    const round = Math.min(4, length / 2)
    const [y, end] = [middle - thick / 2, names + length]
    const rim = `Q${end},${y} ${end},${y + round}V${y + thick - round}Q${end},${y + thick} ${end - round},${y + thick}`
    return button(mark, chart, [
      svg("rect", { class: "hit", x: 0, y: top + band * place, width, height: band }),
      svg("text", { class: "axis", x: names - 8, y: middle + 4, "text-anchor": "end" }, fitted(mark.label, names - 10, SIZE)),
      svg("path", { class: "bar series-0", d: `M${names},${y}H${end - round}${rim}H${names}Z` }),
      svg("text", { class: "axis", x: end + 6, y: middle + 4 }, mark.text),
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
