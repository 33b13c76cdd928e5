"""The chosen dataset flows in, the page's title and freshness flow out, or the reason why there is nothing to show."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.services.service import Service
from dashboard.ui.page import cached_service
from dashboard.ui.page.period_header import freshness, title_block
from dashboard.ui.page.states import nothing_exported
from dashboard.ui.page.view_state import chosen_dataset
from dataset_model import Dataset
from dataset_model.records.manifest import Manifest


@dataclass(frozen=True)
class Opened:
    """A page of a dataset that has something published."""

    service: Service
    name: str
    dataset: Dataset
    manifest: Manifest


def opened(title: str, text: str, otherwise: Callable[[Service, Dataset], None] | None = None) -> Opened:
    """Draw a page's head and return its dataset; stop the page where nothing is published.

    `otherwise` draws what can be shown without published days.
    """
    service = cached_service.service()
    name = chosen_dataset(service)
    dataset, manifest = service.dataset(name), service.manifest(name)
    title_block(title, f"{dataset.label} · {text}")
    if manifest is None or not manifest.days:
        nothing_exported(dataset)
        if otherwise is not None:
            otherwise(service, dataset)
        st.stop()
    freshness(dataset, manifest, service.day_statuses(name), service.model(name).view.remark)
    return Opened(service, name, dataset, manifest)
