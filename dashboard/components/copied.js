// A click on a cell of the grid copies its value. The grid is one canvas, so this asks it to copy the selected cell, as
// Ctrl+C does, and takes the raw value from the answer: with line breaks, without quotes.
const LONGEST = 60
const TRIES = 10
const wired = new WeakMap()

export default function ({ data, parentElement }) {
  const line = parentElement.querySelector(".copied span")
  const host = line.getRootNode().host ?? line
  const clicked = event => {
    const cells = gridBefore(host)?.querySelector(".stDataFrameGlideDataEditor")
    if (!cells?.contains(event.target)) return
    if (event.clientY - cells.getBoundingClientRect().top > data.header) copy(line, TRIES)
  }
  const pressed = event => {
    if (event.key === "Escape") leaveGrid(event.target)
  }
  wired.get(parentElement)?.()
  document.addEventListener("click", clicked)
  document.addEventListener("keydown", pressed, true)
  wired.set(parentElement, () => {
    document.removeEventListener("click", clicked)
    document.removeEventListener("keydown", pressed, true)
  })
  return wired.get(parentElement)
}

// The grid handles every Escape, so a dialog around it would not close. The first Escape clears the selected cell;
// after it, the focus moves to the dialog, which handles the next one.
function leaveGrid(target) {
  if (!target.closest?.("[data-testid=stDataFrame]")) return
  const close = target.closest("[role=dialog]")?.querySelector("button[aria-label=Close]")
  if (close) setTimeout(() => close.focus())
}

// The last grid ahead of this line on the page.
function gridBefore(host) {
  const grids = [...document.querySelectorAll("[data-testid=stDataFrame]")]
  return grids.findLast(grid => grid.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_FOLLOWING)
}

// The first click focuses the grid, which answers a moment later.
function copy(line, tries) {
  const copied = copyChosen()
  if (copied === undefined && tries > 1) setTimeout(() => copy(line, tries - 1), 40)
  else report(line, copied)
}

// Returns the value copied, a number of cells, or undefined where the grid copied nothing.
function copyChosen() {
  let copied
  const taken = event => {
    if (!event.defaultPrevented) return
    const cells = cellsOf(event.clipboardData.getData("text/html"))
    copied = cells.length
    if (cells.length !== 1) return
    copied = cells[0]
    event.clipboardData.clearData()
    event.clipboardData.setData("text/plain", copied)
  }
  // Added at the last moment, so that it comes after the grid's own.
  addEventListener("copy", taken)
  document.execCommand("copy")
  removeEventListener("copy", taken)
  return copied
}

function cellsOf(html) {
  const cells = new DOMParser().parseFromString(html, "text/html").querySelectorAll("td")
  return [...cells].map(cell => cell.getAttribute("gdg-raw-value") ?? cell.textContent)
}

function report(line, copied) {
  if (copied === undefined) line.textContent = "Press Ctrl or Cmd + C to copy the selected cell."
  else if (typeof copied === "number") line.textContent = `Copied ${copied} cells`
  else if (copied === "") line.textContent = "Copied an empty text: the cell is empty or NULL"
  else line.textContent = `Copied ${copied.length > LONGEST ? `${copied.slice(0, LONGEST)} … and the rest` : copied}`
}
