"""The team's saved queries and history on S3."""

import datetime as dt

import pytest

from dashboard.errors import ChangedMeanwhile, Forbidden
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import Roles
from dashboard.stores.query_library import Library
from dashboard.stores.saved_queries import MOST_HISTORY, History, PastQuery, name_of, saved_key

SQL = "SELECT 1 FROM contacts"


@pytest.fixture
def shared(service, publishing):
    """A dataset of one's own and two people's libraries over it."""
    published = publishing("library", per_day=0)
    people = [Library(service.objects, published.bucket) for _ in range(2)]
    yield published.dataset, *people
    for person in people:
        person.close()


def names(library, dataset):
    library.forget()
    return [stored.query.name for stored in library.saved(dataset)]


def test_a_saved_query_is_there_for_everybody(shared):
    """What one saves, the other opens: name, SQL and limit."""
    dataset, ann, bob = shared
    ann.save(dataset, "Per channel", SQL, 100)
    (stored,) = bob.saved(dataset)
    assert (stored.query.name, stored.query.sql, stored.query.limit) == ("Per channel", SQL, 100)


def test_two_people_cannot_overwrite_each_other(shared):
    """The second of two who save the same version, or the same new name, gets an error; the first one's text stays."""
    dataset, ann, bob = shared
    ann.save(dataset, "Ours", SQL, 100)
    (seen,) = bob.saved(dataset)
    ann.save(dataset, "Ours", f"{SQL} LIMIT 1", 100, ann.saved(dataset)[0].etag)
    with pytest.raises(ChangedMeanwhile, match="was changed by another person"):
        bob.save(dataset, "Ours", f"{SQL} LIMIT 2", 100, seen.etag)
    with pytest.raises(ChangedMeanwhile, match="is taken"):
        bob.save(dataset, "Ours", f"{SQL} LIMIT 3", 100)
    with pytest.raises(ChangedMeanwhile, match="was changed"):
        bob.delete(dataset, seen)
    bob.forget()
    assert bob.saved(dataset)[0].query.sql == f"{SQL} LIMIT 1"


def test_rename_and_delete(shared):
    """A name that is taken is refused and nothing is lost; a free one moves the query; delete removes it."""
    dataset, ann, _ = shared
    ann.save(dataset, "One", SQL, 100)
    ann.save(dataset, "Two", SQL, 100)
    one = ann.saved(dataset)[0]
    with pytest.raises(ChangedMeanwhile):
        ann.rename(dataset, one, "Two")
    assert names(ann, dataset) == ["One", "Two"]
    ann.rename(dataset, one, "Three")
    assert names(ann, dataset) == ["Three", "Two"]
    ann.delete(dataset, ann.saved(dataset)[0])
    assert names(ann, dataset) == ["Two"]


def past(number):
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
    return PastQuery(at=at, sql=f"SELECT {number}", limit=10, rows=1, bytes_scanned=5, seconds=0.1)


def test_a_person_has_a_bounded_number_of_saved_queries(shared, monkeypatch):
    """With two allowed, the third new name is refused; changes and other names of those that are there are not."""
    monkeypatch.setattr("dashboard.stores.query_library.MOST_OWN", 2)
    dataset, ann, _ = shared
    for name in ("bound 1", "bound 2"):
        ann.save(dataset, name, SQL, 100)
    with pytest.raises(Forbidden, match="You have 2 saved queries"):
        ann.save(dataset, "bound 3", SQL, 100)
    first = ann.saved(dataset)[0]
    ann.save(dataset, "bound 1", SQL, 50, first.etag)
    ann.rename(dataset, ann.saved(dataset)[0], "bound 3")
    assert names(ann, dataset) == ["bound 2", "bound 3"]


def test_the_teams_history_holds_what_both_ran(shared):
    """Runs that end at the same moment are both there, the newest first."""
    dataset, ann, bob = shared
    for number in range(6):
        (ann if number % 2 else bob).remember(dataset, past(number))
    ann.close(), bob.close()
    found = Library(ann._objects, ann._bucket).history(dataset).entries
    assert {entry.sql for entry in found} == {f"SELECT {number}" for number in range(6)}


def test_the_history_is_bounded():
    """The latest hundred stay."""
    history = History()
    for number in range(MOST_HISTORY + 5):
        history = history.with_entry(past(number))
    assert len(history.entries) == MOST_HISTORY
    assert history.entries[0].sql == f"SELECT {MOST_HISTORY + 4}"


def test_what_cannot_be_read_is_passed_over(shared, service):
    """A file that a person put there by hand is skipped."""
    dataset, ann, _ = shared
    service.objects.put(ann._bucket, saved_key(dataset.target.prefix, "odd"), b"{}", etag=None)
    ann.save(dataset, "Good", SQL, 100)
    assert names(ann, dataset) == ["Good"]


