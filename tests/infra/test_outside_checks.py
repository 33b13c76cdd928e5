"""What checkers of others say of the templates: checkov, and parliament of every policy. Part of `make templates`."""

import functools
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from infra.settings.templates import TemplateName, document_from_text, load_template

from .combinations import combinations
from .documents import nodes
from .rendering import Rendering
from .standalone import standalone

CHECKERS = Path(os.environ.get("TEMPLATE_CHECKERS", ""))

NAMES = get_args(TemplateName)
EVERY = (*NAMES, "conversations", "reports", "sales", "operations", "calls")
"""Also those that are deployed by themselves."""
ALONE = ("--framework", "cloudformation", "--skip-download")
"""Without the file of excuses."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def checkov(folder: Path, *options: str | Path) -> Mapping[str, Any]:
    """What checkov finds in a folder of templates, without a question."""
    command = [CHECKERS / "checkov", "--directory", folder, "--output", "json", *options]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert isinstance(found, dict), done.stderr
    return found


def failed(found: Mapping[str, Any]) -> set[str]:
    return {check["check_id"] for check in found["results"]["failed_checks"]}


@pytest.fixture
def templates(repository: Path, tmp_path: Path) -> Path:
    """A folder with all templates, every resource made.

    checkov leaves out what the defaults do not make (function, created table), so no resource keeps its condition.
    """
    for name in EVERY:
        text = (repository / "infra" / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(re.sub(r"^    Condition: \w+\n", "", text, flags=re.MULTILINE))
    return tmp_path


def test_checkov_finds_nothing(repository: Path, templates: Path) -> None:
    """With the reasons of infra/.checkov.yaml nothing is left, in any resource of any template."""
    found = checkov(templates, "--config-file", repository / "infra" / ".checkov.yaml")
    assert failed(found) == set()
    assert found["summary"]["parsing_errors"] == 0
    made = (document_from_text((repository / "infra" / f"{name}.yaml").read_text(encoding="utf-8")) for name in EVERY)
    assert found["summary"]["resource_count"] == sum(len(one["Resources"]) for one in made)


def test_every_excuse_is_needed_and_has_a_reason(repository: Path, templates: Path) -> None:
    """A check is left out only where it would fail, and the line says why; one that passes is taken in again."""
    text = (repository / "infra" / ".checkov.yaml").read_text(encoding="utf-8")
    excused = yaml.safe_load(text)["skip-check"]
    assert set(excused) == failed(checkov(templates, *ALONE))
    assert [name for name in excused if not re.search(rf"- {name} +# \S+ \S+", text)] == []


def test_checkov_notices_a_fault(templates: Path) -> None:
    """A bucket that the public may open is found, so the check above is not blind."""
    path = templates / "template.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("BlockPublicPolicy: true", "BlockPublicPolicy: false"))
    assert "CKV_AWS_54" in failed(checkov(templates, *ALONE))


@functools.cache
def policies() -> tuple[str, ...]:
    """Every policy of every combination, filled in, as JSON; those of trust name no resource and are no matter here."""
    combined = (
        Rendering(load_template(name).document, parameters) for name in NAMES for parameters in combinations(name)
    )
    found = {
        json.dumps(node, sort_keys=True)
        for rendering in (*combined, *standalone())
        if not rendering.broken_rules
        for resource in rendering.resources.values()
        for node in nodes(resource["Properties"])
        if isinstance(node, dict) and "Statement" in node and all("Resource" in one for one in node["Statement"])
    }
    return tuple(sorted(found))


_STREAM_LABEL = "2026-11-01T00:00:00.000"
"""The name that DynamoDB gives a stream. Parliament takes its colons for the ends of an ARN's parts."""
_OF_EITHER_KIND = {"states:DescribeExecution": "arn:*:states:*:*:express:*:*:*"}
"""An action that takes an execution of a standard or of an express workflow; parliament asks for both."""


def parliament(policy: str) -> list[str]:
    """What parliament finds in a policy: unknown actions, and actions that do not take the resource they are given."""
    given = policy.replace(_STREAM_LABEL, "2026-11-01")
    done = subprocess.run(
        [CHECKERS / "parliament", "--string", given, "--json"], check=False, capture_output=True, text=True
    )
    assert not done.stderr, done.stderr
    excused = [{"action": action, "required_format": format_} for action, format_ in _OF_EITHER_KIND.items()]
    found = [one for one in map(json.loads, done.stdout.splitlines()) if one["detail"] != excused]
    return [f"{one['issue']}: {one['detail']}" for one in found]


def test_parliament_finds_nothing() -> None:
    """Every action of every policy exists and takes the resource and the condition given with it."""
    assert {policy: found for policy in policies() if (found := parliament(policy))} == {}
    assert len(policies()) > 10


@pytest.mark.parametrize(
    ("good", "wrong"),
    [
        ('"dynamodb:Query"', '"dynamodb:Qurey"'),
        (":table/contacts/index/", ":stream/contacts/"),
        ('"iam:PassedToService"', '"iam:PassedToServices"'),
    ],
)
def test_parliament_notices_a_fault(good: str, wrong: str) -> None:
    """A misspelled action, a resource of another kind and a condition that the action does not know are found."""
    faulty = [policy.replace(good, wrong) for policy in policies() if good in policy]
    assert faulty
    assert all(parliament(policy) for policy in faulty)
