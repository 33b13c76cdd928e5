"""The Overview's figures against the rows themselves, counted in Python."""

import dataclasses
import datetime as dt
from collections import Counter

import pytest
from publishing import picking

from dashboard.model.selection.filters import Days, Filters
from dashboard.model.statements import rows_statement
from dashboard.overview.figures import Totals, overview_from, overview_statements
from dataset_model.dashboard.section import Card

D = dt.date


def ordered(counts):
    return sorted(counts.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))


def unique(rows, name):
    return len({row[name] for row in rows if row[name] is not None})


def test_everything_is_counted_exactly_with_one_query(service, published):
    """Without filters, cards and charts equal a count of all rows, and cost one statement."""
    overview = service.overview("contacts", Filters())
    rows = published.rows
    assert overview.totals.rows == overview.total_rows == len(rows) == 1174
    assert overview.totals.unique_contacts == unique(rows, "contact_id") < 1174
    assert (overview.totals.channels, overview.totals.agents) == (4, 5)
    assert [(c.value, c.rows) for c in overview.by("channel")] == ordered(Counter(r["channel"] for r in rows))
    assert [(c.value, c.rows) for c in overview.by("agent_name")] == ordered(Counter(r["agent_name"] for r in rows))
    assert [(c.value, c.rows) for c in overview.by("initiation_method")] == ordered(
        Counter(r["initiation_method"] for r in rows)
    )
    assert [(d.day, d.rows) for d in overview.by_day] == sorted(Counter(r["day"] for r in rows).items())
    assert len(overview.statements) == 1


def test_null_and_empty_agents_are_two_values(service):
    """An agent called "" and no agent at all stand apart in the breakdown."""
    values = [count.value for count in service.overview("contacts", Filters()).by("agent_name")]
    assert None in values
    assert "" in values


def test_a_warm_cache_asks_athena_nothing(service):
    """The same filters are answered from memory until the manifest changes."""
    first = service.overview("contacts", Filters())
    assert service.overview("contacts", Filters()) is first


def test_days_and_previous_days_come_from_one_statement(service, published):
    """A week is compared with the week before it, both exact, in one query across the year's end."""
    week = Days(D(2025, 12, 29), D(2026, 1, 4))
    overview = service.overview("contacts", Filters(week))
    now, before = published.on(*week), published.on(*week.previous)
    assert (overview.totals.rows, overview.previous.rows) == (len(now), len(before))
    assert overview.previous.unique_contacts == unique(before, "contact_id")
    assert overview.totals.unique_contacts == unique(now, "contact_id")
    assert overview.previous_days == Days(D(2025, 12, 22), D(2025, 12, 28))
    assert [day.unique for day in overview.by_day] == [unique(published.on(day), "contact_id") for day in week]
    assert len(overview.statements) == 1


def test_a_previous_period_that_is_not_wholly_published_is_absent(service):
    """Half a period is no comparison: the cards say nothing instead."""
    overview = service.overview("contacts", Filters(Days(D(2025, 12, 22), D(2025, 12, 28))))
    assert overview.previous is None
    assert [card.previous for card in overview.cards] == [None] * 4


def test_days_to_come_are_left_out_of_what_they_are_compared_with(service, published):
    """Of a week three days are published: they are compared with the first three of the week before, not with seven."""
    week = Days(D(2026, 1, 31), D(2026, 2, 6))
    overview = service.overview("contacts", Filters(week))
    now, before = published.on(*week), published.on(D(2026, 1, 24), D(2026, 1, 25), D(2026, 1, 26))
    assert overview.previous_days == Days(D(2026, 1, 24), D(2026, 1, 26))
    assert (overview.totals.rows, overview.previous.rows) == (len(now), len(before))
    assert overview.previous.unique_contacts == unique(before, "contact_id")
    assert [day.published for day in overview.by_day] == [True] * 3 + [False] * 4
    assert len(overview.statements) == 1
    to_come = service.overview("contacts", Filters(Days(D(2026, 2, 3), D(2026, 2, 4))))
    assert to_come.previous is to_come.previous_days is None


