// The drawing lives in static/board, which the browser keeps: this element is sent anew with every click.
const drawing = import(new URL("./board/board.js", document.baseURI).href)

export default function (component) {
  drawing.then(({ draw }) => draw(component))
}
