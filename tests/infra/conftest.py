"""An account to deploy to: moto over HTTP, taught the types that its CloudFormation skips."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import botocore.session
import pytest
from rich.console import Console

from infra.clients import Clients
from infra.deployment.delete import Deletion
from infra.deployment.deploy import Deployment
from infra.deployment.display import Display
from infra.deployment.stacks import Stacks
from infra.settings.environment import load_environment
from infra.settings.templates import load_templates

from .rendering import IMAGE

# The checkers have an environment of their own: collected where `make templates` names it.
collect_ignore = [] if os.environ.get("TEMPLATE_CHECKERS") else ["test_outside_checks.py"]

_ACCOUNT = """
import sys

from moto.server import ThreadedMotoServer

from tests.infra.aws import complete_cloudformation

with complete_cloudformation():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="session")
def moto_url(repository: Path) -> Iterator[str]:
    """Moto in a process of its own: it is emptied before each test, and would lose what other folders' tests keep."""
    command = [sys.executable, "-c", _ACCOUNT]
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


@dataclass
class Operator:
    """The person at `python -m infra`: what was shown, what was asked, what is answered."""

    file: str
    yes: bool = True
    typed: str = ""
    asked: list[str] = field(default_factory=list)
    shown: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.templates = load_templates()
        self.environment = load_environment(self.file, self.templates)
        self.clients = Clients(self.environment.region)
        self.display = Display(Console(file=self.shown, width=140))
        self.stacks = Stacks(self.clients.cloudformation, self.display.event, pause=0.01)

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self.yes

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.typed

    def stack_names(self) -> set[str]:
        return {stack["StackName"] for stack in self.clients.cloudformation.describe_stacks()["Stacks"]}

    def deployment(self, **more) -> Deployment:
        images = {"exporter": IMAGE, "dashboard": IMAGE}
        return Deployment(
            self.environment, self.templates, self.clients, self.stacks, self.display, self.confirm, images, **more
        )

    def deletion(self) -> Deletion:
        return Deletion(self.environment, self.clients, self.stacks, self.display, self.confirm, self.ask)


@pytest.fixture
def operator(moto_url, monkeypatch, request) -> Iterator[Operator]:
    """An operator of the environment `test` before an empty account."""
    import urllib.request

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    return Operator("test")


@pytest.fixture
def calls(monkeypatch) -> set[tuple[str, str]]:
    """Service and operation of every request that is signed, presigned ones included, by whatever client."""
    found: set[tuple[str, str]] = set()
    create = botocore.session.Session.create_client

    def listening(self, *arguments, **named):
        client = create(self, *arguments, **named)
        client.meta.events.register(
            "before-sign", lambda operation_name, signing_name, **_: found.add((signing_name, operation_name))
        )
        return client

    monkeypatch.setattr(botocore.session.Session, "create_client", listening)
    return found
