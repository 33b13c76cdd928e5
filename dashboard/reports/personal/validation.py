"""The fields of a form or a request flow in, a checked alert or report flows out; the same for page and API."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError

from dashboard.errors import FieldFault, InvalidRequest, Missing
from dashboard.model.access.requester import Requester
from dashboard.model.boards.board import field_faults
from dashboard.model.grouping.question import filters_from
from dashboard.reports.personal.limits import MOST_READERS, MOST_TITLE
from dashboard.reports.personal.rights import own_address, refused_readers
from dashboard.services.service import Service
from dataset_model.dashboard.notice_rules import notice_faults
from dataset_model.dashboard.notices import Alert, Report
from dataset_model.faults import Contradiction

KINDS: Final[Mapping[str, type[Alert] | type[Report]]] = {"alert": Alert, "report": Report}
_NAME: Final = "made"
_OF_THE_FILE: Final = frozenset(("name", "webhooks", "rights"))
"""Fields that a dataset file alone may have: who maintains it decides what leaves by them."""


def kind_of(notice: Alert | Report) -> Literal["alert", "report"]:
    """Return what a notice is."""
    return "alert" if isinstance(notice, Alert) else "report"


def notice_from(
    service: Service, dataset: str, kind: str, body: Mapping[str, Any], asks: Requester, domains: frozenset[str]
) -> Alert | Report:
    """Return the notice of `body`, a mapping of its fields; raise InvalidRequest with every wrong one.

    `domains` are those to which people may send; without `to` it goes to the requester's own address.
    """
    name, own = service.dataset(dataset).name, own_address(asks.claims)
    if kind not in KINDS:
        raise InvalidRequest((FieldFault("kind", f"expected alert or report; found {kind!r:.40}"),))
    if unknown := sorted(_OF_THE_FILE & body.keys()):
        raise InvalidRequest((FieldFault(unknown[0], "expected in the dataset file alone"),))
    given = {**body, "name": _NAME, "to": body.get("to") or ([own] if own else [])}
    try:
        notice = KINDS[kind].model_validate(given)
    except ValidationError as error:
        raise InvalidRequest(field_faults(error)) from None
    try:
        asked = {name, *_board_datasets(service, notice)}
    except Missing as error:
        raise InvalidRequest((FieldFault("board", str(error)),)) from None
    found = [
        *_title(notice),
        *_rules(kind, given),
        *_table(service, name, notice),
        *_readers(service, asked, notice, own, domains),
    ]
    if found:
        raise InvalidRequest(tuple(found))
    return notice if notice.title.strip() else notice.model_copy(update={"title": _usual_title(service, name, notice)})


def _usual_title(service: Service, name: str, notice: Alert | Report) -> str:
    if isinstance(notice, Report):
        return service.boards.opened(notice.board).board.name[:MOST_TITLE] if notice.board else "Overview"
    model = service.model(name)
    if notice.no_rows:
        return f"No {model.words.rows.many}"
    return model.measure_title(notice.measure, notice.column)[:MOST_TITLE]


def _title(notice: Alert | Report) -> Iterator[FieldFault]:
    title = notice.title
    if len(title) > MOST_TITLE or not title.isprintable():
        yield FieldFault(
            "title", f"expected at most {MOST_TITLE} printable characters; found {len(title)}: {title!r:.40}"
        )


def _board_datasets(service: Service, notice: Alert | Report) -> tuple[str, ...]:
    board = notice.board if isinstance(notice, Report) else None
    return service.boards.opened(board).board.datasets if board else ()


def _rules(kind: str, given: Mapping[str, Any]) -> Iterator[FieldFault]:
    def unchecked(_place: object, _value: object) -> Iterator[Contradiction]:
        return iter(())

    section = {f"{kind}s": [given]}
    for place, expected, found in notice_faults(section, has_row_rule=False, measured=unchecked, dimension=unchecked):
        field = ".".join(map(str, place[2:])) or "bound"
        yield FieldFault(field, f"expected {expected}; found {found or 'nothing'}")


def _table(service: Service, name: str, notice: Alert | Report) -> Iterator[FieldFault]:
    model = service.model(name)
    try:
        filters_from({column: list(values) for column, values in notice.filters.items()}, model)
    except ValueError as error:
        yield FieldFault("filters", f"expected {error}")
    if isinstance(notice, Alert) and not notice.no_rows:
        try:
            model.measure_named(notice.measure, notice.column)
        except ValueError as error:
            yield FieldFault("measure", f"expected {error}")


def _readers(
    service: Service, names: Collection[str], notice: Alert | Report, own: str, domains: frozenset[str]
) -> Iterator[FieldFault]:
    if len(notice.to) > MOST_READERS:
        yield FieldFault("to", f"expected at most {MOST_READERS} addresses; found {len(notice.to)}")
    if refused := refused_readers(notice.to, own, domains):
        allowed = [own] if own else []
        allowed += [f"addresses of {', '.join(sorted(domains))}"] if domains else []
        expected = " or ".join(allowed) or "no address: your sign-in gives none, and REPORT_DOMAINS allows no other"
        yield FieldFault("to", f"expected {expected}; found {', '.join(refused)}")
    others = [address for address in notice.to if address.lower() != own]
    if others and any(service.dataset(name).rows is not None for name in names):
        said = "its rows are seen by claims of a sign-in, so a mail to another person would be empty"
        yield FieldFault("to", f"expected your own address alone: {said}; found {', '.join(others)}")
