"""People who look at cards, and the answers that they get."""

import datetime as dt

from publishing import contact_rows

from dashboard.boards.answers import answer_of
from dashboard.boards.questions import asked_by
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import Roles
from dashboard.model.boards.board import card_from
from dashboard.model.selection.filters import Days
from dashboard.services.job import API

DAYS = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 3))
ROWS = contact_rows(DAYS.first, DAYS.last, 20)
VOICES = [row for row in ROWS if row["channel"] == "VOICE"]
OWNER = Requester("ann", "Ann", roles=Roles("admin"))
VIEWER = Requester("ben", "Ben", roles=Roles("analyst"), claims={"channels": ["VOICE"]})
LOOKS = Requester("vic", "Vic", roles=Roles("viewer"), claims={"channels": ["VOICE"]})


def shown(service, who, **fields):
    card = card_from({"title": "t", "dataset": "contacts", **fields})
    with acting_for(who):
        asked = asked_by(service, card)
        return answer_of(service, card, asked, service.start(asked.name, asked.statement, owner=API).outcome())


def table_of(answer):
    return {label: [cell.text for cell in cells] for label, cells in answer.table.rows}


def marks_of(answer):
    spec = answer.drawing.spec
    return spec["datasets"][spec["data"]["name"]]
