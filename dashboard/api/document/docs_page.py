"""A page that describes the API, made from its OpenAPI document."""

import html
from typing import Any, Final

_STYLE: Final = """
body { margin: 0; font: 15px/1.5 Inter, system-ui, sans-serif; background: var(--dash-page); color: var(--dash-text); }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 3rem; }
h1 { margin: 0; font-size: 1.65rem; letter-spacing: -0.02em; }
header p, section > p, dt { color: var(--dash-muted); }
a { color: var(--dash-link); }
nav { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 1rem 0 1.5rem; }
nav a { padding: 0.3rem 0.7rem; border: 1px solid var(--dash-border); border-radius: 999px; text-decoration: none;
  background: var(--dash-card); }
section { margin: 0 0 1rem; padding: 1rem 1.25rem; border: 1px solid var(--dash-border); border-radius: 10px;
  background: var(--dash-card); box-shadow: var(--dash-shadow); }
h2 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.6rem; margin: 0; font-size: 1.05rem; }
h2 b { color: var(--dash-link); font-size: 0.85rem; }
h3 { margin: 1rem 0 0.2rem; font-size: 0.85rem; }
section > p { margin: 0.1rem 0 0; }
dl { display: grid; grid-template-columns: minmax(8rem, auto) 1fr; margin: 0; }
dt, dd { margin: 0; padding: 0.3rem 1rem 0.3rem 0; border-top: 1px solid var(--dash-border); overflow-wrap: anywhere; }
code { font: 0.9em ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (max-width: 640px) { dl { grid-template-columns: minmax(6.5rem, auto) 1fr; } section { padding: 1rem; } }
"""
"""The colours of the theme come with every HTML page (`dashboard/server/index_page.py`)."""


def docs_page(document: dict[str, Any]) -> str:
    """Return a plain page that lists every route of an OpenAPI document: no script, nothing from elsewhere."""
    routes = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    links = "".join(f'<a href="#{_anchor(path)}">{path}</a>' for _, path, _ in routes)
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><header><h1>{html.escape(info['title'])}</h1><p>{html.escape(info['description'])} "
        '<a href="openapi.json">OpenAPI document</a> · <a href="../">Dashboard</a></p></header>'
        f'<nav aria-label="Routes">{links}</nav>{"".join(_section(*route) for route in routes)}</main></body></html>'
    )


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    answers = [(code, answer["description"]) for code, answer in sorted(operation["responses"].items())]
    return (
        f'<section id="{_anchor(path)}"><h2><b>{method}</b><code>{path}</code></h2>'
        f"<p>{_text(operation['summary'])}</p>"
        f"{_list('Fields', _fields(operation))}{_list('Answers', answers)}</section>"
    )


def _list(title: str, items: list[tuple[str, str]]) -> str:
    lines = "".join(f"<dt><code>{html.escape(name)}</code></dt><dd>{_text(text)}</dd>" for name, text in items)
    return f"<h3>{title}</h3><dl>{lines}</dl>" if lines else ""


def _text(text: str) -> str:
    """Return a description as HTML, with its `code`."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _anchor(path: str) -> str:
    return path.strip("/").replace("/", "-")


def _fields(operation: dict[str, Any]) -> list[tuple[str, str]]:
    fields = [(item["name"], item.get("description", "")) for item in operation.get("parameters", ())]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return fields + [(name, item.get("description", "")) for name, item in schema.get("properties", {}).items()]
