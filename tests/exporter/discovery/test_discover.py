"""`exporter discover`: a table without a dataset file, and the file that its items suggest."""

import datetime as dt
import difflib

import pytest

from dataset_model import dataset_from_text
from exporter.discovery.dataset_file import difference, proposal_text, revised_text
from exporter.discovery.discover import DiscoveryRequest, discover
from exporter.errors import SourceError, UsageError

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


def filled(scene, **options):
    table = scene(**options)
    for number in range(8):
        table.put(
            f"item-{number}",
            f"2026-02-{10 + number}T10:00:00Z",
            "AB"[number % 2],
            Agent={"S": ["Ann", "Bob"][number % 2]},
            Duration={"N": str(number * 100 + 12)},
            Score={"N": f"{number}.25"},
            Precise={"N": "0.12345678901234567890"},
            Recorded={"BOOL": number > 3},
            Tags={"L": [{"S": "x"}]},
            Ended={"S": f"2026-02-{10 + number}T11:00:00Z"},
            Born={"S": "1999-12-31"},
            UpdatedAt={"N": str(1771200000 + number)},
            Mixed={"S": "one"} if number else {"N": "1"},
        )
    return table


def found_in(table, **options):
    return discover(DiscoveryRequest("us-east-1", table.table, "by-kind", **options), NOW)


def proposed(table, **options):
    text = proposal_text(found_in(table, **options).proposal, "dataset.schema.json")
    return text, dataset_from_text(text, "proposed.yaml")


def test_a_proposal_is_a_dataset_file(scene):
    """What is proposed loads, names the source, and gives each attribute a type that holds what was seen."""
    text, dataset = proposed(filled(scene))
    assert text.startswith("# yaml-language-server: $schema=dataset.schema.json\n")
    assert (dataset.source.index, dataset.source.partition_key, dataset.source.sort_key) == ("by-kind", "Kind", "At")
    assert (dataset.source.partition_values, dataset.source.date_format) == (("A", "B"), "ISO")
    assert {column.attribute: str(column.type) for column in dataset.columns} == {
        "Id": "string", "Kind": "string", "At": "timestamp", "Agent": "string", "Born": "date", "Duration": "bigint",
        "Ended": "timestamp", "Mixed": "string", "Precise": "decimal(38,19)", "Recorded": "boolean",
        "Score": "decimal(38,2)", "Tags": "json", "UpdatedAt": "timestamp",
    }  # fmt: skip
    assert {column.attribute: column.role for column in dataset.columns if column.role} == {
        "Id": "key", "Kind": "dimension", "Agent": "dimension", "Duration": "measure", "Precise": "measure",
        "Score": "measure",
    }  # fmt: skip


def test_every_type_has_a_reason(scene):
    """Each column's type, the date format and the partition values carry a comment that says why."""
    text, dataset = proposed(filled(scene))
    assert "type: bigint  # 8 numbers, all whole, largest 712" in text
    assert "type: decimal(38,2)  # 8 numbers, up to 2 decimals, so that sums are exact" in text
    assert "type: decimal(38,19)  # 8 numbers, up to 19 decimals, 8 not exact as double" in text
    assert "type: string  # values of several types: 1 N and 7 S" in text
    assert "role: dimension  # 2 different values in 8" in text
    assert "date_format: ISO  # reads 8 of 8 sort keys, for example '2026-02-10T10:00:00Z'" in text
    assert "partition_values: [A, B]  # all values, in " in text
    assert sum("  type: " in line and "  # " in line for line in text.splitlines()) == len(dataset.columns)


def test_what_was_proposed_exports_without_a_nulled_value(scene, tmp_path):
    """The sample's own items fit the proposed types: an export with the proposed file quarantines nothing."""
    table = filled(scene)
    text, _ = proposed(table)
    file = tmp_path / "proposed.yaml"
    file.write_text(text)
    entry = table.export(everything=True, variables={"DATASET": str(file)})
    assert (entry.rows, entry.quarantined) == (8, 0)


def test_given_partition_values_are_not_scanned_for(scene):
    """With values given nothing is scanned, unless --scan asks for others."""
    table = filled(scene)
    _, dataset = proposed(table, values=("B",))
    assert dataset.source.partition_values == ("B",)
    _, dataset = proposed(table, values=("B",), scan=True)
    assert dataset.source.partition_values == ("B", "A")


def test_an_index_without_a_few_partition_values_is_refused(scene):
    """An index with a partition value per item is none to list values of; an empty one proposes nothing."""
    table = scene()
    with pytest.raises(UsageError, match="is empty, so no dataset can be proposed"):
        found_in(table)
    for number in range(51):
        table.put(str(number), "2026-02-16T10:00:00Z", f"kind-{number}")
    with pytest.raises(UsageError, match="more than 50 partition values"):
        found_in(table)


