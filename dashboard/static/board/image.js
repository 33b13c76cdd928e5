// A card or a chart as a picture in the clipboard: drawn in the browser from what is on the page, in its theme.

import { fitted, svg, widthOf } from "./elements.js"

const SCALE = 2
const EDGE = 16
const SMALL = 11
const LINE = 15
const FONT = ["font-size", "font-weight", "font-family", "text-anchor"]
const PAINTED = ["fill", "opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", ...FONT]

function painted(source) {
  const copy = source.cloneNode(true)
  const [from, to] = [source, copy].map(root => [root, ...root.querySelectorAll("*")])
  for (const [place, element] of to.entries()) {
    const style = getComputedStyle(from[place])
    for (const name of PAINTED) element.style.setProperty(name, style.getPropertyValue(name))
  }
  return copy
}

// A text of the page, where it stands in the frame.
function written(element, frame) {
  const box = element.getBoundingClientRect()
  const style = getComputedStyle(element)
  const size = parseFloat(style.fontSize)
  const text = svg("text", { x: box.x - frame.x, y: box.y - frame.y + box.height / 2 + size * 0.36 }, element.textContent)
  text.style.fill = style.color
  text.style.font = `${style.fontWeight} ${size}px ${style.fontFamily}`
  return text
}

// An image knows no font of the page, so that it brings its own.
async function typeface() {
  const answer = await fetch(new URL("./app/static/inter.woff2", document.baseURI))
  const bytes = new Uint8Array(await answer.arrayBuffer())
  let text = ""
  for (let start = 0; start < bytes.length; start += 32768) text += String.fromCharCode(...bytes.subarray(start, start + 32768))
  return `@font-face{font-family:Inter;font-weight:100 900;src:url(data:font/woff2;base64,${btoa(text)}) format("woff2")}`
}

// What narrows the figures, in as many lines as it takes.
function noted(facts, room) {
  const lines = []
  for (const fact of facts) {
    const longer = lines.length ? `${lines.at(-1)} · ${fact}` : fact
    if (lines.length && widthOf(longer, SMALL) <= room) lines[lines.length - 1] = longer
    else lines.push(fitted(fact, room, SMALL))
  }
  return lines
}

async function pictureOf(frame, facts) {
  const box = frame.getBoundingClientRect()
  const notes = noted(facts, box.width)
  const style = getComputedStyle(frame)
  const [width, height] = [box.width + 2 * EDGE, box.height + 2 * EDGE + notes.length * LINE]
  const root = getComputedStyle(document.documentElement)
  const [page, muted] = [root.getPropertyValue("--dash-page"), root.getPropertyValue("--dash-muted")]
  const drawn = svg("svg", { width: width * SCALE, height: height * SCALE, viewBox: `${-EDGE} ${-EDGE} ${width} ${height}` })
  const card = { width: box.width, height: box.height, rx: 10, fill: style.backgroundColor, stroke: style.borderColor }
  drawn.append(
    svg("style", {}, await typeface()),
    svg("rect", { x: -EDGE, y: -EDGE, width, height, fill: page }),
    svg("rect", card),
    ...notes.map((note, place) =>
      svg("text", { y: box.height + (place + 1.3) * LINE, fill: muted, "font-size": SMALL, "font-family": "Inter" }, note),
    ),
    ...[...frame.querySelectorAll("[data-written]")].map(element => written(element, box)),
  )
  for (const source of frame.querySelectorAll("svg[data-drawn], .drawn svg")) {
    const place = source.getBoundingClientRect()
    const copy = painted(source)
    copy.setAttribute("x", place.x - box.x)
    copy.setAttribute("y", place.y - box.y)
    copy.setAttribute("width", place.width)
    copy.setAttribute("height", place.height)
    drawn.append(copy)
  }
  return { text: new XMLSerializer().serializeToString(drawn), width: width * SCALE, height: height * SCALE }
}

async function pngOf(frame, facts) {
  const { text, width, height } = await pictureOf(frame, facts)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const canvas = document.createElement("canvas")
  canvas.width = width
  canvas.height = height
  canvas.getContext("2d").drawImage(image, 0, 0)
  return new Promise(done => canvas.toBlob(done, "image/png"))
}

// Copies the image, or saves a file where the browser does not allow images on the clipboard. Returns a status text.
// The facts stand under the picture: wherever it goes, it says as of when its figures are and what narrows them.
export async function copyImage(frame, title, facts, save) {
  const png = pngOf(frame, facts)
  try {
    // The promise goes in as it is: a browser takes it only while it still remembers the click.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })])
    return `Copied ${title} as an image`
  } catch {
    save(`${title.toLowerCase().replace(/\W+/g, "-")}.png`, await png)
    return `Saved ${title} as an image`
  }
}
