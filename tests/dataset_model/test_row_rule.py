"""Row rules of a dataset file: what they may say, and what they are in SQL for a person's claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sql.grammar.tokens import tokens_of
from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.row_rule import row_rule_from

TYPES = {
    "store": ColumnType.parse("string"),
    "number": ColumnType.parse("bigint"),
    "due": ColumnType.parse("date"),
    "is_open": ColumnType.parse("boolean"),
}


@pytest.mark.parametrize(
    ("rule", "claims", "sql"),
    [
        ("store in {claim.stores}", {"stores": ["b", "a", "b"]}, "\"store\" IN ('a', 'b')"),
        ("store = {claim.store}", {"store": "O'Brien"}, "\"store\" IN ('O''Brien')"),
        ("store not in {claim.shut}", {"shut": ["a"]}, "\"store\" NOT IN ('a')"),
        ("number in {claim.custom:numbers}", {"custom:numbers": [7, "12", "-1.5"]}, '"number" IN (-1.5, 12, 7)'),
        ("store in {claim.https://x.example/s}", {"https://x.example/s": ["a"]}, "\"store\" IN ('a')"),
        ("is_open or store = {claim.s}", {"s": "a"}, '("is_open" OR "store" IN (\'a\'))'),
        ("not (store in {claim.s})", {"s": "a"}, "(NOT \"store\" IN ('a'))"),
        ("store = 'shop'", {}, "\"store\" = 'shop'"),
        ("is_open or store = {claim.s}", {}, "FALSE"),
        ("not (store in {claim.s})", {"s": []}, "FALSE"),
        ("store not in {claim.shut}", {"shut": ["a", "b?"]}, "FALSE"),
        ("store in {claim.a} or store in {claim.b}", {"a": ["x"]}, "FALSE"),
        ("number in {claim.n}", {"n": ["1", "1 OR 1=1"]}, "FALSE"),
        ("number in {claim.n}", {"n": "1e9"}, "FALSE"),
        ("store in {claim.s}", {"s": 1.5}, "FALSE"),
        ("store in {claim.s}", {"s": True}, "FALSE"),
    ],
)
def test_a_rule_is_sql_with_the_values_of_claims(rule, claims, sql):
    """Values stand in one order. A claim that is missing or cannot be compared makes the whole rule hold for no row."""
    assert row_rule_from(rule, TYPES).condition(claims).sql == sql


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("due in {claim.days}", "a column of texts or numbers before a claim"),
        ("store like {claim.s}", "a text in single quotes"),
        ("store <> {claim.s}", "a text in single quotes"),
        ("store in ({claim.s})", "a text in single quotes"),
        ("store in {claim.s", "a column, a value, a comparison or a parenthesis"),
        ("store in {env.s}", "a column, a value, a comparison or a parenthesis"),
        ("store in {claim.a b}", "a column, a value, a comparison or a parenthesis"),
        ("nothing in {claim.s}", "a declared column"),
        ("{claim.s} = store", "a declared column"),
        ("", "a declared column; found the end"),
    ],
)
def test_what_no_rule_may_say(rule, fault):
    """A rule that cannot be read is a fault of the file, and not a rule that holds for every row."""
    with pytest.raises(ValueError, match=fault.replace("(", r"\(")):
        row_rule_from(rule, TYPES)


@given(st.text(min_size=1))
def test_a_claim_is_one_literal_or_no_row(value):
    """Whatever a claim holds: it is one text of the statement, the same text, or the rule holds for no row."""
    condition = row_rule_from("store in {claim.s}", TYPES).condition({"s": value})
    if condition.sql != "FALSE":
        column, word, opening, text, closing, *_ = (token.text for token in tokens_of(condition.sql))
        assert (column, word, opening, closing) == ('"store"', "IN", "(", ")")
        assert text[1:-1].replace("''", "'") == value
        assert [token.kind for token in tokens_of(condition.sql)].count("string") == 1


def test_a_rule_names_its_columns_and_the_claims_that_are_missing():
    """For the estimate, and for the page that says why no row is shown."""
    rule = row_rule_from("store in {claim.stores} and (number = {claim.n} or is_open)", TYPES)
    assert (rule.columns, rule.claims) == (("store", "number", "is_open"), ("stores", "n"))
    assert rule.missing({"n": 4}) == ("stores",)
