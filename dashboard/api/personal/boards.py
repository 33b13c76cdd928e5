"""`/api/boards`: boards that the requester may see, made, changed, restored and exported; same rules as the page."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, get_args

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.errors import json_response
from dashboard.api.requests import id_in, json_object, one_of, refuse_other_sites, text_or_none, whole_number, wrong
from dashboard.api.turns import Turns
from dashboard.boards.board_answers import answered
from dashboard.boards.pdf import pdf_of
from dashboard.boards.questions import check
from dashboard.boards.sheet import sheet_of
from dashboard.model.boards.board import Board, board_from
from dashboard.model.boards.layout import PAPERS, Paper
from dashboard.model.boards.yaml_form import FILE, board_from_yaml, yaml_of
from dashboard.services.job import API, Job
from dashboard.services.service import Service
from dashboard.stores.boards.stored import BoardVersion, StoredBoard
from dataset_model.dashboard.periods import Preset

_LOOK_SECONDS: Final = 0.2
"""Between looks at whether a client is still there."""
_FILE_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BoardsApi:
    """The endpoints over one service."""

    def __init__(self, provider: Callable[[], Service]) -> None:
        self._provider = provider
        # A PDF waits for its queries and for its pictures: it must not take the threads of other requests.
        self._pdfs = Turns(threads=4, per_person=1)
        self._turns = Turns()

    async def listed(self, _: Request) -> Response:
        """Answer the requester's boards and those shared with them, without their cards."""

        def found() -> list[dict[str, Any]]:
            store = self._provider().boards
            return [_summary(one) | {"mayChange": store.may_change(one.board)} for one in store.listed()]

        return json_response({"boards": await self._turns.run(found)})

    async def make(self, request: Request) -> Response:
        """Make a board of `name`, `preset` and `cards`, or of `yaml`; 201 with what was stored."""
        refuse_other_sites(request)
        body = await json_object(request)

        def made() -> dict[str, Any]:
            service = self._provider()
            board = _board(body)
            check(service, board)
            return _described(service, service.boards.made(board))

        return json_response(await self._turns.run(made), 201)

    async def one(self, request: Request) -> Response:
        """Answer the board `id` with its cards and its older versions."""

        def found() -> dict[str, Any]:
            service = self._provider()
            return _described(service, service.boards.opened(id_in(request)))

        return json_response(await self._turns.run(found))

    async def save(self, request: Request) -> Response:
        """Store what the body says as the version after `version` of the board `id`; 409 where that is not current."""
        refuse_other_sites(request)
        body = await json_object(request)

        def saved() -> dict[str, Any]:
            service = self._provider()
            version = whole_number(body.pop("version", None), "version")
            board = _board(body)
            check(service, board, service.boards.opened(id_in(request)).board.cards)
            return _described(service, service.boards.saved(board, id_in(request), version))

        return json_response(await self._turns.run(saved))

    async def delete(self, request: Request) -> Response:
        """Delete the board `id`, where `version` is its current one."""
        refuse_other_sites(request)
        version = whole_number(request.query_params.get("version"), "version")

        def deleted() -> None:
            self._provider().boards.deleted(id_in(request), version)

        await self._turns.run(deleted)
        return json_response({"id": id_in(request)})

    async def restore(self, request: Request) -> Response:
        """Store the older version `number` of the board `id` as its newest one; `version` is the current one."""
        refuse_other_sites(request)
        body = await json_object(request)
        number, version = (whole_number(body.pop(field, None), field) for field in ("number", "version"))
        if body:
            raise wrong(next(iter(body)), "unknown; expected number and version")

        def restored() -> dict[str, Any]:
            service = self._provider()
            return _described(service, service.boards.restored(id_in(request), number, version))

        return json_response(await self._turns.run(restored))

    async def file(self, request: Request) -> Response:
        """Answer the `board.yaml` of the board `id`."""
        stored = await self._turns.run(lambda: self._provider().boards.opened(id_in(request)))
        headers = {**_FILE_HEADERS, "Content-Disposition": f'attachment; filename="{FILE}"'}
        return Response(yaml_of(stored.board).encode(), headers=headers, media_type="application/yaml")

    async def pdf(self, request: Request) -> Response:
        """Answer the PDF of the board `id` as the requester sees it, on `paper`; `preset` replaces the board's own."""
        refuse_other_sites(request)
        paper: Paper = one_of(request.query_params.get("paper", PAPERS[0]), "paper", PAPERS)

        jobs: list[Job] = []

        def made() -> bytes:
            service = self._provider()
            board = service.boards.opened(id_in(request)).board
            text = request.query_params.get("preset")
            preset = board.preset if text is None else one_of(text, "preset", get_args(Preset))
            cards = answered(service, board, preset, API, jobs.append)
            return pdf_of(service, sheet_of(service, board, preset, cards), paper)

        watch = asyncio.create_task(self._stop_without_client(request, jobs))
        try:
            content = await self._pdfs.run(made)
        finally:
            watch.cancel()
        headers = {**_FILE_HEADERS, "Content-Disposition": 'attachment; filename="board.pdf"'}
        return Response(content, headers=headers, media_type="application/pdf")

    async def _stop_without_client(self, request: Request, jobs: list[Job]) -> None:
        """Stop the queries of a client that has gone: nothing else asks for their results."""
        while True:  # to the end of the request: more queries may begin after the client has gone
            await asyncio.sleep(_LOOK_SECONDS)
            if await request.is_disconnected():
                for job in [each for each in jobs if not each.is_over]:
                    await anyio.to_thread.run_sync(self._provider().jobs.cancel, job.id)


def _board(body: dict[str, Any]) -> Board:
    shared = body.pop("shared", False)
    if not isinstance(shared, bool):
        raise wrong("shared", f"expected true or false; found {shared!r:.40}")
    text = text_or_none(body, "yaml")
    if text is not None and body:
        raise wrong("yaml", f"expected without {next(iter(body))!r:.60}, which it holds itself")
    board = board_from(body) if text is None else board_from_yaml(text)
    return board.model_copy(update={"shared": shared})


def _summary(stored: StoredBoard) -> dict[str, Any]:
    board = stored.board
    return {
        "id": board.id,
        "name": board.name,
        "by": board.by,
        "shared": board.shared,
        "datasets": list(board.datasets),
        "cardCount": len(board.cards),
        **_saved(stored.current),
    }


def _saved(version: BoardVersion) -> dict[str, Any]:
    saved_at = version.saved_at.isoformat(timespec="seconds")
    return {"version": version.number, "savedAt": saved_at, "savedBy": version.by}


def _described(service: Service, stored: StoredBoard) -> dict[str, Any]:
    store = service.boards
    older = [_saved(each) | {"name": each.board.name} for each in store.versions(stored)]
    return {
        **_summary(stored),
        "mayChange": store.may_change(stored.board),
        "board": stored.board.document(),
        "versions": older,
    }
