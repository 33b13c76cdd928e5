"""The further ways in: what they let the exporter do, and the machine that converts an export by many tasks."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from exporter.__main__ import cli
from exporter.run.table_export.scan_conversion import SEGMENTS_FILE
from exporter.settings import settings_from_environment

from .combinations import rendered
from .documents import listed, statements
from .rendering import ACCOUNT, REGION
from .schemas import faults_in_states

EXPORT = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts/export/01764-abc"
KEYS = ("e/AWSDynamoDB/01764-abc/data/a.json.gz", "e/AWSDynamoDB/01764-abc/data/b.json.gz")
SCANNED = {"TableExport": "false", "TableScan": "true"}


def definition(machine: str = "Conversion", **parameters: str) -> dict[str, Any]:
    text = rendered("sources", **parameters).resources[machine]["Properties"]["DefinitionString"]
    found: dict[str, Any] = json.loads(text)
    return found


def command(of: dict[str, Any]) -> str:
    (container,) = of["Parameters"]["Overrides"]["ContainerOverrides"]
    assert container["Name"] == "exporter"
    return str(container["Command.$"])


def test_each_way_is_allowed_alone():
    """A scan allows no export, an export no scan; each of the one table and below `_exports/`, but for one list."""
    scan = rendered("sources", **SCANNED).resources
    export = rendered("sources").resources["Access"]["Properties"]
    assert set(scan) == {"Access", "ScanRole", "Scan", "FailedScan"}
    (allowed,) = statements(scan["Access"])
    assert (allowed["Action"], allowed["Resource"]) == (
        "dynamodb:Scan", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts",
    )  # fmt: skip
    assert {action for one in statements(export) for action in listed(one["Action"])} == {
        "dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport", "dynamodb:DescribeContinuousBackups",
        "dynamodb:ListExports", "s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload",
    }  # fmt: skip
    assert [one["Resource"] for one in statements(export)] == [
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts",
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts/export/*",
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts",
        "*",
        "arn:aws:s3:::reports-data/dynamo-gsi-export/_exports/*",
    ]
    assert export["Roles"] == ["reports-role"]


def test_targets_outside_the_data_prefix_are_allowed_by_themselves():
    """The exporter reads, writes and removes files below that folder, manifests included, and nothing else."""
    made = rendered("sources", TableExport="false", TargetPrefix="quicksight").resources
    assert set(made) == {"Access"}
    (allowed,) = statements(made["Access"])
    assert allowed["Action"] == ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    assert allowed["Resource"] == "arn:aws:s3:::reports-data/quicksight/*"


@pytest.mark.parametrize("table", ["orders_csv", "orders_*"])
def test_tables_of_targets_are_allowed_by_name(table):
    """The exporter looks at, makes and changes the tables of that name, and drops none; no object is allowed."""
    made = rendered("sources", TableExport="false", TargetTable=table, AthenaDatabase="reports_db").resources
    (allowed,) = statements(made["Access"])
    assert allowed["Action"] == ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable"]
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    assert allowed["Resource"] == [
        f"{glue}:catalog", f"{glue}:database/reports_db", f"{glue}:table/reports_db/{table}",
    ]  # fmt: skip


def test_a_stack_without_a_way_is_refused():
    """With neither way there is nothing to make, and the rule says which parameters to set."""
    (refused,) = rendered("sources", TableExport="false").broken_rules
    assert refused.startswith("TableScan and TableExport are both false")


def test_a_function_converts_alone():
    """Where the exporter is a function there are no tasks to start, so there is no machine, and the policy stays."""
    for ways in ({}, SCANNED, SCANNED | {"TableExport": "true"}):
        assert set(rendered("sources", ExporterHost="Lambda", **ways).resources) == {"Access"}


def test_the_machine_takes_its_numbers_as_numbers():
    """Tasks at once, files a task and tolerated failures are numbers in the definition, as the language wants them."""
    convert = definition(MaximumTasks="300", FilesPerTask="7", ToleratedPercentage="0")["States"]["Convert"]
    assert (convert["MaxConcurrency"], convert["ToleratedFailurePercentage"]) == (300, 0)
    assert convert["ItemBatcher"]["MaxItemsPerBatch"] == 7
    assert convert["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}


def test_overrides_fit_what_ecs_takes():
    """A batch with as many and as long keys as it may hold makes a command under ECS's 8,192 characters."""
    batcher = definition()["States"]["Convert"]["ItemBatcher"]
    least = len('{"itemCount":0,"md5Checksum":"","etag":"","dataFileS3Key":""}')
    keys = (batcher["MaxInputBytesPerBatch"] // (least + 60)) * ["k" * 60]
    overrides = {"containerOverrides": [{"name": "exporter", "command": ["--export-arn", EXPORT, json.dumps(keys)]}]}
    assert len(json.dumps(overrides)) < 8192
    assert len(keys) > 20


@pytest.mark.parametrize("table", ["contacts", f"arn:aws:dynamodb:{REGION}:444455556666:table/contacts"])
def test_the_machine_holds_to_the_states_language(table):
    """The definition fits the language's schema, every step leads to a state, and every state is reached."""
    made = rendered("sources", TableScan="true", DynamoTableName=table).resources
    for name in ("Conversion", "Scan"):
        assert list(faults_in_states(made[name]["Properties"]["DefinitionString"])) == []


def test_the_machine_names_commands_that_there_are():
    """Every option that a state hands to the exporter is an option of that command."""
    states, scan = definition()["States"], definition("Scan", TaskReadUnits="250", **SCANNED)["States"]
    worker = states["Convert"]["ItemProcessor"]["States"]["ConvertFiles"]
    reader = scan["ReadSegments"]["ItemProcessor"]["States"]["ConvertSegments"]
    named = [(worker, "convert"), (states["Merge"], "backfill")]
    for state, verb in [*named, (scan["BeginScan"], "scan-segments"), (reader, "convert"), (scan["Merge"], "backfill")]:
        words = [word.strip("'") for word in command(state).removeprefix("States.Array(").split(", ")]
        help_text = CliRunner().invoke(cli, [verb, "--help"]).output
        assert words[0] == verb
        assert [word for word in words if word.startswith("--") and word not in help_text] == []


@pytest.mark.parametrize(("name", "role"), [("sources", "Access"), ("stream", "ChangesRole")])
def test_transcripts_are_read_from_their_bucket_alone(name, role):
    """With TranscriptBucket the role may read that bucket and see what it lacks; without it, neither."""
    given = statements(rendered(name, TranscriptBucket="call-transcripts").resources[role])
    found = {one["Sid"]: (one["Action"], one["Resource"]) for one in given if "Transcripts" in one["Sid"]}
    assert found == {
        "ReadTranscripts": ("s3:GetObject", "arn:aws:s3:::call-transcripts/*"),
        "KnowMissingTranscripts": ("s3:ListBucket", "arn:aws:s3:::call-transcripts"),
    }
    assert "transcripts" not in json.dumps(rendered(name).resources[role])


@pytest.mark.parametrize("host", ["Fargate", "Lambda"])
def test_a_dataset_that_scans_is_deployed_without_an_index(host):
    """With an empty GsiName no query of an index is allowed, and what the exporter is given makes the calls' source."""
    empty = dict.fromkeys(("GsiName", "GsiPartitionKeyAttribute", "GsiPartitionKeyValue", "GsiSortKeyAttribute"), "")
    calls = {"Dataset": "calls", "DynamoTableName": "calls-prod", "TranscriptBucket": "call-transcripts"}
    rendering = rendered("template", ExporterHost=host, **empty, **calls)
    assert rendering.broken_rules == []
    allowed = {action for one in statements(rendering.resources["ExporterRole"]) for action in listed(one["Action"])}
    assert "dynamodb:Query" not in allowed
    if host == "Fargate":
        (container,) = rendering.resources["Task"]["Properties"]["ContainerDefinitions"]
        variables = {one["Name"]: str(one["Value"]) for one in container["Environment"]}
    else:
        made = rendering.resources["Function"]["Properties"]["Environment"]["Variables"]
        variables = {"AWS_REGION": REGION} | {name: str(value) for name, value in made.items()}
    source = settings_from_environment(variables).dataset.source
    assert (source.base, source.table) == ("scan", "calls-prod")


def test_a_created_table_needs_its_index():
    """CreateTable makes a table with an index, so an empty GsiName is refused before anything is made."""
    (refused,) = rendered("template", CreateTable="true", GsiName="").broken_rules
    assert refused == "CreateTable needs GsiName."


INTERPRETER = """
import json, sys, time
import boto3
from moto import mock_aws
asked = json.load(sys.stdin)
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name=asked["region"])
    made = {"name": "conversion", "definition": json.dumps(asked["states"]), "roleArn": asked["role"]}
    arn = client.create_state_machine(**made)["stateMachineArn"]
    run = client.start_execution(stateMachineArn=arn, input=json.dumps(asked["input"]))["executionArn"]
    while (found := client.describe_execution(executionArn=run))["status"] == "RUNNING":
        time.sleep(0.02)
    print(json.dumps([found["status"], json.loads(found.get("output", "null"))]))
"""
"""Moto's interpreter of the states language, in a process of its own: it empties everything that moto keeps."""


def run_machine(states: dict[str, Any], asked: dict[str, Any]) -> tuple[str, Any]:
    given = {"region": REGION, "states": states, "role": f"arn:aws:iam::{ACCOUNT}:role/machine", "input": asked}
    variables = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETER],
        input=json.dumps(given), env=variables, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    status, output = json.loads(done.stdout)
    return status, output


