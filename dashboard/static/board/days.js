// Bars per day. A drag over them, or Shift with the arrow keys and Enter, picks a run of days; a click picks one.

import { svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const TOP = 8
const BOTTOM = 24
const SIZE = 11
const DRAGGED = 4

// Ticks at 1, 2 or 5 times a power of ten, four of them or so; counts have no halves.
function ticksTo(most) {
  const rough = Math.max(most, 1) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(1, [1, 2, 5, 10].find(times => times * power >= rough) * power)
  return Array.from({ length: Math.ceil(Math.max(most, 1) / step) + 1 }, (_, place) => place * step)
}

const short = new Intl.NumberFormat("en", { notation: "compact" })
const tickText = value => (value >= 10000 ? short.format(value) : value.toLocaleString("en"))

// An open day is drawn as an outline: its bar is still to grow.
function bar(x, y, width, height, state) {
  const name = `bar series-0${state === "open" ? " open" : ""}`
  if (height <= 0) return svg("path", { class: name, d: "" })
  const round = Math.min(2, width / 2, height)
  const side = `M${x},${y + height}V${y + round}`
  const over = `Q${x},${y} ${x + round},${y}H${x + width - round}Q${x + width},${y} ${x + width},${y + round}`
  return svg("path", { class: name, d: `${side}${over}V${y + height}Z` })
}

export function days(chart, width, height, tip, choose) {
  const { marks } = chart
  const ticks = ticksTo(Math.max(...marks.map(mark => mark.count)))
  const left = Math.max(...ticks.map(tick => widthOf(tickText(tick), SIZE))) + 12
  const inner = height - TOP - BOTTOM
  const band = (width - left - 4) / marks.length
  const y = value => TOP + inner * (1 - value / ticks.at(-1))
  const x = place => left + band * place
  const lines = ticks.map(tick =>
    svg(
      "g",
      { "aria-hidden": "true" },
      svg("line", { class: "grid", x1: left, x2: width - 4, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "axis", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
    ),
  )
  const every = Math.max(1, Math.ceil(58 / band))
  const names = marks
    .map((mark, place) => [mark, place])
    .filter(([, place]) => place % every === 0)
    .map(([mark, place]) => {
      const room = widthOf(mark.short, SIZE) / 2
      const at = Math.max(room, Math.min(x(place) + band / 2, width - room))
      return svg("text", { class: "axis", x: at, y: height - 6, "text-anchor": "middle", "aria-hidden": "true" }, mark.short)
    })
  const gap = band * 0.11
  const bars = marks.map((mark, place) =>
    button(mark, chart, [
      svg("rect", { class: "hit", x: x(place), y: TOP, width: band, height: inner }),
      bar(x(place) + gap, y(mark.count), band - 2 * gap, inner - (y(mark.count) - TOP), mark.state),
    ]),
  )
  const brush = svg("rect", { class: "brush", y: TOP, height: inner, "aria-hidden": "true" })
  const drawn = picture(chart, width, height, ...lines, brush, ...bars, ...names)
  const span = (from, to) => {
    const [first, last] = from <= to ? [from, to] : [to, from]
    brush.setAttribute("x", x(first))
    brush.setAttribute("width", band * (last - first + 1))
    return [first, last]
  }
  const picked = marks.map(mark => mark.picked)
  if (picked.includes(true)) span(picked.indexOf(true), picked.lastIndexOf(true))
  brushed(drawn, chart, { left, band, span, choose })
  reachable(drawn, chart, tip, mark => {
    const anchor = drawn.anchor ?? marks.indexOf(mark)
    drawn.anchor = null
    finish(chart, span(anchor, marks.indexOf(mark)), choose)
  })
  return drawn
}

function finish(chart, [first, last], choose) {
  const { marks } = chart
  const only = first === last && marks[first].picked && marks.filter(mark => mark.picked).length === 1
  choose(only ? null : [marks[first].key, marks[last].key])
}

function brushed(drawn, chart, { left, band, span, choose }) {
  const placeOf = event => {
    const at = Math.floor((event.clientX - drawn.getBoundingClientRect().x - left) / band)
    return Math.max(0, Math.min(at, chart.marks.length - 1))
  }
  let from = null
  drawn.addEventListener("pointerdown", event => {
    if (event.button !== 0) return
    from = { place: placeOf(event), x: event.clientX, dragged: false }
    drawn.setPointerCapture(event.pointerId)
  })
  drawn.addEventListener("pointermove", event => {
    if (!from) return
    from.dragged ||= Math.abs(event.clientX - from.x) > DRAGGED
    if (from.dragged) span(from.place, placeOf(event))
  })
  drawn.addEventListener("pointerup", event => {
    if (!from) return
    const { place, dragged } = from
    from = null
    finish(chart, span(place, dragged ? placeOf(event) : place), choose)
  })
  drawn.addEventListener("pointercancel", () => {
    from = null
  })
  // Shift holds the day from which the run begins.
  drawn.addEventListener(
    "keydown",
    event => {
      const here = chart.marks.findIndex(mark => mark.key === event.target.closest(".mark")?.dataset.key)
      if (here >= 0 && event.shiftKey && event.key.startsWith("Arrow")) drawn.anchor ??= here
      else if (event.key === "Escape") drawn.anchor = null
    },
    { capture: true },
  )
}
