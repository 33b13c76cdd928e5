"""Which published columns a dataset's masks cover."""

import datetime as dt

import pytest

from dataset_model import Dataset
from dataset_model.columns.attribute_paths import AttributePath
from dataset_model.records.masked_columns import masked_columns
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema

SOURCE = {"table": "orders", "index": "by-day", "partition_key": "kind", "partition_values": ["A"], "sort_key": "at"}


def dataset(*columns: dict[str, str]) -> Dataset:
    """Return a dataset with these columns, each of them text."""
    return Dataset.model_validate(
        {"name": "orders", "source": SOURCE, "columns": [{"type": "string", **column} for column in columns]}
    )


def published(**attributes: str | None) -> TableSchema:
    """Return the published columns with the attribute, or the path, that each was taken from."""
    made = []
    for name, attribute in attributes.items():
        path = AttributePath.parse(attribute) if attribute else None
        steps = path.steps if path and path.is_nested else ()
        made.append(SchemaColumn(name=name, attribute=attribute, path=steps, type="string"))
    now = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
    source = SourceIdentity.of(dataset())
    return TableSchema(dataset="orders", source=source, columns=tuple(made), updated_at=now)


EMAIL = {"name": "email", "attribute": "Email", "mask": "hash"}
INSIDE = {"name": "email", "attribute": "payload.email", "mask": "last4"}


@pytest.mark.parametrize(
    ("columns", "found", "masks"),
    [
        ([EMAIL], None, {"email": "hash"}),
        ([EMAIL], {"email": "Email", "city": "City"}, {"email": "hash"}),
        ([EMAIL], {"mail_2": "Email", "email": "Email"}, {"email": "hash", "mail_2": "hash"}),
        ([EMAIL], {"email": "Email", "extra": None, "report_date": None}, {"email": "hash", "extra": "hidden"}),
        ([INSIDE], {"email": "payload.email", "payload": "payload"}, {"email": "last4", "payload": "hidden"}),
        ([INSIDE], {"old": "payload.email.text"}, {"email": "last4", "old": "hidden"}),
        ([INSIDE], {"city": "payload.city"}, {"email": "last4"}),
        ([{"name": "email", "attribute": "Email"}], {"email": "Email", "extra": None}, {}),
        (
            [
                {"name": "who", "attribute": "who", "mask": "hidden"},
                {"name": "land", "attribute": "who.land"},
            ],
            {"who": "who", "land": "who.land", "name": "who.name"},
            {"who": "hidden", "name": "hidden"},
        ),
    ],
)
def test_a_mask_covers_every_published_column_with_its_values(
    columns: list[dict[str, str]], found: dict[str, str | None] | None, masks: dict[str, str]
) -> None:
    """Older names, the map around a member and `extra` are masked too; what the file declares unmasked is not."""
    assert masked_columns(dataset(*columns), published(**found) if found else None) == masks
