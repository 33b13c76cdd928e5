"""moto's CloudFormation over HTTP, with stand-ins for the types that it skips: each is checked against its schema."""
# ruff: noqa: ARG002, ARG003 - the signatures are moto's

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet
from moto.core.common_models import CloudFormationModel

from infra.settings.templates import load_templates

from .rendering import _ATTRIBUTES, _REFS
from .schemas import faults_in_schema


class Placeholder(CloudFormationModel):
    """A resource that exists in name alone."""

    kind = ""

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.name, self.properties = name, properties
        given = properties.get("Name") if self.kind != "AWS::Athena::NamedQuery" else None
        database = properties.get("DatabaseInput", {}).get("Name")
        self.physical_resource_id = given or database or _REFS.get(self.kind) or name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return ""  # several classes; moto asks by the map

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute: str) -> str:
        if attribute == "Value":
            return str(self.properties["Value"])
        if attribute == "Arn":
            return f"arn:aws:service:us-east-1:123456789012:{self.name}"
        return _ATTRIBUTES.get(attribute, f"{self.name}-{attribute}")

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json.get("Properties", {})
        if found := list(faults_in_schema(cls.kind, properties)):
            raise ValidationError(resource_name, message="; ".join(found))
        return cls(resource_name, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        return cls(original_resource.name, cloudformation_json.get("Properties", {}))

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        return None

    def delete(self, account_id: str, region_name: str) -> None:
        return None

    def is_created(self) -> bool:
        return True


def skipped_types() -> set[str]:
    """Return the types of our templates for which moto's CloudFormation makes nothing."""
    used = {
        resource["Type"]
        for template in load_templates().values()
        for resource in template.document["Resources"].values()
    }
    known = {type_ for type_, model in parsing.get_model_map().items() if model.__name__ != "Placeholder"}
    # moto cannot name a parameter, gives a user pool an id that is none, and looks for a function's image and a
    # mapping's stream, which are nowhere here, or a permission's function; all of them count as skipped.
    wrong = {
        "AWS::SSM::Parameter",
        "AWS::Cognito::UserPool",
        "AWS::Lambda::Function",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
    }
    return (used - known) | wrong


@contextmanager
def complete_cloudformation() -> Iterator[set[str]]:
    """Teach moto the types that it skips, for the length of a block; yield them."""
    models, clean, apply = parsing.get_model_map(), parsing.clean_json, ChangeSet.apply
    skipped = skipped_types()
    before = dict(models)

    def without_nothing(value: Any, *arguments: Any, **named: Any) -> Any:
        # moto leaves None where `AWS::NoValue` stood in a list.
        cleaned = clean(value, *arguments, **named)
        return [item for item in cleaned if item is not None] if isinstance(cleaned, list) else cleaned

    def apply_with_outputs(change_set: ChangeSet) -> None:
        # moto forgets the outputs of what a change set makes.
        apply(change_set)
        change_set.stack.template, change_set.stack.template_dict = change_set.template, change_set.template_dict
        change_set.stack.output_map = change_set.stack._create_output_map()

    models.update({type_: type("Placeholder", (Placeholder,), {"kind": type_}) for type_ in skipped})
    parsing.clean_json, ChangeSet.apply = without_nothing, apply_with_outputs
    try:
        yield skipped
    finally:
        models.clear()
        models.update(before)
        parsing.clean_json, ChangeSet.apply = clean, apply
