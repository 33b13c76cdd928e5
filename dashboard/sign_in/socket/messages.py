"""Messages of a browser's socket in, those that the pages need out: all others never reach Streamlit.

Streamlit takes messages that act on the whole process, such as clearing every cache or installing files, from any
connection. The list names what passes, so a message that a later Streamlit adds is dropped as well.
"""

from typing import Final

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # stubs would be one more package
from starlette.types import Message, Receive
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.log import LogLines

ALLOWED: Final = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"})
ALLOWED_OPERATIONS: Final = frozenset({"deferred_file", "dataframe_chunk"})
"""Kinds of `backend_operation_request`: the file of a download button, the rows of a long table."""

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a message; the largest that pages send hold a statement or a board's file. Streamlit itself takes 200 MB."""
TOO_LARGE: Final = "too_large"

_BY_ITSELF: Final = frozenset({"", "nothing", "app_heartbeat", "rerun_script.auto", "clear_cache", "load_git_info"})

_log = LogLines(__name__)


def kind_of(data: bytes) -> str:
    """Return the kind of a message (`rerun_script`, `backend_operation_request.deferred_file`), "" for a broken one.

    One of more than `MOST_BYTES` is not read: it would hold up every person for as long as that takes.
    """
    if len(data) > MOST_BYTES:
        return TOO_LARGE
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return ""
    kind = message.WhichOneof("type") or "nothing"
    if kind == "backend_operation_request":
        return f"{kind}.{message.backend_operation_request.WhichOneof('payload') or 'nothing'}"
    if kind == "rerun_script" and message.rerun_script.is_auto_rerun:
        return "rerun_script.auto"
    return kind


def is_allowed(kind: str) -> bool:
    """Return whether a kind of message may reach Streamlit, which closes the connection at a broken one itself."""
    name, _, detail = kind.partition(".")
    if name == "backend_operation_request":
        return detail in ALLOWED_OPERATIONS
    return not name or name in ALLOWED


def is_activity(message: Message) -> bool:
    """Return whether a person did something; pages also run by themselves, and connections are kept open."""
    data = message.get("bytes") if message["type"] == "websocket.receive" else None
    return data is not None and kind_of(data) not in _BY_ITSELF


def filtered(receive: Receive) -> Receive:
    """Return a `receive` that skips messages that are not allowed."""

    async def receive_allowed() -> Message:
        while True:
            message = await receive()
            data = message.get("bytes") if message["type"] == "websocket.receive" else None
            if data is None or is_allowed(kind := kind_of(data)):
                return message
            _log.warning("message of a browser dropped", kind=kind)

    return receive_allowed
