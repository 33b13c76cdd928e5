"""Dataset files with a value of another shape in any place: each is read, or refused with its faults."""

import copy
import json
import os
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dataset_model import Dataset, DatasetError, dataset_from_text
from dataset_model.faults import Fault

GENERATED = int(os.environ.get("GENERATED", "30"))
"""Files; about 50 a second."""

ODD: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**30, float("nan"), "", " ", "a b", "\u202e", "9" * 400, "decimal(99,1)", "{claim.a}",
    "NOT NOT a", "((((a", "a[", "Mars/X", [], [None], [["a"]], [{"a": 1}], {}, {"a": 1}, {"": []},
)  # fmt: skip

FILE = """
name: orders
source: {table: orders, index: iii, partition_key: kind, partition_values: [A], sort_key: At}
columns:
  - {name: store, attribute: Store, type: string}
  - {name: at, attribute: At, type: timestamp}
  - {name: paid, attribute: Paid, type: timestamp, format: ISO, mask: hidden}
  - {name: amount, attribute: Amount, type: double}
rows: store IN {claim.stores}
targets:
  - {prefix: orders, table: orders, extra_date_column: order_date}
  - {format: ndjson, prefix: files, table: files, shows_masked: true}
dashboard:
  dimensions: [store]
  measures:
    - {name: revenue, aggregate: sum, column: amount}
    - {name: each, aggregate: ratio, of: revenue, per: rows}
    - {name: large, aggregate: share, where: amount > 5}
  cards: [{label: Revenue, measure: revenue}, {label: Mean, measure: mean, column: amount}]
  charts: [{title: A, kind: stacked, measure: revenue, by: day, split: store}]
  alerts: [{name: low, measure: revenue, below: 1.5, to: [a@example.com], rights: [all-rows], filters: {store: [A]}}]
  reports: [{name: weekly, every: week, weekday: friday, webhooks: [ops], rights: [all-rows], at: "06:30", csv: true}]
"""


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every part of a file."""
    if place:
        yield place
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[step], (*place, step))


def changed(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return a file's content with another value in one place."""
    made = part = copy.deepcopy(content)
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = copy.deepcopy(value)
    return made


def with_value(content: Any, place: tuple[Any, ...], value: Any) -> str:
    """Return a file's text with another value in one place."""
    return yaml.safe_dump(changed(content, place, value))


def read(text: str) -> Dataset | None:
    """Return the dataset of a text, or None where it is refused."""
    try:
        return dataset_from_text(text, "d.yaml")
    except DatasetError:
        return None


CONTENT = yaml.safe_load(FILE)


def test_the_file_is_read_as_it_is() -> None:
    """What is made of it is refused for its one change."""
    assert read(with_value(CONTENT, ("title",), "Orders")) is not None


@pytest.mark.parametrize("value", [["x"], {"x": ["y"]}], ids=json.dumps)
@pytest.mark.parametrize("place", [place for place in places(CONTENT) if place[0] != "source"], ids=str)
def test_a_list_or_a_mapping_instead_of_a_word_is_a_fault(place: tuple[Any, ...], value: Any) -> None:
    """Rules over several fields look words up in sets, where a list raises: the model's own fault is reported."""
    takes_texts = place[-1] in {"dimensions", "partition_values", "webhooks"} or place[-2:-1] == ("filters",)
    assert read(with_value(CONTENT, place, value)) is None or takes_texts


@pytest.mark.timeout(180 + GENERATED)
def test_generated_files_are_read_or_refused(repository: Any) -> None:
    """Up to three odd values in the shipped files: a refused file has its faults named by line."""
    chance = random.Random(GENERATED)
    shipped = [yaml.safe_load(file.read_text()) for file in sorted((repository / "datasets").glob("*.yaml"))]
    faults: list[tuple[Fault, ...]] = []
    for _ in range(GENERATED):
        content = chance.choice(shipped)
        for _ in range(chance.choice([1, 1, 2, 3])):
            content = changed(content, chance.choice([*places(content)]), chance.choice(ODD))
        try:
            dataset_from_text(yaml.safe_dump(content), "d.yaml")
        except DatasetError as error:
            faults.append(error.faults)
    assert 0 < len(faults) < GENERATED
    assert all(faults)
    assert [fault for found in faults for fault in found if not re.match(r"d\.yaml:[1-9]", fault.where)] == []
