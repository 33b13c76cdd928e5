"""A card flows in, the statement that its viewer may ask flows out: with their masks, row rules, roles and limits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.boards.number_cards import figure_statement
from dashboard.errors import FieldFault, Forbidden, InvalidRequest, RefusedSql
from dashboard.model.boards.board import Board
from dashboard.model.boards.card import BoardCard
from dashboard.model.query_types import QueryRequest, request_from
from dashboard.model.selection.filters import Days
from dashboard.model.statements import Statement
from dashboard.services.service import Service
from dataset_model.dashboard.periods import Preset
from dataset_model.records.manifest import Manifest


@dataclass(frozen=True)
class Asked:
    """What a card asks today, checked for the person who looks at it."""

    name: str
    """The dataset."""
    days: Days | None
    """The days asked for; None: all, or those that the SQL of the card says."""
    request: QueryRequest
    statement: Statement
    manifest: Manifest | None = None
    """What was published when it was asked: the answer of a number is read by the same."""


def asked_by(service: Service, card: BoardCard, preset: Preset | None = None) -> Asked:
    """Return what a card asks; `preset` is that of its board.

    Raises InvalidRequest for what its dataset does not give this person, Forbidden or RefusedSql for SQL.
    """
    if service.names and card.dataset not in service.names:
        raise InvalidRequest((FieldFault("dataset", _gone(card.dataset)),))
    name, model = service.dataset(card.dataset).name, service.model(card.dataset)
    moving = card.days(preset, service.today(name), model.calendar.first_weekday)
    body = card.question(moving)
    del body["dataset"]
    given = body.pop("parameters", None)
    most = service.settings.max_fetch_rows
    request = request_from({**body, "limit": min(body["limit"], most)}, model, most)
    statement, manifest = service.prepare(name, request, given), service.manifest(name)
    if card.show == "number" and request.group is not None and manifest is not None:
        number = figure_statement(model, request.group, request.days, manifest)
        statement = replace(number, title=statement.title, dataset=name)
    return Asked(name, request.days, request, statement, manifest)


def _gone(dataset: str) -> str:
    return (
        f"you have no dataset {dataset} here. It went away, has another name now, or your role does not include it. "
        "Remove the card, or name the dataset that takes its place in board.yaml"
    )


def check(service: Service, board: Board, before: Sequence[BoardCard] = ()) -> None:
    """Raise InvalidRequest where a card of a board asks what its dataset does not give the requester.

    Cards that stand in `before` are not checked again: a board can be changed although one of its columns went away.
    """
    faults: list[FieldFault] = []
    for place, card in enumerate(board.cards):
        if card in before:
            continue
        at = f"cards[{place}]"
        try:
            asked_by(service, card, board.preset)
        except InvalidRequest as error:
            faults += (FieldFault(f"{at}.{fault.field}", fault.message) for fault in error.faults)
        except (Forbidden, RefusedSql) as error:
            faults.append(FieldFault(f"{at}.sql" if card.sql else at, str(error)))
    if faults:
        raise InvalidRequest(tuple(faults))
