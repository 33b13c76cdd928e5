"""Boards on S3: conflicts, versions, and who sees and changes what."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from dashboard.errors import ChangedMeanwhile, Forbidden, InvalidRequest, Missing
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import Roles
from dashboard.model.boards.board import board_from
from dashboard.services.permissions import Permissions
from dashboard.stores.boards import board_store
from dashboard.stores.boards.board_store import BoardStore
from dashboard.stores.boards.stored import board_key

ANN = Requester("ann", "Ann", roles=Roles("analyst"))
BEN = Requester("ben", "Ben", roles=Roles("viewer"))
SALES = Requester("sal", "Sal", roles=Roles(None, {"orders": "viewer"}))
ADMIN = Requester("adm", "Adm", roles=Roles("admin"))


def board(name="Weekly", *datasets, shared=False):
    cards = [{"title": f"Rows of {dataset}", "dataset": dataset} for dataset in datasets or ("contacts",)]
    return board_from({"name": name, "cards": cards}).model_copy(update={"shared": shared})


@pytest.fixture
def store_of(service, publishing, request):
    """Return the store as a person has it, over a folder of one's own."""

    def made(who: Requester) -> BoardStore:
        sees = Permissions(lambda: who, service.audit, lambda _: ()).sees
        return BoardStore(service.objects, "boards-test", request.node.name, lambda: who, sees)

    service.objects._client.create_bucket(Bucket="boards-test")
    return made


def names(store):
    store.forget()
    return [each.board.name for each in store.listed()]


def test_a_board_comes_back_as_it_was_saved(store_of):
    """It belongs to the person who made it, and its link opens it in another process."""
    made = store_of(ANN).made(board("Weekly", "contacts", "orders"))
    found = store_of(ANN).opened(made.board.id)
    assert (found.board.name, found.board.owner, found.board.by, found.version) == ("Weekly", "ann", "Ann", 1)
    assert [card.title for card in found.board.cards] == ["Rows of contacts", "Rows of orders"]


def test_a_private_board_is_not_there_for_others(store_of):
    """Its link, its change and its end answer as for an id that does not exist, for an admin as well."""
    made = store_of(ANN).made(board())
    for who in (BEN, ADMIN):
        other = store_of(who)
        assert names(other) == []
        with pytest.raises(Missing) as for_private:
            other.opened(made.board.id)
        with pytest.raises(Missing) as for_none:
            other.opened("0123456789abcdef")
        assert str(for_private.value) == str(for_none.value)
        with pytest.raises(Missing):
            other.saved(board("Mine now"), made.board.id, 1)
        with pytest.raises(Missing):
            other.deleted(made.board.id, 1)
    assert names(store_of(ANN)) == ["Weekly"]


def test_a_shared_board_is_seen_by_those_who_see_all_its_datasets(store_of):
    """A person without one of the datasets finds none; the others open it, its owner and admins change it."""
    made = store_of(ANN).made(board("Both", "contacts", "orders", shared=True))
    assert names(store_of(BEN)) == ["Both"]
    assert names(store_of(SALES)) == []
    with pytest.raises(Missing):
        store_of(SALES).opened(made.board.id)
    with pytest.raises(Forbidden, match="belongs to Ann, who alone may change it"):
        store_of(BEN).saved(board("Taken"), made.board.id, 1)
    store_of(ADMIN).saved(board("Tidied", "contacts", shared=True), made.board.id, 1)
    found = store_of(SALES)
    assert names(found) == []
    assert store_of(BEN).opened(made.board.id).board.owner == "ann"


def test_of_two_who_save_the_same_version_the_second_is_refused(store_of):
    """The message says who was first; the first one's board stays, and a copy keeps the second one's."""
    one, two = store_of(ANN), store_of(ANN)
    made = one.made(board())
    one.saved(board("First"), made.board.id, 1)
    with pytest.raises(
        ChangedMeanwhile, match=r"was saved by Ann at .* after you opened it .* or save yours as a copy"
    ):
        two.saved(board("Second"), made.board.id, 1)
    with pytest.raises(ChangedMeanwhile):
        two.deleted(made.board.id, 1)
    two.made(board("Second"))
    assert names(one) == ["First", "Second"]


def test_two_writes_at_one_moment_lose_none(store_of, monkeypatch):
    """Both have read the same version; S3 itself takes the first of them alone."""
    store = store_of(ANN)
    made = store.made(board())
    stale = store._found(made.board.id)
    store.saved(board("First"), made.board.id, 1)
    monkeypatch.setattr(store, "_found", lambda _: stale)
    with pytest.raises(ChangedMeanwhile, match="at the same moment"):
        store.saved(board("Second"), made.board.id, 1)
    monkeypatch.undo()
    assert store.opened(made.board.id).board.name == "First"


def test_the_last_ten_versions_can_be_restored(store_of):
    """Restoring is one version more, so that it can be undone; the eleventh is gone."""
    store = store_of(ANN)
    board_id = store.made(board("Version 1")).board.id
    for number in range(1, 12):
        store.saved(board(f"Version {number + 1}"), board_id, number)
    found = store.opened(board_id)
    assert [one.number for one in store.versions(found)] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert store.restored(board_id, 2, 12).board.name == "Version 2"
    assert store.opened(board_id).version == 13
    with pytest.raises(Missing, match="has no version 2 any more"):
        store.restored(board_id, 2, 13)


