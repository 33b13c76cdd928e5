"""What a page shows, read without a browser, and what people press on it."""

import json
import time
from typing import Any

from streamlit.testing.v1 import AppTest


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def board(app: AppTest) -> dict[str, Any]:
    """The one document from which the browser draws the Overview."""
    (drawn,) = (each.proto for each in app.get("bidi_component") if each.proto.component_name == "board")
    document: dict[str, Any] = json.loads(drawn.bytes)
    return document


def cards(app: AppTest) -> dict[str, str]:
    return {card["label"]: card["text"] for card in board(app)["cards"]}


def badges(app: AppTest) -> str:
    boards = [each.proto.bytes for each in app.get("bidi_component") if each.proto.component_name == "board"]
    shown = [badge["text"] for document in boards for badge in json.loads(document)["badges"]]
    return "\n".join([*shown, *(str(mark.value) for mark in app.markdown)])


def texts(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in (app.markdown, app.caption, app.error, app.subheader) for element in kind
    )


def run_query(app: AppTest) -> None:
    """Press Run and wait for the end, as the page does by itself in a browser."""
    app.button(key="run").click().run()
    wait_for_end(app)


def wait_for_end(app: AppTest) -> None:
    """Wait while a query of the page runs."""
    end = time.monotonic() + 60
    while "Cancel" in [button.label for button in app.button] and time.monotonic() < end:
        time.sleep(0.3)
        app.run()


def write_sql(app: AppTest, sql: str) -> None:
    app.session_state["sql_contacts_text"] = {"sql": sql, "revision": 7}
    app.run()
