"""Generated requests: each route against its own description, and addresses, cookies and tokens of any form.

`GENERATED=500` makes so many of each; `make soak` does.
"""

import os
import string
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oidc_provider import OidcProvider, environment_of
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import SchemathesisConfig
from serving import MemoryTokens, serving
from signed_cookies import ORIGIN, cookie

from dashboard.api.document.openapi import openapi
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import PREFIX, Tokens

EXAMPLES = int(os.environ.get("GENERATED", "4"))
LONG = EXAMPLES > 50
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = RoleMap("groups", grants_from("admins=admin,analysts=analyst,sales=viewer"))

config = SchemathesisConfig.from_dict(
    {"generation": {"max-examples": EXAMPLES, "database": "none"}, "phases": {"coverage": {"enabled": LONG}}}
)
schema = schemathesis.openapi.from_dict(openapi(20_000), config=config)
SETTINGS = settings(
    max_examples=EXAMPLES if LONG else 25,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def client(one_service):
    """The API behind the gate, as it is served, with a provider that cannot be reached."""
    store, sessions = MemoryTokens(), Sessions(3600)
    tokens = Tokens(lambda: store, lambda: {"groups"})

    def gate(app):
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        return Gate(app, Access.SIGN_IN, source, role_map=ROLES, sessions=sessions, tokens=tokens)

    with serving(lambda: one_service, gate, sessions, tokens) as made:
        yield made


@schema.parametrize()
@SETTINGS
def test_a_route_answers_as_it_is_described(client, case):
    """Whatever is asked, as far as the description allows: a described status, form and content, and no 500."""
    # A person of each role; one who ended their own sessions is not met again.
    group = ("admins", "analysts", "sales")[len(repr(case.query)) % 3]
    headers = {"cookie": cookie(sub=os.urandom(6).hex(), groups=[group])}
    answer = case.call(base_url=str(client.base_url), headers=headers, allow_redirects=False, timeout=60)
    case.validate_response(answer, checks=CHECKS)
    assert "Traceback" not in answer.text


BYTES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=200)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "cookie": st.one_of(BYTES, BYTES.map(lambda value: f"_streamlit_user={value}")),
        "authorization": st.one_of(
            BYTES,
            BYTES.map(lambda value: f"Bearer {value}"),
            BYTES.map(lambda value: f"Bearer {PREFIX}{value}"),
            st.lists(st.text(string.ascii_letters + "-_=", max_size=40), min_size=3, max_size=3).map(
                lambda parts: f"Bearer {'.'.join(parts)}"
            ),
        ),
        "origin": BYTES,
        "sec-fetch-site": BYTES,
        "accept": BYTES,
        "content-type": BYTES,
    },
)
PATHS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="."), max_size=20), max_size=4)


@given(path=PATHS, query=BYTES, headers=HEADERS, method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS"]))
@SETTINGS
def test_what_is_not_signed_in_gets_no_further(client, path, query, headers, method):
    """Any path below /api/, cookie, token and header: 401, or 503 while the provider cannot be asked for its keys."""
    address = f"/api/{'/'.join(quote(part, safe='') for part in path)}?q={quote(query)}"
    sent = [(name.encode(), value.strip().encode("latin-1")) for name, value in headers.items()]
    answer = client.request(method, address, headers=sent)
    assert answer.status_code in {401, 503}
    assert "Traceback" not in answer.text


@given(
    query=st.dictionaries(
        st.sampled_from(["queryExecutionId", "nextToken", "from", "to", "dataset", "format", "id"]), BYTES
    ),
    body=st.one_of(st.binary(max_size=300), BYTES.map(str.encode)),
    route=st.sampled_from(sorted(openapi(20_000)["paths"])),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
)
@SETTINGS
def test_any_body_and_parameter_is_answered_with_a_reason(client, query, body, route, method):
    """From a person who is signed in: never a 500, and every refusal of a described method says why in JSON."""
    headers = {"cookie": cookie(sub=os.urandom(6).hex(), groups=["analysts"])}
    answer = client.request(method, route, params=query, content=body, headers=headers, follow_redirects=False)
    assert answer.status_code < 500
    if answer.status_code >= 400 and answer.status_code != 405:
        assert answer.json()["error"]
