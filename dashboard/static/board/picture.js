// A chart of the board: its drawing, which takes the pointer, and a button per mark for keyboard and assistive technology.

import { brushed, finish, isBrushed, spanOf } from "./brush.js"
import { Drawing } from "./drawing.js"
import { html, widthOf } from "./elements.js"
import { firstStop, hide, nameOf, reachable, showTip } from "./values.js"

export class Picture {
  constructor(tip, choose) {
    this.tip = tip
    this.choose = choose
    this.drawing = new Drawing()
    this.values = html("div", { class: "values" })
    this.element = html("div", { class: "picture" }, this.drawing.element, this.values)
    this.drawing.onView = view => this.listen(view)
    brushed(this)
    const place = key => this.drawing.placeOf(key) ?? this.element.getBoundingClientRect()
    reachable(this.element, {
      chart: () => this.chart,
      choose: mark => this.take(mark),
      focus: mark => {
        this.drawing.set({ focused: mark ? mark.key : false })
        if (mark) showTip(tip, mark, place(mark.key), this.chart.legend)
      },
      tip,
    })
  }

  show(chart, width, height) {
    this.chart = chart
    this.anchor = null
    this.element.setAttribute("role", "group")
    this.element.setAttribute("aria-label", chart.alt)
    const buttons = chart.marks.map(mark => buttonOf(mark, chart))
    firstStop(buttons)
    this.values.replaceChildren(...buttons)
    const params = { ...chart.params, ...widthsOf(chart), ...chosenOf(chart), ...spanOf(chart), focused: false }
    this.drawing.show(chart.drawing, { data: rowsOf(chart), params, width, height })
  }

  listen(view) {
    const markOf = item => this.chart.marks.find(mark => mark.key === item?.datum?.key)
    view.addEventListener("click", (_, item) => {
      const mark = markOf(item)
      if (mark && !isBrushed(this.chart)) this.choose(mark)
    })
    view.addEventListener("pointermove", (event, item) => {
      const mark = markOf(item)
      if (mark && event.pointerType === "mouse") showTip(this.tip, mark, { x: event.clientX, y: event.clientY }, this.chart.legend)
      else hide(this.tip)
    })
    this.drawing.element.onpointerleave = () => hide(this.tip)
  }

  // A mark chosen by keys; over days it ends a run that Shift has begun.
  take(mark) {
    if (!isBrushed(this.chart)) return this.choose(mark)
    const here = this.chart.marks.indexOf(mark)
    const from = this.anchor ?? here
    this.anchor = null
    finish(this, from, here)
  }
}

function buttonOf(mark, chart) {
  return html("button", {
    type: "button",
    class: "mark",
    tabindex: "-1",
    "data-key": mark.key,
    "aria-label": nameOf(mark, chart.legend),
    "aria-pressed": String(Boolean(mark.picked)),
  })
}

// The rows of the drawing's data sets, each with its place.
function rowsOf({ marks, legend, columns, shape }) {
  const isAny = marks.some(mark => mark.picked)
  const shown = marks.map((mark, place) => {
    const cell = columns ? { row: Math.floor(place / columns.length), column: place % columns.length } : {}
    return { ...mark, ...cell, place, faded: isAny && !mark.picked }
  })
  if (!legend) return { marks: shown }
  const isAnySeries = legend.some(entry => entry.picked)
  const isFaded = (mark, entry) => (shape === "line" ? isAnySeries && !entry.picked : mark.faded)
  const parts = shown.flatMap(mark =>
    mark.parts.map(({ count }, place) => {
      const entry = legend[place]
      const { key, state } = mark
      return { key, state, count, part: place, place: mark.place, series: entry.key, colour: entry.colour, faded: isFaded(mark, entry) }
    }),
  )
  return { marks: shown, parts }
}

// Between a name of a legend and its figures.
const GAP = 12

const widest = (texts, size) => Math.max(...texts.map(text => widthOf(text, size)))

// Room for the numbers at bars, and for the names of slices with their figures.
function widthsOf({ kind, marks }) {
  if (kind === "bars") return { room: widest(marks.map(mark => mark.text), 11) + 12 }
  if (kind === "doughnut" || kind === "pie") {
    return {
      widest: widest(marks.map(mark => mark.label), 12) + 20,
      amounts: widest(marks.map(mark => `${mark.text} · ${mark.share ?? ""}`), 12) + GAP,
      shares: widest(marks.map(mark => mark.share ?? ""), 12) + GAP,
    }
  }
  return {}
}

// Where some slices of a ring are picked, what the cards count stands in its middle.
function chosenOf({ kind, marks, unit, chosen, total }) {
  if (kind !== "doughnut") return {}
  const picked = marks.filter(mark => mark.picked).reduce((sum, mark) => sum + mark.count, 0)
  if (!picked) return { counted: total, noun: unit }
  return { counted: chosen ?? picked.toLocaleString("en"), noun: `of ${total} ${unit}` }
}
