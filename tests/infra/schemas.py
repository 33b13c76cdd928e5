"""What AWS publishes about each resource type, as cfn-lint carries it."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

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
