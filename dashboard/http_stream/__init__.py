"""Streamlit's WebSocket carried over plain HTTP, for edges that refuse the upgrade.

    browser: static/http_stream.js            server: this package
    WebSocket look-alike  -- POST open  -->   middleware.py  a channel, within the registry's quotas
                          <-- GET recv  ---   downstream.py  numbered frames, resumable
                          -- POST send  -->   channel.py     two queues, Streamlit's own endpoint between them

`docs/http-stream.md` describes the wire; `frames.py` is its one implementation on this side.
"""

from dashboard.http_stream.limits import Limits
from dashboard.http_stream.middleware import HttpStream, Mode, script_tag

__all__ = ["HttpStream", "Limits", "Mode", "script_tag"]
