"""Roles from a claim: what a map grants, and what it never grants."""

import pytest

from dashboard.model.access.roles import ANALYST_EVERYWHERE, Grant, RoleMap, Roles, grants_from

MAP = RoleMap("groups", grants_from("admins=admin, analysts=analyst, sales=viewer@contacts, sales=analyst@orders"))


def test_without_a_map_every_person_is_analyst():
    """Nothing configured keeps what holds today."""
    assert RoleMap().roles_of({"groups": ["anything"]}) == ANALYST_EVERYWHERE
    assert ANALYST_EVERYWHERE.has("analyst", "contacts")
    assert not ANALYST_EVERYWHERE.has("admin")


@pytest.mark.parametrize(
    ("claims", "viewer", "analyst", "admin"),
    [
        ({"groups": ["admins"]}, True, True, True),
        ({"groups": ["analysts", "sales"]}, True, True, False),
        ({"groups": ["sales"]}, True, False, False),
        ({"groups": "sales"}, True, False, False),
        ({"groups": "sales admins"}, False, False, False),
        ({"groups": ["others"]}, False, False, False),
        ({"groups": {"admins": True}}, False, False, False),
        ({"groups": None}, False, False, False),
        ({"roles": ["admins"]}, False, False, False),
        ({}, False, False, False),
    ],
)
def test_a_claim_gives_the_highest_role_granted(claims, viewer, analyst, admin):
    """For the dataset `contacts`; a claim of another form grants nothing."""
    roles = MAP.roles_of(claims)
    assert (roles.has("viewer", "contacts"), roles.has("analyst", "contacts"), roles.has("admin", "contacts")) == (
        viewer,
        analyst,
        admin,
    )


def test_a_role_for_one_dataset_is_none_for_another():
    """What a dataset's role allows holds for it alone, and for no question about all of them."""
    roles = MAP.roles_of({"groups": ["sales"]})
    assert roles == Roles(None, {"contacts": "viewer", "orders": "analyst"})
    assert (roles.has("analyst", "orders"), roles.has("viewer", "secret"), roles.has("viewer")) == (True, False, False)


def test_a_star_grants_to_every_person_who_signs_in():
    """And the higher of two grants holds, in whatever order they are written."""
    role_map = RoleMap("groups", grants_from("admins=admin,*=viewer"))
    assert role_map.roles_of({}) == Roles("viewer")
    assert role_map.roles_of({"groups": ["admins"]}) == Roles("admin")


def test_group_names_with_commas_are_written_as_json():
    """A directory's distinguished names hold commas and equals signs."""
    written = '{"CN=Sales,OU=EU": ["viewer", "analyst@orders"], "CN=Ops": "admin"}'
    assert grants_from(written) == (
        Grant("CN=Sales,OU=EU", "viewer"),
        Grant("CN=Sales,OU=EU", "analyst", "orders"),
        Grant("CN=Ops", "admin"),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("sales", "sales=", "=viewer", "sales=owner", "sales=viewer@", '{"a": 1}', "{", '{"a"}'),
        *("sales=unmask", "sales=viewer+", "sales=viewer+all", "sales=viewer+unmask@", "sales=+unmask"),
        *("sales=viewer+unmask+", "sales=viewer+all-rows+x", "sales=all-rows"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused(text):
    """A misspelt role must not silently grant nothing, or something else."""
    with pytest.raises(ValueError, match=r"expected|Expecting"):
        grants_from(text)


def test_scopes_are_several_in_one_text():
    """As tokens of programs carry them; any other text is one group, whatever blanks it holds."""
    role_map = RoleMap("scope", grants_from("reports.read=viewer,reports.admin=admin"))
    assert role_map.roles_of({"scope": "openid reports.read"}) == Roles("viewer")


@pytest.mark.parametrize(
    ("groups", "dataset", "may"),
    [
        (["fraud"], "contacts", True),
        (["fraud"], "orders", False),
        (["care"], "orders", True),
        (["analysts"], "contacts", False),
        (["analysts", "fraud"], "contacts", True),
        (["analysts", "fraud"], "orders", False),
        (["admins"], "orders", True),
        (["lead"], "orders", True),
        (["lead"], "contacts", False),
        (["others"], "contacts", False),
    ],
)
def test_clear_values_are_a_right_of_its_own(groups, dataset, may):
    """`+unmask` gives it, for one dataset or all; admins have it where they are admins; no other role brings it."""
    text = "fraud=viewer+unmask@contacts, care=viewer+unmask, analysts=analyst, admins=admin, lead=admin@orders"
    assert RoleMap("groups", grants_from(text)).roles_of({"groups": groups}).may_unmask(dataset) is may


def test_without_a_map_no_person_sees_clear_values():
    """Every person is analyst then, and an analyst is below the right."""
    assert not RoleMap().roles_of({}).may_unmask("contacts")


def test_every_row_is_a_right_of_its_own():
    """`+all-rows` gives it, with `+unmask` or alone; admins have it where they are admins; no other role brings it."""
    text = "heads=viewer+all-rows@contacts, board=viewer+all-rows+unmask, analysts=analyst+unmask, lead=admin@orders"
    role_map = RoleMap("groups", grants_from(text))
    rights = [
        (group, role_map.roles_of({"groups": [group]}).sees_all_rows(dataset))
        for group in ("heads", "board", "analysts", "lead")
        for dataset in ("contacts", "orders")
    ]
    assert [group for group, may in rights if may] == ["heads", "board", "board", "lead"]
    assert role_map.roles_of({"groups": ["board"]}).may_unmask("orders")
    assert not RoleMap().roles_of({}).sees_all_rows("contacts")
