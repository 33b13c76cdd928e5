// Elements made from a name, attributes and children. Text goes in as text alone: values are other people's words.

const SVG = "http://www.w3.org/2000/svg"

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith("on")) element[name] = value
    else element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.filter(child => child !== null && child !== undefined && child !== ""))
  return element
}

export const html = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children)

export const svg = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children)

const context = document.createElement("canvas").getContext("2d")

export function widthOf(text, size, weight = 400) {
  context.font = `${weight} ${size}px Inter, system-ui, sans-serif`
  return context.measureText(text).width
}

export function fitted(text, room, size) {
  if (widthOf(text, size) <= room) return text
  let letters = [...text]
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, size) > room) letters = letters.slice(0, -1)
  return `${letters.join("").trimEnd()}…`
}

const PATHS = {
  schedule: "M12 7v5l3.5 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17",
  verified: "M8 12.2l2.8 2.8L16 9.6M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17",
  report: "M12 7.5v5.5M12 16.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17",
  help: "M9.6 9.6a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.6M12 16.4v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17",
  close: "M7 7l10 10M17 7L7 17",
  clear: "M4 5h16l-6 7.2V19l-4-2v-4.8zM3.5 20.5l17-17",
  more: "M6 12v.1M12 12v.1M18 12v.1",
  values: "M4 6h16M7 12h10M10 18h4",
  rows: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
  sql: "M8.5 7.5L4 12l4.5 4.5M15.5 7.5L20 12l-4.5 4.5",
  csv: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9v.1",
  up: "M12 19V5M6.5 10.5L12 5l5.5 5.5",
  down: "M12 5v14M6.5 13.5L12 19l5.5-5.5",
}

export const icon = name =>
  svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }))
