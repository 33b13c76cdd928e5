"""Days on which TTL has begun to remove items, in every state of the records."""

import json

import pytest

LATER = {"start": "2026-02-10", "end": "2026-02-10"}


@pytest.fixture
def expired(scene, tmp_path):
    """A day of ten items, published; seven have expired since."""
    table = scene(GSI_PK_VALUE="A")
    file = tmp_path / "dataset.yaml"
    file.write_text(
        f"name: rows\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, partition_values: [A], "
        "sort_key: At}\nretention: {expires_after_days: 5}\n"
    )
    table.variables |= {"DATASET": str(file)}
    for number in range(10):
        table.put(str(number), f"2026-02-10T0{number}:00:00Z")
    table.put("new", "2026-02-19T10:00:00Z")
    table.export(**LATER)
    table.delete(*(str(number) for number in range(7)))
    return table


def with_all_records(table) -> None:
    assert table.manifest().rows == 10


def without_manifest(table) -> None:
    table.s3.delete_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json")


def without_the_day(table) -> None:
    manifest = json.loads(table.read("_manifest.json"))
    del manifest["days"]["2026-02-10"]
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json", Body=json.dumps(manifest).encode())


def with_a_smaller_record(table) -> None:
    manifest = json.loads(table.read("_manifest.json"))
    manifest["days"]["2026-02-10"]["objects"][0] |= {"rows": 2, "etag": "0" * 32}
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json", Body=json.dumps(manifest).encode())


@pytest.mark.parametrize("change", [with_all_records, without_manifest, without_the_day, with_a_smaller_record])
@pytest.mark.parametrize("options", [LATER, {"everything": True}], ids=["the day", "everything"])
def test_an_expired_day_never_shrinks(expired, change, options):
    """Ten published rows stay ten, with a record, without one and with a wrong one; the run says why and fails."""
    change(expired)
    entry = expired.job(**options).run()
    assert (entry.status, "expires_after_days (5)" in (entry.error or "")) == ("failed", True)
    assert len(expired.days()["2026-02-10"]) == 10
    assert expired.job(**LATER, accept_empty=True).run().status == "succeeded"
    assert len(expired.days()["2026-02-10"]) == 3
