"""The templates are valid, small, and hold to the rules of this repository; a broken one would be noticed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import pytest
import yaml
from cfnlint.api import lint

from infra.settings.templates import MOST_BYTES, TemplateName, document_from_text, load_template

from .combinations import combinations
from .rendering import Rendering, Unresolved
from .rules import DEFAULTS, findings
from .schemas import faults_in_schema, faults_in_states

NAMES = get_args(TemplateName)


@dataclass(frozen=True)
class Seed:
    """A fault to plant: in `name`, `old` becomes `new`, or the resource `gone` is gone."""

    title: str
    name: str
    old: str = ""
    new: str = ""
    gone: str = ""

    def planted(self) -> str:
        """Return the template with the fault."""
        text = load_template(self.name).text
        old = re.search(rf"^  {self.gone}:\n(?:    .*\n)+", text, re.MULTILINE) if self.gone else None
        broken = text.replace(old[0] if old else self.old, self.new)
        assert broken != text, f"{self.title}: faults.yaml is out of date"
        return broken


def seeds(repository) -> list[Seed]:
    text = (repository / "tests" / "infra" / "faults.yaml").read_text(encoding="utf-8")
    return [Seed(**entry) for entry in yaml.safe_load(text)]


def faults_of(name: str, text: str) -> Iterator[str]:
    """Yield what any check of this suite finds, the quick ones first."""
    yield from findings(name, text)
    document = document_from_text(text)
    for parameters in list(combinations(name))[:: 97 if name == "template" else 11]:
        try:
            rendering = Rendering(document, parameters)
            made = {} if rendering.broken_rules else rendering.resources
        except (Unresolved, KeyError, IndexError, TypeError) as error:
            yield f"cannot be rendered: {error}"
            return
        for resource in made.values():
            yield from faults_in_schema(resource["Type"], resource["Properties"])
            yield from _repeated_attributes(resource)
            if definition := resource["Properties"].get("DefinitionString"):
                yield from faults_in_states(definition)
    for match in lint(text):
        yield f"{match.rule.id}: {match.message}"


def _repeated_attributes(resource: dict[str, Any]) -> Iterator[str]:
    defined = [one["AttributeName"] for one in resource["Properties"].get("AttributeDefinitions", [])]
    if len(defined) != len(set(defined)):
        yield f"attributes defined twice: {defined}"


WITH_MEMORY = {
    "Table": "AWS::DynamoDB::Table",
    "Data": "AWS::S3::Bucket",
    "DataTransport": "AWS::S3::BucketPolicy",
    "Results": "AWS::S3::Bucket",
    "Database": "AWS::Glue::Database",
    "Workgroup": "AWS::Athena::WorkGroup",
    "ExporterLog": "AWS::Logs::LogGroup",
    "Undelivered": "AWS::SQS::Queue",
    "Topic": "AWS::SNS::Topic",
    "AlarmMail": "AWS::SNS::Subscription",
    "Vpc": "AWS::EC2::VPC",
}
"""What an update would lose if it moved to another stack or changed its name: data, logs, a confirmed address."""


def test_what_holds_something_stays_in_its_stack():
    """Data, logs and the confirmed subscription keep stack and name, so an update of any version replaces none."""
    made = load_template("template").document["Resources"]
    assert {name: made[name]["Type"] for name in WITH_MEMORY if name in made} == WITH_MEMORY


def test_what_was_moved_holds_nothing():
    """The stack of the alarms can be deleted and made again at any time, because nothing in it is remembered."""
    made = load_template("alarms").document["Resources"].values()
    assert {one["Type"] for one in made} == {
        "AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::Logs::MetricFilter",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_finds_nothing(name):
    """cfn-lint has nothing to say, with no rule ignored."""
    text = load_template(name).text
    assert "cfn-lint" not in text
    assert [f"{match.rule.id} {match.message}" for match in lint(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_rules_find_nothing(name):
    """Policies, buckets, alarms, schedules, hosts, sign-in and the form hold to the repository's own rules."""
    assert findings(name, load_template(name).text) == []


@pytest.mark.parametrize("name", NAMES)
def test_templates_deploy_without_a_bucket(name):
    """A template goes to CloudFormation in the request itself, which takes 51,200 bytes."""
    assert len(load_template(name).text.encode()) < MOST_BYTES == 51_200


def test_checkers_of_others_are_pinned(repository):
    """What `make templates` installs is named in infra/checks.in and pinned by hash, from no particular address."""
    wanted = re.findall(r"^([a-z]+)[>=]", (repository / "infra" / "checks.in").read_text(), re.MULTILINE)
    text = (repository / "infra" / "checks.lock").read_text()
    assert wanted == ["checkov", "parliament"]
    assert all(re.search(rf"^{name}==\S+ \\\n +--hash=sha256:", text, re.MULTILINE) for name in wanted)
    assert "://" not in text


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("dashboard", {"Dataset", "GsiName", "TimeZone", "S3DataPrefix"}),
        ("stream", {"Dataset", "GsiName", "S3DataPrefix", "AthenaTable", "TableKeyArn", "ExporterImage"}),
        ("stream", {"TranscriptBucket", "TranscriptKey"}),
        ("sources", {"TranscriptBucket", "AthenaDatabase", "ScheduleState", "ScheduleTimeZone"}),
        ("sources", {"DynamoTableName", "S3DataPrefix", "ExporterHost", "DataKeyArn", "AssignPublicIp"}),
        ("alarms", {"Environment", "DynamoTableName", "ExporterHost", "ScheduleState"}),
    ],
)
def test_two_stacks_mean_the_same_by_a_name(name, some):
    """A parameter that a template shares with the exporter's is declared in the same words."""
    exporter, other = load_template("template").parameters, load_template(name).parameters
    shared = (set(exporter) & set(other)) - {"VpcId", "SubnetIds"}
    assert {one for one in shared if exporter[one] != other[one]} == set()
    assert some <= shared


def test_the_list_of_known_parameters_is_complete():
    """A parameter that is not among the known ones is for network, capacity, size, keys or sign-in."""
    others = {name: set(load_template(name).parameters) - set(DEFAULTS[name]) for name in ("template", "dashboard")}
    assert others["template"] == {
        "CreateNetwork", "VpcId", "SubnetIds", "AssignPublicIp", "ExporterArchitecture",
        "ExporterMemory", "ExporterDisk", "ReadCapacityUnits", "WriteCapacityUnits", "TableKeyArn", "DataKeyArn",
        "ResultsKeyArn", "LakeFormation", "TableStream",
    }  # fmt: skip


def test_every_seeded_fault_is_caught(repository):
    """Each of the broken templates in faults.yaml is noticed by some check of this suite."""
    planted = seeds(repository)
    assert [seed.title for seed in planted if next(faults_of(seed.name, seed.planted()), None) is None] == []
    assert len(planted) >= 17


def test_form_groups_are_numbered_in_order():
    """The form leads from what is read to who gets the alarms."""
    for name in ("template", "alarms", "stream", "sources", "dashboard"):
        groups = load_template(name).document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        assert [group["Label"]["default"].partition(".")[0] for group in groups] == [
            str(n + 1) for n in range(len(groups))
        ]


def test_no_account_is_named():
    """The templates and environments hold no account id, no key and no address of a person."""
    texts = json.dumps([load_template(name).document for name in NAMES])
    assert not any(word in texts for word in ("AKIA", "aws_secret", "arn:aws:iam::1"))
