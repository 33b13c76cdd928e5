// The series of a split chart: names, figures and shares over the drawing; an entry picks its value.

import { html, widthOf } from "./elements.js"

export const LINE = 22
// Lines that are taken from the height of the drawing; more of them make the chart higher.
const USUAL_LINES = 2
const SIZE = 13
const AROUND = 36

const FORMS = [
  entry => [entry.text, entry.share].filter(Boolean).join(" · "),
  entry => entry.share ?? "",
  () => "",
]

// Lines that the entries take, filled one after the other.
function linesIn(entries, form, room) {
  let [lines, used] = [1, 0]
  for (const entry of entries) {
    const width = Math.min(room, widthOf(`${entry.label} ${form(entry)}`, SIZE) + AROUND)
    if (used + width > room && used > 0) [lines, used] = [lines + 1, 0]
    used += width
  }
  return lines
}

export const linesOf = element => (element ? Math.min(USUAL_LINES, Number(element.dataset.lines)) : 0)

// The figures stand there in the longest form that has room in the usual lines.
export function legendOf(chart, room, pick) {
  const form = FORMS.find(each => linesIn(chart.legend, each, room) <= USUAL_LINES) ?? FORMS[1]
  const lines = linesIn(chart.legend, form, room)
  const isAny = chart.legend.some(entry => entry.picked)
  const entries = chart.legend.map(entry =>
    html(
      "button",
      {
        type: "button",
        class: `entry${isAny && !entry.picked ? " faded" : ""}`,
        "aria-pressed": String(Boolean(entry.picked)),
        title: [entry.label, FORMS[0](entry)].filter(Boolean).join(": "),
        disabled: entry.key === "~others",
        onclick: () => pick(entry.key),
      },
      html("i", { class: `dot series-${entry.colour}` }),
      html("span", { class: "name", "data-written": "" }, entry.label),
      form(entry) ? html("span", { class: "figure", "data-written": "" }, form(entry)) : null,
    ),
  )
  return html("div", { class: "keys", role: "group", "aria-label": `Legend of ${chart.title}`, "data-lines": lines }, ...entries)
}
