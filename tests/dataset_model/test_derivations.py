"""Derived columns of a dataset file: names, inputs, types, and a team's own module."""

import json
from pathlib import Path

import pytest

from dataset_model import DatasetError, dataset_from_text, derivations
from dataset_model.__main__ import main
from dataset_model.derivations import derivation, known_derivations
from dataset_model.records.masked_columns import masked_columns
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema

CALLS = """\
name: calls
source: {kind: scan, table: calls, date_attribute: at}
columns:
"""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(derivations, "_known", dict(derivations._known))


def faults(column: str) -> list[str]:
    """Return the faults of a file with one column, as the exporter reads it."""
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(f"{CALLS}- {column}\n", "calls.yaml", derives=True)
    return str(refused.value).splitlines()


def test_a_column_is_derived_from_attributes():
    """`derive` names a function and `from` its inputs; without `derives` any name passes, as for the dashboard."""
    text = f"{CALLS}- {{name: seconds, type: double, derive: transcript.duration, from: [payload.callId]}}\n"
    (column,) = dataset_from_text(text, "calls.yaml", derives=True).columns
    assert (column.derive, column.inputs) == ("transcript.duration", ("payload.callId",))
    assert dataset_from_text(text.replace("duration", "durations"), "calls.yaml").columns[0].derive == (
        "transcript.durations"
    )


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (
            "{name: s, type: double, derive: transcript.durations, from: [id]}",
            ("calls.yaml:4: columns[0].derive: expected a registered derivation (did you mean transcript.duration or "
            "transcript.duration_rule or transcript.answer_type?); found 'transcript.durations'"),
        ),
        (
            "{name: s, type: double, derive: qwz, from: [id]}",
            ("calls.yaml:4: columns[0].derive: expected a registered derivation: conversation.agent_messages, "
            "conversation.bot_messages, conversation.duration, conversation.messages, conversation.user_messages, "
            "transcript.answer_type, transcript.duration, transcript.duration_rule, transcript.s3_key; "
            "DERIVATIONS names modules with others; "
            "found 'qwz'"),
        ),
        (
            "{name: s, type: double, derive: transcript.duration, from: [id, at]}",
            "calls.yaml:4: columns[0].from: expected 1: call id; found 'id, at'",
        ),
        (
            "{name: s, type: string, derive: transcript.duration, from: [id]}",
            "calls.yaml:4: columns[0].type: expected double, as transcript.duration gives it; found 'string'",
        ),
        (
            "{name: s, type: double, derive: transcript.duration}",
            "calls.yaml:4: columns[0].from: expected the attributes that derive is given, as a list; found nothing",
        ),
        (
            "{name: s, type: double, derive: transcript.duration, from: [id], attribute: s}",
            "calls.yaml:4: columns[0].attribute: expected either attribute or derive; found 'both'",
        ),
        (
            "{name: s, type: timestamp, derive: transcript.duration, from: [id], format: EPOCH}",
            "calls.yaml:4: columns[0].format: expected no format, which belongs to an attribute's text; found 'EPOCH'",
        ),
        (
            "{name: s, type: double, from: [id], attribute: s}",
            "calls.yaml:4: columns[0].from: expected no from without derive; found \"['id']\"",
        ),
        (
            "{name: s, type: double}",
            "calls.yaml:4: columns[0].attribute: expected an attribute or a path, or derive and from; found nothing",
        ),
        (
            "{name: s, type: double, derive: transcript.duration, inputs: [id]}",
            ("calls.yaml:4: columns[0].inputs: expected a known field: name, attribute, type, derive, from, "
            "setting, constant, format, unit, description, role, label, value_labels, mask; found 'an unknown one'"),
        ),
    ],
)  # fmt: skip
def test_a_wrong_use_is_refused_with_what_would_be_right(column, fault):
    """Each wrong use names line, field and what is expected; an unknown name the nearest ones."""
    assert fault in faults(column)


def test_one_derivation_of_the_same_inputs_is_one_column():
    """Two columns of one derivation and the same inputs are refused; of other inputs they are not."""
    of_id = "{name: a, type: string, derive: transcript.s3_key, from: [id]}\n- {name: b, type: string, "
    assert faults(f"{of_id}derive: transcript.s3_key, from: [id]}}") == [
        "calls.yaml:5: columns[1].derive: expected a derivation that no other column has; found 'transcript.s3_key'"
    ]
    dataset_from_text(f"{CALLS}- {of_id}derive: transcript.s3_key, from: [other]}}\n", "calls.yaml", derives=True)


