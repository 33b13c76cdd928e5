// Bars or lines in the order of time, whole or in parts. Over days, a drag, or Shift with the arrow keys and Enter, picks
// a run of them; a click picks one. Over another part of the calendar a click picks its value.

import { fitted, svg, widthOf } from "./elements.js"
import { button, picture, reachable } from "./marks.js"

const TOP = 8
const BOTTOM = 24
const SIZE = 11
const DRAGGED = 4
const WIDEST = 72

// Ticks at 1, 2 or 5 times a power of ten, four of them or so, zero among them; counts have no halves.
function ticksOver(low, high, isWhole) {
  const rough = (high - low || 1) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(isWhole ? 1 : 0, [1, 2, 5, 10].find(times => times * power >= rough * 0.999) * power)
  const [first, last] = [Math.floor(low / step), Math.max(Math.ceil(high / step), 1)]
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)))
}

const short = new Intl.NumberFormat("en", { notation: "compact" })
const plainText = value => (Math.abs(value) >= 10000 ? short.format(value) : value.toLocaleString("en", { maximumFractionDigits: 6 }))

// What one step of the axis counts, and how it reads: hours of a duration, hundredths of a share.
function axisOf({ axis, symbol }, high) {
  if (axis === "percent") return { unit: 0.01, text: value => `${plainText(value * 100)}%` }
  if (axis === "currency") return { unit: 1, text: value => `${value < 0 ? "-" : ""}${symbol}${plainText(Math.abs(value))}` }
  if (axis !== "duration") return { unit: 1, text: plainText }
  const [unit, name] = high >= 172800 ? [86400, "d"] : high >= 7200 ? [3600, "h"] : high >= 120 ? [60, "min"] : [1, "s"]
  return { unit, text: value => `${plainText(value / unit)} ${name}` }
}

// A bin that is not whole is drawn as an outline: its bar is still to grow.
function bar(x, y, width, height, state, colour = 0) {
  const name = `bar series-${colour}${state === "open" ? " open" : ""}`
  if (height <= 0) return svg("path", { class: name, d: "" })
  const round = Math.min(2, width / 2, height)
  const side = `M${x},${y + height}V${y + round}`
  const over = `Q${x},${y} ${x + round},${y}H${x + width - round}Q${x + width},${y} ${x + width},${y + round}`
  return svg("path", { class: name, d: `${side}${over}V${y + height}Z` })
}

// Figures that the axis must hold: of stacked parts their sum.
function extentOf(mark, isLine) {
  const parts = (mark.parts ?? []).map(part => part.count).filter(count => count !== null)
  if (isLine && mark.parts) return parts
  return [mark.parts ? parts.reduce((sum, count) => sum + count, 0) : mark.count].filter(count => count !== null)
}

function stack(mark, legend, left, width, y) {
  if (!mark.parts) {
    if (mark.count === null) return []
    return [bar(left, y(Math.max(mark.count, 0)), width, Math.abs(y(mark.count) - y(0)), mark.state)]
  }
  let below = 0
  return mark.parts.map((part, place) => {
    const from = below
    below += part.count ?? 0
    return bar(left, y(below), width, y(from) - y(below), mark.state, legend[place].colour)
  })
}

// The lines of a chart: one, or one per entry of its legend.
function lineOf({ marks, legend }) {
  if (!legend) return [{ colour: 0, counts: marks.map(mark => mark.count), states: marks.map(mark => mark.state) }]
  const isAny = legend.some(entry => entry.picked)
  return legend.map((entry, place) => ({
    colour: entry.colour,
    isFaded: isAny && !entry.picked,
    counts: marks.map(mark => mark.parts[place].count),
    states: marks.map(mark => mark.state),
  }))
}

// A line breaks where there is no figure; what leads to a bin that is not whole is dashed.
function curve({ colour, counts, states, isFaded }, x, y) {
  const drawn = svg("g", { class: `curve stroke-${colour}${isFaded ? " faded" : ""}`, "aria-hidden": "true" })
  for (const [place, count] of counts.entries()) {
    if (count === null) continue
    const before = counts[place - 1] ?? null
    const isOpen = states[place] === "open" || states[place - 1] === "open"
    if (before !== null) drawn.append(svg("path", { class: isOpen ? "open" : "", d: `M${x(place - 1)},${y(before)}L${x(place)},${y(count)}` }))
    const isAlone = before === null && (counts[place + 1] ?? null) === null
    if (isAlone || counts.length <= 31) drawn.append(svg("circle", { class: `series-${colour}`, cx: x(place), cy: y(count), r: 2.5 }))
  }
  return drawn
}

export function days(chart, width, height, tip, choose) {
  const { marks } = chart
  const isLine = chart.shape === "line"
  const known = marks.flatMap(mark => extentOf(mark, isLine))
  const isWhole = known.every(Number.isInteger)
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)]
  const { unit, text: tickText } = axisOf(chart, Math.max(high, -low))
  const ticks = ticksOver(low / unit, high / unit, isWhole && unit >= 1).map(tick => Number((tick * unit).toPrecision(12)))
  const left = Math.max(...ticks.map(tick => widthOf(tickText(tick), SIZE))) + 12
  const inner = height - TOP - BOTTOM
  const band = (width - left - 4) / marks.length
  const y = value => TOP + inner * (1 - (value - ticks[0]) / (ticks.at(-1) - ticks[0]))
  const x = place => left + band * place
  const lines = ticks.map(tick =>
    svg(
      "g",
      { "aria-hidden": "true" },
      svg("line", { class: "grid", x1: left, x2: width - 4, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "axis", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
    ),
  )
  const longest = Math.max(...marks.map(mark => widthOf(mark.short, SIZE)))
  const isTime = chart.dimension === "days" || longest < 60
  const every = isTime ? Math.max(1, Math.ceil((longest + 18) / band)) : 1
  const names = marks
    .map((mark, place) => [mark, place])
    .filter(([, place]) => place % every === 0)
    .map(([mark, place]) => {
      const text = isTime ? mark.short : fitted(mark.short, band - 4, SIZE)
      const room = widthOf(text, SIZE) / 2
      const at = Math.max(room, Math.min(x(place) + band / 2, width - room))
      return svg("text", { class: "axis", x: at, y: height - 6, "text-anchor": "middle", "aria-hidden": "true" }, text)
    })
  const gap = Math.max(band * 0.11, (band - WIDEST) / 2)
  const bars = marks.map((mark, place) =>
    button(mark, chart, [
      svg("rect", { class: "hit", x: x(place), y: TOP, width: band, height: inner }),
      ...(isLine ? [] : stack(mark, chart.legend, x(place) + gap, band - 2 * gap, y)),
    ]),
  )
  const middle = place => x(place) + band / 2
  const curves = isLine ? lineOf(chart).map(series => curve(series, middle, y)) : []
  const brush = svg("rect", { class: "brush", y: TOP, height: inner, "aria-hidden": "true" })
  const drawn = picture(chart, width, height, ...lines, brush, ...curves, ...bars, ...names)
  const span = (from, to) => {
    const [first, last] = from <= to ? [from, to] : [to, from]
    brush.setAttribute("x", x(first))
    brush.setAttribute("width", band * (last - first + 1))
    return [first, last]
  }
  if (chart.dimension !== "days") {
    drawn.addEventListener("click", event => {
      const mark = marks.find(each => each.key === event.target.closest(".mark")?.dataset.key)
      if (mark) choose(mark)
    })
    reachable(drawn, chart, tip, choose)
    return drawn
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
