// A table of values with their figures; a row is a button as a bar is.

import { html } from "./elements.js"
import { firstStop, nameOf, reachable, showTip } from "./values.js"

export function table(chart, height, tip, choose) {
  const { marks, columns } = chart
  const isAny = marks.some(mark => mark.picked)
  const isShared = marks.some(mark => mark.share)
  const head = [...columns, ...(isShared ? ["Share"] : [])].map(name => html("span", { "data-written": "" }, name))
  const rows = marks.map(mark =>
    html(
      "button",
      {
        type: "button",
        class: `mark row${isAny && !mark.picked ? " faded" : ""}`,
        tabindex: "-1",
        "data-key": mark.key,
        "aria-label": nameOf(mark),
        "aria-pressed": String(Boolean(mark.picked)),
      },
      html("span", { "data-written": "" }, mark.label),
      html("span", { class: "figure", "data-written": "" }, mark.text),
      isShared ? html("span", { class: "figure", "data-written": "" }, mark.share) : null,
    ),
  )
  const drawn = html(
    "div",
    { class: `picture table${isShared ? " shared" : ""}`, role: "group", "aria-label": chart.alt, style: `max-height:${height}px` },
    html("div", { class: "row heads", "aria-hidden": "true" }, ...head),
    ...rows,
  )
  firstStop(rows)
  const show = (mark, { x, y }) => showTip(tip, mark, { x, y })
  const focus = mark => mark && show(mark, rows[marks.indexOf(mark)].getBoundingClientRect())
  reachable(drawn, { chart: () => chart, choose, focus, tip })
  return drawn
}
