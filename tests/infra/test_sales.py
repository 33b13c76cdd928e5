"""The template of the sales export: its function and what that may do."""

from cfnlint.api import lint

from infra.settings.templates import FOLDER, MOST_BYTES, document_from_text

from .rendering import Rendering
from .schemas import faults_in_schema
from .standalone import SALES

TEXT = (FOLDER / "sales.yaml").read_text(encoding="utf-8")


def rendered(**parameters: str) -> dict:
    return Rendering(document_from_text(TEXT), SALES | parameters).resources


def test_the_checkers_find_nothing():
    """cfn-lint, the resource schemas and the size limit have nothing to say."""
    assert [f"{match.rule.id} {match.message}" for match in lint(TEXT)] == []
    assert len(TEXT.encode()) < MOST_BYTES
    for resource in (*rendered().values(), *rendered(MergeMonths="true").values()):
        assert list(faults_in_schema(resource["Type"], resource["Properties"])) == []


def test_the_function_has_the_documented_entry_and_variables():
    """The exporter's image with the handler of the sales export, and its variables with their defaults."""
    function = rendered()["SalesExport"]["Properties"]
    assert function["ImageConfig"] == {"Command": ["exporter.quicksight_handler.handler"]}
    assert function["Environment"]["Variables"] == {
        "DYNAMODB_TABLE": "SalesData",
        "S3_BUCKET": "reports",
        "QUICKSIGHT_PREFIX": "quicksight",
        "LOG_LEVEL": "INFO",
    }


def test_the_role_may_query_and_put_and_nothing_else():
    """`dynamodb:Query` on table and index, `s3:PutObject` below the prefix, and the function's own log."""
    (policy,) = rendered()["SalesRole"]["Properties"]["Policies"]
    allowed = [(one["Action"], one["Resource"]) for one in policy["PolicyDocument"]["Statement"]]
    (query, tables), (put, objects), (log, _) = allowed
    assert (query, put, log) == (
        "dynamodb:Query",
        "s3:PutObject",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
    )
    assert [arn.partition(":table/")[2] for arn in tables] == ["SalesData", "SalesData/index/GSI1"]
    assert objects.endswith(":s3:::reports/quicksight/*")


def test_months_are_merged_with_further_rights_alone():
    """MergeMonths adds the listing of the prefix, and reading and removing below it."""
    (policy,) = rendered(MergeMonths="true")["SalesRole"]["Properties"]["Policies"]
    more = {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"]}
    assert (more["ListFiles"]["Action"], more["ListFiles"]["Condition"]) == (
        "s3:ListBucket",
        {"StringLike": {"s3:prefix": "quicksight/*"}},
    )
    assert more["MergeFiles"]["Action"] == ["s3:GetObject", "s3:DeleteObject"]
    assert more["MergeFiles"]["Resource"].endswith(":s3:::reports/quicksight/*")
