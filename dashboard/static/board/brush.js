// Days are picked by a drag over their bars, by a click on one, or with Shift and the arrow keys.

const DRAGGED = 4

export const isBrushed = chart => chart.dimension === "days" && chart.kind === "days"

// The run of days that is picked, as the parameters of the drawing.
export function spanOf(chart) {
  if (chart.kind !== "days") return {}
  const picked = chart.dimension === "days" ? chart.marks.map(mark => mark.picked) : []
  return { spanFrom: picked.indexOf(true), spanTo: picked.lastIndexOf(true) }
}

const ordered = (from, to) => (from <= to ? [from, to] : [to, from])

export function finish(picture, from, to) {
  const { marks } = picture.chart
  const [first, last] = ordered(from, to)
  picture.drawing.set({ spanFrom: first, spanTo: last })
  const isOnly = first === last && marks[first].picked && marks.filter(mark => mark.picked).length === 1
  picture.choose(isOnly ? null : [marks[first].key, marks[last].key])
}

export function brushed(picture) {
  const { drawing } = picture
  const canvas = drawing.element
  const placeOf = event => {
    const [left] = drawing.view.origin()
    const at = Math.floor((event.clientX - canvas.getBoundingClientRect().x - left) / drawing.view.scale("x").bandwidth())
    return Math.max(0, Math.min(at, picture.chart.marks.length - 1))
  }
  let from = null
  canvas.addEventListener("pointerdown", event => {
    if (event.button !== 0 || !drawing.view || !isBrushed(picture.chart)) return
    from = { place: placeOf(event), x: event.clientX, dragged: false }
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener("pointermove", event => {
    if (!from) return
    from.dragged ||= Math.abs(event.clientX - from.x) > DRAGGED
    if (!from.dragged) return
    const [spanFrom, spanTo] = ordered(from.place, placeOf(event))
    drawing.set({ spanFrom, spanTo })
  })
  canvas.addEventListener("pointerup", event => {
    if (!from) return
    const { place, dragged } = from
    from = null
    finish(picture, place, dragged ? placeOf(event) : place)
  })
  canvas.addEventListener("pointercancel", () => {
    from = null
  })
  // Shift holds the day from which the run begins.
  picture.values.addEventListener(
    "keydown",
    event => {
      if (!isBrushed(picture.chart)) return
      const here = picture.chart.marks.findIndex(mark => mark.key === event.target.dataset.key)
      if (here >= 0 && event.shiftKey && event.key.startsWith("Arrow")) picture.anchor ??= here
      else if (event.key === "Escape") picture.anchor = null
    },
    { capture: true },
  )
}
