"""The settings of the demo and the environment of its programs."""

from importlib import import_module
from pathlib import Path

import pytest

from dataset_model.loading import load_dataset
from local.demo.__main__ import main
from local.demo.datasets import DEMO_DATASETS
from local.demo.settings import DemoSettings, UsageError, aws_environment, clean_environment, settings_from_environment


def test_defaults() -> None:
    """Without settings: 12,000 contacts, dashboard on 8501, stand-in on 4566."""
    settings = settings_from_environment({"DEMO_PORT": "", "DEMO_ITEMS": " "})
    assert (settings.port, settings.items, settings.aws_port) == (8501, 12_000, 4566)
    assert settings.url == "http://localhost:8501"


def test_faults_are_reported_all_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every setting that cannot be used is named with what was expected and found; exit status 2."""
    monkeypatch.setenv("DEMO_PORT", "eighty")
    monkeypatch.setenv("DEMO_ITEMS", "-1")
    assert main([]) == 2
    assert capsys.readouterr().err == (
        "DEMO_PORT: expected a port from 1 to 65,535; found 'eighty'\n"
        "DEMO_ITEMS: expected a number of contacts from 0 to 10,000,000; found '-1'\n"
    )


def test_datasets_are_chosen_by_name() -> None:
    """DEMO_DATASET names one or several; the dashboard gets all their files, in that order, each once."""
    settings = settings_from_environment({"DEMO_DATASET": " contacts, contacts,"})
    assert (settings.names, settings.files) == (("contacts",), ("contacts",))
    assert settings.environment("http://127.0.0.1:4566")["DATASET"] == "contacts"


def test_an_unknown_dataset_is_refused_with_those_there_are() -> None:
    """A name that there is not: the message lists every name that there is."""
    with pytest.raises(UsageError) as refused:
        settings_from_environment({"DEMO_DATASET": "contacts,sale"})
    assert str(refused.value) == (
        f"DEMO_DATASET: expected one of {', '.join(DEMO_DATASETS)}, or several by comma; found 'sale'"
    )


@pytest.mark.parametrize("name", DEMO_DATASETS)
def test_every_demo_dataset_is_shipped(name: str) -> None:
    """Each name has dataset files that are valid, and a module that loads its sample data."""
    files = DEMO_DATASETS[name].files
    assert [load_dataset(file, {}).name for file in files] == list(files)
    assert callable(import_module(DEMO_DATASETS[name].loader).load)


def test_commands_are_those_of_the_programs() -> None:
    """The demo runs the exporter and the dashboard by the commands that a user would type."""
    settings = DemoSettings()
    assert settings.export_command("contacts")[1:] == (
        *("-m", "exporter", "export", "--all", "--json"),
        *("--dataset", "contacts"),
    )
    assert settings.dashboard_command[1:5] == ("-m", "streamlit", "run", "dashboard/app.py")
    assert settings.dashboard_command[5:] == ("--server.address", "127.0.0.1")


def test_nothing_inherited_leads_to_a_real_account(tmp_path: Path) -> None:
    """A profile, an endpoint, a proxy, a mail server or a dataset's settings of the caller do not reach the demo."""
    inherited = {
        "PATH": "/bin",
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL_S3": "https://example.com",
        "AWS_SESSION_TOKEN": "x",
        "HTTPS_PROXY": "example.com:3128",
        "https_proxy": "example.com:3128",
        "S3_BUCKET": "production",
        "S3_PREFIX": "elsewhere",
        "GSI_NAME": "other-index",
        "STREAMLIT_SERVER_PORT": "80",
        "SMTP_URL": "smtps://us:secret@mail.example.com",
        "DASHBOARD_URL": "https://reports.example.com",
        "REPORT_FROM": "us@example.com",
        "REPORT_SECRET": "mail",
        "REPORT_WEBHOOKS": "{}",
    }
    clean = clean_environment(inherited, tmp_path, tmp_path / "run") | aws_environment("http://127.0.0.1:4566")
    assert clean["PATH"] == "/bin"
    assert clean["S3_BUCKET"] == "contact-reports"
    assert clean["AWS_ACCESS_KEY_ID"] == "test"
    assert clean["AWS_CONFIG_FILE"] == str(tmp_path / "aws-config")
    leaked = inherited.keys() - {"PATH", "S3_BUCKET"}
    assert leaked & clean.keys() == set()
