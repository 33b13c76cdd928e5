"""Exports: what is published day by day, how fresh and how sure it is, and the runs that made it."""

import datetime as dt

import streamlit as st

from dashboard import formats, ledger
from dashboard.page_head import opened
from dashboard.service import Service
from dashboard.set_aside import set_aside_from
from dataset_model import Dataset


def runs_alone(service: Service, dataset: Dataset) -> None:
    """Draw the runs where no day is published: they say why."""
    if found := service.runs(dataset.name):
        ledger.run_table(found, dataset)


page = opened("Exports", "what is published, and how it got here", runs_alone)
service, name, dataset, manifest = page.service, page.name, page.dataset, page.manifest
runs, known = service.runs(name), service.assurances(name)
records = manifest.days.values()
with st.grid(4, min_column_width=150, gap="small", key="export_cards"):
    st.metric("Published rows", formats.number(manifest.rows), border=True, height="stretch")
    st.metric("Published days", formats.number(len(manifest.days)), border=True, height="stretch")
    st.metric("Size on S3", formats.size(sum(record.bytes for record in records)), border=True, height="stretch")
    ledger.set_aside_card(set_aside_from(runs), dataset)

now = dt.datetime.now(dt.UTC)
ledger.last_run(runs, dataset, now)
ledger.last_verification(service.latest_verification(name), dataset, now)
days_tab, runs_tab = st.tabs(["Days", "Runs"])
with days_tab:
    ledger.day_table(manifest, known, dataset)
with runs_tab:
    ledger.run_table(runs, dataset)
