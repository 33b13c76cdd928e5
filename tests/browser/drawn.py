"""The marks that Vega has drawn on the board, as a mouse finds them."""

from playwright.sync_api import Page

DRAWN = ".board .drawn svg"

_POINT = """label => {
    const shapes = [...document.querySelectorAll(".board .drawn .role-mark:not(.band_marks) path")]
    const shape = shapes.find(each => each.__data__?.datum?.label === label)
    if (!shape) return null
    const matrix = shape.getScreenCTM(), box = shape.getBBox(), point = shape.ownerSVGElement.createSVGPoint()
    for (let step = 1; step < 400; step++) {
        point.x = box.x + box.width * ((step * 7) % 20 + 0.5) / 20
        point.y = box.y + box.height * (Math.floor(step / 20) + 0.5) / 20
        const seen = point.matrixTransform(matrix)
        if (document.elementFromPoint(seen.x, seen.y) === shape) return [seen.x, seen.y]
    }
    return null
}"""


def point_on(page: Page, label: str) -> tuple[float, float]:
    """Return a point inside the bar, slice or cell of a value, once it is drawn."""
    x, y = page.wait_for_function(_POINT, arg=label).json_value()
    return x, y
