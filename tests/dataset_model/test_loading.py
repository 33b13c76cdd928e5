"""A dataset from a file, from variables, from both."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import DatasetError, dataset_from_environment, dataset_from_text, load_dataset, load_datasets
from dataset_model.columns.types import ColumnType
from dataset_model.loading import ENVIRONMENT_FIELDS

ORDERS = """\
name: orders
source:
  table: orders
  index: by-day
  partition_key: kind
  partition_values: [A, B]
  sort_key: created
  time_zone: Europe/Berlin
target:
  prefix: /from/file/
"""
VARIABLES = {
    "DYNAMO_TABLE_NAME": "visits",
    "GSI_NAME": "Shop-Time-index",
    "GSI_PK_ATTRIBUTE": "Shop",
    "GSI_PK_VALUE": "north, south",
    "GSI_SK_ATTRIBUTE": "Time",
}


def test_variables_alone_describe_a_table() -> None:
    """With the variables of a table that has no file, everything else has its documented default."""
    dataset = dataset_from_environment(VARIABLES)
    assert dataset.name == "gsi_export"
    assert dataset.source.partition_values == ("north", "south")
    assert (dataset.source.date_format, dataset.source.time_zone, dataset.source.settle_minutes) == ("ISO", "UTC", 60)
    assert (dataset.target.database, dataset.target.table) == ("gsi_dynamodb_athena_db", "gsi_export")
    assert dataset.target.prefix == "dynamo-gsi-export"
    assert dataset.target.extra_date_column is None
    assert dataset.target.overwrite_mode == "OVERWRITE"
    assert dataset.columns == ()


def test_every_variable_sets_its_field() -> None:
    """Each variable of the agreement arrives in the model, as its type."""
    values = VARIABLES | {
        "DATE_FORMAT": "EPOCH",
        "TIME_ZONE": "Asia/Tokyo",
        "SETTLE_MINUTES": "0",
        "S3_PREFIX": "a/b",
        "OVERWRITE_MODE": "APPEND",
        "EXTRA_DATE_COLUMN": "report_date",
        "QUESTION_SUFFIX": "_question",
        "ATHENA_DATABASE": "sales",
        "ATHENA_TABLE": "visits",
    }
    of_index = {"GSI_NAME", "GSI_PK_ATTRIBUTE", "GSI_PK_VALUE", "GSI_SK_ATTRIBUTE"}
    scan = {name: value for name, value in values.items() if name not in of_index}
    scan |= {"SOURCE_KIND": "scan", "DATE_ATTRIBUTE": "at"}
    values["SOURCE_KIND"] = "index"
    assert values.keys() | scan.keys() == ENVIRONMENT_FIELDS.keys()
    for variables in (values, scan):
        dataset = dataset_from_environment(variables)
        assert dataset.name == "visits"
        for variable, value in variables.items():
            section, field = ENVIRONMENT_FIELDS[variable]
            found = getattr(getattr(dataset, section), field)
            typed = {"GSI_PK_VALUE": ("north", "south"), "SETTLE_MINUTES": 0, "SOURCE_KIND": (value,)}
            assert found == typed.get(variable, value)


def test_missing_and_malformed_variables_are_reported_together() -> None:
    """With no file, every variable that is missing or wrong is named once, by its own name."""
    with pytest.raises(DatasetError) as raised:
        dataset_from_environment({"DYNAMO_TABLE_NAME": "x", "GSI_PK_VALUE": "[true]", "ATHENA_TABLE": "My-T"})
    assert str(raised.value).splitlines() == [
        (
            "environment: DYNAMO_TABLE_NAME: expected 3 to 255 letters, digits and _.-, or "
            "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME; found 'x'"
        ),
        "environment: GSI_NAME: expected a value; found nothing",
        "environment: GSI_PK_ATTRIBUTE: expected a value; found nothing",
        "environment: GSI_PK_VALUE: expected text; found 'true'",
        "environment: GSI_SK_ATTRIBUTE: expected a value; found nothing",
        "environment: ATHENA_TABLE: expected lower-case letters, digits and _, not starting with a digit; found 'My-T'",
    ]


def test_variable_wins_over_file() -> None:
    """A variable overrides the file's field; an empty one does not; what neither gives is the default."""
    environment = {"TIME_ZONE": "UTC", "S3_PREFIX": "", "ATHENA_TABLE": "orders", "GSI_PK_VALUE": "C"}
    dataset = dataset_from_text(ORDERS, "orders.yaml", environment)
    assert dataset.source.time_zone == "UTC"
    assert dataset.source.partition_values == ("C",)
    assert dataset.target.prefix == "from/file"
    assert dataset.target.table == "orders"
    assert dataset.target.database == "gsi_dynamodb_athena_db"
    assert dataset.name == "orders"


