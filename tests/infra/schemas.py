"""What AWS publishes about each resource type, as cfn-lint carries it."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.api import lint
from cfnlint.jsonschema import StandardValidator
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from .rendering import REGION

_SCALARS = {"string", "integer", "number", "boolean"}


@functools.cache
def _validator(type_: str) -> Any:
    return StandardValidator(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema)


def faults_in_schema(type_: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a resource's schema finds wrong with its properties."""
    for error in _validator(type_).iter_errors(properties):
        if error.validator == "type" and not isinstance(error.instance, (dict, list)):
            wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            # CloudFormation converts between numbers and text by itself, as every parameter is text.
            if _SCALARS & set(wanted) and _converts(error.instance, wanted):
                continue
        yield f"{type_} {'/'.join(map(str, error.path))}: {error.message}"


def _converts(value: Any, wanted: list[str]) -> bool:
    if "string" in wanted:
        return True
    text = str(value)
    return text.lower() in {"true", "false"} if "boolean" in wanted else text.lstrip("-").replace(".", "", 1).isdigit()


def faults_in_states(definition: str) -> Iterator[str]:
    """Yield what is wrong with a state machine: in its schema, a way to nowhere, a state without a way to it."""
    properties = {"RoleArn": "arn:aws:iam::111122223333:role/machine", "DefinitionString": definition}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": machine}}
    yield from (f"{match.rule.id}: {match.message}" for match in lint(json.dumps(template)))
    yield from _lost_ways(json.loads(definition))


def _lost_ways(machine: Mapping[str, Any]) -> Iterator[str]:
    states = machine["States"]
    ways = {machine["StartAt"]}
    for state in states.values():
        ways |= {one["Next"] for one in (state, *state.get("Choices", []), *state.get("Catch", [])) if "Next" in one}
        ways |= {state["Default"]} if "Default" in state else set()
        if "ItemProcessor" in state:
            yield from _lost_ways(state["ItemProcessor"])
    yield from (f"state {name} is nowhere" for name in sorted(ways - set(states)))
    yield from (f"no way leads to state {name}" for name in sorted(set(states) - ways))
