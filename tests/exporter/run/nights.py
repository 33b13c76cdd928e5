"""Nights of a table with point-in-time recovery: what is written, what is exported, and which days are open."""

import datetime as dt
import json

import boto3
from changing import ask

from exporter.run.incremental.job import ChangesJob

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
BEGIN = dt.datetime(2026, 2, 16, 6, 0, tzinfo=dt.UTC)


class Night:
    """A table with point-in-time recovery, its clock, and the commands of a night."""

    def __init__(self, table, monkeypatch, **more):
        self.table, self.now = table, BEGIN
        self.monkeypatch = monkeypatch
        monkeypatch.setattr("local.dynamodb.write_history.clock", self.seconds)
        monkeypatch.setattr("local.dynamodb.write_history.RESTORABLE_LAG", 0)
        monkeypatch.setattr("exporter.sources.table_export.exporting.POLL_SECONDS", 0.01)
        boto3.client("dynamodb").update_continuous_backups(
            TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.now += 2 * MINUTE
        self.more = more

    def seconds(self):
        """Return the instant as seconds since 1970."""
        return self.now.timestamp()

    def later(self, step):
        """Let some time pass."""
        self.now += step

    def job(self, **options):
        """Return a run of `changes` that has not begun."""
        return ChangesJob(self.table.settings(**self.more), clock=lambda: self.now, **options)

    def changes(self, **options):
        """Run `changes`, require that it succeeds, and return its report."""
        report = self.job(**options).run()
        assert report.error is None, report.error
        return report

    def export(self, **options):
        """Run an export and require that it succeeds."""
        return self.table.export(now=self.now, **options)

    def state(self):
        """Return the record of the windows."""
        return json.loads(self.table.read("_exports/_windows.json"))

    def exports(self):
        """Return the ARNs of the table's exports, in their order."""
        arn = self.table.dynamodb.describe_table(TableName=self.table.table)["Table"]["TableArn"]
        return [one["ExportArn"] for one in self.table.dynamodb.list_exports(TableArn=arn)["ExportSummaries"]]

    def published(self):
        """Return id -> (day, note) of the published rows."""
        return {key: (str(row["_day"]), row.get("note")) for key, row in self.table.rows().items()}

    def log(self, window):
        """Return the lines of a window's log."""
        return [json.loads(line) for key in window.log for line in self.read(key).splitlines()]

    def read(self, key):
        """Return an object by its whole key."""
        return self.table.read(key.removeprefix(f"{self.table.prefix}/"))


def expiring(table, tmp_path):
    """Let a table's items expire after four days, by a dataset file in place of variables; return the table."""
    file = tmp_path / "expiring.yaml"
    file.write_text(
        f"name: rows\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, "
        "partition_values: [A, B], sort_key: At}\nretention: {expires_after_days: 4}\n"
    )
    for name in [name for name in table.variables if name.startswith(("DYNAMO", "GSI"))]:
        del table.variables[name]
    table.variables["DATASET"] = str(file)
    return table


def scan(table):
    """Return every item of a table."""
    return table.dynamodb.scan(TableName=table.table)["Items"]


def closed(night, *days):
    """Publish items `a` to `f`, one a day from 10 February on, and return when they are closed."""
    for number, key in enumerate("abcdef"):
        night.table.put(key, f"2026-02-{10 + number}T10:00:00Z", Note={"S": "0"})
    night.later(6 * MINUTE)
    night.export(start="2026-02-10", end="2026-02-15")
    night.later(10 * MINUTE)


def states(night):
    """Return the days that are open."""
    return [str(day) for day, record in night.table.manifest().days.items() if record.state == "open"]


def live(night):
    """Return id -> (day, note) as the view shows them; an item that it shows twice fails."""
    rows = ask(night.table, "SELECT id, year, month, day, note FROM rows_live")
    found = {str(key): (f"{year}-{month:0>2}-{day:0>2}", note) for key, year, month, day, note in rows}
    assert len(found) == len(rows), sorted(rows)
    return found


def stamped(night):
    """Publish items `a` to `f` after the first window, so that their files are stamped, and read the window with it."""
    night.later(16 * MINUTE)
    night.changes()
    closed(night)
    night.later(HOUR)
    night.changes()
    assert states(night) == []
