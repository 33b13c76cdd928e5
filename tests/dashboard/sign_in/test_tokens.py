"""Personal tokens: what a program may do with one, and when it ends."""

import datetime as dt
import time

import pytest

from dashboard.errors import Forbidden, InvalidRequest, StorageFailed
from dashboard.model.access.api_token import MOST_TOKENS, TokenBook
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import RoleMap, Roles, grants_from
from dashboard.sign_in.person import person_from_claims
from dashboard.sign_in.tokens import PREFIX, TokenRejected, Tokens
from dashboard.stores.api_tokens import TokenStore

from .token_parts import MAP, NOW, asking


def test_a_token_speaks_for_its_person_with_the_lower_of_role_and_scope(tokens):
    """An analyst's `read` token is a viewer, an admin's `sql` token an analyst, and none of them is an admin."""
    for group, scope, role in (
        ("analysts", "read", "viewer"),
        ("admins", "sql", "analyst"),
        ("admins", "read", "viewer"),
        ("sales", "sql", "viewer"),
    ):
        _, secret = tokens.make(asking(group, person=group + scope), "nightly", scope, 10)
        found = tokens.requester(secret, MAP)
        assert (found.person, found.roles.everywhere) == (group + scope, role)
        assert not found.roles.has_any("admin")


def test_a_token_for_one_dataset_sees_no_other(tokens):
    """Not by the role that its person has everywhere."""
    _, secret = tokens.make(asking(), "nightly", "sql", 10, ["contacts"])
    roles = tokens.requester(secret, MAP).roles
    assert roles.has("analyst", "contacts")
    assert not roles.has("viewer", "orders")
    assert not roles.has("viewer")


def test_roles_at_most():
    """The cap holds for every dataset, adds none, and keeps the rights."""
    rights = frozenset({None}), frozenset({"a"})
    given = Roles("viewer", {"a": "admin", "b": "analyst"}, *rights)
    assert given.at_most("analyst") == Roles("viewer", {"a": "analyst", "b": "analyst"}, *rights)
    assert given.at_most("viewer", ["a", "c"]) == Roles(None, {"a": "viewer", "c": "viewer"}, *rights)
    assert Roles(None, {"a": "viewer"}).at_most("analyst", ["b"]) == Roles()


def test_rights_are_those_of_now(tokens, clock):
    """The role map of the request, and the claims of the last sign-in: not those of when the token was made."""
    _, secret = tokens.make(asking("clear", stores=["north"]), "nightly", "sql", 300)
    assert tokens.requester(secret, MAP).roles.may_unmask("contacts")
    assert tokens.requester(secret, MAP).claims == {"groups": ["clear"], "stores": ["north"]}
    assert tokens.requester(secret, RoleMap("groups", grants_from("others=admin"))).roles.is_empty
    clock.now += 3600
    tokens.note(person_from_claims({"sub": "ann", "groups": ["sales"], "iat": clock.now}))
    assert tokens.requester(secret, MAP).roles == Roles("viewer")
    assert tokens.requester(secret, MAP).claims == {"groups": ["sales"]}


def test_an_older_session_brings_no_older_rights_back(tokens, clock):
    """A browser that signed in before the groups changed makes a token: it has the rights of the later sign-in."""
    tokens.make(asking("sales", NOW), "one", "sql", 10)
    _, secret = tokens.make(asking("admins", NOW - 3600), "two", "sql", 10)
    tokens.note(person_from_claims({"sub": "ann", "groups": ["admins"], "iat": NOW - 1}))
    assert tokens.requester(secret, MAP).roles == Roles("viewer")


@pytest.mark.parametrize(("days", "reason"), [(9.9, None), (10.1, "expired on 2025-10-19"), (31, "expired")])
def test_a_token_expires(tokens, clock, days, reason):
    """On the day that was chosen."""
    _, secret = tokens.make(asking(), "nightly", "read", 10)
    clock.now += days * 86_400
    if reason is None:
        assert tokens.requester(secret, MAP).person == "ann"
    else:
        with pytest.raises(TokenRejected, match=reason):
            tokens.requester(secret, MAP)


