"""What is sent to Athena is what was written."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import RefusedSql
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.grammar.tokens import tokens_of
from dashboard.sql.guard import checked
from dashboard.sql.layout import formatted

CORPUS = Path(__file__).parent / "corpus"
CATALOGUE = Catalogue((ServedTable("reports", "contacts", ("channel", "at", "year", "month", "day")),))
VALUES = [
    line for line in (CORPUS / "functions.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]
INNOCENT = [
    line.partition(" :: ")[2].replace("\\n", "\n").replace("\\t", "\t")
    for line in (CORPUS / "innocent.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def sent(sql):
    return checked(sql, CATALOGUE, 100).sql


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_sent_as_it_is_written(value):
    """Every function with each number of arguments, and every form of a value, keeps its text."""
    assert sent(f"SELECT {value}") == f"SELECT {value} LIMIT 101"


def test_every_function_of_the_engine_is_in_the_corpus():
    """The engine lists 312 functions; each is called at least once, with 560 numbers of arguments and forms in all."""
    names = {value.partition("(")[0] for value in VALUES}
    assert len(names) > 310
    assert len(VALUES) > 560


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT random(1, 7)", "SELECT random(1, 7) LIMIT 101"),
        ("SELECT log10(1000)", "SELECT log10(1000) LIMIT 101"),
        (
            "SELECT date_trunc(channel, at) FROM contacts",
            'SELECT date_trunc(channel, at) FROM "reports"."contacts" LIMIT 101',
        ),
        ("SELECT current_timestamp(0)", "SELECT current_timestamp(0) LIMIT 101"),
        ("SELECT bitwise_and(1, 2, 3)", "SELECT bitwise_and(1, 2, 3) LIMIT 101"),
        ("SELECT CHAR 'VOICE'", "SELECT CHAR 'VOICE' LIMIT 101"),
        (
            "SELECT json_extract(x, '$..a') FROM contacts",
            'SELECT json_extract(x, \'$..a\') FROM "reports"."contacts" LIMIT 101',
        ),
        (
            "select\tChannel -- way in\n,/* the day */day\r\nfrom CONTACTS",
            'select Channel , day from "reports"."contacts" LIMIT 101',
        ),
        ("SELECT 1--x\r+1", "SELECT 1 +1 LIMIT 101"),
        ("SELECT 1-/**/-1", "SELECT 1- -1 LIMIT 101"),
        ("SELECT 'a'/**/AS x", "SELECT 'a' AS x LIMIT 101"),
        ('SELECT 1 FROM"contacts"', 'SELECT 1 FROM"reports"."contacts" LIMIT 101'),
        (
            "SELECT 1 FROM awsdatacatalog . reports . contacts",
            'SELECT 1 FROM "awsdatacatalog"."reports"."contacts" LIMIT 101',
        ),
        ("SELECT 1 FETCH FIRST 500 ROWS ONLY;", "SELECT 1 FETCH FIRST 101 ROWS ONLY"),
        ("TABLE contacts", 'TABLE "reports"."contacts" LIMIT 101'),
        ("VALUES 1, 2", "VALUES 1, 2 LIMIT 101"),
        ("EXPLAIN SELECT 1", "EXPLAIN SELECT 1"),
        ("EXPLAIN (TYPE IO, FORMAT JSON) TABLE contacts", 'EXPLAIN (TYPE IO, FORMAT JSON) TABLE "reports"."contacts"'),
        ("show columns from contacts", "SHOW COLUMNS IN `reports`.`contacts`"),
        ("SHOW COLUMNS IN contacts IN reports", "SHOW COLUMNS IN `reports`.`contacts`"),
        ("DESC reports.contacts", "DESCRIBE `reports`.`contacts`"),
    ],
)
def test_only_tables_bounds_and_comments_change(written, expected):
    """Tables get their full names and rows their bound; comments become a space; the rest stays."""
    assert sent(written) == expected


@pytest.mark.parametrize("written", INNOCENT)
def test_words_keep_their_order(written):
    """Without the table's database and the bound, the sent words are the written ones."""
    database = {"reports", '"reports"', "awsdatacatalog", '"awsdatacatalog"', ".", '"contacts"', "contacts"}

    def own(sql):
        words = [token.text for token in tokens_of(sql) if token.text.lower() not in database and token.text != ";"]
        if "LIMIT" in words:
            del words[words.index("LIMIT") : words.index("LIMIT") + 2]
        return words

    assert own(sent(written)) == own(written)


PIECES = st.sampled_from(
    [
        "1",
        "'a'",
        '"a"',
        "channel",
        "-",
        "+",
        "*",
        "/",
        "%",
        "(",
        ")",
        ",",
        ".",
        "||",
        "=",
        "<",
        ">",
        "--x\n",
        "/*y*/",
        " ",
    ]
)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_spacing_makes_other_words(text):
    """Words written without spaces or with comments between them stay the same words."""
    try:
        text_sent = sent(f"SELECT {text} FROM contacts")
    except RefusedSql:
        return
    written = [token.text for token in tokens_of(f"SELECT {text}")]
    assert [token.text for token in tokens_of(text_sent)][: len(written)] == written


@pytest.mark.parametrize("written", [*INNOCENT, *(f"SELECT {value}" for value in VALUES)])
def test_format_changes_white_space_and_case_alone(written):
    """The words and comments of formatted SQL are those of the original, and formatting it again changes nothing."""
    laid_out = formatted(written)
    assert [token.text.lower() for token in tokens_of(laid_out)] == [token.text.lower() for token in tokens_of(written)]
    assert formatted(laid_out) == laid_out