def test_a_second_run_proposes_nothing_where_nothing_is_new(scene):
    """An existing file that holds what was seen is left as it was written, to the letter."""
    table = filled(scene)
    text, dataset = proposed(table)
    edited = text.replace("type: bigint  #", "type: double  # as we like it;").replace("name: agent\n", "name: who\n")
    edited = edited.replace("by: agent}", "by: who}")
    dataset = dataset_from_text(edited, "edited.yaml")
    again = found_in(table, values=dataset.source.partition_values)
    assert difference(edited, revised_text(edited, dataset, again.proposal, again.sample), "edited.yaml") == ""


def test_a_second_run_proposes_what_is_new_or_contradicted(scene):
    """A new attribute becomes a column, a type that no longer holds its values another one; nothing else moves."""
    table = filled(scene)
    text, dataset = proposed(table)
    table.put("late", "2026-02-19T10:00:00Z", Duration={"N": "1.5"}, Queue={"S": "Sales"})
    again = found_in(table, values=dataset.source.partition_values)
    revised = revised_text(text, dataset, again.proposal, again.sample)
    changes = [
        line
        for line in difference(text, revised, "f.yaml").splitlines()
        if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]
    assert changes == [
        "-    type: bigint  # 8 numbers, all whole, largest 712",
        "+    type: decimal(38,2)  # 1 of 9 values have a fraction",
        "+  - name: queue",
        "+    attribute: Queue",
        "+    type: string  # 1 texts, 1 different",
    ]
    assert dataset_from_text(revised, "revised.yaml").column("queue") is not None


def test_columns_in_one_line_are_revised_as_well(scene):
    """A file with columns in braces gets its type changed in place."""
    table = filled(scene)
    _, dataset = proposed(table)
    text = (
        f"name: short\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, partition_values: [A, B], "
        "sort_key: At}\ncolumns:\n  - {name: score, attribute: Score, type: bigint, unit: s}\n"
    )
    dataset = dataset_from_text(text, "short.yaml")
    again = found_in(table, values=("A", "B"))
    revised = revised_text(text, dataset, again.proposal, again.sample)
    changed = '  - {name: score, attribute: Score, type: "decimal(38,2)", unit: s}  # 8 of 8 values have a fraction\n'
    assert changed in revised
    assert dataset_from_text(revised, "short.yaml").column("agent") is not None


FIELDS = "  table: {table}\n  index: by-kind\n  partition_key: Kind\n"
AFTER = (
    "columns:\n  - name: id\n    attribute: Id\n    type: string\n    description: |\n      the id\n\n"
    "target: {{table: rows}}\n"
)


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        (
            "source:\n" + FIELDS + "  partition_values: [A]  # ours\n  sort_key: At\n",
            "  partition_values: [A, B]  # all",
        ),
        (
            "source:\n" + FIELDS + "  partition_values:\n    - A  # ours\n  sort_key: At\n",
            "    - A  # ours\n    - B  # all",
        ),
        ("source:\n" + FIELDS + "  partition_values:\n  - 'A'\n\n  # when\n  sort_key: At\n", "  - 'A'\n  - B  # all"),
        (
            "source:\n" + FIELDS + "  partition_values: [\n    A,  # ours\n  ]\n  sort_key: At\n",
            "    A, B,  # ours\n  ]  # all",
        ),
        (
            "source: {{table: {table}, index: by-kind, partition_key: Kind, partition_values: [A], sort_key: At}}\n",
            "partition_values: [A, B], sort_key: At}  # all",
        ),
    ],
    ids=["brackets", "dashes", "dashes at the margin", "brackets over lines", "braces"],
)
def test_new_partition_values_join_the_list_however_it_is_written(scene, source, changed):
    """Values that a scan meets are added to a list in brackets or in dashes; all else stays, and the result loads."""
    table = scene()
    for number, kind in enumerate("AB"):
        table.put(str(number), "2026-02-16T10:00:00Z", kind)
    text = "name: d\n" + (source + AFTER).format(table=table.table)
    dataset = dataset_from_text(text, "d.yaml")
    found = found_in(table, values=dataset.source.partition_values, scan=True)
    revised = revised_text(text, dataset, found.proposal, found.sample)
    assert changed in revised
    again = dataset_from_text(revised, "d.yaml")
    assert again.source == dataset.source.model_copy(update={"partition_values": ("A", "B")})
    assert [column.attribute for column in again.columns] == ["Id", "Kind", "At"]
    assert again.target == dataset.target
    lost = [line for line in difflib.ndiff(text.splitlines(), revised.splitlines()) if line.startswith("- ")]
    assert len(lost) <= 2


def test_a_date_format_that_the_file_leaves_out_is_proposed(scene):
    """Where the default reads fewer keys than another format, the file gets a line for it."""
    table = scene()
    table.put("1", "16/02/2026 10:00:00")
    text = "name: d\nsource:\n" + FIELDS + "  partition_values: [A]\n  sort_key: At\n"
    text = text.format(table=table.table)
    dataset = dataset_from_text(text, "d.yaml")
    found = found_in(table, values=("A",), date_format="ISO")
    revised = revised_text(text, dataset, found.proposal, found.sample)
    assert '  sort_key: At\n  date_format: "%d/%m/%Y %H:%M:%S"  # reads 1 of 1 sort keys' in revised
    assert dataset_from_text(revised, "d.yaml").source.date_format == "%d/%m/%Y %H:%M:%S"


