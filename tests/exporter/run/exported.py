"""A table with an export of it, to read, convert and publish."""

import datetime as dt
import threading
from collections import defaultdict
from types import MappingProxyType

from exporter.clients import Clients
from exporter.decoding.batch import KEY
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import initial_schema
from exporter.planning.planner import Reach
from exporter.planning.window import DayStride
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.run.table_export.export_conversion import Converter
from exporter.run.table_export.exporting import export_to_read

DAYS = {"2026-02-15": ["0", "3", "6", "9"], "2026-02-16": ["1", "4", "7"], "2026-02-17": ["2", "5", "8"]}


class Exported:
    """A table of ten items on three days, and an export of it; with a level for each number in `levels`."""

    def __init__(self, table, levels=MappingProxyType({})):
        self.table = table
        table.dynamodb.update_continuous_backups(
            TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        for number in range(10):
            level = {"Level": levels[number]} if number in levels else {}
            table.put(f"{number}", f"2026-02-{15 + number % 3}T09:00:00Z", "AB"[number % 2], **level)
        self.settings = table.settings()
        self.export = export_to_read(Clients("us-east-1"), self.settings, None, threading.Event())

    def converter(self):
        return Converter(self.settings, self.export)

    def convert(self):
        """Convert what is left, as one worker does."""
        converter = self.converter()
        for file in converter.files:
            converter.convert(file)

    def keys(self):
        """Return the number of converted items; raise AssertionError if one was converted twice."""
        pages = [page for pages in self.pages().values() for page in pages]
        keys = [key for page in pages if page.rows.num_rows for key in page.rows.column(KEY).to_pylist()]
        assert len(keys) == len(set(keys))
        return len(keys)

    def decoder(self):
        """Return a decoder of the published schema, or of none."""
        converter, dataset = self.converter(), self.settings.dataset
        schema = initial_schema(dataset, converter._records.schema(), dt.datetime.now(dt.UTC))
        return PageDecoder(schema, dataset, converter.sort_key, ("Id",))

    def pages(self):
        """Return number of the file -> its converted pages, of all days."""
        source = self.converter().source(1).source
        found = defaultdict(list)
        for stretch in source.splits(Reach(None, None, None), source.extent(None, None), DayStride()):
            for piece in stretch.pieces:
                found[piece.order[0]] += source.pages(piece, self.decoder())
        return found

    def publish(self, workers=1, arn=None):
        """Backfill all three days from the export, or from another, by the command's own request."""
        window = self.table.job(start="2026-02-15", end="2026-02-17").request.window
        request = BackfillRequest(
            window, source="table-export", export_arn=arn or self.export.arn, workers=workers, force=True
        )
        return Backfill(self.settings, request).run()

    def forget(self):
        """Remove what has been converted."""
        for key in self.table.keys("_exports/_converted/"):
            self.table.s3.delete_object(Bucket=self.settings.bucket, Key=f"{self.table.prefix}/{key}")