def test_versions_from_before_sharing_stay_its_owners(store_of):
    """What was on the board while it was private, or of datasets that others may not see, is not shown to them."""
    store = store_of(ANN)
    board_id = store.made(board("Secret plans")).board.id
    store.saved(board("Shared", "contacts", "orders", shared=True), board_id, 1)
    found = store.saved(board("Shared", "orders", shared=True), board_id, 2)
    assert [one.number for one in store.versions(found)] == [2, 1]
    assert [one.number for one in store_of(ADMIN).versions(found)] == [2]
    assert store_of(SALES).versions(store_of(SALES).opened(board_id)) == ()
    with pytest.raises(Missing):
        store_of(ADMIN).restored(board_id, 1, 3)


def test_restoring_does_not_unshare_or_share(store_of):
    """Only the cards and the name of an older version come back."""
    store = store_of(ANN)
    board_id = store.made(board("Open", shared=True)).board.id
    store.saved(board("Closed"), board_id, 1)
    assert store.restored(board_id, 1, 2).board.shared is False


def test_a_token_for_some_datasets_sees_no_more(store_of):
    """It opens its person's boards of these datasets alone; one of the scope read changes none."""
    private = store_of(ANN).made(board("Contacts")).board.id
    orders = store_of(ANN).made(board("Orders", "orders")).board.id
    token = replace(ANN, token="t1 laptop", roles=Roles(None, {"orders": "viewer"}))
    assert names(store_of(token)) == ["Orders"]
    with pytest.raises(Missing):
        store_of(token).opened(private)
    with pytest.raises(Forbidden, match="scope read changes no boards"):
        store_of(token).saved(board("Orders"), orders, 1)
    with pytest.raises(Forbidden):
        store_of(token).made(board("New", "orders"))


def test_without_sign_in_every_board_is_everybodys(store_of):
    """It cannot belong to one alone; a private board from before sign-in went off stays closed."""
    no_person = Requester()
    private = store_of(ANN).made(board("Private")).board.id
    made = store_of(no_person).made(board("Ours"))
    assert made.board.shared is True
    assert names(store_of(no_person)) == ["Ours"]
    with pytest.raises(Missing):
        store_of(no_person).opened(private)


def test_one_without_a_role_sees_and_makes_nothing(store_of):
    """Not even a shared board without a card, nor one from before sign-in was on."""
    no_person, none = Requester(), Requester("eve", roles=Roles())
    store_of(no_person).made(board_from({"name": "Empty"}))
    store_of(ANN).made(board_from({"name": "Also empty"}).model_copy(update={"shared": True}))
    for who in (none, Requester(roles=Roles())):
        assert names(store_of(who)) == []
        with pytest.raises(Forbidden, match="takes a role"):
            store_of(who).made(board())


def test_versions_of_long_boards_are_fewer(store_of):
    """An object stays small enough to be read at once; the newest version is always there."""
    store = store_of(ANN)
    long = board_from({"name": "Long", "cards": [{"title": "t", "dataset": "contacts", "sql": "x" * 19_000}] * 10})
    board_id = store.made(long).board.id
    for number in range(1, 8):
        store.saved(long.model_copy(update={"name": f"Long {number}"}), board_id, number)
    found = store.opened(board_id)
    assert found.board.name == "Long 7"
    assert [one.number for one in store.versions(found)] == [7, 6, 5, 4]


@pytest.mark.parametrize("board_id", ["", "../saved/x", "a/b", "A", "x" * 33, "a\n", "%2e"])
def test_an_id_is_no_path(store_of, board_id):
    """Nothing but a board's own key is ever read."""
    with pytest.raises(Missing):
        store_of(ANN).opened(board_id)


def test_a_torn_object_hides_no_other_board(store_of, service):
    """It is passed over in the list, cannot be opened, and is not overwritten."""
    store = store_of(ANN)
    store.made(board("Good"))
    key = board_key(store._prefix, "torn")
    service.objects.put(store._bucket, key, b'{"format": 1, "current": {', etag=None)
    assert names(store) == ["Good"]
    with pytest.raises(Missing):
        store.saved(board("Over it"), "torn", 1)
    assert service.objects.read(store._bucket, key) == b'{"format": 1, "current": {'


def test_boards_and_their_number_are_bounded(store_of, monkeypatch):
    """One that is too long to read is refused, and so is one board more than a person may have."""
    long = {"title": "t", "dataset": "contacts", "sql": "x" * 19_000}
    with pytest.raises(InvalidRequest, match="expected at most 200,000 characters in all"):
        store_of(ANN).made(board_from({"name": "Long", "cards": [long] * 11}))
    monkeypatch.setattr(board_store, "MOST_OWN", 1)
    store_of(ANN).made(board("One"))
    with pytest.raises(InvalidRequest, match="expected at most 1 boards of your own"):
        store_of(ANN).made(board("Two"))


def test_each_change_is_noted(store_of):
    """The audit log says who made, saved and deleted which board, by which token, and who may see it."""
    with capture_logs() as lines:
        store = store_of(ANN)
        made = store.made(board())
        store.saved(board(shared=True), made.board.id, 1)
        store.deleted(made.board.id, 2)
    assert [(line["event"], line["person"], line["version"], line["shared"]) for line in lines] == [
        ("board made", "ann", 1, False),
        ("board saved", "ann", 2, True),
        ("board deleted", "ann", 2, True),
    ]
    assert {line["board"] for line in lines} == {made.board.id}
