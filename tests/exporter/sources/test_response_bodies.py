"""Bodies of answers on their way around the SDK's parser, whole or not at all, and the way through it."""

import zlib
from dataclasses import replace

import botocore.awsrequest
import botocore.httpchecksum
import botocore.retries.special
import pytest
import urllib3
import zlib_ng.zlib_ng
from faults import every, first, torn, without_checksum
from faulty import DAYS, ROWS, assert_untouched

from exporter.decoding.page import PageReader
from exporter.runtime.sdk_patches import patch_sdk


def test_bodies_bypass_the_parser(table, monkeypatch):
    """The before-parse hook of botocore is not documented; it must hand over each body, with nothing left to parse."""
    bodies, warnings = [], []
    read = PageReader.read
    monkeypatch.setattr(PageReader, "read", lambda self, body: (bodies.append(body), read(self, body))[1])
    monkeypatch.setattr("exporter.sources.index_query._log.warning", lambda *said, **_: warnings.append(said))
    table.export(**DAYS)
    assert all(b'"ScannedCount"' in body for body in bodies)  # DynamoDB's own text, which the parser would reorder
    assert bodies
    assert warnings == []


def test_large_bodies_are_read_in_one_go(table, monkeypatch):
    """The SDK's class of responses is not documented either; its 64 KB pieces cost a tenth of a run."""
    table.put("99", "2026-02-16T12:00:00Z", "A", note={"S": "x" * 200_000})
    sizes: list[int | None] = []
    read = urllib3.HTTPResponse.read

    def noted(response, amt=None, *arguments, **named):
        if int(response.headers.get("content-length", 0)) > 200_000:
            sizes.append(amt)
        return read(response, amt, *arguments, **named)

    monkeypatch.setattr(urllib3.HTTPResponse, "read", noted)
    assert table.export(**DAYS).rows == len(ROWS) + 1
    assert set(sizes) == {None}


@pytest.fixture(autouse=True)
def patched(monkeypatch):
    """The SDK as an entry point leaves it, for one test."""
    for owner, name in (
        (botocore.retries.special, "crc32"),
        (botocore.httpchecksum, "crc32"),
        (botocore.awsrequest, "AWSResponse"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    patch_sdk()


@pytest.mark.parametrize("place", [botocore.retries.special, botocore.httpchecksum])
def test_checksums_of_bodies_are_the_fast_ones(table, monkeypatch, place):
    """The names under which the SDK calls them, for what it receives and what it sends, are not documented either."""
    assert place.crc32 is zlib_ng.zlib_ng.crc32
    sizes: list[int] = []
    monkeypatch.setattr(place, "crc32", lambda body, *so_far: (sizes.append(len(body)), zlib.crc32(body, *so_far))[1])
    assert table.export(**DAYS).rows == len(ROWS)
    assert sizes


def test_a_large_answer_that_is_torn_is_asked_for_again(table, faults):
    """Cut in the middle of what is read in one go, it is the connection's error, which passes."""
    table.put("99", "2026-02-16T12:00:00Z", "A", note={"S": "x" * 200_000})
    faults.rule = first(3, "Query", lambda forward: torn(without_checksum(forward())))
    assert table.export(**DAYS).rows == len(ROWS) + 1
    assert faults.count("Query") > 3


def test_without_the_hook_rows_are_the_same(table, monkeypatch):
    """Where botocore no longer calls the hook, items come through its parser: same rows, one warning."""
    warnings = []
    table.export(**DAYS)
    before = {key: table.table_of(key) for key in sorted(table.keys())}
    monkeypatch.setattr("exporter.sources.index_query._take_body", lambda **_: None)
    monkeypatch.setattr("exporter.sources.index_query._log.warning", lambda *said, **_: warnings.append(said[0]))
    table.export(**DAYS)
    assert {key: table.table_of(key) for key in sorted(table.keys())} == before
    assert warnings == ["botocore no longer provides response bodies; reading through its slower parser"]


def test_a_body_that_is_no_answer_fails_clearly(table, faults):
    """A proxy that answers 200 with a page of its own is reported by name, without a traceback."""

    def page(forward):
        return replace(without_checksum(forward()), body=b"<html>Please sign in</html>")

    faults.rule = every("Query", page)
    assert_untouched(table, table.job(**DAYS).run(), "is not from DynamoDB", "Please sign in")
