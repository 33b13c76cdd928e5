// The Overview's board, drawn from one document (dashboard/overview/document/board.py). A picked filter shows at once; the
// figures follow when the server has counted.

import { card } from "./cards.js"
import { Drawing } from "./drawing.js"
import { html, icon } from "./elements.js"
import { copyImage } from "./image.js"
import { LINE, legendOf, linesOf } from "./legend.js"
import { menuButton } from "./menu.js"
import { Picture } from "./picture.js"
import { table } from "./table.js"
import { tooltipIn } from "./values.js"

const HEIGHT = 250
const boards = new WeakMap()

const styled = new Promise(done => {
  const link = html("link", { rel: "stylesheet", href: new URL("./board.css", import.meta.url).href, onload: done, onerror: done })
  document.head.append(link)
})

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

function save(name, blob) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

class Board {
  constructor(root) {
    this.root = root
    this.wanted = null
    this.facts = html("div", { class: "facts" })
    this.cards = html("div", { class: "cards" })
    this.charts = html("div", { class: "charts" })
    this.foot = html("p", { class: "foot" })
    this.status = html("p", { class: "heard", role: "status" })
    root.replaceChildren(this.facts, this.cards, this.charts, this.foot, this.status)
    new ResizeObserver(() => {
      if (this.width !== root.clientWidth && this.document) this.redraw()
    }).observe(root)
    document.fonts?.ready.then(() => this.document && this.redraw())
  }

  take(document, say) {
    this.say = say
    if (this.wanted && same(this.wanted, document.picked)) this.wanted = null
    this.document = document
    if (document.file && document.file.name !== this.saved) {
      this.saved = document.file.name
      save(document.file.name, new Blob([document.file.text], { type: "text/csv;charset=utf-8" }))
    }
    this.redraw()
  }

  get picked() {
    return this.wanted ?? this.document.picked
  }

  pick(picked) {
    this.wanted = picked
    this.say({ picked })
    this.redraw()
  }

  // Same order as on the server (filters.Filters), so its answer compares equal: nulls first.
  toggle(dimension, key) {
    // The slice of others is no value that a filter could name.
    if (key === "~others") return
    const others = this.picked[dimension].filter(other => other !== key)
    const values = others.length < this.picked[dimension].length ? others : [...others, key]
    values.sort((one, other) => (other === "~") - (one === "~") || (one < other ? -1 : one > other ? 1 : 0))
    this.pick({ ...this.picked, [dimension]: values })
  }

  remove({ dimension, key }) {
    if (dimension === "days") this.pick({ ...this.picked, days: null })
    else this.toggle(dimension, key)
  }

  redraw() {
    const { document: shown, root } = this
    // A board that is being removed has no width; bars would get negative widths.
    if (!root.clientWidth) return
    this.width = root.clientWidth
    root.setAttribute("aria-busy", String(this.wanted !== null))
    this.drawFacts(shown)
    this.foot.textContent = shown.foot
    this.drawParts(this.cards, "card", shown.cards, (figures, frame) => {
      if (!frame.firstChild) {
        frame.append(html("div", { class: "body" }), this.menu("card", frame, figures.label))
        frame.sparkline = new Drawing()
      }
      frame.firstChild.replaceChildren(...card(figures, frame.sparkline, frame.clientWidth))
    })
    this.drawParts(this.charts, "chart", shown.charts, (chart, frame) => this.drawChart(chart, frame))
  }

  // The frames are reused, so focus, menus and tooltips stay.
  drawParts(grid, kind, parts, draw) {
    while (grid.children.length > parts.length) grid.lastChild.remove()
    while (grid.children.length < parts.length) grid.append(html("article", { class: `${kind} part` }))
    for (const [place, part] of parts.entries()) {
      const frame = grid.children[place]
      frame.dataset.place = part.place ?? place
      draw(part, frame)
    }
  }

  menu(kind, frame, title, isChoice = false) {
    const part = { kind, place: Number(frame.dataset.place) }
    const ask = wish => () => this.say({ wish, part })
    const entries = [
      { name: "Show the rows", mark: "rows", act: ask("rows") },
      { name: "Show the SQL", mark: "sql", act: ask("sql") },
      { name: "Download the data (CSV)", mark: "csv", act: ask("csv") },
      { name: "Copy as image", mark: "image", act: () => this.copy(frame, title) },
    ]
    if (isChoice) entries.unshift({ name: "Filter by value", mark: "values", act: ask("values") })
    const name = kind === "card" ? `Menu of the card ${title}` : `Menu of ${title}`
    return html("div", { class: "corner" }, menuButton(name, entries))
  }

