"""Session state and address flow in, the visitor's view flows out: dataset, period and filters."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from dashboard.model.selection.filters import (
    Days,
    Filters,
    days_of_preset,
    default_window,
    filters_from_params,
    params_from_filters,
)
from dashboard.model.selection.ranges import with_linked_ranges
from dashboard.services.service import Service
from dashboard.themes import PARAMETER
from dataset_model.dashboard.periods import Preset
from dataset_model.records.manifest import Manifest

_DATASET = "dataset"


@dataclass(frozen=True)
class View:
    """A period and what is picked within it."""

    window: Days
    picked: Filters
    """Its days are the brushed ones; None without a brush."""

    @property
    def filters(self) -> Filters:
        """Everything that narrows the figures."""
        return self.picked.with_days(self.picked.days or self.window)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is picked or brushed."""
        return self.picked.is_narrowed or self.picked.days is not None

    def picking(self, picked: Filters) -> "View":
        """Return the same period with other picks; their days are the brushed ones."""
        return replace(self, picked=picked)


def dataset_picker(service: Service) -> None:
    """Draw the choice of datasets where there is one to make."""
    if len(service.names) < 2:
        return
    name = chosen_dataset(service)
    st.selectbox(
        "Dataset",
        service.names,
        index=service.names.index(name),
        format_func=lambda option: service.dataset(option).label,
        key="dataset_picker",
        on_change=lambda: st.session_state.update({_DATASET: st.session_state.dataset_picker}),
    )


def chosen_dataset(service: Service) -> str:
    """Return the dataset that this visitor looks at: chosen, named by the link, or the first."""
    name = st.session_state.get(_DATASET) or st.query_params.get(_DATASET)
    if name not in service.names:
        name = service.names[0]
    st.session_state[_DATASET] = name
    return str(name)


def view_of(service: Service, name: str, manifest: Manifest) -> View:
    """Return this visitor's view of a dataset; the first time, the one that the link describes."""
    key = _key(name)
    if key not in st.session_state:
        params = {field: st.query_params.get_all(field) for field in st.query_params}
        model = service.model(name)
        linked = with_linked_ranges(filters_from_params(params, model.link_names), params, model.ranged)
        window = linked.days or default_window(manifest.last_day, service.today(name))
        st.session_state[key] = View(window, linked.with_days(None))
    view: View = st.session_state[key]
    return view


def update_view(name: str, change: Callable[[View], View]) -> None:
    """Change this visitor's view of a dataset."""
    key = _key(name)
    st.session_state[key] = change(st.session_state[key])


def share_in_link(service: Service, name: str, view: View) -> None:
    """Write the view into the address, so a copied address shares it."""
    params: dict[str, list[str]] = params_from_filters(view.filters)
    if len(service.names) > 1:
        params[_DATASET] = [name]
    if PARAMETER in st.query_params:
        params[PARAMETER] = st.query_params.get_all(PARAMETER)
    if params != {field: st.query_params.get_all(field) for field in st.query_params}:
        st.query_params.from_dict(params)


def matching_preset(window: Days, today: dt.date, presets: tuple[Preset, ...], first_weekday: int) -> Preset | None:
    """Return the preset that means exactly this period, or None."""
    return next((preset for preset in presets if days_of_preset(preset, today, first_weekday) == window), None)


def _key(name: str) -> str:
    return f"view_{name}"
