"""Rules of `alerts` and `reports`: each can be computed, is due at one time, and reaches somebody.

They read plain, possibly malformed data, as `dataset_model.dashboard.consistency` does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dataset_model.dashboard.notices import BOUNDS

Place = tuple[str | int, ...]
Contradiction = tuple[Place, str, str | None]
Check = Callable[[Place, Any], Iterator[Contradiction]]


def notice_faults(
    section: Mapping[str, Any], *, has_row_rule: bool, measured: Check, dimension: Check
) -> Iterator[Contradiction]:
    """Yield the contradictions of a section's alerts and reports, at their places in it.

    `measured` checks what an alert measures, `dimension` the name that a filter is by.
    """
    names: list[object] = []
    for kind in ("alerts", "reports"):
        entries = section.get(kind)
        for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
            if not isinstance(entry, Mapping):
                continue
            place: Place = (kind, index)
            if entry.get("name") in names:
                yield (*place, "name"), "a name that no other alert or report has", str(entry["name"])
            names.append(entry.get("name"))
            yield from _readers(place, entry, has_row_rule=has_row_rule)
            filters = entry.get("filters")
            for column, values in filters.items() if isinstance(filters, Mapping) else ():
                yield from dimension((*place, "filters", column), column)
                if isinstance(values, list | tuple) and not values:
                    yield (*place, "filters", column), "one value or more", "none"
            if kind == "alerts":
                yield from measured(place, entry)
                yield from _bound(place, entry)
                continue
            yield from _board(place, entry)
            if entry.get("every") == "export" and entry.get("at") is not None:
                yield (*place, "at"), "no time: it is due after each export", str(entry["at"])
            elif entry.get("weekday") is not None and entry.get("every") != "week":
                yield (*place, "weekday"), "no day, or every: week", str(entry["weekday"])


def _readers(place: Place, entry: Mapping[str, Any], *, has_row_rule: bool) -> Iterator[Contradiction]:
    if not _list(entry, "to") and not _list(entry, "webhooks"):
        yield (*place, "to"), "an address in `to`, or a name in `webhooks`", None
    for field in ("to", "webhooks", "rights"):
        values = [str(value) for value in _list(entry, field)]
        for index, value in enumerate(values):
            if value.lower() in (other.lower() for other in values[:index]):
                yield (*place, field, index), "each once", value
    if has_row_rule and "all-rows" not in _list(entry, "rights"):
        expected = "all-rows: its readers have not signed in, so the rule of `rows` shows them no row"
        yield (*place, "rights"), expected, ", ".join(map(str, _list(entry, "rights"))) or None


def _board(place: Place, report: Mapping[str, Any]) -> Iterator[Contradiction]:
    if report.get("board") is None:
        if report.get("pdf"):
            yield (*place, "pdf"), "a board, of which the PDF is", "none"
        return
    if report.get("filters"):
        yield (*place, "filters"), "none: the cards of the board have their own", ", ".join(report["filters"])
    if _list(report, "rights"):
        # Who may change the board is not who wrote this file.
        expected = "none: a board shows what its owner puts on it"
        yield (*place, "rights"), expected, ", ".join(map(str, _list(report, "rights")))


def _bound(place: Place, alert: Mapping[str, Any]) -> Iterator[Contradiction]:
    given = [name for name in BOUNDS if alert.get(name) is not None]
    if len(given) != 1:
        yield place, f"one of {', '.join(BOUNDS)}", " and ".join(given) or None
    elif given == ["no_rows"] and (alert.get("measure") or "rows") != "rows":
        yield (*place, "measure"), "no measure: no_rows counts rows", str(alert["measure"])


def _list(data: Mapping[str, Any], field: str) -> Sequence[Any]:
    value = data.get(field)
    return value if isinstance(value, list | tuple) else ()
