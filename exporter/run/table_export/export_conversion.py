"""The data files of a table export as parts to convert."""

import datetime as dt
from collections.abc import Iterator, Sequence

from dataset_model import Dataset
from exporter.clients import Clients
from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.derivations.opening import open_deriver
from exporter.errors import SourceError, UsageError
from exporter.planning.planner import Piece
from exporter.planning.sort_key import SortKey
from exporter.run.table_export.conversion import Conversion
from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.settings import Settings
from exporter.sources.description import describe_source
from exporter.sources.opening import export_source
from exporter.sources.table_export.converted_file import conversion_folder
from exporter.sources.table_export.exporting import CompletedExport
from exporter.sources.table_export.manifests import ExportFile, read_files
from exporter.storage.object_store import Store

_ALL = Piece("", (0, 0), (), None)


class Converter(Conversion):
    """Converts the files of one export."""

    def __init__(self, settings: Settings, export: CompletedExport) -> None:
        """Raise SourceError where the table or the export cannot be read, UsageError for a dataset with `explode`."""
        clients, dataset = Clients(settings.region), settings.dataset
        if dataset.exploded:
            raise not_converted(dataset, "table-export")
        self._objects = Store(clients.s3, export.bucket)
        self.summary, files = read_files(self._objects, export)
        description = describe_source(clients.dynamodb, dataset)
        year = dt.datetime.fromisoformat(self.summary.export_time).year
        sort_key = SortKey(dataset.source.date_format, dataset.zone, description.sort_key_type, year + 1)
        folder = conversion_folder(f"{settings.prefix}/{EXPORTS_FOLDER}", export.arn, dataset, description)
        store, deriver = Store(clients.s3, settings.bucket), open_deriver(dataset, clients)
        super().__init__(settings, store, description, sort_key, files, folder, deriver)

    def _pages(self, file: ExportFile, decoder: PageDecoder) -> Iterator[DecodedPage]:
        files, description = [file], self._description
        opened = export_source(self._dataset, description, self.sort_key, self._objects, files, at_a_time=1)
        return opened.source.pages(_ALL, decoder)

    def _unknown(self, key: str) -> SourceError:
        return SourceError(
            f"export {self.summary.export_arn} has no file {key}; its manifest-files.json lists "
            f"{len(self.files):,} files"
        )

    def _left(self, left: Sequence[ExportFile]) -> SourceError:
        return SourceError(
            f"{len(left):,} of {len(self.files):,} files of export {self.summary.export_arn} are not converted, "
            f"for example {left[0].key}. Run `convert --export-arn {self.summary.export_arn}` again"
        )


def not_converted(dataset: Dataset, way: str) -> UsageError:
    """Return the error of a dataset with several rows for an item."""
    return UsageError(
        f"dataset {dataset.name} has `explode: {dataset.explode}`, which workers do not convert. Run "
        f"`exporter backfill --source {way}` without --workers"
    )
