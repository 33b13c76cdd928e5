// The drawing code is in static/board, which the browser caches; this element is sent again with every click.
const drawing = import(new URL("./board/board.js", document.baseURI).href)

export default function (component) {
  drawing.then(({ draw }) => draw(component))
}