def test_items_of_two_pages_count_once(scene):
    """The first and the last page of a value overlap where it has few items; the figures are of items, not of pages."""
    table = scene()
    for number in range(4):
        table.put(f"{number}", f"2026-02-1{number}T10:00:00Z", Padding={"S": "x" * 330_000})
    assert found_in(table).proposal.items == 4


def test_hostile_names_and_values_stay_text(scene):
    """Names and values that YAML would read as something else are quoted, and come back as they were."""
    table = scene(GSI_PK_VALUE="NO")
    for number, value in enumerate(["NO", "true", "1e3", "a: b", "# x", 'quo"te']):
        table.put(str(number), "2026-02-16T10:00:00Z", value, **{"1st: attr": {"S": "x"}, "year": {"N": "1"}})
    _, dataset = proposed(table)
    assert set(dataset.source.partition_values) == {"NO", "true", "1e3", "a: b", "# x", 'quo"te'}
    assert {
        column.attribute: column.name for column in dataset.columns if column.attribute not in {"Id", "Kind", "At"}
    } == {
        "1st: attr": "_1st__attr",
        "year": "year_2",
    }


def test_a_missing_table_is_reported(scene):
    """A missing table or index is one clear message."""
    table = scene()
    with pytest.raises(SourceError, match="has no index nowhere"):
        discover(DiscoveryRequest("us-east-1", table.table, "nowhere"), NOW)
    with pytest.raises(SourceError, match="cannot read table nothing"):
        discover(DiscoveryRequest("us-east-1", "nothing", None), NOW)


def test_the_command_writes_only_where_it_is_asked_to(scene, run, tmp_path):
    """Without --out the proposal is printed; --out writes it; for an existing file the difference is printed."""
    table = filled(scene)
    file = tmp_path / "found.yaml"
    bare = {name: "" for name in table.variables if name != "AWS_REGION"}
    done = run(table, "discover", "--table", table.table, **bare)
    assert done.returncode == 0, done.stderr
    assert (done.returncode, done.stdout.splitlines()[3]) == (0, f"name: {table.table.replace('-', '_')}"), done.stderr
    assert run(table, "discover", "--table", table.table, "--out", str(file), **bare).returncode == 0
    written = file.read_text()
    table.put("new", "2026-02-19T10:00:00Z", Queue={"S": "Sales"})
    done = run(table, "discover", "--dataset", str(file), **bare)
    assert "+  - name: queue" in done.stdout
    assert file.read_text() == written
    assert run(table, "discover", "--dataset", str(file), "--out", str(file), **bare).returncode == 0
    added = [line for line in difflib.ndiff(written.splitlines(), file.read_text().splitlines()) if line[0] in "+-"]
    assert added[0] == "+   - name: queue"
    done = run(table, "discover", **bare)
    assert (done.returncode, "--table or DYNAMO_TABLE_NAME is needed" in done.stderr) == (2, True)


def test_the_command_takes_a_dataset_from_s3_and_values_as_a_list(scene, run, tmp_path):
    """DATASET may be an s3:// path, and GSI_PK_VALUE a JSON list for values that hold commas, as for an export."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", "a, b")
    table.put("2", "2026-02-16T10:00:00Z", "c")
    bare = {name: "" for name in table.variables if name != "AWS_REGION"}
    listed = bare | {"GSI_PK_VALUE": '["a, b"]'}
    file = tmp_path / "found.yaml"
    done = run(table, "discover", "--table", table.table, "--out", str(file), **listed)
    assert "1 items sampled" in done.stderr
    assert 'partition_values: ["a, b"]  # as given' in done.stdout
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/d.yaml", Body=file.read_bytes())
    there = bare | {"DATASET": f"s3://reports/{table.prefix}/d.yaml"}
    done = run(table, "discover", **there)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "d.yaml agrees with what was seen" in done.stderr
    done = run(table, "discover", "--scan", **there)
    assert '+  partition_values: ["a, b", c]  # all values' in done.stdout, done.stderr
    done = run(table, "discover", "--table", table.table, **(bare | {"GSI_PK_VALUE": '["a'}))
    assert (done.returncode, "GSI_PK_VALUE: expected values separated by commas" in done.stderr) == (2, True)


def test_the_manifest_lists_no_values_of_a_masked_column(scene, tmp_path):
    """A dimension that is masked is exported like any other; its values stand in no record."""
    table = filled(scene)
    file = tmp_path / "masked.yaml"
    text, _ = proposed(table)
    agent = "  - name: agent\n    attribute: Agent\n"
    assert agent in text
    file.write_text(text.replace(agent, f"{agent}    mask: hash\n"))
    assert table.export(everything=True, variables={"DATASET": str(file)}).rows == 8
    listed = {column for record in table.manifest().days.values() for column in record.values}
    assert listed == {"kind"}
    assert {row["agent"] for row in table.rows().values()} == {"Ann", "Bob"}