@pytest.mark.parametrize(
    ("channel", "agent", "method"),
    [
        (("VOICE",), (), ()),
        ((), (None,), ()),
        ((), (None, "", "Chidi O'Neil"), ()),
        (("CHAT", "VOICE"), ("Ana Lima",), ()),
        (("CHAT",), ("Björn Ström",), ("INBOUND", "API")),
        (("nothing like it",), (), ()),
    ],
)
def test_cross_filters_hold_for_every_figure_but_a_charts_own(service, published, channel, agent, method):
    """Distinct counts under filters are exact; a chart leaves its own dimension open so others can be clicked."""
    filters = picking(Days(D(2026, 1, 1), D(2026, 1, 31)), channel=channel, agent_name=agent, initiation_method=method)
    overview = service.overview("contacts", filters)
    picked = {"channel": channel, "agent_name": agent, "initiation_method": method}
    within = [row for row in published.rows if row["day"] in filters.days]

    def under(*ignored):
        return [
            row
            for row in within
            if all(not values or row[name] in values for name, values in picked.items() if name not in ignored)
        ]

    assert overview.totals.rows == len(under())
    assert overview.totals.unique_contacts == unique(under(), "contact_id")
    assert overview.totals.agents == unique(under(), "agent_name")
    assert sum(day.rows for day in overview.by_day) == len(under())
    for name in ("channel", "agent_name", "initiation_method"):
        assert [(c.value, c.rows) for c in overview.by(name)] == ordered(Counter(row[name] for row in under(name)))
    assert len(overview.statements) == 2


def test_the_cards_are_those_of_the_dataset_file(service, published):
    """Four cards, in the file's order, each with a figure per day for its sparkline."""
    cards = service.overview("contacts", Filters()).cards
    assert [card.label for card in cards] == ["Total rows", "Unique contacts", "Channels", "Agents"]
    assert [card.value for card in cards][2:] == [4, 5]
    assert {len(card.series) for card in cards} == {len(published.days)}
    assert cards[0].series[0] == len(published.on(published.days[0]))


def test_days_outside_what_is_published_are_zero(service):
    """A window with no rows gives zeros on every day, not an error and not an empty chart."""
    overview = service.overview("contacts", Filters(Days(D(2026, 3, 1), D(2026, 3, 3))))
    assert overview.totals.rows == 0
    assert overview.totals.unique_contacts == 0
    assert [day.rows for day in overview.by_day] == [0, 0, 0]


def overview_of(service, published, model, filters):
    """The Overview of a model of one's own."""
    results = [service.athena.run(asked).answer for asked in overview_statements(model, filters, published.manifest)]
    return overview_from(model, filters, published.manifest, results)


def test_cards_may_sum_and_average(service, published):
    """A file's own cards: sums exact, means over the rows that have a value, with their unit and the week before."""
    cards = (
        Card(label="Waiting", measure="sum", column="queue_duration"),
        Card(label="Mean wait", measure="mean", column="queue_duration"),
        Card(label="Score", measure="sum", column="sentiment_score"),
        Card(label="Big", measure="distinct", column="big_number"),
    )
    model = dataclasses.replace(service.model("contacts"), cards=cards)
    week = Days(D(2026, 1, 12), D(2026, 1, 18))
    shown = overview_of(service, published, model, Filters(week)).cards
    now, before = published.on(*week), published.on(*week.previous)
    waits = [row["queue_duration"] for row in now]
    assert shown[0].value == pytest.approx(sum(waits))
    assert shown[0].previous == pytest.approx(sum(row["queue_duration"] for row in before))
    assert shown[1].value == pytest.approx(sum(waits) / len(waits))
    assert (shown[0].unit, shown[3].unit) == ("s", None)
    assert shown[2].value == sum(row["sentiment_score"] for row in now)
    assert shown[3].value == 1
    monday = [row["queue_duration"] for row in published.on(week.first)]
    assert shown[1].series[0] == pytest.approx(sum(monday) / len(monday))


def test_a_table_without_any_part_still_has_figures(service, published):
    """No entity, agent, channel or method: rows in all and per day, and nothing made up."""
    model = dataclasses.replace(
        service.model("contacts"),
        entity=None,
        agent=None,
        channel=None,
        method=None,
        dimensions=(),
        cards=(Card(label="Rows"),),
    )
    overview = overview_of(service, published, model, picking(channel=("VOICE",)))
    assert overview.totals == Totals(1174, None, None, None)
    assert (overview.counts, overview.by("channel"), overview.by(None)) == ({}, (), ())
    assert sum(day.rows for day in overview.by_day) == 1174
    assert overview.by_day[0].unique is None
    assert [card.value for card in overview.cards] == [1174]


def test_rows_behind_a_chart_are_the_rows_it_counted(service, published):
    """Any filter's rows number what the Overview says, and none is cut in silence."""
    filters = picking(Days(D(2026, 1, 1), D(2026, 1, 31)), channel=("VOICE",), agent_name=(None,))
    counted = service.overview("contacts", filters).total_rows
    rows = service.athena.run(rows_statement(service.model("contacts"), filters, 20_000))
    cut = service.athena.run(rows_statement(service.model("contacts"), filters, 10))
    assert (rows.row_count, rows.truncated) == (counted, False)
    assert (cut.row_count, cut.truncated) == (10, True)
