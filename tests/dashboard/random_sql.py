"""Random statements of a person who looks for what they may not see; no answer depends on the order of rows."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TEXTS, NUMBERS, PARTS = (
    ("contact_id", "agent", "note", "channel", "label"),
    ("amount", "score"),
    ("year", "month", "day"),
)
ALL = (*TEXTS, *NUMBERS, *PARTS)


@dataclass
class Writer:
    """Writes statements; `known` are texts and numbers that the person may have heard of."""

    chance: random.Random
    known: Sequence[str]
    depth: int = 0
    names: list[str] = field(default_factory=list)
    """Aliases by which columns can be named here; "" for no alias."""

    def one_of(self, *choices: Callable[[], str]) -> str:
        self.depth += 1
        try:
            # From some depth on the first ones alone, which end.
            return self.chance.choice(choices if self.depth < 6 else choices[:2])()
        finally:
            self.depth -= 1

    def column(self, names: Sequence[str]) -> str:
        name, alias = self.chance.choice(names), self.chance.choice(self.names)
        name = self.chance.choice((name, name, name.upper(), f'"{name}"'))
        return f"{alias}.{name}" if alias else name

    def text(self) -> str:
        return self.one_of(
            lambda: self.column(TEXTS),
            lambda: f"'{self.chance.choice(self.known)}'",
            lambda: f"lower({self.text()})",
            lambda: f"concat({self.text()}, {self.text()})",
            lambda: f"substr({self.text()}, {self.chance.randint(1, 9)}, {self.chance.randint(1, 5)})",
            lambda: f"coalesce({self.text()}, {self.text()})",
            lambda: f"nullif({self.text()}, {self.text()})",
            lambda: f"CAST({self.number()} AS varchar)",
            lambda: f"CASE WHEN {self.condition()} THEN {self.text()} ELSE {self.text()} END",
            lambda: f"replace({self.text()}, {self.text()})",
            lambda: f"(SELECT max({self.inner(self.text)}) FROM contacts)",
        )

    def number(self) -> str:
        return self.one_of(
            lambda: self.column(NUMBERS),
            lambda: str(self.chance.choice((0, 1, 2, 7, 800_003, 900_004))),
            lambda: f"length({self.text()})",
            lambda: f"strpos({self.text()}, {self.text()})",
            lambda: f"({self.number()} + {self.number()})",
            lambda: f"({self.number()} / {self.number()})",
            lambda: f"CAST({self.text()} AS bigint)",
            lambda: f"TRY(CAST({self.text()} AS bigint))",
            lambda: f"CASE WHEN {self.condition()} THEN {self.number()} ELSE {self.number()} END",
            lambda: f"(SELECT count(*) FROM contacts WHERE {self.inner(self.condition)})",
            lambda: f"if({self.condition()}, {self.number()}, {self.number()})",
        )

    def condition(self) -> str:
        return self.one_of(
            lambda: f"{self.text()} {self.chance.choice(('=', '<>', '<', '>='))} {self.text()}",
            lambda: f"{self.column(ALL)} IS {self.chance.choice(('', 'NOT '))}NULL",
            lambda: f"{self.number()} {self.chance.choice(('=', '<>', '<', '>='))} {self.number()}",
            lambda: f"{self.text()} LIKE '{self.chance.choice(('%', 'Q%', '_%9', '%i%', 'ZZ%'))}'",
            lambda: f"{self.text()} IN ({self.text()}, {self.text()})",
            lambda: f"{self.text()} IN (SELECT {self.inner(self.text)} FROM contacts)",
            lambda: f"EXISTS (SELECT 1 FROM contacts i WHERE {self.within('i', self.condition)})",
            lambda: f"NOT ({self.condition()})",
            lambda: f"({self.condition()} AND {self.condition()})",
            lambda: f"({self.condition()} OR {self.condition()})",
            lambda: f"{self.column(PARTS)} <= {self.chance.choice((1, 2, 3, 2026))}",
            lambda: f"{self.number()} BETWEEN {self.number()} AND {self.number()}",
        )

    def inner(self, what: Callable[[], str]) -> str:
        """Write a part of a subquery, over its own table alone."""
        before, self.names = self.names, ["", "contacts"]
        try:
            return what()
        finally:
            self.names = before

    def within(self, alias: str, what: Callable[[], str]) -> str:
        """Write a part of a subquery, which also names columns of what it stands in."""
        before, self.names = self.names, [alias, alias, *(name for name in self.names if name)]
        try:
            return what()
        finally:
            self.names = before

    def relation(self) -> str:
        """Write what a query reads, and set by which names its columns are reached."""
        kinds: dict[str, tuple[str, ...]] = {
            "contacts": ("", "contacts"),
            "reports.contacts": ("", "contacts"),
            "CONTACTS AS c": ("", "c"),
            '"contacts" c': ("", "c"),
            "(SELECT * FROM contacts) c": ("", "c"),
            "(TABLE contacts) AS c": ("", "c"),
            "(SELECT contacts.* FROM contacts) AS contacts": ("", "contacts"),
            "contacts a CROSS JOIN contacts b": ("a", "b"),
            "contacts a JOIN contacts b ON {on}": ("a", "b"),
            "contacts a LEFT JOIN contacts b ON {on}": ("a", "b"),
            "contacts a FULL JOIN contacts b ON a.label = b.label": ("a", "b"),
            "contacts a, (SELECT * FROM contacts) b": ("a", "b"),
            "contacts c CROSS JOIN UNNEST(ARRAY[c.label, c.note]) AS u (x)": ("c",),
            "contacts c JOIN LATERAL (SELECT 1 AS one) l ON true": ("c",),
        }
        kind = self.chance.choice(list(kinds))
        self.names = list(kinds[kind])
        return kind.replace("{on}", self.condition()) if "{on}" in kind else kind

    def query(self) -> str:
        """Write one SELECT."""
        relation = self.relation()
        where = f" WHERE {self.condition()}" if self.chance.random() < 0.6 else ""
        some = [self.chance.choice((self.text, self.number))() for _ in range(self.chance.randint(1, 3))]
        body = f"FROM {relation}{where}"
        return self.chance.choice(
            (
                lambda: f"SELECT {', '.join(some)} {body}",
                lambda: f"SELECT DISTINCT {', '.join(some)} {body}",
                lambda: f"SELECT {', '.join(map(self.aggregate, some))} {body}",
                lambda: f"SELECT {some[0]}, {self.aggregate(some[-1])} {body} GROUP BY 1 HAVING count(*) > 1",
                lambda: f"SELECT {self.aggregate(some[0])} FILTER (WHERE {self.condition()}) {body}",
                lambda: f"SELECT {some[0]}, count(*) OVER (PARTITION BY {some[-1]}) {body}",
                lambda: f"SELECT max({some[0]}) OVER (), {some[-1]} {body} ORDER BY {some[0]}",
                lambda: f"SELECT {', '.join(some)} {body} ORDER BY {self.number()}",
            )
        )()

    def texts(self) -> str:
        """Write a SELECT of one text."""
        return f"SELECT {self.inner(self.text)} FROM contacts"

    def aggregate(self, value: str) -> str:
        kinds = ("count({})", "min({})", "max({})", "count(DISTINCT {})", "max(length(CAST({} AS varchar)))")
        return self.chance.choice(kinds).format(value)

    def statement(self) -> str:
        """Write a whole statement."""
        query = self.query()
        return self.chance.choice(
            (
                lambda: query,
                lambda: query,
                lambda: f"SELECT count(*) FROM ({query.partition(' ORDER BY ')[0]}) AS q",
                lambda: f"WITH contacts AS (SELECT * FROM contacts WHERE {self.inner(self.condition)}) {query}",
                lambda: f"WITH q AS ({query}) SELECT count(*) FROM q, contacts",
                lambda: "SELECT label, note FROM contacts EXCEPT SELECT agent, contact_id FROM contacts",
                lambda: f"{self.texts()} UNION ALL {self.texts()}",
                lambda: f"({self.texts()}) INTERSECT (SELECT note FROM contacts)",
            )
        )()