  async copy(frame, title) {
    const { badges, window, chips } = this.document
    const facts = [window, ...chips.map(chip => chip.text), ...badges.map(badge => badge.text)].filter(Boolean)
    this.status.textContent = await copyImage(frame, title, facts, save)
    this.status.classList.add("seen")
    setTimeout(() => this.status.classList.remove("seen"), 2500)
  }

  drawFacts(shown) {
    const badges = shown.badges.map(badge =>
      html("span", { class: `badge ${badge.tone}`, title: badge.help }, icon(badge.icon), badge.text, html("span", { class: "heard" }, `. ${badge.help}`)),
    )
    const chips = shown.chips.map(chip =>
      html("button", { type: "button", class: "chip", title: "Remove this filter", onclick: () => this.remove(chip) }, chip.text, icon("close")),
    )
    if (chips.length) {
      const none = Object.fromEntries(Object.keys(this.picked).map(name => [name, name === "days" ? null : []]))
      chips.push(html("button", { type: "button", class: "clear", onclick: () => this.pick(none) }, icon("clear"), "Clear all"))
    }
    this.facts.replaceChildren(
      html("div", { class: "badges" }, ...badges),
      html("div", { class: "chips", role: "group", "aria-label": "Filters" }, ...chips),
    )
  }

  drawChart(part, frame) {
    const chart = { ...part, marks: part.marks.map(mark => ({ ...mark, picked: this.isPicked(part.dimension, mark) })) }
    if (!frame.firstChild) {
      const title = html("h2", { "data-written": "" }, chart.title)
      const menu = this.menu("chart", frame, chart.title, chart.dimension !== "days")
      frame.replaceChildren(html("div", { class: "head" }, title, html("small", { "data-written": "" }), menu), html("div", { class: "space" }))
      frame.tip = tooltipIn(frame)
      frame.picture = new Picture(frame.tip, mark => this.choose(frame.chart, mark))
    }
    frame.querySelector("small").textContent = chart.cut
    const space = frame.querySelector(".space")
    const focused = space.contains(document.activeElement) ? document.activeElement.dataset.key : null
    if (!chart.marks.length) {
      space.replaceChildren(html("p", { class: "nothing" }, "No rows"))
      return
    }
    if (part.legend) chart.legend = part.legend.map(each => ({ ...each, picked: this.isPicked(part.split, each) }))
    const entries = chart.legend ? legendOf(chart, space.clientWidth, key => this.toggle(chart.split, key)) : null
    const room = HEIGHT - LINE * linesOf(entries)
    frame.chart = chart
    const isTable = chart.kind === "table"
    const drawn = isTable ? table(chart, room, frame.tip, mark => this.choose(chart, mark)) : frame.picture.element
    // An element that stays where it is keeps its focus, and what the pointer has begun on it.
    for (const child of [...space.children]) if (child !== drawn) child.remove()
    if (entries) space.prepend(entries)
    if (!drawn.isConnected) space.append(drawn)
    if (!isTable) frame.picture.show(chart, space.clientWidth, room)
    if (focused === null) return
    const again = [...drawn.querySelectorAll(".mark")].find(mark => mark.dataset.key === focused)
    again?.setAttribute("tabindex", "0")
    again?.focus()
  }

  choose(chart, mark) {
    if (chart.kind === "heat") this.pickPair(chart, mark)
    else if (chart.dimension !== "days") this.toggle(chart.dimension, mark.key)
    // A row of a table is one day; bars of days give the run that was brushed.
    else if (Array.isArray(mark) || mark === null) this.pick({ ...this.picked, days: mark })
    else this.pick({ ...this.picked, days: mark.picked ? null : [mark.key, mark.key] })
  }

  // A cell stands for both of its values; the same cell again gives both up.
  pickPair({ dimension, split }, mark) {
    const [by, other] = mark.pair
    if (other === "~others") return
    if (dimension === "days") this.pick({ ...this.picked, days: mark.picked ? null : [by, by], [split]: mark.picked ? [] : [other] })
    else this.pick({ ...this.picked, [dimension]: mark.picked ? [] : [by], [split]: mark.picked ? [] : [other] })
  }

  isPicked(dimension, mark) {
    if (mark.pair) return mark.picked
    if (dimension !== "days") return mark.key === "~others" ? mark.picked : this.picked[dimension].includes(mark.key)
    return this.picked.days !== null && this.picked.days[0] <= mark.key && mark.key <= this.picked.days[1]
  }
}

export async function draw({ data, parentElement, setTriggerValue }) {
  await styled
  const figures = JSON.parse(new TextDecoder().decode(data))
  const root = parentElement.querySelector(".board")
  if (!boards.has(root)) boards.set(root, new Board(root))
  boards.get(root).take(figures, event => setTriggerValue("act", event))
}
