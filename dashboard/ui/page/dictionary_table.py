"""Entries of a data dictionary flow in, an HTML table that a keyboard and a screen reader walk flows out."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dashboard.model import formats
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.document.marks import label
from dashboard.quality.data_dictionary import Entry
from dashboard.results.sample_values import COUNT
from dataset_model.dictionary import measure_text

Values = Mapping[str, tuple[str, ...]]

_HEADS: Final = ("Column", "Type", "What it is", "From", "Since", "Empty", "Samples")


def dictionary_html(entries: Sequence[Entry], values: Values, empty: Mapping[str, float], table: str) -> str:
    """Return the table; `empty` holds shares by column, nothing where they were not counted."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS if head != "Empty" or empty)
    rows = "".join(_row(entry, values.get(entry.name), empty) for entry in entries)
    about = f"Columns of {html.escape(table)}"
    return (
        f'<div class="dash-pivot dash-dictionary" tabindex="0" role="region" aria-label="{about}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def measures_html(model: SemanticModel) -> str:
    """Return the table of the measures that the requester may see."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Measure", "Name", "What it is", "Unit"))
    rows = ""
    for declared in model.declared:
        found = model.measure_named(declared.name)
        texts = (f"<code>{html.escape(declared.name)}</code>", html.escape(measure_text(declared)), found.unit or "")
        cells = "".join(f"<td>{text}</td>" for text in (*texts[:2], html.escape(texts[2])))
        rows += f'<tr><th scope="row">{html.escape(found.label)}</th>{cells}</tr>'
    return (
        '<div class="dash-pivot dash-dictionary" tabindex="0" role="region" aria-label="Measures">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def share_text(share: float) -> str:
    """Return a share of empty values: `0%`, `12.3%`; never 0% or 100% of what is not."""
    text = f"{share:.1%}"
    if share and text == "0.0%":
        return "under 0.1%"
    return "over 99.9%" if share < 1 and text == "100.0%" else text.replace(".0%", "%")


def _row(entry: Entry, values: tuple[str, ...] | None, empty: Mapping[str, float]) -> str:
    escape: Callable[[str], str] = html.escape
    # A long name breaks between its words.
    broken = escape(entry.name).replace("_", "_<wbr>")
    name = f"<code>{broken}</code>" + (f"<small>{escape(entry.label)}</small>" if entry.label else "")
    facts = [entry.role, f"masked ({entry.mask})" if entry.mask else "", "" if entry.is_declared else "learned"]
    small = ", ".join(fact for fact in facts if fact)
    kind = escape(f"{entry.type}, {entry.unit}" if entry.unit else entry.type)
    cells = [
        kind + (f"<small>{escape(small)}</small>" if small else ""),
        escape(entry.description),
        f"<code>{escape(entry.origin)}</code>" if entry.origin else "the exporter",
    ]
    since = escape(formats.day(entry.since)) if entry.since else formats.DASH
    after = []
    if empty:
        share = empty.get(entry.name)
        after.append(formats.DASH if share is None else share_text(share))
    after.append("masked" if entry.mask else _samples(values))
    before, rest = ("".join(f"<td>{cell}</td>" for cell in some) for some in (cells, after))
    return f'<tr><th scope="row">{name}</th>{before}<td class="day">{since}</td>{rest}</tr>'


def _samples(values: tuple[str, ...] | None) -> str:
    if values is None:
        return formats.DASH
    shown = ", ".join(f"<q>{html.escape(label(value))}</q>" for value in values[:COUNT])
    return shown or "only NULL"