def test_a_token_rests_while_its_person_is_away(tokens, clock):
    """A month after the last sign-in it is refused, as the account may be closed; after the next one it is good."""
    _, secret = tokens.make(asking(), "nightly", "read", 300)
    clock.now += 30.5 * 86_400
    with pytest.raises(TokenRejected, match="has not signed in for 30 days"):
        tokens.requester(secret, MAP)
    tokens.note(person_from_claims({"sub": "ann", "groups": ["sales"], "iat": clock.now}))
    assert tokens.requester(secret, MAP).person == "ann"


def test_the_store_holds_no_secret(tokens, store):
    """A digest, and of the claims those that roles and row rules read."""
    _, secret = tokens.make(asking(stores=["north"]), "nightly", "read", 10)
    kept = repr(store.book) + repr([(token.digest, token.id) for token in store.book.tokens])
    assert secret.startswith(PREFIX)
    assert len(secret) > 40
    assert secret not in kept
    assert secret.removeprefix(PREFIX) not in kept
    assert store.book.holders["ann"].claims == {"groups": ["analysts"], "stores": ["north"]}


@pytest.mark.parametrize("secret", ["", PREFIX, PREFIX + "x" * 43, PREFIX + "\ud800", PREFIX + "é" * 5000])
def test_an_unknown_token_is_refused(tokens, secret):
    """Whatever it holds, without its text in the answer."""
    tokens.make(asking(), "nightly", "read", 10)
    with pytest.raises(TokenRejected, match="it is unknown, or was revoked"):
        tokens.requester(secret, MAP)


def test_unknown_tokens_do_not_ask_the_store_again(tokens, store):
    """A thousand guesses are one reading."""
    for guess in range(1000):
        with pytest.raises(TokenRejected):
            tokens.requester(f"{PREFIX}{guess}", MAP)
    assert store.reads == 1


def test_a_revoked_token_ends_at_once_and_in_other_tasks_within_ten_seconds(tokens, store, clock):
    """Two tasks share the store."""
    other = Tokens(lambda: store, frozenset, clock)
    made, secret = tokens.make(asking(), "nightly", "read", 10)
    assert other.requester(secret, MAP).person == "ann"
    tokens.revoke(made.id, asking())
    with pytest.raises(TokenRejected):
        tokens.requester(secret, MAP)
    clock.now += 10
    with pytest.raises(TokenRejected):
        other.requester(secret, MAP)


def test_a_clock_that_is_set_back_keeps_no_revoked_token_alive(tokens, store, clock):
    """The other task's book is read again, not first when the clock is where it was."""
    other = Tokens(lambda: store, frozenset, clock)
    made, secret = tokens.make(asking(), "nightly", "read", 10)
    assert other.requester(secret, MAP).person == "ann"
    tokens.revoke(made.id, asking())
    clock.now -= 3600
    with pytest.raises(TokenRejected):
        other.requester(secret, MAP)


def test_an_admin_ends_the_tokens_of_a_person_in_every_task(tokens, store, clock):
    """One that another task made a moment ago too; the sign-in that they had makes no other, and the next one does."""
    other = Tokens(lambda: store, lambda: {"groups"}, clock)
    assert tokens.listed("ann") == ()
    _, secret = other.make(asking(), "a moment ago", "read", 10)
    assert tokens.revoke_person("ann") == 1
    clock.now += 10
    with pytest.raises(TokenRejected):
        other.requester(secret, MAP)
    for task in (tokens, other):
        with pytest.raises(Forbidden, match="Sign in again first"):
            task.make(asking(), "after the end", "read", 10)
        with pytest.raises(Forbidden, match="Sign in again first"):
            task.keep(asking())
    made, _ = other.make(asking(at=clock.now), "after the next sign-in", "read", 10)
    assert other.listed("ann") == (made,)
    clock.now += 13 * 3600
    tokens.revoke_person("ben")
    assert store.book.ended == {"ben": clock.now}


