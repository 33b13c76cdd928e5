"""Sample contacts: plausible, repeatable, a little untidy, and quickly loaded."""

import datetime as dt
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import load_dataset
from local.sample import load
from local.sample.contacts import contacts
from local.sample.irregularities import Item
from local.server import Server, serve

END = dt.datetime(2026, 2, 20, 15, 30, tzinfo=dt.UTC)  # a Friday
READABLE = re.compile(r"2\d{3}-\d\d-\d\dT[012]\d:[0-5]\d:\d\dZ")


@pytest.fixture(scope="module")
def sampled() -> list[Item]:
    """The contacts of a default demo."""
    return list(contacts(12_000, END))


REGION = "eu-north-1"
"""moto keeps its tables per process and region; no other tests share this process."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A stand-in without tables in this region."""
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with serve(port=0) as running:
        yield running
        client = boto3.client("dynamodb", endpoint_url=running.url)
        for table in client.list_tables()["TableNames"]:
            client.delete_table(TableName=table)


def began(contact: Item) -> str:
    return contact["InitiationTimestamp"]["S"]


def seconds(contact: Item, name: str) -> int:
    return int(contact[name]["N"])


def moment(contact: Item, name: str) -> dt.datetime:
    return dt.datetime.fromisoformat(contact[name]["S"])


def test_same_arguments_same_contacts() -> None:
    """Two loads of the same sample are the same, and a second load replaces the first at any time."""
    assert list(contacts(300, END)) == list(contacts(300, END))
    later = contacts(300, END + dt.timedelta(days=3, hours=5))
    assert {c["ContactId"]["S"] for c in later} == {c["ContactId"]["S"] for c in contacts(300, END)}
    assert list(contacts(300, END, seed=8)) != list(contacts(300, END))


@given(st.integers(0, 400), st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2030, 1, 1)), st.integers(1, 40))
def test_any_number_at_any_time(items: int, end: dt.datetime, days: int) -> None:
    """Exactly as many contacts as asked for, each with its own id, none of them in the future."""
    made = list(contacts(items, end.replace(tzinfo=dt.UTC), days))
    assert len({contact["ContactId"]["S"] for contact in made}) == items
    latest = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    for contact in made:
        stamps = [value["S"] for name, value in contact.items() if name.endswith("Timestamp") and "S" in value]
        assert all(stamp <= latest for stamp in stamps if READABLE.fullmatch(stamp)), contact


def test_every_declared_attribute_occurs(sampled: list[Item]) -> None:
    """The sample fills every column that `contacts.yaml` declares, and every partition value."""
    dataset = load_dataset("contacts", {})
    assert {column.attribute for column in dataset.columns} <= set().union(*(contact.keys() for contact in sampled))
    assert {contact["Channel"]["S"] for contact in sampled} == set(dataset.source.partition_values)


def test_rhythm(sampled: list[Item]) -> None:
    """All sixty days have contacts; Mondays are busy, Sundays quiet; so are mornings and nights."""
    days = Counter(began(contact)[:10] for contact in sampled if READABLE.fullmatch(began(contact)))
    assert sorted(days) == [str(END.date() - dt.timedelta(days=back)) for back in range(59, -1, -1)]
    assert days["2026-02-16"] > 3 * days["2026-02-15"]
    hours = Counter(began(contact)[11:13] for contact in sampled)
    assert hours["10"] > 20 * hours["03"]


def test_shares(sampled: list[Item]) -> None:
    """Half of the contacts are calls, no channel is rare; some agents have ten times the load of others."""
    channels = Counter(contact["Channel"]["S"] for contact in sampled)
    assert 0.48 < channels["VOICE"] / 12_000 < 0.56
    assert min(channels.values()) > 800
    agents = Counter(contact["AgentName"]["S"] for contact in sampled if "AgentName" in contact)
    regular = {name: count for name, count in agents.items() if count > 50}
    assert len(regular) == 14
    assert max(regular.values()) > 10 * min(regular.values())


def test_times_and_durations_agree(sampled: list[Item]) -> None:
    """For a tidy contact: waiting, talking and working add up to what the timestamps say."""
    checked = 0
    for contact in sampled:
        names = ("QueueDuration", "AgentInteractionDuration", "CustomerHoldDuration", "AfterContactWorkDuration")
        if not all("N" in contact.get(name, {}) for name in (*names, "HandleDuration")):
            continue
        if not all(
            READABLE.fullmatch(contact.get(name, {}).get("S", ""))
            for name in ("EnqueueTimestamp", "ConnectedToAgentTimestamp", "DisconnectTimestamp")
        ):
            continue
        waited, talked, held, worked = (seconds(contact, name) for name in names)
        assert seconds(contact, "HandleDuration") == talked + held + worked
        connected = moment(contact, "ConnectedToAgentTimestamp")
        assert connected - moment(contact, "EnqueueTimestamp") == dt.timedelta(seconds=waited)
        assert moment(contact, "DisconnectTimestamp") - connected == dt.timedelta(seconds=talked + held)
        checked += 1
    assert checked > 10_500


