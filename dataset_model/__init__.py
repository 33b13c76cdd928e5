"""The contract between the exporter and the dashboard: dataset files flow in, validated datasets and records flow out.

Read in this order: `definition` (the model), `loading` (YAML file and environment to model), `columns/` (what an item's
attributes become), `targets/` (where a day of rows goes), then `records/`, which one program writes and the other
reads: `table_schema`, `manifest`, `runs`, `verification`.
"""

from dataset_model.columns.column import Column
from dataset_model.dashboard.section import Dashboard
from dataset_model.definition import Dataset, FilesSource, IndexSource, ScanSource, Source
from dataset_model.faults import DatasetError, Fault
from dataset_model.loading import dataset_from_environment, dataset_from_text, load_dataset, load_datasets
from dataset_model.targets.target import Target

__all__ = [
    "Column",
    "Dashboard",
    "Dataset",
    "DatasetError",
    "Fault",
    "FilesSource",
    "IndexSource",
    "ScanSource",
    "Source",
    "Target",
    "dataset_from_environment",
    "dataset_from_text",
    "load_dataset",
    "load_datasets",
]
