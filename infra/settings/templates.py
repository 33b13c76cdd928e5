"""The templates as text and as a document, without a call."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from infra.errors import TemplateFault

TemplateName = Literal["registry", "template", "alarms", "stream", "sources", "dashboard"]
"""In the order in which they are deployed."""

MOST_BYTES = 51_200
"""CloudFormation's limit on a template that is handed over in the request; a larger one needs a bucket."""

FOLDER = Path(__file__).parents[1]


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # the same API twice
    """Reads CloudFormation's short forms as its long ones: `!Ref A` as `{"Ref": "A"}`."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def document_from_text(text: str) -> dict[str, Any]:
    """Return a template's document, every function in its long form."""
    document: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with functions
    return document


@dataclass(frozen=True)
class Template:
    """One template."""

    name: TemplateName
    text: str
    document: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Declared parameters by name."""
        found: dict[str, dict[str, Any]] = self.document.get("Parameters", {})
        return found

    @property
    def required(self) -> frozenset[str]:
        """Parameters without a default."""
        return frozenset(name for name, declared in self.parameters.items() if "Default" not in declared)


@functools.cache
def load_template(name: TemplateName) -> Template:
    """Return a template; raise TemplateFault where it is larger than CloudFormation takes in a request."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    if (size := len(text.encode())) >= MOST_BYTES:
        raise TemplateFault(f"infra/{name}.yaml has {size:,} bytes; CloudFormation takes {MOST_BYTES - 1:,} at most")
    return Template(name, text, document_from_text(text))


def load_templates() -> dict[TemplateName, Template]:
    """Return every template by name."""
    return {name: load_template(name) for name in get_args(TemplateName)}
