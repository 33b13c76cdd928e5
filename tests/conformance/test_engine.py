"""What is said where Athena's engine cannot be had."""

import pytest

from conformance.engine.archive import EngineUnavailable, fetch
from conformance.engine.java import java_command


def test_without_maven_the_message_says_what_to_install(tmp_path, monkeypatch):
    """Nothing is downloaded by other ways."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match=r"mvn was not found on PATH. Install Maven 3.6 or newer"):
        fetch(tmp_path / "engine")


def test_an_old_java_is_named(tmp_path, monkeypatch):
    """The message says which Java was found and what to set."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("conformance.engine.java._PLACES", ())
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(EngineUnavailable, match=r"Trino needs Java 24 or newer; found .*bin/java \(Java 17\)"):
        java_command()