def test_fault_is_where_the_value_came_from() -> None:
    """A wrong variable is called a fault of the environment, a wrong line a fault of the file: both at once."""
    text = ORDERS.replace("by-day", "by day")
    with pytest.raises(DatasetError) as raised:
        dataset_from_text(text, "orders.yaml", {"TIME_ZONE": "Mars"})
    assert [(fault.where, fault.field) for fault in raised.value.faults] == [
        ("environment", "TIME_ZONE"),
        ("orders.yaml:4", "source.index"),
    ]


def test_variable_mends_the_file() -> None:
    """A file may leave to the environment what differs from place to place."""
    text = ORDERS.replace("  table: orders\n", "")
    assert dataset_from_text(text, "orders.yaml", {"DYNAMO_TABLE_NAME": "orders-test"}).source.table == "orders-test"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VOICE", ("VOICE",)),
        (" VOICE , CHAT ,", ("VOICE", "CHAT")),
        ('["a,b", "c"]', ("a,b", "c")),
        ("[1, 2]", ("1", "2")),
        ("007", ("007",)),
    ],
)
def test_partition_values(text: str, expected: tuple[str, ...]) -> None:
    """Several values are separated by commas; a JSON list is for values that contain one."""
    assert dataset_from_environment(VARIABLES | {"GSI_PK_VALUE": text}).source.partition_values == expected


def test_a_value_in_brackets_is_shown_as_the_list_that_holds_it():
    """`[VIP]` is no JSON list: the message shows the text under which that value is read."""
    with pytest.raises(DatasetError) as raised:
        dataset_from_environment(VARIABLES | {"GSI_PK_VALUE": "[VIP]"})
    assert [str(fault) for fault in raised.value.faults] == [
        (
            "environment: GSI_PK_VALUE: expected values separated by commas, or a JSON list; for this very value: "
            "[\"[VIP]\"]; found '[VIP]'"
        )
    ]
    named = dataset_from_environment(VARIABLES | {"GSI_PK_VALUE": '["[VIP]"]'})
    assert named.source.partition_values == ("[VIP]",)


@pytest.mark.parametrize("text", ['["a,b", "c"', "[]", ",", "[[1]]", '[""]', "a,a"])
def test_partition_values_that_cannot_be_meant(text: str) -> None:
    """An unfinished list, an empty one, or a value named twice is a fault of GSI_PK_VALUE alone."""
    with pytest.raises(DatasetError) as raised:
        dataset_from_environment(VARIABLES | {"GSI_PK_VALUE": text})
    assert [(fault.where, fault.field) for fault in raised.value.faults] == [("environment", "GSI_PK_VALUE")]


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_any_key_value_can_be_given(values: list[str]) -> None:
    """A JSON list in GSI_PK_VALUE can hold every text that DynamoDB accepts as a key value."""
    import json

    dataset = dataset_from_environment(VARIABLES | {"GSI_PK_VALUE": json.dumps(values)})
    assert dataset.source.partition_values == tuple(values)


