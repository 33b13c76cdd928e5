"""What DEMO_DATASET may name: the dataset files of each, and the function that loads its sample data.

To add one: write `local/sample/NAME.py` with a function `load(place) -> Loaded`, and add a line to `DEMO_DATASETS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from local.sample.place import Loaded, Place


@dataclass(frozen=True)
class DemoDataset:
    """One name that DEMO_DATASET may have."""

    files: tuple[str, ...]
    """Shipped dataset files, in the order of the dashboard. Each is exported by `export --all --dataset FILE`."""
    loader: str
    """Module with the function `load`; imported when the demo needs it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that exporter and dashboard need besides the usual ones."""

    def load(self, place: Place) -> Loaded:
        """Create the tables and fill them."""
        function: Callable[[Place], Loaded] = import_module(self.loader).load
        return function(place)


DEMO_DATASETS: Mapping[str, DemoDataset] = {
    "contacts": DemoDataset(("contacts",), "local.sample.contact_table"),
    "sales": DemoDataset(
        ("store_summaries", "top_products", "anomalies", "trends", "recommendations"), "local.sample.sales"
    ),
    "operations": DemoDataset(("operations_metrics", "operations_insights"), "local.sample.operations"),
    "calls": DemoDataset(("calls",), "local.sample.calls", {"TRANSCRIBE_BUCKET": "call-transcripts"}),
    "scorecards": DemoDataset(("scorecards",), "local.sample.scorecards"),
    "conversations": DemoDataset(("conversations", "messages"), "local.sample.conversations"),
}
"""Name -> what it loads, exports and shows."""


def dataset_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the dataset files of these names, in order."""
    return tuple(file for name in names for file in DEMO_DATASETS[name].files)


def more_environment(names: tuple[str, ...]) -> dict[str, str]:
    """Return the variables that these names need besides the usual ones."""
    return {variable: value for name in names for variable, value in DEMO_DATASETS[name].environment.items()}
