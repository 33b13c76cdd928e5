"""Properties flow in, the JSON Schemas and request bodies that several parts of the document have flow out."""

from typing import Any


def object_of(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


def closed_object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of an object that has no other properties."""
    needed = {"required": list(required)} if required else {}
    return {**object_of(properties), "additionalProperties": False, **needed}


def body_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a request body of this schema; every body is JSON, and required."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}
