"""The operations tables of the demo, and the documented command lines that look at them."""

import contextlib
import datetime as dt
import json
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest
from awscli.clidriver import create_clidriver
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.sample import operations
from local.sample.place import Loaded, Place
from local.server import Server

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
METRICS, INSIGHTS = operations.METRICS, operations.INSIGHTS


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Both tables with 20 entities and 40 insights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        folder: Path = tmp_path_factory.mktemp("demo")
        client = boto3.client("dynamodb")
        for table in (METRICS, INSIGHTS):
            with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                client.delete_table(TableName=table)  # of another test of this process
        return operations.load(Place(100, NOW, "b", folder, DEFAULT_ACCOUNT_ID, "us-east-1", lambda _: None))


def documented(repository: Path) -> list[list[str]]:
    """Return the words of each line of "Check the tables by hand" in the guide."""
    text = (repository / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Check the tables by hand")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("    ")]
    return [shlex.split(line) for line in "\n".join(lines).replace("\\\n", " ").splitlines()]


@pytest.fixture
def answers(server: Server, repository: Path, capsys, monkeypatch) -> dict[str, Any]:
    """Type each documented line as it stands, with what the lines before have answered; command -> its answer."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    found: dict[str, Any] = {}
    filled = {"ARN": "", "SHARD": "", "ITERATOR": ""}
    for aws, *words in documented(repository):
        typed = [filled.get(word, word) for word in words]
        assert (aws, create_clidriver().main([*typed, "--output", "json"])) == ("aws", 0), words
        shown = capsys.readouterr().out
        answer = json.loads(shown) if shown else None
        name = " ".join(words[:2])
        if "LatestStreamArn" in words[-1]:
            name, filled["ARN"] = "stream", answer
        elif "describe-stream" in words:
            filled["SHARD"] = answer["StreamDescription"]["Shards"][0]["ShardId"]
        elif "get-shard-iterator" in words:
            filled["ITERATOR"] = answer
        found[name] = answer
    return found


@pytest.mark.usefixtures("loaded")
def test_each_documented_line_works(answers: dict[str, Any]) -> None:
    """list-tables, describe-table, put-item, get-item, query by index, and the stream with the record of the put."""
    assert {METRICS, INSIGHTS} <= set(answers["dynamodb list-tables"]["TableNames"])
    table = answers["dynamodb describe-table"]["Table"]
    assert (table["TableStatus"], table["StreamSpecification"]["StreamViewType"]) == ("ACTIVE", "NEW_AND_OLD_IMAGES")
    item = {
        "entity_id": {"S": "stu_test"}, "entity_type": {"S": "student"}, "health_score": {"N": "42"},
        "last_updated": {"S": "2026-02-20T08:00:00Z"},
    }  # fmt: skip
    assert answers["dynamodb get-item"]["Item"] == item
    scores = [float(one["health_score"]["N"]) for one in answers["dynamodb query"]["Items"]]
    assert 42.0 in scores
    assert max(scores) < 70
    assert scores == sorted(scores)
    assert answers["stream"] == table["LatestStreamArn"]
    assert answers["dynamodbstreams describe-stream"]["StreamDescription"]["StreamStatus"] == "ENABLED"
    (record,) = answers["dynamodbstreams get-records"]["Records"]
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", item)


def test_nothing_in_the_tables_is_of_the_future(server: Server, loaded: Loaded) -> None:
    """20 entities, each with one state of the last 60 days, and 40 insights that expire after 90 days."""
    assert loaded.detail == "20 entities and 40 insights in the tables iops-dashboard-*"
    client = boto3.client("dynamodb", endpoint_url=server.url)
    items = client.scan(TableName=METRICS)["Items"]
    times = [item["last_updated"]["S"] for item in items if item["entity_id"]["S"] != "stu_test"]
    assert len(times) == 20
    assert "2025-12-22T00:00:00Z" <= min(times) <= max(times) <= "2026-02-20T09:00:00Z"
    found = client.scan(TableName=INSIGHTS)["Items"]
    assert len({item["alert_id"]["S"] for item in found}) == 40
    lifetimes = {
        int(item["ttl"]["N"]) - int(dt.datetime.fromisoformat(item["timestamp"]["S"]).timestamp()) for item in found
    }
    assert lifetimes == {90 * 24 * 3600}
