"""A day's sales for QuickSight: the event in, five files of JSON lines out."""

import copy
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner

from exporter.cli.quicksight import quicksight
from exporter.errors import SettingsError, StoreError, UsageError
from exporter.quicksight_handler import handler
from exporter.sales.daily_export import sales_settings
from exporter.storage.object_store import Store
from local.sample import sales
from local.server import Server

BUCKET = "reports"
DATE = "2026-02-16"
THIS_YEAR = dt.datetime.now(dt.UTC).year
NAMES = ["store_summaries", "top_products", "anomalies", "trends", "recommendations"]


@pytest.fixture(scope="module")
def table(server: Server) -> str:
    """The table `SalesData` with the summaries of two days."""
    client = boto3.client("dynamodb", endpoint_url=server.url)
    keys = [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")]
    schemas = [
        [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]
        for first, second in (("PK", "SK"), ("GSI1PK", "GSI1SK"))
    ]
    client.create_table(
        TableName=sales.TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schemas[0],
        AttributeDefinitions=keys,
        GlobalSecondaryIndexes=[
            {"IndexName": sales.INDEX, "KeySchema": schemas[1], "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    for date in (dt.date(2026, 2, 16), dt.date(2026, 2, 17)):
        for item in sales.day(date)[0]:
            client.put_item(TableName=sales.TABLE, Item=item)
    return sales.TABLE


@pytest.fixture
def prefix(aws: Server, table: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A prefix of the test's own, as QUICKSIGHT_PREFIX gives it."""
    name = f"qs-{abs(hash(request.node.name))}"
    monkeypatch.setenv("QUICKSIGHT_PREFIX", f"{name}/")
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return name


@pytest.fixture
def event() -> dict[str, Any]:
    """The seed event."""
    return sales.day(dt.date(2026, 2, 16))[1]


def s3() -> Any:
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


def keys(prefix: str) -> list[str]:
    return [found["Key"] for found in s3().list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])]


def text(prefix: str, name: str, date: str = DATE) -> str:
    return s3().get_object(Bucket=BUCKET, Key=f"{prefix}/{name}/{date}.json")["Body"].read().decode()


def lines(prefix: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in text(prefix, name).splitlines()]


def test_the_seed_event_gives_five_files(prefix: str, event: dict[str, Any]) -> None:
    """11 summaries from the index, and 20 products, 3 anomalies, 5 trends and 4 recommendations of the event."""
    assert handler(event, None) == {
        "date": "2026-02-16",
        "exports": {name: f"s3://reports/{prefix}/{name}/2026-02-16.json" for name in NAMES},
        "records_exported": {
            "store_summaries": 11, "top_products": 20, "anomalies": 3, "trends": 5, "recommendations": 4,
        },
    }  # fmt: skip
    assert [len(lines(prefix, name)) for name in NAMES] == [11, 20, 3, 5, 4]


def test_every_line_has_the_same_keys_and_all_digits(prefix: str, event: dict[str, Any]) -> None:
    """Decimals are JSON numbers as they were written; a missing value is null; a key that no file declares is kept."""
    event["product_metrics"] = [
        {"product_id": "p_1", "revenue": Decimal("123456789012.10"), "margin": Decimal("0.123456789012345678901")},
        {"product_id": "p_2", "units_sold": 3, "tags": ["a", {"b": Decimal("1.50")}]},
    ]
    handler(event, None)
    assert text(prefix, "top_products") == (
        '{"date":"2026-02-16","product_id":"p_1","product_name":null,"category":null,"units_sold":null,'
        '"revenue":123456789012.10,"growth_percent":null,"margin":0.123456789012345678901,"tags":null}\n'
        '{"date":"2026-02-16","product_id":"p_2","product_name":null,"category":null,"units_sold":3,'
        '"revenue":null,"growth_percent":null,"margin":null,"tags":"[\\"a\\",{\\"b\\":1.50}]"}\n'
    )
    first = lines(prefix, "store_summaries")[0]
    assert list(first) == [
        "date", "store_id", "store_name", "region", "revenue", "transactions", "units_sold", "returns",
    ]  # fmt: skip
    assert isinstance(first["revenue"], Decimal)


def test_a_date_is_replaced_and_another_is_added(prefix: str, event: dict[str, Any]) -> None:
    """The same event twice gives the same bytes; a smaller event replaces the date; other dates stay."""
    handler(event, None)
    before = {name: text(prefix, name) for name in NAMES}
    handler(event, None)
    assert {name: text(prefix, name) for name in NAMES} == before
    handler(sales.day(dt.date(2026, 2, 17))[1], None)
    event["insights"]["anomalies"] = []
    assert handler(event, None)["records_exported"]["anomalies"] == 0
    assert text(prefix, "anomalies") == ""
    assert len(text(prefix, "anomalies", "2026-02-17").splitlines()) == 3


def test_a_quicksight_manifest_names_the_folder_from_outside(prefix: str, event: dict[str, Any]) -> None:
    """With JSON the one setting is `format`; the manifest is outside the prefix that it names."""
    handler(event, None)
    key = f"{prefix}/manifests/trends.json"
    assert json.loads(s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()) == {
        "fileLocations": [{"URIPrefixes": [f"s3://reports/{prefix}/trends/"]}],
        "globalUploadSettings": {"format": "JSON"},
    }


def changed(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        *way, last = path.split("/")
        at: Any = event
        for step in way:
            at = at[int(step)] if step.isdigit() else at[step]
        if value is KeyError:
            del at[last]
        else:
            at[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("date", KeyError), "date: expected a date such as 2026-02-16; found None"),
        (changed("date", "2026-02-30"), "date: expected a date such as 2026-02-16; found '2026-02-30'"),
        (changed("date", "2026-W08-1"), "date: expected a date such as 2026-02-16; found '2026-W08-1'"),
        (changed("date", "1999-12-31"), f"date: expected a date of 2000 to {THIS_YEAR + 1}; found '1999-12-31'"),
        (changed("date", "9999-02-16"), f"date: expected a date of 2000 to {THIS_YEAR + 1}; found '9999-02-16'"),
        (changed("date", "../../2026"), "date: expected a date such as 2026-02-16; found '../../2026'"),
        (changed("company_metrics", KeyError), "company_metrics: expected an object; found None"),
        (changed("product_metrics", {}), "product_metrics: expected a list of objects; found {}"),
        (changed("product_metrics/1", "x"), "product_metrics[1]: expected an object; found 'x'"),
        (changed("product_metrics/1/revenue", "much"), "product_metrics[1].revenue: expected a number; found 'much'"),
        (changed("product_metrics/1/revenue", True), "product_metrics[1].revenue: expected a number; found True"),
        (
            changed("product_metrics/1/revenue", float("nan")),
            "product_metrics[1].revenue: expected a number; found nan",
        ),
        (
            changed("product_metrics/1/units_sold", Decimal("0.125")),
            "product_metrics[1].units_sold: expected a whole number; found 0.125",
        ),
        (
            changed("product_metrics/1/units_sold", 1.5),
            "product_metrics[1].units_sold: expected a whole number; found 1.5",
        ),
        *(
            (changed("product_metrics/1/units_sold", Decimal(huge)), f"product_metrics[1].units_sold: {fault}{huge}")
            for huge, fault in (
                ("1E+999999999", "expected a number; found "),
                ("1E+19", "expected a whole number; found "),
                ("9223372036854775808", "expected a whole number; found "),
            )
        ),
        *(
            (
                changed("product_metrics/1/revenue", text),
                f"product_metrics[1].revenue: expected a number; found {text!r}",
            )
            for text in ("1_000", "\u0661", " 12 ", "+5", "1e400", "-Infinity", "0x1F", "")
        ),
        (
            changed("product_metrics/1/margin", Decimal("1E+400")),
            "product_metrics[1].margin: expected a number; found 1E+400",
        ),
        (changed("product_metrics/1/category", float("nan")), "product_metrics[1].category: expected text; found nan"),
        (
            changed("product_metrics/1/a\ud800", 1),
            "product_metrics[1].a\\ud800: expected a name of Unicode characters; found 1",
        ),
        (changed("product_metrics/1/category", {}), "product_metrics[1].category: expected text; found {}"),
        (changed("insights", KeyError), "insights: expected an object; found None"),
        (changed("insights/trends", KeyError), "insights.trends: expected a list of objects; found None"),
        (changed("insights/trends/0/metric", []), "insights.trends[0].metric: expected text; found []"),
        (
            changed("insights/anomalies/0/description", "\ud800"),
            "insights.anomalies[0].description: expected text of Unicode characters; found '\\ud800'",
        ),
    ],
)
def test_a_wrong_event_is_named_by_its_field_and_writes_nothing(
    prefix: str, event: dict[str, Any], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    """Whatever is wrong, the error has the field, what was expected and what was found; no file is written."""
    change(event)
    with pytest.raises(UsageError) as refused:
        handler(event, None)
    assert str(refused.value) == f"wrong event, nothing was written\n  {message}"
    assert keys(prefix) == []


@pytest.mark.parametrize("value", [None, [], "2026-02-16", 7])
def test_an_event_that_is_no_object_names_every_field(prefix: str, value: object) -> None:
    """All faults of an event come at once."""
    with pytest.raises(UsageError, match=r"(?s)event: .*date: .*company_metrics: .*insights: .*product_metrics: "):
        handler(value, None)  # type: ignore[arg-type]
    assert keys(prefix) == []


def test_a_failed_write_is_not_told_as_done(
    prefix: str, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third of five writes fails: the error names what is new and what is not; the event again completes it."""
    write, calls = Store.write, []

    def fails(store: Store, key: str, body: bytes, **more: Any) -> str:
        calls.append(key)
        if len(calls) == 3:
            raise StoreError("cannot write: no space.")
        return write(store, key, body, **more)

    monkeypatch.setattr(Store, "write", fails)
    again = copy.deepcopy(event)
    with pytest.raises(StoreError) as failed:
        handler(event, None)
    assert f"Written: {prefix}/store_summaries/2026-02-16.json, {prefix}/top_products/2026-02-16.json." in str(
        failed.value
    )
    assert f"Not written: {prefix}/anomalies/2026-02-16.json, {prefix}/trends/" in str(failed.value)
    assert handler(again, None)["records_exported"]["anomalies"] == 3
    turns = [key for key in keys(prefix) if "/turns/" in key]
    assert turns == [f"{prefix}/manifests/turns/2026-02-16/{number}.json" for number in (1, 2, 3)]
    assert len(keys(prefix)) == 10 + len(turns)


@pytest.mark.parametrize("after", [1, 3, 5])
def test_two_exports_of_a_date_at_once_do_not_mix_their_files(
    prefix: str, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Another export of the date begins and ends after the first, third or last file: all five are of one event."""
    other = copy.deepcopy(event)
    other["product_metrics"], other["insights"] = [], {"anomalies": [], "trends": [], "recommendations": []}
    write, files = Store.write, []

    def with_another(store: Store, key: str, body: bytes, **more: Any) -> str:
        etag = write(store, key, body, **more)
        files.append(key)
        if len(files) == after:
            handler(other, None)
        return etag

    monkeypatch.setattr(Store, "write", with_another)
    handler(event, None)
    assert [len(lines(prefix, name)) for name in NAMES] == [11, 20, 3, 5, 4]
    assert sum(key.endswith("2026-02-16.json") for key in files) == 15  # the first event's are put twice


def test_a_missing_table_is_refused_before_anything_is_written(
    prefix: str, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DYNAMODB_TABLE names no table: the error names index and table."""
    monkeypatch.setenv("DYNAMODB_TABLE", "NoSuchSales")
    with pytest.raises(Exception, match="index GSI1 of table NoSuchSales"):
        handler(event, None)
    assert keys(prefix) == []


def test_store_summaries_are_not_replaced_by_none(
    prefix: str, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has none for a day that has a file with rows: refused; an empty one is replaced."""
    handler(event, None)
    before = {name: text(prefix, name) for name in NAMES}
    monkeypatch.setattr("exporter.sales.daily_export.store_summaries", lambda *_: [])
    event["insights"]["trends"] = []
    with pytest.raises(StoreError) as refused:
        handler(event, None)
    assert str(refused.value) == (
        f"index GSI1 of table SalesData has no store summaries of 2026-02-16, and s3://reports/{prefix}/store_summaries/"
        "2026-02-16.json is there already; nothing was written. Check DYNAMODB_TABLE. If the day has none, remove that "
        "file and send the event again"
    )
    assert {name: text(prefix, name) for name in NAMES} == before
    s3().delete_object(Bucket=BUCKET, Key=f"{prefix}/store_summaries/2026-02-16.json")
    for _ in range(2):
        assert handler(event, None)["records_exported"]["store_summaries"] == 0
    assert (text(prefix, "store_summaries"), text(prefix, "trends")) == ("", "")


def test_settings_have_the_documented_names_and_defaults() -> None:
    """SalesData and quicksight/ without variables; every fault at once."""
    found = sales_settings({"S3_BUCKET": "b", "AWS_REGION": "eu-west-1"})
    assert (found.table, found.prefix, found.key("trends", "x.json")) == (
        *("SalesData", "quicksight"),
        "quicksight/trends/x.json",
    )
    assert sales_settings({"S3_BUCKET": "b", "AWS_REGION": "r", "QUICKSIGHT_PREFIX": "/"}).key("a") == "a"
    with pytest.raises(SettingsError, match=r"(?s)S3_BUCKET.*AWS_REGION.*QUICKSIGHT_PREFIX"):
        sales_settings({"QUICKSIGHT_PREFIX": "a/../b"})


def test_the_command_takes_events_from_files(prefix: str, tmp_path: Path) -> None:
    """`exporter quicksight export --event FILE`: the output of each as one line; numbers keep their digits."""
    files = []
    for date in (dt.date(2026, 2, 16), dt.date(2026, 2, 17)):
        file = tmp_path / f"{date}.json"
        file.write_text(
            json.dumps(sales.day(date)[1]).replace('"growth_percent": ', '"growth_percent": 1e-1, "exact": ')
        )
        files += ["--event", str(file)]
    done = CliRunner().invoke(quicksight, ["export", *files])
    assert [json.loads(line)["date"] for line in done.stdout.splitlines() if line.startswith("{")] == [
        "2026-02-16",
        "2026-02-17",
    ]
    assert '"growth_percent":0.1' in text(prefix, "top_products")
    (tmp_path / "broken.json").write_text("{")
    refused = CliRunner().invoke(quicksight, ["export", "--event", str(tmp_path / "broken.json")])
    assert isinstance(refused.exception, UsageError)
    assert "broken.json: expected JSON" in str(refused.exception)
