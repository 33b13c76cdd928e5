"""Inputs bred for the lines of the guard and of the frame parser that they reach.

`make soak` runs `coverage_fuzz.py guard|frames -atheris_runs=N`, with atheris outside of the environment: it has wheels
for Linux on x86-64 alone, so it is in no lock file. An input that breaks a promise ends it with a
traceback and the bytes.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dashboard.sql", "dashboard.http_stream.frames"]):
    from dashboard.http_stream.frames import MalformedFrames, frames_from
    from dashboard.sql.guard import checked

from dashboard.errors import RefusedSql
from dashboard.model.access.table_view import TableView, table_name, table_query
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.grammar.tokens import tokens_of
from dataset_model.columns.types import BIGINT, STRING

CORPUS = Path(__file__).parent / "corpus"
NAME = table_name("reports", "contacts")
QUERY = table_query(
    NAME,
    [("contact_id", STRING), ("note", STRING), ("year", BIGINT), ("month", BIGINT), ("day", BIGINT)],
    TableView({"note": "hidden"}, rows="\"contact_id\" IN ('c')", rows_read=("contact_id",)),
)
CATALOGUE = Catalogue((ServedTable("reports", "contacts", ("contact_id", "note", "year", "month", "day"), QUERY),))


def guard(data: bytes) -> None:
    """Any text is refused, or sent with the table inside of its query alone, and reads the same when read again."""
    text = atheris.FuzzedDataProvider(data).ConsumeUnicodeNoSurrogates(len(data))
    with contextlib.suppress(RefusedSql):
        found = checked(text, CATALOGUE, 100)
        if found.parsed.kind in {"columns", "describe"}:
            return
        assert QUERY is not None
        left = found.sql.replace(QUERY.sent, "").replace(QUERY.explained, "")
        names = [token.name.lower() for token in tokens_of(left) if token.kind == "quoted"]
        assert NAME not in left, found.sql
        assert not any(name.startswith("$") for name in names), found.sql
        assert {(table.database, table.table) for table in found.tables} <= {("reports", "contacts")}


def frames(data: bytes) -> None:
    """Any bytes are whole frames, which make the same bytes, or are refused."""
    with contextlib.suppress(MalformedFrames):
        assert b"".join(frame.encoded() for frame in frames_from(data)) == data


def main() -> None:
    """Fuzz a target, from the corpora of the guard's tests on."""
    target = {"guard": guard, "frames": frames}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        lines = [*CORPUS.joinpath("hostile.txt").read_text("utf-8").splitlines()]
        lines += CORPUS.joinpath("innocent.txt").read_text("utf-8").splitlines()
        for place, line in enumerate(lines):
            Path(folder, str(place)).write_text(line.partition(" :: ")[2], encoding="utf-8")
        atheris.Setup([sys.argv[0], *sys.argv[2:], "-max_len=2000", f"-artifact_prefix={folder}/", folder], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
