"""Exports: what is published day by day, how fresh and how sure it is, and the runs that made it."""

import datetime as dt

import streamlit as st

from dashboard import formats, ledger, loaders
from dashboard.period import freshness, title_block
from dashboard.set_aside import set_aside_from
from dashboard.states import nothing_exported
from dashboard.visit import chosen_dataset

service = loaders.service()
name = chosen_dataset(service)
dataset, manifest = service.dataset(name), service.manifest(name)
title_block("Exports", f"{dataset.label} · what is published, and how it got here")
runs = service.runs(name)
if manifest is None or not manifest.days:
    nothing_exported(dataset)
    if runs:
        ledger.run_table(runs, dataset)
    st.stop()

known = service.assurances(name)
freshness(dataset, manifest, known)
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
