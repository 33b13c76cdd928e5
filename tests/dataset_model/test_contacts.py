"""The shipped dataset, its schema for editors, and the sample that must fit it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dataset_model import load_dataset
from dataset_model.__main__ import main, schema_text
from dataset_model.definition import Dataset
from dataset_model.loading import dataset_from_text
from dataset_model.reading.shipped import DATASET_SCHEMA_FILE, SHIPPED_DATASETS

SHIPPED = sorted(SHIPPED_DATASETS.glob("*.yaml"))


def test_shipped_files_are_valid() -> None:
    """Every file in `datasets/` loads, under the name that it is asked for."""
    assert [path.stem for path in SHIPPED] == [
        "anomalies",
        "calls",
        "contacts",
        "conversations",
        "messages",
        "operations_insights",
        "operations_metrics",
        "recommendations",
        "scorecards",
        "store_summaries",
        "top_products",
        "trends",
    ]
    for path in SHIPPED:
        assert load_dataset(path.stem, {}).name == path.stem


def test_contacts_is_the_dataset_of_the_agreement() -> None:
    """Index, channels, extra date column and the key of "unique contacts" are those that the dashboard promises."""
    dataset = load_dataset("contacts", {})
    assert dataset.source.index == "Channel-InitiationTimestamp-index"
    assert dataset.source.partition_values == ("VOICE", "CHAT", "TASK", "EMAIL")
    assert dataset.target.extra_date_column == "report_date"
    assert dataset.dashboard.entity == "contact_id"
    assert [card.label for card in dataset.dashboard.cards] == ["Total rows", "Unique contacts", "Channels", "Agents"]
    assert [chart.kind for chart in dataset.dashboard.charts] == ["bar", "doughnut", "bar", "pie"]
    assert all(column.description for column in dataset.columns)


def test_the_example_of_the_guide_is_a_valid_file(repository: Path) -> None:
    """A changed copy of it reports only the faults of the change."""
    (text,) = re.findall(
        r"```yaml\n(.*?)```", (repository / "docs" / "datasets.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert dataset_from_text(text, "orders.yaml").name == "orders"


def test_schema_for_editors_is_current() -> None:
    """The published JSON Schema is the one that the model generates: `python -m dataset_model schema`."""
    assert DATASET_SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_schema_for_editors_knows_the_fields() -> None:
    """What an editor completes in a shipped file is what the model knows, nested fields included."""
    definitions = Dataset.model_json_schema()["$defs"]
    text = yaml.safe_load((SHIPPED_DATASETS / "contacts.yaml").read_text(encoding="utf-8"))
    assert text["source"].keys() <= definitions["IndexSource"]["properties"].keys()
    assert all(column.keys() <= definitions["Column"]["properties"].keys() for column in text["columns"])


def test_check_tells_faults_and_status(tmp_path: Path) -> None:
    """`python -m dataset_model check` ends with 0 for a good file and 2 for a faulty one, without a traceback."""
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("name: X\n")
    good, bad = (
        subprocess.run(
            [sys.executable, "-m", "dataset_model", "check", reference], check=False, capture_output=True, text=True
        )
        for reference in ("contacts", str(faulty))
    )
    assert (good.returncode, good.stdout) == (0, "contacts: dataset contacts, 31 declared columns\n")
    assert bad.returncode == 2
    assert bad.stderr.startswith("faulty.yaml:1: name: expected lower-case letters")
    assert "Traceback" not in bad.stderr


def test_wrong_usage_shows_the_verbs() -> None:
    """A verb that does not exist ends with status 2."""
    assert main(["explain"]) == 2


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["docs", "-h"], ["schema", "--help"]])
def test_help_shows_the_verbs(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Help is no name of a dataset: each verb is shown, and the status is 0."""
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["check", "docs", "schema", "derivations"]