def test_chains(sampled: list[Item]) -> None:
    """A transferred contact names the one before it, which ended where it began and was marked as passed on."""
    by_id = {contact["ContactId"]["S"]: contact for contact in sampled}
    chained = [contact for contact in sampled if "PreviousContactId" in contact and READABLE.fullmatch(began(contact))]
    assert len(chained) > 400
    for contact in chained:
        before = by_id[contact["PreviousContactId"]["S"]]
        if before.get("DisconnectReason", {}).get("S") and before.get("Transfers", {}).get("N"):
            assert before["DisconnectReason"]["S"] == "TRANSFERRED"
            assert int(before["Transfers"]["N"]) >= 1
        if "DisconnectTimestamp" in before:
            assert before["DisconnectTimestamp"]["S"] == began(contact)


def test_late_attribute(sampled: list[Item]) -> None:
    """`CampaignId`, which no file declares, begins some way into the period."""
    days = [
        began(contact)[:10] for contact in sampled if "CampaignId" in contact and READABLE.fullmatch(began(contact))
    ]
    assert min(days) == "2026-01-27"
    assert len(days) > 1000


def test_mess(sampled: list[Item]) -> None:
    """About one contact in a hundred is untidy, in each of the ways that the exporter must survive."""
    text = [repr(contact) for contact in sampled]
    found = {
        "text for a number": sum("'S': 'n/a'" in one for one in text),
        "NULL": sum("'NULL': True" in one for one in text),
        "empty text": sum("'S': ''" in one for one in text),
        "38 digits": sum(re.search(r"'N': '\d{38}'", one) is not None for one in text),
        "emoji": sum("👍" in one for one in text),
        "dots in names": sum("crm.case.id" in contact for contact in sampled),
        "spaces in names": sum("Survey Comment" in contact for contact in sampled),
        "reserved names": sum("year" in contact for contact in sampled),
        "several types": len({next(iter(c["Priority"])) for c in sampled if "Priority" in c}) - 1,
        "missing": sum("InitiationMethod" not in contact for contact in sampled),
        "unreadable day": sum(not READABLE.fullmatch(began(contact)) for contact in sampled),
    }
    assert all(found.values()), found
    assert found["unreadable day"] < 12
    keys = {"ContactId": "S", "Channel": "S", "InitiationTimestamp": "S"}
    assert all(contact[key][kind] for contact in sampled for key, kind in keys.items())


def everything(client: object) -> dict[str, Item]:
    pages = client.get_paginator("query").paginate(  # type: ignore[attr-defined]
        TableName=load.TABLE,
        IndexName=load.INDEX,
        KeyConditionExpression="Channel = :channel",
        ExpressionAttributeValues={":channel": {"S": "CHAT"}},
    )
    return {item["ContactId"]["S"]: item for page in pages for item in page["Items"]}


def test_both_ways_of_loading_give_the_same_table(server: Server) -> None:
    """Through the API or straight into memory: the index answers the same items, value for value."""
    from moto.core.models import DEFAULT_ACCOUNT_ID

    client = boto3.client("dynamodb", endpoint_url=server.url)
    made = list(contacts(2000, END))
    assert load.create_table(client)
    assert load.load_in_process(made, DEFAULT_ACCOUNT_ID, REGION) == 2000
    in_process = everything(client)
    client.delete_table(TableName=load.TABLE)
    assert load.create_table(client)
    assert not load.create_table(client)
    assert load.load(client, made) == 2000
    assert everything(client) == in_process
    assert len(in_process) == sum(contact["Channel"]["S"] == "CHAT" for contact in made)


def test_seeding_twice_changes_nothing(server: Server) -> None:
    """`python -m local seed` fills any endpoint, from a shell without a region, as often as one likes."""
    client = boto3.client("dynamodb", endpoint_url=server.url)
    for _ in range(2):
        command = [sys.executable, "-m", "local", "seed", "--items", "60", "--endpoint-url", server.url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert re.match(rf"60 contacts are in the table contacts at {server.url} \([\d.]+ s\)\n$", done.stderr)
    assert client.scan(TableName=load.TABLE, Select="COUNT")["Count"] == 60


def test_seeding_an_unused_port(unused_port: int) -> None:
    """An endpoint without a server is reported in one line, with what to do."""
    command = [
        sys.executable,
        "-m",
        "local",
        "seed",
        "--items",
        "1",
        "--endpoint-url",
        f"http://127.0.0.1:{unused_port}",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Could not connect to the endpoint URL")
    assert "Traceback" not in done.stderr


@pytest.fixture
def unused_port() -> int:
    """A port without a server."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
