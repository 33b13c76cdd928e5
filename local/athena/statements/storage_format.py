"""How a table's objects are stored, between SQL's words and Glue's class names."""

from __future__ import annotations

import re
from typing import Any

from local.athena.sql.statement_text import bracketed, properties

_HIVE = "org.apache.hadoop.hive"
PARQUET: dict[str, Any] = {
    "InputFormat": f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": f"{_HIVE}.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
_TEXT_FORMATS = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": f"{_HIVE}.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_LAZY = f"{_HIVE}.serde2.lazy.LazySimpleSerDe"
JSON: dict[str, Any] = {
    **_TEXT_FORMATS,
    "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "Parameters": {}},
}
_DELIMITERS = (
    ("FIELDS", "field.delim"),
    ("LINES", "line.delim"),
    (r"COLLECTION\s+ITEMS", "collection.delim"),
    (r"MAP\s+KEYS", "mapkey.delim"),
)


def delimited_text(parameters: dict[str, str]) -> dict[str, Any]:
    """Return the storage of a text table with the given delimiters."""
    return {**_TEXT_FORMATS, "SerdeInfo": {"SerializationLibrary": _LAZY, "Parameters": parameters}}


def storage_descriptor(clauses: str) -> dict[str, Any]:
    """Read ROW FORMAT and STORED AS from what follows a CREATE TABLE's columns."""
    if re.search(r"STORED\s+AS\s+PARQUET", clauses, re.IGNORECASE):
        return PARQUET
    if re.search(r"STORED\s+AS\s+ORC", clauses, re.IGNORECASE):
        return {
            "InputFormat": f"{_HIVE}.ql.io.orc.OrcInputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_HIVE}.ql.io.orc.OrcSerde", "Parameters": {}},
        }
    storage = delimited_text(_delimiters(clauses))
    serde = re.search(r"ROW\s+FORMAT\s+SERDE\s+'([^']+)'", clauses, re.IGNORECASE)
    if serde:
        given = re.search(r"WITH\s+SERDEPROPERTIES\s*\(", clauses, re.IGNORECASE)
        parameters = properties(bracketed(clauses, given.start())[0]) if given else {}
        storage["SerdeInfo"] = {"SerializationLibrary": serde[1], "Parameters": parameters}
    formats = re.search(r"STORED\s+AS\s+INPUTFORMAT\s+'([^']+)'\s+OUTPUTFORMAT\s+'([^']+)'", clauses, re.IGNORECASE)
    if formats:
        storage |= {"InputFormat": formats[1], "OutputFormat": formats[2]}
    return storage


def _delimiters(clauses: str) -> dict[str, str]:
    found = {
        name: match[1].replace("\\t", "\t").replace("\\n", "\n")
        for words, name in _DELIMITERS
        if (match := re.search(rf"{words}\s+TERMINATED\s+BY\s+'((?:[^']|'')*)'", clauses, re.IGNORECASE))
    }
    return found | {"serialization.format": found.get("field.delim", "1")}