def test_model_and_json_are_inverse() -> None:
    """A dataset written as JSON reads back as itself, column types included."""
    dataset = load_dataset("contacts", {})
    again = type(dataset).model_validate_json(dataset.model_dump_json())
    assert again == dataset
    assert again.columns[0].type == ColumnType("string")


def test_file_by_path(tmp_path: Path) -> None:
    """A reference with a slash or a YAML ending is a path; faults name the file without its folder."""
    path = tmp_path / "mine.yaml"
    path.write_text(ORDERS)
    assert load_dataset(str(path), {}).name == "orders"
    path.write_text(ORDERS + "oops: 1\n")
    with pytest.raises(DatasetError, match=r"^mine.yaml:11: oops: expected a known field"):
        load_dataset(str(path), {})


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file, a folder and an unknown name are faults of DATASET that say what there is instead."""
    with pytest.raises(DatasetError, match=r"DATASET: expected a readable file; found '.*none.yaml \(No such file"):
        load_dataset(str(tmp_path / "none.yaml"), {})
    with pytest.raises(DatasetError, match=r"Is a directory"):
        load_dataset(f"{tmp_path}/", {})
    with pytest.raises(DatasetError, match=r"a path, an s3:// path or one of: .*contacts, .*; found 'contact'"):
        load_dataset("contact", {})


def test_file_on_s3_is_fetched_by_the_caller() -> None:
    """An `s3://` reference is read through the caller's function; where there is none, it is a fault."""
    asked: list[str] = []

    def fetch(uri: str) -> str:
        asked.append(uri)
        return ORDERS

    assert load_dataset("s3://settings/orders.yaml", {"TIME_ZONE": "UTC"}, fetch).source.time_zone == "UTC"
    assert asked == ["s3://settings/orders.yaml"]
    with pytest.raises(DatasetError, match="DATASET: expected a name or a local path"):
        load_dataset("s3://settings/orders.yaml", {})
    with pytest.raises(DatasetError, match=r"^s3://settings/bad.yaml:1: \(file\)"):
        load_dataset("s3://settings/bad.yaml", {}, lambda _: "- list")


def test_list_of_datasets(tmp_path: Path) -> None:
    """DATASET may name several; variables, which cannot name their dataset, then refine none."""
    path = tmp_path / "orders.yaml"
    path.write_text(ORDERS)
    datasets = load_datasets(f"contacts, {path},", {"TIME_ZONE": "Asia/Tokyo"})
    assert [dataset.name for dataset in datasets] == ["contacts", "orders"]
    assert [dataset.source.time_zone for dataset in datasets] == ["UTC", "Europe/Berlin"]
    assert load_datasets("contacts", {"TIME_ZONE": "Asia/Tokyo"})[0].source.time_zone == "Asia/Tokyo"
    assert load_datasets(" ", VARIABLES)[0].source.table == "visits"


def test_faults_of_all_datasets_are_reported_together(tmp_path: Path) -> None:
    """A list of datasets is checked to its end, and each name may be there once."""
    path = tmp_path / "bad.yaml"
    path.write_text(ORDERS.replace("Europe/Berlin", "Mars"))
    with pytest.raises(DatasetError) as raised:
        load_datasets(f"contacts,{path},nowhere,contacts", {})
    assert [fault.field for fault in raised.value.faults] == ["source.time_zone", "DATASET", "DATASET"]
    assert raised.value.faults[-1].found == "contacts"


def test_a_second_file_for_a_table_masks_what_the_first_masks(tmp_path: Path) -> None:
    """Two files may name one table, but not so that one of them shows what the other masks."""
    masked = ORDERS + "columns:\n  - {name: email, attribute: Email, type: string, mask: MASK}\n"
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(masked.replace("MASK", "hidden"))
    wanted = "second to mask email as orders does: both name table gsi_dynamodb_athena_db.gsi_export"
    for weaker in (ORDERS, masked.replace("MASK", "last4")):
        second.write_text(weaker.replace("name: orders", "name: second", 1))
        with pytest.raises(DatasetError) as raised:
            load_datasets(f"{first},{second}", {})
        assert wanted in [fault.expected for fault in raised.value.faults]
    second.write_text(masked.replace("MASK", "hidden").replace("name: orders", "name: second", 1))
    assert len(load_datasets(f"{first},{second}", {})) == 2
    second.write_text(ORDERS.replace("name: orders", "name: second", 1) + "  table: of_its_own\n")
    assert len(load_datasets(f"{first},{second}", {})) == 2


