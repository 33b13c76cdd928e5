"""The local Athena answers as Athena's engine does: cases that it once got wrong."""

from pathlib import Path

import pytest
import yaml

CASES = yaml.safe_load(Path(__file__).with_name("engine_answers.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def started(month):
    """All statements, started at once; those that are refused at once have no execution."""
    started = {}
    for case in CASES:
        try:
            started[case["sql"]] = month.start(case["sql"])
        except month.aws.athena.exceptions.InvalidRequestException:
            started[case["sql"]] = None
    return started


@pytest.mark.parametrize("case", CASES, ids=[case["sql"] for case in CASES])
def test_answer(month, started, case):
    """Types, values and errors by their names are those that Trino gives, as `make conformance` found them."""
    execution = started[case["sql"]]
    if execution is None:
        assert case.get("error") == "SYNTAX_ERROR"
        return
    ran = month.wait(execution)
    if "error" in case:
        assert (ran.state, ran.reason.partition(":")[0]) == ("FAILED", case["error"])
        return
    assert ran.state == "SUCCEEDED", ran.reason
    answer = month.aws.athena.get_query_results(QueryExecutionId=ran.id)["ResultSet"]
    assert [column["Type"] for column in answer["ResultSetMetadata"]["ColumnInfo"]] == case["types"]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"][1:]]
    assert rows == case["rows"]
