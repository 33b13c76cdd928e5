"""The documents that a conformance run writes, held against the list of explained differences."""

from collections import Counter
from pathlib import Path

from conformance.comparison import explanations
from conformance.parts.local_athena import corpus
from conformance.report import BEGIN, END, row_head


def rows_of(text):
    return Counter(line[: line.index("` |") + 3] for line in text.splitlines() if line.startswith("| `"))


def reasons_of(text):
    return {line.strip("*") for line in text.splitlines() if line.startswith("**") and line.endswith("**")}


def test_the_guide_lists_the_explained_differences_and_no_others():
    """Who reads the guide sees each statement on which the local Athena is known to differ, under its reason."""
    guide = Path("docs/local-athena.md").read_text(encoding="utf-8")
    listed = guide.partition(BEGIN)[2].partition(END)[0]
    explained = explanations("local_athena")
    assert rows_of(listed) == Counter(row_head(sql) for sql in explained)
    assert reasons_of(listed) == set(explained.values())


def test_the_page_of_the_last_run_lists_the_other_explained_differences():
    """The product's, the guard's and the tables' are on the page of the run."""
    page = Path("docs/conformance.md").read_text(encoding="utf-8")
    explained = {sql: why for part in ("tables", "product", "guard") for sql, why in explanations(part).items()}
    assert rows_of(page) == Counter(row_head(sql) for sql in explained)


def test_the_last_run_left_nothing_unexplained():
    """Its table ends each row with the number of differences without a reason: 0."""
    page = Path("docs/conformance.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert [(row[0], row[-1]) for row in rows[1:5]] == [
        ("Tables", "0"),
        ("Product", "0"),
        ("Guard", "0"),
        ("Local Athena", "0"),
    ]


def test_the_corpus_of_the_local_athena_has_600_statements_and_more():
    """Types, functions and errors: a corpus that shrinks compares less."""
    assert len(corpus()) >= 600


def test_an_explained_statement_is_one_of_the_corpus():
    """An explanation for a statement that no run asks would never be found out of date."""
    assert set(explanations("local_athena")) <= {case.sql for case in corpus()}