def test_label() -> None:
    """A dataset without a title is called by its name, readably."""
    assert dataset_from_environment(VARIABLES).label == "Gsi export"
    assert load_dataset("contacts", {}).label == "Contact centre"


def test_dates_keep_their_spelling() -> None:
    """A date as a key value is text like any other."""
    text = ORDERS.replace("[A, B]", f"[{dt.date(2026, 1, 1)}, 010, NO]")
    assert dataset_from_text(text, "f", {}).source.partition_values == ("2026-01-01", "010", "NO")


BY_DAY = (
    "name: orders\nsource:\n  kind: {kind}\n  table: orders\n  index: by-day\n  partition_key: state\n"
    "  partition_values: [NEW]\n  sort_key: at\n"
)


@pytest.mark.parametrize("kind", ["query", "[index, query]", "[index, index]", "[]", "[index, files]", "{a: 1}"])
def test_another_kind_of_source_is_refused(kind: str) -> None:
    """A source without `kind` is an index; kinds that are unknown, repeated or none are refused with what is known."""
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(BY_DAY.replace("{kind}", kind), "orders.yaml")
    known = "index, scan, table_export, changes, stream, a list of some of these, or files"
    assert str(refused.value).startswith(f"orders.yaml:3: source.kind: expected {known}; found ")


@pytest.mark.parametrize(
    ("kind", "base", "kinds"),
    [
        ("index", "index", ("index",)),
        ("[index, changes]", "index", ("index", "changes")),
        ("[stream, index, scan]", "index", ("stream", "index", "scan")),
        ("table_export", "index", ("table_export",)),
        ("'index, stream'", "index", ("index", "stream")),
        ("[scan, stream]", "scan", ("scan", "stream")),
        ("changes", "scan", ("changes",)),
    ],
)
def test_a_source_may_list_several_ways_in(kind: str, base: str, kinds: tuple[str, ...]) -> None:
    """Days are read by the index or scan named first, or by the one of which the fields are there."""
    text = BY_DAY if base == "index" else "name: orders\nsource: {kind: {kind}, table: orders, date_attribute: at}\n"
    found = dataset_from_text(text.replace("{kind}", kind), "orders.yaml")
    assert (found.source.base, found.source.kind) == (base, kinds)
    assert type(found).model_validate(found.model_dump(mode="json")) == found
    environment = {"SOURCE_KIND": ",".join(kinds)}
    assert dataset_from_text(text.replace("{kind}", base), "orders.yaml", environment) == found


def test_a_way_in_that_changes_cannot_apply_to_is_refused() -> None:
    """Changes and a stream need whole days; a stream needs a row for each item."""
    text = BY_DAY.replace("{kind}", "[index, changes, stream]")
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(f"{text}target: {{overwrite_mode: APPEND}}\n", "orders.yaml")
    assert "source.kind: expected no changes with overwrite_mode APPEND" in str(refused.value)
    with pytest.raises(DatasetError, match=r"source\.kind: expected no stream with explode"):
        dataset_from_text(f"{text}explode: lines\nundeclared: ignore\n", "orders.yaml")


def test_a_table_without_index_declares_its_date_attribute() -> None:
    """`kind: scan` has a table and the attribute of the day, and no keys of an index."""
    text = "name: orders\nsource: {kind: scan, table: orders, date_attribute: placedAt, date_format: EPOCH}\n"
    source = dataset_from_text(text, "orders.yaml").source
    assert (source.base, source.table, source.sort_key) == ("scan", "orders", "placedAt")
    assert (source.partition_values, source.place, source.named) == ((), "orders", "table orders")
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(text.replace("}", ", partition_values: [A]}"), "orders.yaml")
    assert str(refused.value).startswith("orders.yaml:2: source.partition_values: expected a known field: table, ")