def test_the_interpreter_writes_the_commands():
    """Run in an interpreter, the two commands name the export, the batch's files and the days."""
    states = definition()["States"]
    worker = states["Convert"]["ItemProcessor"]["States"]["ConvertFiles"]
    asked = {
        "BatchInput": {"exportArn": EXPORT}, "Items": [{"itemCount": 1, "dataFileS3Key": key} for key in KEYS],
        "exportArn": EXPORT, "start": "2024-01-01", "end": "2024-12-31",
    }  # fmt: skip
    made = {"Type": "Pass", "Parameters": {"convert.$": command(worker), "backfill.$": command(states["Merge"])}}
    status, found = run_machine({"StartAt": "Made", "States": {"Made": made | {"End": True}}}, asked)
    assert status == "SUCCEEDED"
    assert found["convert"][:4] == ["convert", "--json", "--export-arn", EXPORT]
    assert json.loads(found["convert"][5]) == list(KEYS)
    assert found["backfill"] == [
        "backfill", "--json", "--source", "table-export", "--workers", "1", "--export-arn", EXPORT,
        "--start", "2024-01-01", "--end", "2024-12-31",
    ]  # fmt: skip


def test_the_interpreter_writes_the_commands_of_a_scan():
    """The first names the days, the second the segments of its batch, the last the days; a ceiling goes to both."""
    states = definition("Scan", TaskReadUnits="250", **SCANNED)["States"]
    reader = states["ReadSegments"]["ItemProcessor"]["States"]["ConvertSegments"]
    scan, parts = "scan-20261129T010203Z-abc123", ["segment-00004", "segment-00005"]
    asked = {"Items": [{"scan": scan, "part": part} for part in parts], "start": "2024-01-01", "end": "2024-12-31"}
    commands = {"begin.$": command(states["BeginScan"]), "read.$": command(reader), "merge.$": command(states["Merge"])}
    made = {"Type": "Pass", "Parameters": commands, "End": True}
    status, found = run_machine({"StartAt": "Made", "States": {"Made": made}}, asked)
    assert status == "SUCCEEDED"
    assert found["begin"] == ["scan-segments", "--json", "--start", "2024-01-01", "--end", "2024-12-31"]
    assert found["read"][:5] == ["convert", "--json", "--scan", scan, "--files"]
    assert json.loads(found["read"][5]) == parts
    assert found["merge"] == [
        "backfill", "--json", "--source", "scan", "--workers", "1", "--start", "2024-01-01", "--end", "2024-12-31",
        "--max-read-units", "250",
    ]  # fmt: skip
    assert found["read"][6:] == ["--max-read-units", "250"]