def test_a_name_belongs_to_one_function():
    """A second function under a name is refused, also under a shipped one; the same function twice is not."""
    for _ in range(2):
        derivation("call.length", inputs=("text",), type="bigint")(len)
    assert known_derivations()["call.length"].function is len
    with pytest.raises(ValueError, match=r"derivation call\.length is registered twice"):
        derivation("call.length", inputs=("text",), type="bigint")(sum)
    with pytest.raises(ValueError, match=r"derivation transcript\.duration is registered twice"):
        derivation("transcript.duration", inputs=("text",), type="double")(len)


def test_a_teams_module_is_listed_and_checked(tmp_path: Path, monkeypatch, capsys):
    """`DERIVATIONS` names a module; its functions are listed, and a file that names one passes `check`."""
    (tmp_path / "team_functions.py").write_text(
        "from dataset_model.derivations import derivation\n"
        "@derivation('mail.domain', inputs=('address',), type='string', description='After the @.')\n"
        "def domain(address):\n    return address.partition('@')[2]\n"
    )
    file = tmp_path / "calls.yaml"
    file.write_text(f"{CALLS}- {{name: d, type: string, derive: mail.domain, from: [email]}}\n")
    assert main(["check", str(file)]) == 2
    assert "columns[0].derive: expected a registered derivation" in capsys.readouterr().err
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DERIVATIONS", "team_functions")
    assert main(["check", str(file)]) == 0
    assert main(["derivations"]) == 0
    assert "mail.domain (address) -> string\n    After the @.\n" in capsys.readouterr().out


def test_a_module_that_cannot_be_imported_is_named(monkeypatch, capsys):
    """A misspelt module is a fault of DERIVATIONS, with the reason of the import."""
    monkeypatch.setenv("DERIVATIONS", "no_such_module_here")
    assert main(["derivations"]) == 2
    assert capsys.readouterr().err == (
        "environment: DERIVATIONS: expected modules that can be imported, separated by commas; found "
        "\"no_such_module_here (ModuleNotFoundError: No module named 'no_such_module_here')\"\n"
    )


def test_the_list_names_inputs_types_and_settings(capsys):
    """The shipped derivations are listed with inputs, type, what they are and the settings that they need."""
    assert main(["derivations"]) == 0
    assert (
        "transcript.duration (call id) -> double\n"
        "    Seconds: the audio's where the transcript has them, else the end of the last word.\n"
        "    Needs TRANSCRIBE_BUCKET.\n"
    ) in capsys.readouterr().out


def test_a_derived_column_does_not_show_what_is_masked_when_the_file_has_dropped_it():
    """Declared without a mask it is shown; published only, it is hidden where an input is masked."""
    masked = f"{CALLS}- {{name: email, type: string, attribute: email, mask: hash}}\n"
    derived = "- {name: domain, type: string, derive: mail.domain, from: [email]}\n"
    dataset = dataset_from_text(masked + derived, "calls.yaml")
    column = SchemaColumn(name="domain", attribute=None, derive="mail.domain", inputs=("email",), type="string")
    schema = TableSchema(
        dataset="calls", source=SourceIdentity.of(dataset), columns=(column,), updated_at="2026-01-01T00:00:00Z"
    )
    assert masked_columns(dataset, schema) == {"email": "hash"}
    assert masked_columns(dataset_from_text(masked, "calls.yaml"), schema) == {"email": "hash", "domain": "hidden"}


def test_editors_ask_for_an_attribute_or_a_derivation(repository: Path):
    """The JSON Schema wants one of the two."""
    column = json.loads((repository / "datasets/dataset.schema.json").read_text())["$defs"]["Column"]
    assert column["oneOf"] == [{"required": ["attribute"]}, {"required": ["derive", "from"]}]
    assert column["properties"]["from"]["description"].startswith("What the function of derive is given")


def test_a_dataset_with_derived_columns_survives_its_own_json():
    """What the model writes, with every default, is read as the same dataset."""
    both = "- {name: a, type: string, derive: f, from: [id]}\n- {name: b, type: string, derive: g, from: [id]}\n"
    dataset = dataset_from_text(CALLS + both, "calls.yaml")
    assert type(dataset).model_validate_json(dataset.model_dump_json()) == dataset
