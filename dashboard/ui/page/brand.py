"""The product's icon in the browser's tab and above the navigation.

`st.logo` and `st.set_page_config(page_icon=)` send the same two messages, but load numpy and Pillow first to find out
that this is no picture of theirs: a fifth of what a new process may take for its first page.
"""

import base64
import functools
from pathlib import Path

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Logo_pb2 import Logo
from streamlit.proto.PageConfig_pb2 import PageConfig
from streamlit.runtime.scriptrunner import get_script_run_ctx

_ICON = Path(__file__).parents[2] / "static" / "icon.svg"


def brand() -> None:
    """Show the icon; to be called after `st.set_page_config`, to which it adds."""
    context = get_script_run_ctx()
    if context is not None:
        for message in _messages():
            context.enqueue(message)


def _messages() -> tuple[ForwardMsg, ForwardMsg]:
    tab = PageConfig(favicon=_address(), layout=PageConfig.LAYOUT_UNSET, initial_sidebar_state=PageConfig.SIDEBAR_UNSET)
    logo = Logo(image=_address(), image_type=Logo.ImageType.IMAGE, size="large")
    return ForwardMsg(page_config_changed=tab), ForwardMsg(logo=logo)


@functools.cache
def _address() -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(_ICON.read_bytes()).decode()}"
