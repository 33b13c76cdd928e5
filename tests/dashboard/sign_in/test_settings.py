"""How the dashboard is closed: variables, the secret that is filled later, and the addresses it may listen on."""

import json
import logging
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dashboard.aws.secrets import SecretsManager
from dashboard.errors import AthenaUnreachable
from dashboard.sign_in.access import YES, Access, access_from_environment
from dashboard.sign_in.addresses import foreign_listeners, is_loopback
from dashboard.sign_in.hosts import names_from_environment
from dashboard.sign_in.logs import WithoutCodes
from dashboard.sign_in.oidc.provider import provider_from, values_from_environment
from dashboard.sign_in.oidc.source import ProviderSource
from dataset_model.faults import DatasetError

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to see it refused
GOOD = {
    "OIDC_ISSUER": "https://login.example.com/pool",
    "OIDC_CLIENT_ID": "reporting",
    "OIDC_CLIENT_SECRET": "very-secret",
    "OIDC_REDIRECT_URI": "https://reports.example.com/oauth2callback",
    "OIDC_COOKIE_SECRET": "0123456789abcdef0123456789abcdef",
}


def reported(environment: dict[str, str]) -> str:
    with pytest.raises(DatasetError) as error:
        provider_from(values_from_environment(environment))
    return str(error.value)


def test_five_variables_are_enough():
    """The address of the provider's document follows from its name; Streamlit gets what it asks for."""
    provider = provider_from(values_from_environment(GOOD))
    assert provider.metadata_url == "https://login.example.com/pool/.well-known/openid-configuration"
    assert provider.origin == "https://reports.example.com"
    assert provider.streamlit_secrets()["auth"]["client_secret"] == "very-secret"
    assert "very-secret" not in repr(provider)
    assert "0123456789" not in repr(provider)


def test_a_metadata_address_stands_in_for_the_issuer():
    """Some providers publish their document elsewhere."""
    changed = {**GOOD, "OIDC_ISSUER": "", "OIDC_METADATA_URL": "https://login.example.com/odd/place"}
    provider = provider_from(values_from_environment(changed))
    assert (provider.metadata_url, provider.issuer) == ("https://login.example.com/odd/place", None)


def test_every_fault_is_reported_and_no_secret_with_it():
    """One line per variable; of a secret only its length."""
    text = reported({"OIDC_CLIENT_SECRET": "s3cret", "OIDC_COOKIE_SECRET": "hush", "OIDC_REDIRECT_URI": "https://a/b"})
    names = ("ISSUER", "CLIENT_ID", "REDIRECT_URI", "COOKIE_SECRET")
    assert [line.split()[1] for line in text.splitlines()] == [f"OIDC_{name}:" for name in names]
    assert "found '4 characters'" in text
    assert "hush" not in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    "address", ["http://login.example.com", "ftp://login.example.com", "login.example.com", "https://["]
)
def test_a_provider_is_asked_over_https_alone(address):
    """Keys that come over plain HTTP can be forged; this machine's own addresses are the exception."""
    assert "OIDC_ISSUER" in reported({**GOOD, "OIDC_ISSUER": address})
    assert provider_from(values_from_environment({**GOOD, "OIDC_ISSUER": "http://127.0.0.1:9000"})).issuer


def test_what_is_set_decides_who_gets_in():
    """Any variable of sign-in closes the dashboard; the frightening one opens it only when spelled out."""
    assert access_from_environment({}) is Access.LOOPBACK
    assert access_from_environment({"OIDC_CLIENT_ID": "x"}) is Access.SIGN_IN
    assert access_from_environment({"AUTH_SECRET_ARN": "x"}) is Access.SIGN_IN
    assert access_from_environment({"SIGN_IN_SECRET": "x"}) is Access.SIGN_IN
    assert access_from_environment({"DASHBOARD_ALLOW_UNAUTHENTICATED": YES}) is Access.EVERYBODY
    assert access_from_environment({"DASHBOARD_ALLOW_UNAUTHENTICATED": YES, "AUTH_SECRET_ARN": "x"}) is Access.SIGN_IN
    for almost in ("yes", "1", "true", YES.upper()):
        with pytest.raises(DatasetError, match="DASHBOARD_ALLOW_UNAUTHENTICATED"):
            access_from_environment({"DASHBOARD_ALLOW_UNAUTHENTICATED": almost})


def test_names_of_its_own_are_given_by_a_variable():
    """Several, in any spelling; an address or a path among them is a fault, because it would never match."""
    assert names_from_environment({}) == frozenset()
    given = {"DASHBOARD_HOSTS": " Reports.Internal, dashboard ,"}
    assert names_from_environment(given) == {"reports.internal", "dashboard"}
    for wrong in ("https://reports.internal", "reports.internal:8501", "*", "a,b/c"):
        with pytest.raises(DatasetError, match="DASHBOARD_HOSTS: expected names without scheme and port"):
            names_from_environment({"DASHBOARD_HOSTS": wrong})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost", "::1%lo"])