def test_variables_alone_describe_a_scan() -> None:
    """SOURCE_KIND=scan takes DATE_ATTRIBUTE; a variable of the other kind is refused by its name."""
    variables = {"SOURCE_KIND": "scan", "DYNAMO_TABLE_NAME": "orders", "DATE_ATTRIBUTE": "placedAt"}
    assert dataset_from_environment(variables).source.sort_key == "placedAt"
    with pytest.raises(DatasetError) as refused:
        dataset_from_environment(variables | {"GSI_NAME": "by-day", "DATE_ATTRIBUTE": ""})
    assert [str(fault) for fault in refused.value.faults] == [
        "environment: GSI_NAME: expected no value: a source of kind scan has none; found 'by-day'",
        "environment: DATE_ATTRIBUTE: expected a value; found nothing",
    ]


@pytest.mark.parametrize(
    ("key", "values", "fault"),
    [
        ("[tenant, region]", "[[a, b], [a]]", "expected a list of 2 texts for each value"),
        ("[tenant, region]", "[a]", "expected a list of 2 texts for each value"),
        ("tenant", "[[a, b]]", "expected one text for each value"),
        ("[tenant, region]", "[[a, b], [a, b]]", "expected each value once: it would be read twice"),
        ("[tenant, at]", "[[a, b]]", "expected an attribute other than the partition key"),
    ],
)
def test_a_value_has_a_text_for_each_partition_attribute(key: str, values: str, fault: str) -> None:
    """With several partition attributes each value is a list as long as theirs; with one it is a text."""
    text = f"name: d\nsource:\n  table: ttt\n  index: iii\n  partition_key: {key}\n  partition_values: {values}\n"
    with pytest.raises(DatasetError, match=fault):
        dataset_from_text(text + "  sort_key: at\n", "d.yaml")


def test_a_suggestion_is_a_field_of_that_level() -> None:
    """A field that another level has is not suggested; the fields of this level are listed."""
    text = "name: d\ncolumns:\n- {name: a, attribute: A, type: string, measure: sum}\n"
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(text, "d.yaml")
    (fault,) = (fault for fault in refused.value.faults if fault.field == "columns[0].measure")
    assert fault.expected.startswith("a known field: name, attribute, type, ")
    assert "measure" not in fault.expected


def test_a_second_file_for_a_table_has_the_row_rule_of_the_first(tmp_path: Path) -> None:
    """Two files may name one table, but not so that one of them shows rows that the other does not."""
    ruled = ORDERS + "columns:\n  - {name: shop, attribute: Shop, type: string}\nrows: shop in {claim.shops}\n"
    first, second = tmp_path / "orders.yaml", tmp_path / "second.yaml"
    first.write_text(ruled)
    for weaker in (ruled.partition("rows:")[0], ruled.replace("claim.shops", "claim.all")):
        second.write_text(weaker.replace("name: orders", "name: second", 1))
        with pytest.raises(DatasetError, match="second with the rows of orders: both name table"):
            load_datasets(f"{first},{second}", {})
    second.write_text(ruled.replace("name: orders", "name: second", 1))
    assert len(load_datasets(f"{first},{second}", {})) == 2


def test_a_row_rule_that_cannot_be_read_is_a_fault_of_its_line(tmp_path: Path) -> None:
    """The file names what was expected; nothing is shown without the rule."""
    file = tmp_path / "orders.yaml"
    file.write_text(
        ORDERS + "columns:\n  - {name: shop, attribute: Shop, type: string}\nrows: shops in {claim.shops}\n"
    )
    with pytest.raises(DatasetError, match="rows: expected a declared column at 'shops'"):
        load_dataset(str(file), {})
