"""Rules of `alerts` and `reports`: each can be computed, is due at one time, and reaches somebody.

They read plain, possibly malformed data, as `dataset_model.dashboard.consistency` does.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dataset_model.dashboard.notices import BOUNDS
from dataset_model.faults import Contradiction, Path
from dataset_model.plain_data import list_in

Check = Callable[[Path, Any], Iterator[Contradiction]]


def notice_faults(
    section: Mapping[str, Any], *, has_row_rule: bool, measured: Check, dimension: Check
) -> Iterator[Contradiction]:
    """Yield the contradictions of a section's alerts and reports, with their paths in it.

    `measured` checks what an alert measures, `dimension` the column of a filter.
    """
    names: list[object] = []
    for kind in ("alerts", "reports"):
        entries = section.get(kind)
        for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
            if not isinstance(entry, Mapping):
                continue
            place: Path = (kind, index)
            if entry.get("name") in names:
                yield Contradiction((*place, "name"), "a name that no other alert or report has", str(entry["name"]))
            names.append(entry.get("name"))
            yield from _readers(place, entry, has_row_rule=has_row_rule)
            filters = entry.get("filters")
            for column, values in filters.items() if isinstance(filters, Mapping) else ():
                yield from dimension((*place, "filters", column), column)
                if isinstance(values, list | tuple) and not values:
                    yield Contradiction((*place, "filters", column), "one value or more", "none")
            if kind == "alerts":
                yield from measured(place, entry)
                yield from _bound(place, entry)
                continue
            yield from _board(place, entry)
            if entry.get("every") == "export" and entry.get("at") is not None:
                yield Contradiction((*place, "at"), "no time: it is due after each export", str(entry["at"]))
            elif entry.get("weekday") is not None and entry.get("every") != "week":
                yield Contradiction((*place, "weekday"), "no day, or every: week", str(entry["weekday"]))


def _readers(place: Path, entry: Mapping[str, Any], *, has_row_rule: bool) -> Iterator[Contradiction]:
    if not list_in(entry, "to") and not list_in(entry, "webhooks"):
        yield Contradiction((*place, "to"), "an address in `to`, or a name in `webhooks`", None)
    for field in ("to", "webhooks", "rights"):
        values = [str(value) for value in list_in(entry, field)]
        for index, value in enumerate(values):
            if value.lower() in (other.lower() for other in values[:index]):
                yield Contradiction((*place, field, index), "each once", value)
    if has_row_rule and "all-rows" not in list_in(entry, "rights"):
        expected = "all-rows: its readers have not signed in, so the rule of `rows` shows them no row"
        yield Contradiction((*place, "rights"), expected, ", ".join(map(str, list_in(entry, "rights"))) or None)


def _board(place: Path, report: Mapping[str, Any]) -> Iterator[Contradiction]:
    if report.get("board") is None:
        if report.get("pdf"):
            yield Contradiction((*place, "pdf"), "a board, of which the PDF is", "none")
        return
    if report.get("filters"):
        yield Contradiction(
            (*place, "filters"), "none: the cards of the board have their own", ", ".join(report["filters"])
        )
    if list_in(report, "rights"):
        # The people who may change the board did not write this file.
        expected = "none: a board shows what its owner puts on it"
        yield Contradiction((*place, "rights"), expected, ", ".join(map(str, list_in(report, "rights"))))


def _bound(place: Path, alert: Mapping[str, Any]) -> Iterator[Contradiction]:
    given = [name for name in BOUNDS if alert.get(name) is not None]
    if len(given) != 1:
        yield Contradiction(place, f"one of {', '.join(BOUNDS)}", " and ".join(given) or None)
    elif given == ["no_rows"] and (alert.get("measure") or "rows") != "rows":
        yield Contradiction((*place, "measure"), "no measure: no_rows counts rows", str(alert["measure"]))
