// A card or a chart as a picture in the clipboard: drawn in the browser from what is on the page, in its theme.

import { svg } from "./elements.js"

const SCALE = 2
const EDGE = 16
const PAINTED = ["fill", "stroke", "stroke-width", "opacity", "font-size", "font-weight", "font-family", "text-anchor"]

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

async function pictureOf(frame) {
  const box = frame.getBoundingClientRect()
  const style = getComputedStyle(frame)
  const [width, height] = [box.width + 2 * EDGE, box.height + 2 * EDGE]
  const page = getComputedStyle(document.documentElement).getPropertyValue("--dash-page")
  const drawn = svg("svg", { width: width * SCALE, height: height * SCALE, viewBox: `${-EDGE} ${-EDGE} ${width} ${height}` })
  const card = { width: box.width, height: box.height, rx: 10, fill: style.backgroundColor, stroke: style.borderColor }
  drawn.append(
    svg("style", {}, await typeface()),
    svg("rect", { x: -EDGE, y: -EDGE, width, height, fill: page }),
    svg("rect", card),
    ...[...frame.querySelectorAll("[data-written]")].map(element => written(element, box)),
  )
  for (const source of frame.querySelectorAll("svg[data-drawn]")) {
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

async function pngOf(frame) {
  const { text, width, height } = await pictureOf(frame)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const canvas = document.createElement("canvas")
  canvas.width = width
  canvas.height = height
  canvas.getContext("2d").drawImage(image, 0, 0)
  return new Promise(done => canvas.toBlob(done, "image/png"))
}

// Copies; saves as a file where the browser lets nobody write pictures to the clipboard. Tells what it did.
export async function copyImage(frame, title, save) {
  const png = pngOf(frame)
  try {
    // The promise goes in as it is: a browser takes it only while it still remembers the click.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })])
    return `Copied ${title} as an image`
  } catch {
    save(`${title.toLowerCase().replace(/\W+/g, "-")}.png`, await png)
    return `Saved ${title} as an image`
  }
}
