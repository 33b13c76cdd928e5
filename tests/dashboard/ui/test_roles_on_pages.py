"""What the pages show to a viewer, an analyst and an admin."""

from collections.abc import Callable, Iterator

import pytest
from reading_pages import run_query
from streamlit.testing.v1 import AppTest

from dashboard.model.access.api_token import TokenBook
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, Roles
from dashboard.sign_in.tokens import Tokens
from dashboard.ui.page import cached_service


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, repository, published) -> Iterator[Callable[..., AppTest]]:
    """Open a page as a person with these roles."""
    cached_service.service.clear()
    for name, value in published.environment.items():
        monkeypatch.setenv(name, value)

    def opened(roles: Roles, page: str) -> AppTest:
        monkeypatch.setattr(cached_service, "requester", lambda: Requester("ann", "Ann", roles=roles))
        cached_service.service.clear()
        app = AppTest.from_file(str(repository / "dashboard" / "navigation.py"), default_timeout=60)
        app.run()
        return app if page == "overview" else app.switch_page(f"app_pages/{page}.py").run()

    yield opened
    cached_service.service.clear()


def test_a_viewer_reads_pages_and_takes_no_files(visit):
    """Explore runs its queries and shows rows, without downloads."""
    app = visit(Roles("viewer"), "explore")
    run_query(app)
    assert not app.exception
    assert app.dataframe
    assert len(app.get("download_button")) == 0


def test_an_analyst_takes_files(visit):
    """The same page with downloads."""
    app = visit(Roles("analyst"), "explore")
    run_query(app)
    assert len(app.get("download_button")) > 0


def test_a_person_without_a_role_reads_why(visit):
    """No figure, and the sentence that says whom to ask."""
    app = visit(Roles(), "overview")
    shown = " ".join(element.value for element in (*app.markdown, *app.error, *app.caption))
    assert "no role" in shown
    assert not app.metric


def test_an_admin_sees_what_people_spend(visit):
    """The page People lists the queries of this process; for others it does not answer."""
    app = visit(Roles("admin"), "people")
    assert not app.exception
    assert [header.value for header in app.header] == ["People"]
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit(Roles("analyst"), "people")


def test_a_viewer_has_no_sql_page(visit):
    """It is not registered, so its address leads nowhere."""
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit(Roles("viewer"), "sql")


def test_a_thread_of_no_person_sees_nothing_where_people_sign_in(monkeypatch):
    """Work outside of a page and a request has no role; without sign-in it has everyone's."""
    assert cached_service.requester().roles.has("analyst")
    monkeypatch.setenv("OIDC_ISSUER", "https://login.example.com")
    assert cached_service.requester().roles.is_empty
    with acting_for(Requester("ann", roles=Roles("viewer"))):
        assert cached_service.requester().roles == Roles("viewer")


def test_pages_of_one_who_sees_a_part_of_the_rows_say_so(visit, monkeypatch, repository, tmp_path):
    """A badge on Explore; Exports, which counts the rows of all people, shows none of them."""
    text = (repository / "datasets" / "contacts.yaml").read_text(encoding="utf-8")
    file = tmp_path / "contacts.yaml"
    file.write_text(f'{text}\nrows: "channel in {{claim.channels}}"\n', encoding="utf-8")
    monkeypatch.setenv("DATASET", str(file))
    app = visit(Roles("viewer"), "exports")
    assert not app.exception
    assert [info.value for info in app.info] == ["This page counts the rows of all people, and you see a part of them."]
    assert len(app.metric) == 0
    app.switch_page("app_pages/explore.py").run()
    assert not app.exception
    assert "A part of the rows" in " ".join(text.value for text in app.markdown)


def test_a_person_makes_and_revokes_a_token_on_the_page_account(visit, monkeypatch):
    """The secret is shown once; without sign-in there is no such page."""
    kept = []

    class Store:
        def load(self):
            return kept[-1] if kept else TokenBook()

        def change(self, changed):
            kept.append(changed(self.load()))
            return kept[-1]

    tokens = Tokens(Store, lambda: {"groups"})
    monkeypatch.setattr(cached_service, "tokens", tokens)
    app = visit(Roles("viewer"), "account")
    app.text_input(key="token_name").set_value("nightly")
    app.button(key="FormSubmitter:token-Make a token").click().run()
    assert not app.exception
    secret = app.code[0].value
    assert tokens.requester(secret, RoleMap()).person == "ann"
    app.run()
    assert secret not in [code.value for code in app.code]
    [made] = tokens.listed("ann")
    app.button(key=f"revoke_{made.id}").click().run()
    assert not app.exception
    assert tokens.listed("ann") == ()