def test_loopback_is_this_machine(host):
    """In every spelling."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [EVERYWHERE, "::", "10.0.0.4", "::ffff:10.0.0.4", "fe80::1%eth0", "dashboard", "", "127.0.0.1.evil.test"]
)
def test_anything_else_is_not(host):
    """A name is not trusted to mean this machine."""
    assert not is_loopback(host)


def test_a_socket_that_others_reach_is_found():
    """However it was opened; one on loopback is none of them."""
    with socket.create_server(("127.0.0.1", 0)):
        assert foreign_listeners() == []
        with socket.create_server((EVERYWHERE, 0)):
            assert foreign_listeners() == [EVERYWHERE]


@pytest.fixture(scope="module")
def secrets_url() -> Iterator[str]:
    """Address of a Secrets Manager on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Clock:
    """Seconds that pass on request."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_secret_may_be_filled_after_the_start(secrets_url, monkeypatch):
    """Nothing is known until the secret is complete; then it is, without a restart, and variables win over it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_url)
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="sign-in")["ARN"]
    clock, known = Clock(), []
    source = ProviderSource({"OIDC_CLIENT_ID": "given"}, known.append, SecretsManager(arn).text, clock)
    assert source.current() is None
    content = {name.removeprefix("OIDC_").lower(): value for name, value in GOOD.items()}
    client.put_secret_value(SecretId=arn, SecretString=json.dumps({**content, "redirect_uri": ""}))
    clock.now = 11
    assert source.current() is None
    client.put_secret_value(SecretId=arn, SecretString=json.dumps(content))
    assert source.current() is None, "an unfinished secret is not asked for at every request"
    clock.now = 22
    provider = source.current()
    assert provider is not None
    assert (provider.client_id, provider.redirect_uri) == ("given", GOOD["OIDC_REDIRECT_URI"])
    assert known == [provider]
    assert source.known is provider


@pytest.mark.parametrize("text", ["", "not json", "[]", '"text"', '{"client_id": 7}'])
def test_a_secret_that_says_nothing_keeps_the_dashboard_closed(text, capsys):
    """Whatever stands in it; and the log repeats none of it."""
    source = ProviderSource({}, lambda _: pytest.fail("nothing is known"), lambda: text)
    assert source.current() is None
    assert source.known is None
    assert "not json" not in capsys.readouterr().out


def test_a_secret_that_cannot_be_read_keeps_the_dashboard_closed():
    """An error of the service is logged, and the secret is read again later."""

    def fail() -> str:
        raise AthenaUnreachable("no answer")

    assert ProviderSource({}, lambda _: None, fail).current() is None


def test_a_secret_is_found_by_its_name_before_it_exists(secrets_url, monkeypatch):
    """A template knows the name before the secret is there; and Streamlit's spelling of its keys is understood."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_url)
    secret = SecretsManager("reports/sign-in", "us-east-1")
    assert secret.text() == ""
    content = {name.removeprefix("OIDC_").lower(): value for name, value in GOOD.items()}
    content["server_metadata_url"] = content.pop("issuer") + "/.well-known/openid-configuration"
    client = boto3.client("secretsmanager", region_name="us-east-1")
    client.create_secret(Name="reports/sign-in", SecretString=json.dumps(content))
    provider = ProviderSource({}, lambda _: None, secret.text).current()
    assert provider is not None
    assert (provider.metadata_url, provider.issuer) == (content["server_metadata_url"], None)


def test_a_secret_out_of_reach_is_reported(monkeypatch):
    """The message says what was being done, and where to look."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9")
    with pytest.raises(AthenaUnreachable, match="Secrets Manager did not answer while reading the secret arn:aws:"):
        SecretsManager("arn:aws:secretsmanager:eu-west-1:1:secret:a").text()


def test_codes_stay_out_of_the_access_log():
    """The answer of the provider carries a code in its address; the log gets the address without it."""
    for path, logged in (("/oauth2callback?code=c&state=s", "/oauth2callback"), ("/explore?from=1", "/explore?from=1")):
        record = logging.LogRecord("uvicorn.access", 20, "", 0, '%s - "%s %s"', ("127.0.0.1:1", "GET", path), None)
        assert WithoutCodes().filter(record)
        assert record.getMessage() == f'127.0.0.1:1 - "GET {logged}"'


SERVERS = {
    "streamlit": ("streamlit", "run", "dashboard/app.py", "--server.address", EVERYWHERE, "--server.port"),
    "streamlit on IPv6": ("streamlit", "run", "dashboard/app.py", "--server.address", "::", "--server.port"),
    "uvicorn": ("uvicorn", "dashboard.app:app", "--host", EVERYWHERE, "--port"),
}


@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
def test_nothing_starts_in_the_open(server: str, repository: Path):
    """Whatever starts it on an address that others reach, the process ends with status 2 and says what to set."""
    environment = {**os.environ, "DATASET": "contacts", "S3_BUCKET": "reports", "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-m", *SERVERS[server], "0"],
        env=environment,
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "The dashboard does not start on" in done.stderr
    assert f"DASHBOARD_ALLOW_UNAUTHENTICATED={YES}" in done.stderr
    assert "Traceback" not in done.stderr


def test_streamlit_listens_on_this_machine_unless_told_otherwise(repository: Path):
    """`streamlit run dashboard/app.py` works as it stands, and no other machine reaches it."""
    text = (repository / "dashboard" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["server"]["address"] == "127.0.0.1"


def test_half_a_sign_in_does_not_start(repository: Path):
    """A missing variable ends the process with status 2 before it serves anything, even on loopback."""
    environment = {
        **os.environ,
        "OIDC_CLIENT_ID": "x",
        "OIDC_CLIENT_SECRET": "hush-hush",
        "PYTHONPATH": str(repository),
    }
    done = subprocess.run(
        [sys.executable, "-c", "import dashboard.app"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "OIDC_COOKIE_SECRET: expected at least 32 random characters; found nothing" in done.stderr
    assert "hush-hush" not in done.stderr


def test_what_decides_knows_no_client():
    """Access, provider, person and addresses are plain values; no service is asked who may read."""
    modules = ", ".join(
        f"dashboard.sign_in.{name}" for name in ("access", "addresses", "hosts", "person", "oidc.provider")
    )
    code = f"import {modules}, sys; print({{'boto3', 'httpx', 'streamlit', 'starlette'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
