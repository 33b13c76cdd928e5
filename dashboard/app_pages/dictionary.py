"""A dataset's file, columns and records flow in, its data dictionary flows out; what reads data is asked for first."""

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.selection.filters import Days
from dashboard.quality.data_dictionary import data_dictionary
from dashboard.quality.empty_values import empty_shares, empty_values_statement
from dashboard.results.sample_values import COUNT, MOST_BYTES
from dashboard.results.schema_values import known_values
from dashboard.ui.page.dictionary_table import dictionary_html, measures_html
from dashboard.ui.page.page_header import opened
from dashboard.ui.page.states import literal
from dashboard.ui.query import run_status
from dataset_model.dictionary import dictionary_text

page = opened("Dictionary", "what every column means, where it comes from, and since when")
service, name, dataset, manifest = page.service, page.name, page.dataset, page.manifest
model, slot = service.model(name), f"dictionary_{name}"
last = manifest.last_day

if dataset.description:
    st.markdown(literal(dataset.description))
owner = f"Owner: {dataset.owner} · " if dataset.owner else ""
span = f"{formats.day(manifest.first_day)} to {formats.day(last)}" if manifest.first_day and last else "no day"
rows = service.of(name).published_rows()
extent = "a part of the rows" if rows is None else f"{rows:,} rows"
facts = f"{owner}Table {model.database}.{model.table} · {extent}, {span}"
st.caption(literal(facts))

with st.container(horizontal=True, vertical_alignment="center", key="dictionary_bar"):
    samples_wanted = st.toggle(
        "Samples",
        key=f"dictionary_samples_{name}",
        help="Reads the first rows of the newest day's file from S3, at most "
        f"{formats.size(MOST_BYTES)}, once per export for all users. No query runs; masked columns are not read.",
    )
    for label, days in (("newest day", Days(last, last) if last else None), ("all days", None)):
        statement = empty_values_statement(model, days)
        bound = service.estimate(name, statement)
        price = f"at most {formats.size(bound.bytes)}" if bound else "its size is not known"
        if st.button(
            f"Count empty values, {label}: {formats.dollars(bound.dollars)}"
            if bound
            else f"Count empty values, {label}",
            icon=":material/payments:",
            key=f"empty_{label}_{name}",
            help=f"Runs one query over every column: {price}.",
        ):
            run_status.start(service, name, statement, slot)
    st.download_button(
        "Markdown",
        lambda: dictionary_text(dataset),
        f"{name}-dictionary.md",
        "text/markdown",
        key=f"dictionary_file_{name}",
        icon=":material/download:",
        on_click="ignore",
    )

empty: dict[str, float] = {}
if run_status.is_used(slot):
    job = run_status.in_slot(service, slot)
    if job is not None and job.result is not None:
        empty = empty_shares(model, job.result.answer.rows)
        counted = job.result.statement.days
        st.caption(f"Empty values of {formats.days(counted) if counted else 'all days'}.")
    else:
        run_status.show(service, slot, lambda _: st.rerun())
values = known_values(manifest, COUNT)
if samples_wanted:
    try:
        found = service.samples(name)
    except DashboardError as error:
        st.caption(f":orange[No samples: {literal(str(error))}]")
    else:
        values = {**values, **(found.values if found else {})}
entries = data_dictionary(dataset, service.of(name).schema(), manifest, model)
st.html(dictionary_html(entries, values, empty, model.table))
if model.declared:
    with st.container(key="dictionary_measures", gap="small"):
        st.subheader("Measures", anchor=False)
        st.html(measures_html(model))