def test_an_ended_sign_in_brings_no_rights_back(store, clock):
    """A person gets alerts while they are away: another task that has not heard of the end notes nothing."""
    one, other = (Tokens(lambda: store, lambda: {"groups"}, clock) for _ in range(2))
    one.keep(asking())
    assert other.listed() == ()
    one.revoke_person("ann")
    assert "ann" not in store.book.holders
    other.note(person_from_claims({"sub": "ann", "groups": ["admins"], "iat": NOW - 60}))
    assert "ann" not in store.book.holders
    other.note(person_from_claims({"sub": "ann", "groups": ["sales"], "iat": NOW + 60}))
    assert store.book.holders["ann"].claims == {"groups": ["sales"]}


def test_a_store_out_of_reach_is_not_asked_for_each_guess(store, clock):
    """A stranger's requests would otherwise hold a thread each until the store answers."""
    asked = []

    def fails():
        asked.append(clock.now)
        raise StorageFailed("out of reach")

    failing = Tokens(fails, frozenset, clock)
    for _ in range(100):
        with pytest.raises(StorageFailed, match="out of reach"):
            failing.requester(f"{PREFIX}x", MAP)
    clock.now += 2
    with pytest.raises(StorageFailed):
        failing.requester(f"{PREFIX}x", MAP)
    assert asked == [NOW, NOW + 2]


def test_people_revoke_their_own_and_admins_all(tokens):
    """Another person's id is as one that does not exist."""
    made, _ = tokens.make(asking(), "nightly", "read", 10)
    with pytest.raises(InvalidRequest, match="one of your tokens"):
        tokens.revoke(made.id, asking("analysts", person="ben"))
    assert tokens.revoke(made.id, asking("admins", person="ada")) == made
    assert tokens.listed("ann") == ()


def test_a_token_makes_and_ends_no_token(tokens):
    """Nor does a program with a token of the provider, or a visitor without sign-in."""
    made, secret = tokens.make(asking(), "nightly", "sql", 10)
    program = tokens.requester(secret, MAP)
    for asks in (program, Requester("ann", token="provider"), Requester()):
        with pytest.raises(Forbidden, match="not with a token"):
            tokens.make(asks, "more", "sql", 10)
        with pytest.raises(Forbidden, match="not with a token"):
            tokens.revoke(made.id, asks)


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [*((name, 10, "name") for name in ("", "  ", "a\x00b", "x" * 61)), ("a", 0, "days"), ("a", 366, "days")],
)
def test_what_is_no_token(tokens, name, days, field):
    """The error names the field."""
    with pytest.raises(InvalidRequest) as caught:
        tokens.make(asking(), name, "read", days)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_a_person_has_a_bounded_number_of_tokens(tokens, clock):
    """Expired ones do not count, and are forgotten after a month."""
    for number in range(MOST_TOKENS):
        tokens.make(asking(), f"t{number}", "read", 10)
    with pytest.raises(InvalidRequest, match="you have 20 tokens"):
        tokens.make(asking(), "more", "read", 10)
    tokens.make(asking(person="ben"), "his", "read", 10)
    clock.now += 45 * 86_400
    made, _ = tokens.make(asking(at=clock.now), "later", "read", 10)
    assert tokens.listed("ann") == (made,)


def test_the_store_on_s3_is_written_conditionally(service, publishing):
    """Two tasks that write at once lose nothing; a damaged object makes no token good and is not overwritten."""
    bucket = publishing("tokens", per_day=0).bucket
    one, two = (TokenStore(service.objects, bucket, "contacts") for _ in range(2))
    assert one.load() == TokenBook()
    first, second = (Tokens(lambda kept=kept: kept, lambda: {"groups"}) for kept in (one, two))
    now = time.time()
    people = ((first, "ann"), (second, "ben"))
    secrets = [made.make(asking(at=now, person=person), "x", "read", 9)[1] for made, person in people]
    third = Tokens(lambda: one, frozenset)
    assert [third.requester(secret, MAP).person for secret in secrets] == ["ann", "ben"]
    assert {token.expires_at.utcoffset() for token in one.load().tokens} == {dt.timedelta(0)}
    found = service.objects.read_version(bucket, "contacts/_queries/_api_tokens.json")
    service.objects.put(bucket, "contacts/_queries/_api_tokens.json", b"{", etag=found[1])
    with pytest.raises(StorageFailed, match="no personal token is good"):
        two.change(lambda book: book.without(person="ann"))