@pytest.mark.parametrize(("text", "name"), [("  a  b ", "a b"), ("", None), ("x" * 81, None), ("a\x00b", None)])
def test_names_are_short_and_printable(text, name):
    """Blanks are made single; what no one could read is no name."""
    assert name_of(text) == name


def test_alike_names_have_keys_of_their_own():
    """Names that differ in case or signs alone do not share an object."""
    assert len({saved_key("p", name) for name in ("a b", "A b", "a-b", "a/b", "a?b")}) == 5


def test_a_saved_query_is_changed_by_its_person_or_an_admin_alone(service, publishing):
    """Others open it and save their own under another name; one without a person is everyone's."""
    published = publishing("owned", per_day=0)
    dataset = published.dataset

    def library(person: str, role: str = "analyst") -> Library:
        requester = Requester(person, person.title(), roles=Roles(role))
        return Library(service.objects, published.bucket, lambda: requester)

    ann, ben, root, nameless = library("ann"), library("ben"), library("root", "admin"), library("")
    ann.save(dataset, "Anns", SQL, 100)
    nameless.save(dataset, "Old", SQL, 100)
    anns, old = ben.saved(dataset)
    assert (anns.query.person, anns.query.by, old.query.person) == ("ann", "Ann", "")
    for refused in (
        lambda: ben.save(dataset, "Anns", "SELECT 2", 1, anns.etag),
        lambda: ben.delete(dataset, anns),
        lambda: ben.rename(dataset, anns, "Bens"),
    ):
        with pytest.raises(Forbidden, match="was saved by Ann"):
            refused()
    assert names(ben, dataset) == ["Anns", "Old"]
    ben.delete(dataset, old)
    root.delete(dataset, anns)
    assert names(ben, dataset) == []
    for one in (ann, ben, root, nameless):
        one.close()


def test_the_history_names_the_person(service, publishing):
    """A run is listed with the name of the person who made it."""
    published = publishing("named", per_day=0)
    ann = Library(service.objects, published.bucket, lambda: Requester("ann", "Ann"))
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    ann.remember(published.dataset, PastQuery(at=now, sql=SQL, limit=1, rows=1, bytes_scanned=1, seconds=1))
    ann.close()
    assert [entry.by for entry in ann.history(published.dataset).entries] == ["Ann"]


def test_a_query_is_saved_by_analysts_of_its_dataset_alone(shared):
    """A person who is analyst of another dataset, and viewer of this one, saves nothing here."""
    dataset, ann, _ = shared
    ann._requester = lambda: Requester("vera", "Vera", roles=Roles("viewer", {"others": "analyst"}))
    with pytest.raises(Forbidden, match="takes the role analyst"):
        ann.save(dataset, "Mine", SQL, 100)
    assert names(ann, dataset) == []


def test_a_private_query_is_seen_by_its_person_alone(shared):
    """Not by another person, and not by an admin; both kinds may have the same name."""
    dataset, ann, bob = shared
    ann._requester, bob._requester = lambda: Requester("ann", "Ann"), lambda: Requester("bob", "Bob")
    ann.save(dataset, "Ours", SQL, 100)
    ann.save(dataset, "Ours", f"{SQL} LIMIT 1", 100, shared=False)
    bob.save(dataset, "Mine", SQL, 100, shared=False)
    assert [(one.query.name, one.query.shared) for one in ann.saved(dataset)] == [("Ours", False), ("Ours", True)]
    assert names(bob, dataset) == ["Mine", "Ours"]
    bob._requester = lambda: Requester("ada", "Ada", roles=Roles("admin"))
    assert names(bob, dataset) == ["Ours"]
    with pytest.raises(Forbidden, match="who alone may change it"):
        bob.delete(dataset, ann.saved(dataset)[0])


def test_a_private_query_is_renamed_and_deleted_by_its_person(shared):
    """It stays private, and the shared one of the same name stays as it is."""
    dataset, ann, _ = shared
    ann._requester = lambda: Requester("ann", "Ann")
    ann.save(dataset, "One", SQL, 100)
    ann.save(dataset, "One", SQL, 100, shared=False)
    ann.rename(dataset, ann.saved(dataset)[0], "Two")
    ann.forget()
    assert [(one.query.name, one.query.shared) for one in ann.saved(dataset)] == [("One", True), ("Two", False)]
    ann.delete(dataset, ann.saved(dataset)[1])
    assert names(ann, dataset) == ["One"]


def test_without_sign_in_a_query_is_shared(shared):
    """There is no person whom it could belong to, and it does not vanish."""
    dataset, ann, _ = shared
    with pytest.raises(Forbidden, match="sign-in is off"):
        ann.save(dataset, "Mine", SQL, 100, shared=False)
