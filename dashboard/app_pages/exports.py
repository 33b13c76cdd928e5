"""Manifest, verification records and run ledger flow in, the Exports page flows out."""

import datetime as dt

import streamlit as st

from dashboard.model import formats
from dashboard.quality.quarantine_count import quarantine_count_from
from dashboard.services.service import Service
from dashboard.ui.page import exports_tables
from dashboard.ui.page.page_header import opened
from dataset_model import Dataset


def run_history(service: Service, dataset: Dataset) -> None:
    """Draw the runs of a dataset without published days; they show the reason."""
    if found := service.runs(dataset.name):
        exports_tables.run_table(found, dataset)


page = opened("Exports", "published days, their verification, and the export runs", run_history)
service, name, dataset, manifest = page.service, page.name, page.dataset, page.manifest
if service.model(name).view.is_part:
    st.info("This page counts the rows of all people, and you see a part of them.", icon=":material/filter_alt:")
    st.stop()
runs, verified = service.runs(name), service.day_statuses(name)
records = manifest.days.values()
with st.grid(4, min_column_width=150, gap="small", key="export_cards"):
    st.metric("Published rows", formats.number(manifest.rows), border=True, height="stretch")
    st.metric("Published days", formats.number(len(manifest.days)), border=True, height="stretch")
    st.metric("Size on S3", formats.size(sum(record.bytes for record in records)), border=True, height="stretch")
    exports_tables.quarantine_card(quarantine_count_from(runs), dataset)

now = dt.datetime.now(dt.UTC)
exports_tables.last_run(runs, dataset, now)
exports_tables.last_verification(service.latest_verification(name), dataset, now)
days_tab, runs_tab = st.tabs(["Days", "Runs"])
with days_tab:
    exports_tables.day_table(manifest, verified, dataset)
with runs_tab:
    exports_tables.run_table(runs, dataset)