def test_a_scan_has_no_ceiling_unless_it_is_given():
    """With TaskReadUnits 0 no command names read units, and numbers of the machine are numbers."""
    machine = definition("Scan", SegmentsPerTask="9", **SCANNED)
    assert "--max-read-units" not in json.dumps(machine)
    assert machine["States"]["ReadSegments"]["ItemBatcher"] == {"MaxItemsPerBatch": 9, "MaxInputBytesPerBatch": 6000}
    reader = machine["States"]["ReadSegments"]["ItemReader"]
    assert reader["Parameters"] == {
        "Bucket": "reports-data", "Key": "dynamo-gsi-export/_exports/_segments.jsonl",
    }  # fmt: skip
    assert reader["Parameters"]["Key"].endswith(SEGMENTS_FILE)


def test_the_machine_of_a_scan_may_not_read_the_table():
    """Its role starts tasks and reads one list: no action of DynamoDB, and nothing in S3 but that and its results."""
    found = statements(rendered("sources", **SCANNED).resources["ScanRole"]["Properties"]["Policies"])
    allowed = [(action, one["Resource"]) for one in found for action in listed(one["Action"])]
    assert [action for action, _ in allowed if action.startswith("dynamodb:")] == []
    below = "arn:aws:s3:::reports-data/dynamo-gsi-export/_exports"
    assert {resource for action, resource in allowed if action.startswith("s3:")} == {
        f"{below}/_segments.jsonl", f"{below}/_batches/*",
    }  # fmt: skip


def test_a_failed_export_fails_the_execution():
    """An export that DynamoDB gives up ends the execution as failed, and no task is started."""
    states = definition()["States"] | {"Convert": {"Type": "Succeed"}}  # the interpreter knows no batches
    machine = {"StartAt": "IsExportComplete", "States": states}
    status, found = run_machine(machine, {"export": {"ExportDescription": {"ExportStatus": "FAILED"}}})
    assert (status, found) == ("FAILED", None)
