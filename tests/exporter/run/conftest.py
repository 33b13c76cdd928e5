"""What tests of table exports share: an export that is there, and workers that start at once."""

import pytest

import exporter.run.table_export.workers
import exporter.sources.table_export.exporting
from exporter.run.table_export.export_conversion import Converter

from .exported import Exported


@pytest.fixture
def exported(scene, monkeypatch):
    monkeypatch.setattr(exporter.sources.table_export.exporting, "POLL_SECONDS", 0.01)
    return Exported(scene())


@pytest.fixture
def in_process(monkeypatch):
    """Let workers be calls in this process, where each takes seconds to start."""

    def convert(settings, export, files, _workers, _stop, _progress):
        for file in files:
            Converter(settings, export).convert(file)

    monkeypatch.setattr(exporter.run.table_export.workers, "_convert", convert)
