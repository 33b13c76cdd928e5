"""`python -m local serve --data-dir`, and `prepare`, which compose calls at every start."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError


class StandIn:
    """A running `local serve`, seen from outside."""

    def __init__(self, url: str, repository: Path) -> None:
        self.url = url
        self._repository = repository

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1")  # type: ignore[call-overload]

    def prepare(self, items: int) -> str:
        """Run `prepare` and return its output."""
        command = [sys.executable, "-m", "local", "prepare", "--items", str(items), "--bucket", "kept"]
        environment = os.environ | {"AWS_ENDPOINT_URL": self.url}
        return subprocess.run(
            command, cwd=self._repository, env=environment, check=True, capture_output=True, text=True
        ).stderr


@contextmanager
def serving(repository: Path, folder: Path, number: signal.Signals = signal.SIGTERM) -> Iterator[StandIn]:
    """A stand-in that keeps its data in a folder; ended by a signal."""
    command = [sys.executable, "-m", "local", "serve", "--port", "0", "--data-dir", str(folder)]
    with subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines: list[str] = []
        while not (ready := re.search(r"AWS_ENDPOINT_URL=(\S+)", "".join(lines))):
            line = process.stderr.readline()
            assert line, "".join(lines)
            lines.append(line)
        yield StandIn(ready[1], repository)
        process.send_signal(number)
        process.wait(timeout=60)


def test_everything_is_there_again(repository: Path, tmp_path: Path) -> None:
    """Items, an object with its ETag, time and metadata, and the catalogue are the same after a stop and a start."""
    with serving(repository, tmp_path) as first:
        first.prepare(40)
        first.client("s3").put_object(Bucket="kept", Key="a/b", Body=b"12345", Metadata={"run": "1"})
        first.client("glue").create_database(DatabaseInput={"Name": "reports"})
        before = first.client("s3").head_object(Bucket="kept", Key="a/b")
        items = first.client("dynamodb").scan(TableName="contacts")["Items"]
    assert (tmp_path / "state.pickle").stat().st_mode & 0o777 == 0o600
    with serving(repository, tmp_path) as second:
        after = second.client("s3").head_object(Bucket="kept", Key="a/b")
        names = ("ETag", "LastModified", "ContentLength", "Metadata")
        assert [after[name] for name in names] == [before[name] for name in names]
        assert len(items) == 40
        assert second.client("dynamodb").scan(TableName="contacts")["Items"] == items
        assert [one["Name"] for one in second.client("glue").get_databases()["DatabaseList"]] == ["reports"]
        second.client("s3").put_object(Bucket="kept", Key="a/c", Body=b"")  # the bucket still takes objects


def test_prepare_changes_nothing_the_second_time(repository: Path, tmp_path: Path) -> None:
    """Compose runs it at every start: contacts that are there are left alone, and those that are missing are loaded."""
    with serving(repository, tmp_path) as server:
        assert "bucket kept: created\ntable contacts: 30 contacts loaded" in server.prepare(30)
        assert server.prepare(30) == "bucket kept: there already\ntable contacts: 30 contacts, nothing to load\n"
        assert "table contacts: 45 contacts loaded" in server.prepare(45)


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"\x80\x05K\x01."])
def test_a_file_of_something_else_is_kept_and_not_used(repository: Path, tmp_path: Path, content: bytes) -> None:
    """A damaged file, or one of another version, does not keep the stand-in from starting, and is not thrown away."""
    (tmp_path / "state.pickle").write_bytes(content)
    with serving(repository, tmp_path) as server:
        assert server.client("s3").list_buckets()["Buckets"] == []
        with pytest.raises(ClientError):
            server.client("dynamodb").describe_table(TableName="contacts")
    assert (tmp_path / "state.old").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_reported(repository: Path, tmp_path: Path) -> None:
    """A data folder where a file is in the way is reported in one line, with what to do."""
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "local", "serve", "--port", "0", "--data-dir", str(tmp_path / "file")]
    done = subprocess.run(command, cwd=repository, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"Error: cannot keep data in .*file: File exists\. Give another --data-dir\.\n", done.stderr)
