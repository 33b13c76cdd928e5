"""People at a Streamlit page, without browsers: the page's own WebSocket protocol, spoken by hundreds of them."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX

from support.plain_http import PlainHttp

CHANNELS = ("VOICE", "CHAT", "TASK", "EMAIL")
PATIENCE = 120


@dataclass
class Person:
    """One open page; `delays` are the seconds from each click to the end of what it set off."""

    port: int
    over_http: bool = False
    """Whether the page's WebSocket is carried over plain HTTP."""
    delays: list[float] = field(default_factory=list)
    messages: int = 0
    _chart: str = ""
    _fragment: str = ""
    _page: str = ""
    _clicks: int = 0

    async def open(self) -> float:
        """Open the page; return the seconds until it is drawn."""
        began = time.perf_counter()
        self._socket = await (PlainHttp(self.port).open() if self.over_http else self._connected())
        await self._ask(BackMsg())
        return time.perf_counter() - began

    def _connected(self) -> websockets.connect:
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=f"http://127.0.0.1:{self.port}",
            max_size=None,
            ping_interval=None,
        )

    async def click(self) -> None:
        """Click the chart of channels: another channel each time, as a browser would say it."""
        channel = CHANNELS[self._clicks % len(CHANNELS)]
        self._clicks += 1
        asked = BackMsg()
        if "bidi_component" in self._chart:
            # What a component says in passing travels under a name of its own.
            picked = {"channel": [channel], "agent": [], "method": [], "days": None}
            state = asked.rerun_script.widget_states.widgets.add(
                id=f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{self._chart}__events"
            )
            state.json_trigger_value = json.dumps([{"event": "act", "value": {"picked": picked}}])
        else:
            state = asked.rerun_script.widget_states.widgets.add(id=self._chart)
            state.string_value = json.dumps({"selection": {"pick": [{"key": channel}]}})
        asked.rerun_script.fragment_id = self._fragment
        began = time.perf_counter()
        await self._ask(asked)
        self.delays.append(time.perf_counter() - began)

    async def close(self) -> None:
        """Leave the page."""
        await self._socket.close()

    async def _ask(self, asked: BackMsg) -> None:
        asked.rerun_script.page_script_hash = self._page
        asked.rerun_script.SetInParent()
        await self._socket.send(asked.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            async for body in self._socket:
                assert isinstance(body, bytes)
                shown = ForwardMsg.FromString(body)
                self.messages += 1
                kind = shown.WhichOneof("type")
                if kind == "delta":
                    self._look(shown)
                    if shown.delta.new_element.WhichOneof("type") == "exception":
                        raise RuntimeError(shown.delta.new_element.exception.message)
                elif kind == "new_session":
                    self._page = shown.new_session.page_script_hash
                elif kind == "script_finished":
                    return

    def _look(self, shown: ForwardMsg) -> None:
        element = shown.delta.new_element
        kind = element.WhichOneof("type") if shown.delta.WhichOneof("type") == "new_element" else None
        chart = getattr(element, kind).id if kind == "bidi_component" or (kind and "vega" in kind) else ""
        if "channel" in chart or "board" in chart:
            self._chart, self._fragment = chart, shown.delta.fragment_id


async def visit(port: int) -> float:
    """Open the page and leave it; return the seconds until it was drawn."""
    person = Person(port)
    seconds = await person.open()
    await person.close()
    return seconds


async def crowd(port: int, people: int, pause: float, seconds: float) -> list[float]:
    """Open the page for so many people who click every `pause` seconds; return every delay."""
    everybody = [Person(port) for _ in range(people)]
    for person in everybody:
        await person.open()
    end = time.perf_counter() + seconds

    async def stay(person: Person, late: float) -> None:
        # Spread out, as people are: a crowd that clicks at one moment measures the queue alone.
        await asyncio.sleep(late)
        while time.perf_counter() < end:
            began = time.perf_counter()
            await person.click()
            await asyncio.sleep(max(0.0, pause - (time.perf_counter() - began)))

    await asyncio.gather(*(stay(person, pause * place / people) for place, person in enumerate(everybody)))
    for person in everybody:
        await person.close()
    return sorted(delay for person in everybody for delay in person.delays)


async def clicks(port: int, count: int) -> None:
    """Click so often, one after the other, on a page that is open already; the first four warm what is kept."""
    person = Person(port)
    await person.open()
    for _ in range(count):
        await person.click()
    await person.close()


async def opened(port: int, count: int) -> list[Person]:
    """Open the page for so many people and keep it open."""
    people = [Person(port) for _ in range(count)]
    for person in people:
        await person.open()
    return people
