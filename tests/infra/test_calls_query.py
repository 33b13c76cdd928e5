"""The template of the named query about calls."""

from pathlib import Path

from cfnlint.api import lint

from infra.settings.templates import FOLDER, document_from_text

from .rendering import Rendering
from .schemas import faults_in_schema

TEXT = (FOLDER / "calls.yaml").read_text(encoding="utf-8")


def test_the_named_query_is_the_documented_question(repository: Path):
    """The checkers find nothing, and the statement is the one of docs/calls.md."""
    assert [f"{match.rule.id} {match.message}" for match in lint(TEXT)] == []
    (query,) = Rendering(document_from_text(TEXT), {"Workgroup": "reports"}).resources.values()
    assert list(faults_in_schema(query["Type"], query["Properties"])) == []
    assert query["Properties"]["Name"] == "calls of a day by direction and answer type"
    documented = (repository / "docs/calls.md").read_text(encoding="utf-8")
    assert query["Properties"]["QueryString"] in documented
