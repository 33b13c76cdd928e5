"""Start and first page together, of the dashboard and of a bare page in turns."""

import asyncio
from pathlib import Path
from statistics import median

from support.pages import served
from support.people import visit

Figures = dict[str, float]


def first_pages(environment: dict[str, str], folder: Path, starts: int) -> dict[str, Figures]:
    """Return the figures of the first start after an export, medians of the later ones, and the ratio of those.

    `cpu` and `wall` are the seconds of start and first page together. The first visitor comes when the health route
    answers. The first start has no cached figures, so its visitor waits for Athena.
    """
    after_export = _first_page("dashboard", environment, folder)
    pairs = [{name: _first_page(name, environment, folder) for name in ("bare", "dashboard")} for _ in range(starts)]
    bare, dashboard = (
        {figure: median(pair[name][figure] for pair in pairs) for figure in after_export}
        for name in ("bare", "dashboard")
    )
    # Of each pair by itself: what else the machine does weighs on both of a pair.
    ratio = {figure: median(pair["dashboard"][figure] / pair["bare"][figure] for pair in pairs) for figure in bare}
    return {"bare": bare, "dashboard": dashboard, "dashboard / bare": ratio, "first after an export": after_export}


def _first_page(name: str, environment: dict[str, str], folder: Path) -> Figures:
    with served(name, environment, folder) as server:
        start_cpu = server.cpu()
        seconds = asyncio.run(visit(server.port))
        cpu = server.cpu()
    wall = server.healthy_seconds + seconds
    return {"start_cpu": start_cpu, "first_cpu": cpu - start_cpu, "cpu": cpu, "wall": wall}
