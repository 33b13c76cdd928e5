"""A page that describes the API, made from its OpenAPI document. Pure."""

import html
from typing import Any


def docs_page(document: dict[str, Any]) -> str:
    """Return a plain page that lists every route of an OpenAPI document: no script, nothing from elsewhere."""
    parts = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            rows = "".join(
                f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(text)}</td></tr>"
                for name, text in _fields(operation)
            )
            table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
            answers = "".join(
                f"<li>{code}: {html.escape(answer['description'])}</li>"
                for code, answer in operation["responses"].items()
            )
            summary = html.escape(operation["summary"])
            parts.append(f"<h2><code>{method.upper()} {path}</code></h2><p>{summary}</p>{table}<ul>{answers}</ul>")
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(info["title"])}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>{html.escape(info['title'])}</h1><p>{html.escape(info['description'])} "
        '<a href="openapi.json">OpenAPI document</a></p>'
        f"{''.join(parts)}</main></body></html>"
    )


def _fields(operation: dict[str, Any]) -> list[tuple[str, str]]:
    fields = [(item["name"], item.get("description", "")) for item in operation.get("parameters", ())]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return fields + [(name, item.get("description", "")) for name, item in schema.get("properties", {}).items()]
