"""The days that a backfill has to read flow in, the way to read them flows out, with the reason."""

import datetime as dt
from dataclasses import dataclass

from exporter.clients import Clients
from exporter.errors import ExportError
from exporter.estimates.cost import Assumptions, Cost, Estimate, Way, dollars_text
from exporter.estimates.estimator import estimate
from exporter.planning.window import Window
from exporter.run.request import ExportRequest
from exporter.settings import Settings
from exporter.sources.opening import SourceName
from exporter.sources.table_scan import may_scan

MOST_OF_DECLARED = 0.5
"""Share of the declared way's dollars that another may cost. The declared one reads what is missing alone when it goes
on after a stop; a scan begins again, so it has to be cheaper even if it is read twice."""

NAMES: dict[Way, SourceName] = {"index query": "index", "table scan": "scan", "export to S3": "table-export"}


@dataclass(frozen=True)
class Choice:
    """A way to read, and why."""

    source: SourceName | None
    """None: what the dataset declares."""
    reason: str


def choice(found: Estimate) -> Choice:
    """Return the cheapest way that can be used now; the declared one unless another costs half of it at most."""
    declared = found.costs[0]
    if found.is_provisioned:
        return Choice(None, f"{declared.way}, as declared: a scan would take the table's provisioned read units")
    usable = [cost for cost in found.costs if cost.is_ready and cost.total is not None]
    if declared.total is None or not usable:
        return Choice(None, f"{declared.way}, as declared: no price is known")
    priced = [cost for cost in found.costs if cost.way in NAMES]
    prices = ", ".join(f"{cost.way} {dollars_text(cost.total)}" for cost in priced)
    best = min(usable, key=_total)
    if best is declared or _total(best) > MOST_OF_DECLARED * declared.total:
        return Choice(
            None, f"{declared.way}, as declared ({prices}); another way would have to cost half of it at most"
        )
    return Choice(NAMES[best.way], f"{best.way}, the cheapest ({prices}); it does not show {best.loses}")


def chosen_way(settings: Settings, windows: tuple[Window, ...], assumed: Assumptions, now: dt.datetime) -> Choice:
    """Return the way to read these days; the declared one where they cannot be priced, and the run says why itself."""
    if len(windows) > 1:  # TTL may have emptied those, and a run that reads them again is refused
        return Choice(None, "what the dataset declares: another way would replace the closed days in between as well")
    table = settings.dataset.source.table
    try:
        found = choice(estimate(settings, ExportRequest(windows[0]), assumed, now, windows))
    except ExportError as error:
        return Choice(None, f"what the dataset declares: the ways cannot be priced ({error})")
    if found.source == "scan" and not may_scan(Clients(settings.region).dynamodb, table):
        lacking = f"this role may not scan table {table} (dynamodb:Scan)"
        return Choice(None, f"what the dataset declares: {lacking}, or {found.reason}")
    return found


def _total(cost: Cost) -> float:
    return cost.total or 0.0
