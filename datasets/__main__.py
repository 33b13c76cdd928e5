"""`python -m datasets schema` prints the JSON Schema of dataset files; `check FILE` tells a file's faults."""

import json
import os
import sys
from pathlib import Path

from datasets.definition import Dataset
from datasets.faults import DatasetError
from datasets.loading import load_dataset

SCHEMA_FILE = Path(__file__).parent / "dataset.schema.json"


def schema_text() -> str:
    """Return the JSON Schema that editors check dataset files against."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Dataset.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Run one verb; return the exit status (0 done, 2 wrong usage or a faulty file)."""
    match arguments:
        case ["schema"]:
            sys.stdout.write(schema_text())
            return 0
        case ["check", reference]:
            try:
                dataset = load_dataset(reference, os.environ)
            except DatasetError as error:
                sys.stderr.write(f"{error}\n")
                return 2
            sys.stdout.write(f"{reference}: dataset {dataset.name}, {len(dataset.columns)} declared columns\n")
            return 0
        case _:
            sys.stderr.write("usage: python -m datasets schema | check NAME-OR-FILE\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
