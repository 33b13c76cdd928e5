"""What a run publishes besides rows: columns, manifest and ledger; and which table and prefix it leaves alone."""

import datetime as dt

import boto3

ONE = {"start": "2026-02-16", "end": "2026-02-16"}


def padded(table, day: int, **more):
    """Put an item so large that three make a page, so that a run's sample does not see the days in the middle."""
    table.put(f"{day:02}", f"2026-02-{day:02}T10:00:00Z", Padding={"S": "x" * 330_000}, **more)


def test_a_late_attribute_gets_a_column_and_older_files_lack_it(scene):
    """An attribute first met in the middle of a run becomes a column of its day and of those after it."""
    table = scene()
    for day in range(1, 12):
        padded(table, day, **({"Campaign": {"S": "spring"}} if day == 6 else {}))
    table.export(everything=True)
    rows = table.rows()
    assert rows["06"]["campaign"] == "spring"
    assert rows["07"]["campaign"] is None
    assert "campaign" not in rows["05"]
    columns = boto3.client("glue").get_table(DatabaseName=table.database, Name="rows")["Table"]["StorageDescriptor"]
    assert {"Name": "campaign", "Type": "string"}.items() <= columns["Columns"][-1].items()


def test_a_late_attribute_has_the_type_of_its_first_day(scene):
    """Late names are typed in day order: a number on the first day makes a later text null, whole in quarantine."""
    table = scene()
    for day in range(1, 12):
        padded(table, day, **{6: {"Score": {"N": "7"}}, 7: {"Score": {"S": "high"}}}.get(day, {}))
    entry = table.export(everything=True)
    rows = table.rows()
    assert (rows["06"]["score"], rows["07"]["score"]) == (7.0, None)
    assert entry.nulled == 1
    (line,) = table.quarantine()
    assert line["item"]["Score"] == {"S": "high"}
    assert "score" in line["reason"]


def test_a_newer_run_is_not_overwritten(scene):
    """A run fails if another run has published its day meanwhile and leaves the newer object alone."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE)
    stale = table.job(**ONE)
    key = f"{table.prefix}/{table.keys()[0]}"
    look = stale._store.objects

    def overtaken(prefix, after=""):
        yield from look(prefix, after)
        if "/year=" in prefix:
            table.s3.put_object(Bucket="reports", Key=key, Body=b"newer")

    stale._store.objects = overtaken
    entry = stale.run()
    assert entry.status == "failed"
    assert "changed after this run began" in entry.error
    assert table.read(table.keys()[0]) == b"newer"


def test_the_manifest_describes_what_is_published(scene):
    """ETag, rows, bytes per column, small dimensions and read time are those of the object in S3."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", Agent={"S": "Ann"})
    table.put("2", "2026-02-16T11:00:00Z", "B", Agent={"S": "Bob"})
    entry = table.export(**ONE)
    manifest = table.manifest()
    record = manifest.days[dt.date(2026, 2, 16)]
    head = table.s3.head_object(Bucket="reports", Key=record.objects[0].key)
    assert head["ETag"].strip('"') == record.objects[0].etag
    assert head["ContentLength"] == record.bytes
    assert record.rows_by_partition_value == {"A": 1, "B": 1}
    assert record.values["agent"] == ("Ann", "Bob")
    assert set(record.column_bytes) == {"agent", "at", "id", "kind"}
    assert sum(record.column_bytes.values()) < record.bytes
    assert record.state == "closed"
    assert manifest.version == entry.manifest_version


def test_every_run_is_in_the_ledger(scene):
    """Succeeded and failed runs leave an entry with what they did, why they failed and what they owe."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    done = table.export(**ONE)
    failed = table.job(**ONE, variables={"GSI_NAME": "by-kind", "GSI_PK_ATTRIBUTE": "Other"}).run()
    assert failed.status == "failed"
    entries = {entry.run_id: entry for entry in table.ledger()}
    assert entries[done.run_id] == done
    assert entries[failed.run_id].error == failed.error
    assert "has the keys Kind and At; declared are Other and At" in failed.error


def test_a_table_of_another_owner_is_not_taken_over(scene):
    """If the Glue table reads another location, the run fails before anything is published."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": table.database})
    glue.create_table(
        DatabaseName=table.database,
        TableInput={"Name": "rows", "StorageDescriptor": {"Location": "s3://other/place/", "Columns": []}},
    )
    entry = table.job(**ONE).run()
    assert entry.status == "failed"
    assert "reads s3://other/place/" in entry.error
    assert table.keys() == []


def test_another_source_on_the_same_prefix_is_refused(scene):
    """Two sources under one prefix would mix their rows; changing the time zone would move days."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE)
    entry = table.job(**ONE, variables={"TIME_ZONE": "Europe/Berlin"}).run()
    assert entry.status == "failed"
    assert "Europe/Berlin" in entry.error


def test_an_index_that_lacks_declared_attributes_is_refused(scene, tmp_path):
    """A KEYS_ONLY index would give rows without the declared columns; the run says which and stops."""
    table = scene()
    table.dynamodb.create_table(
        TableName=f"{table.table}-keys",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Kind", "At")],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-kind",
                "KeySchema": [
                    {"AttributeName": "Kind", "KeyType": "HASH"},
                    {"AttributeName": "At", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    file = tmp_path / "d.yaml"
    file.write_text(
        f"name: d\nsource: {{table: {table.table}-keys, index: by-kind, partition_key: Kind, partition_values: [A], "
        "sort_key: At}\ncolumns: [{name: agent, attribute: Agent, type: string}]\n"
    )
    variables = {name: "" for name in table.variables if name.startswith(("DYNAMO", "GSI"))} | {"DATASET": str(file)}
    entry = table.job(**ONE, variables=variables).run()
    assert entry.status == "failed"
    assert "does not carry Agent" in entry.error
