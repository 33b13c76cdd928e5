// A drawing of dashboard/charts, drawn by Vega. Script and drawings are loaded once; afterwards figures alone come.

import { html } from "./elements.js"

const made = name => new URL(`./made/${name}`, import.meta.url).href

const WAITS = [300, 2000, 5000]

// An edge may cut what takes long on a busy server. A module that has failed once is only loaded from another address.
async function persistently(load) {
  for (const [tries, wait] of WAITS.entries()) {
    try {
      return await load(tries ? `?try=${tries}` : "")
    } catch {
      await new Promise(done => setTimeout(done, wait))
    }
  }
  return load(`?try=${WAITS.length}`)
}

async function drawingsFrom(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
  return (await answer.json()).drawings
}

const loaded = Promise.all([
  persistently(search => drawingsFrom(made(`drawings.json${search}`))),
  persistently(search => import(made(`vega.js${search}`))),
]).then(([drawings]) => drawings)

// Vega's number for it: what a drawing without figures warns of says nothing.
const ERRORS = 1

async function viewOf(canvas, name) {
  const drawings = await loaded
  // Expressions go through an interpreter: the page's policy allows no code made from text.
  const plain = { actions: false, tooltip: false, hover: false, defaultStyle: false, logLevel: ERRORS }
  const options = { mode: "vega", ast: true, renderer: "svg", ...plain }
  return (await window.vegaEmbed(canvas, drawings[name], options)).view
}

export class Drawing {
  constructor() {
    this.element = html("div", { class: "drawn", "aria-hidden": "true" })
    this.view = null
    this.onView = () => {}
  }

  // What is shown last holds, however long a drawing takes to be there. `data` are rows by the name of their set.
  // A click draws twice, at once and with its figures; what is the same again is drawn once.
  show(name, shown) {
    // Axes are laid out by the widths of their labels, which the typeface changes once it is there.
    const text = JSON.stringify([shown, document.fonts?.status])
    if (this.name === name && this.text === text) return
    this.text = text
    this.shown = shown
    if (this.name === name) return this.update()
    this.name = name
    this.view?.finalize()
    this.view = null
    const canvas = html("div")
    this.canvas = canvas
    this.element.replaceChildren(canvas)
    viewOf(canvas, name).then(
      view => {
        if (this.canvas !== canvas) return view.finalize()
        this.view = view
        this.onView(view)
        this.update()
      },
      error => {
        console.error(error)
        canvas.replaceChildren(html("p", { class: "nothing" }, "The drawing could not be loaded"))
      },
    )
  }

  update() {
    if (!this.view) return
    const { data, params, width, height } = this.shown
    const { view } = this
    view.width(width).height(height)
    for (const [name, rows] of Object.entries(data)) view.data(name, rows)
    for (const [name, value] of Object.entries(params)) view.signal(name, value)
    // Labels of other figures may be wider: axes are laid out again.
    view.resize().run()
  }

  // What holds until the next figures.
  set(params) {
    this.text = null
    for (const [name, value] of Object.entries(params)) this.view?.signal(name, value)
    this.view?.run()
  }

  // Where a mark is drawn, in the window; null for one without a shape.
  placeOf(key) {
    const frame = this.view?.scenegraph().root.items[0]
    const marks = (frame?.items ?? []).filter(mark => mark.role === "mark" && mark.marktype !== "text")
    const found = marks.flatMap(mark => mark.items).find(item => item.datum?.key === key)
    if (!found) return null
    const box = this.element.getBoundingClientRect()
    const [left, top] = this.view.origin()
    const { x1, x2, y1, y2 } = found.bounds
    return { x: box.x + left + (x1 + x2) / 2, y: box.y + top + y1 + Math.min((y2 - y1) / 3, 40) }
  }
}
