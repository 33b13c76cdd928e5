"""`/api/notices`: alerts and reports that the requester made, changed, paused, tested and deleted; as on the page."""

import datetime as dt
import os
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.errors import json_response
from dashboard.api.requests import id_in, json_object, refuse_other_sites, text_or_none, whole_number, wrong
from dashboard.api.turns import Turns
from dashboard.reports.personal.status import NoticeStatus, deleted, sent_as_test, statuses_made, statuses_of_files
from dashboard.reports.personal.validation import kind_of, notice_from
from dashboard.reports.settings import domains_from, report_settings_of_process
from dashboard.services.service import Service
from dashboard.sign_in.tokens import Tokens
from dashboard.stores.notices.notice_store import MadeNotice


class NoticesApi:
    """The endpoints over one service; `personal` keeps the sign-ins of people with alerts and reports."""

    def __init__(self, provider: Callable[[], Service], personal: Tokens | None = None) -> None:
        self._provider, self._personal = provider, personal
        # A test waits for its queries, its pictures and the mail server.
        self._tests = Turns(threads=2, per_person=1)
        self._turns = Turns()

    async def listed(self, _: Request) -> Response:
        """Answer the requester's alerts and reports and those of the dataset files, with what became of each last."""

        def found() -> list[dict[str, Any]]:
            service = self._provider()
            is_admin = service.permissions.requester().roles.has("admin")
            made = [_described(one, with_readers=True) for one in statuses_made(service)]
            return made + [_described(one, with_readers=is_admin) for one in statuses_of_files(service)]

        return json_response({"notices": await self._turns.run(found)})

    async def make(self, request: Request) -> Response:
        """Make one of `dataset`, `kind` and the fields of the dataset file; 201 with what was stored."""
        refuse_other_sites(request)
        body = await json_object(request)
        dataset, kind = text_or_none(body, "dataset"), text_or_none(body, "kind")

        def made() -> dict[str, Any]:
            service = self._provider()
            asks, name = service.permissions.requester(), service.dataset(dataset).name
            notice = notice_from(service, name, kind or "", body, asks, domains_from(os.environ))
            return _stored(service.notices.made(name, notice, self._keep(service)))

        return json_response(await self._turns.run(made), 201)

    async def change(self, request: Request) -> Response:
        """Store `paused`, or all fields, of the one `id` over its `version`; 409 where that is not current."""
        refuse_other_sites(request)
        body = await json_object(request)
        version = whole_number(body.pop("version", None), "version")
        paused = body.pop("paused", None)
        if not isinstance(paused, bool | None) or (paused is None and not body):
            raise wrong("paused", f"expected true or false, or the fields of the notice; found {paused!r:.40}")

        def changed() -> dict[str, Any]:
            service = self._provider()
            found, asks = service.notices.opened(id_in(request)), service.permissions.requester()
            notice = None
            if body:
                notice = notice_from(
                    service, found.dataset, kind_of(found.notice), body, asks, domains_from(os.environ)
                )
            keep = self._keep(service)
            return _stored(service.notices.changed(found.id, version, keep, notice=notice, is_paused=paused))

        return json_response(await self._turns.run(changed))

    async def delete(self, request: Request) -> Response:
        """Delete the one `id`, where `version` is its current one."""
        refuse_other_sites(request)
        version = whole_number(request.query_params.get("version"), "version")
        await self._turns.run(lambda: deleted(self._provider(), id_in(request), version))
        return json_response({"id": id_in(request)})

    async def test(self, request: Request) -> Response:
        """Send the one `id` now to its maker alone; answer what became of it."""
        refuse_other_sites(request)

        def sent() -> list[dict[str, str]]:
            service = self._provider()
            made = service.notices.opened(id_in(request))
            settings, now = report_settings_of_process(os.environ), dt.datetime.now(dt.UTC)
            found = sent_as_test(service, made, settings, now)
            return [{"reader": each.reader, "state": each.state, "reason": each.reason} for each in found]

        return json_response({"sent": await self._tests.run(sent)})

    def _keep(self, service: Service) -> Callable[[], None]:
        asks, personal = service.permissions.requester(), self._personal
        return lambda: personal.keep(asks) if personal is not None else None


def _stored(made: MadeNotice) -> dict[str, Any]:
    return {
        "id": made.id,
        "dataset": made.dataset,
        "kind": kind_of(made.notice),
        "by": made.by,
        "paused": made.is_paused,
        "version": made.version,
        "savedAt": made.saved_at.isoformat(timespec="seconds"),
        "notice": made.notice.model_dump(mode="json", exclude={"name", "webhooks", "rights"}, exclude_none=True),
    }


def _described(status: NoticeStatus, *, with_readers: bool) -> dict[str, Any]:
    hidden = {"name", "webhooks", "rights", *(() if with_readers else ("to",))}
    body: dict[str, Any] = {
        "id": None,
        "dataset": status.dataset,
        "kind": kind_of(status.notice),
        "notice": status.notice.model_dump(mode="json", exclude=hidden, exclude_none=True),
    }
    if status.made is not None:
        body = _stored(status.made)
    looked = status.journal.looked
    if looked is not None:
        at = looked.at.isoformat(timespec="seconds")
        body["looked"] = {"at": at, "outcome": looked.outcome, "text": looked.text}
    if with_readers:
        body["deliveries"] = [
            {"reader": reader, "state": each.state, "reason": each.reason, "at": each.at.isoformat(timespec="seconds")}
            for reader, each in status.deliveries.items()
        ]
    return body
