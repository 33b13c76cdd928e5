"""`python -m dataset_model schema` prints the JSON Schema of dataset files, `docs FILE` a data dictionary as Markdown.

`check FILE` reports a file's faults, `derivations` lists what a column may be computed by.
"""

import ast
import inspect
import json
import os
import sys
from itertools import pairwise

from dataset_model import definition
from dataset_model.columns import column
from dataset_model.dashboard import notices, section
from dataset_model.definition import Dataset
from dataset_model.derivations import listing, require_modules
from dataset_model.dictionary import dictionary_text
from dataset_model.faults import DatasetError
from dataset_model.loading import load_dataset
from dataset_model.targets import target

_MODULES = (definition, column, section, notices, target)
"""Where the models of a dataset file are."""

_USAGE = """\
usage: python -m dataset_model VERB
  check NAME-OR-FILE  report every fault of a dataset file, with its line
  docs NAME-OR-FILE   print a data dictionary as Markdown
  schema              print the JSON Schema of dataset files
  derivations         list the functions that compute a column
"""


def schema_text() -> str:
    """Return the JSON Schema that editors check dataset files against."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Dataset.model_json_schema()}
    described = _docstrings()
    for model in (schema, *schema["$defs"].values()):
        for field, content in model.get("properties", {}).items():
            declared = next(getattr(each, model["title"]) for each in _MODULES if hasattr(each, model["title"])).__mro__
            names = {given.alias or name: name for name, given in declared[0].model_fields.items()}
            name = names.get(field, field)
            if text := next((text for found in declared if (text := described.get((found.__name__, name)))), None):
                content["description"] = text
    return json.dumps(schema, indent=2) + "\n"


def _docstrings() -> dict[tuple[str, str], str]:
    """Return (model, field) -> its docstring. The model could read them itself, but every program's start would."""
    found: dict[tuple[str, str], str] = {}
    for node in (node for module in _MODULES for node in ast.parse(inspect.getsource(module)).body):
        for field, text in pairwise(node.body if isinstance(node, ast.ClassDef) else ()):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(docstring))):
                    found[getattr(node, "name", ""), name] = inspect.cleandoc(docstring)
    return found


def main(arguments: list[str]) -> int:
    """Run one verb; return the exit status (0 done, 2 wrong usage or a faulty file)."""
    match arguments:
        case ["schema"]:
            sys.stdout.write(schema_text())
            return 0
        case ["check" | "docs" as verb, reference] if not reference.startswith("-"):
            try:
                require_modules(os.environ)
                dataset = load_dataset(reference, os.environ, derives=verb == "check")
            except DatasetError as error:
                sys.stderr.write(f"{error}\n")
                return 2
            checked = f"{reference}: dataset {dataset.name}, {len(dataset.columns)} declared columns\n"
            sys.stdout.write(dictionary_text(dataset) if verb == "docs" else checked)
            return 0
        case ["derivations"]:
            try:
                require_modules(os.environ)
            except DatasetError as error:
                sys.stderr.write(f"{error}\n")
                return 2
            sys.stdout.write(listing())
            return 0
        case _:
            is_help = not {"-h", "--help"}.isdisjoint(arguments)
            (sys.stdout if is_help else sys.stderr).write(_USAGE)
            return 0 if is_help else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
