"""The Overview as one would first write it: rows in a cached DataFrame, cards and charts rebuilt in every run."""

import io
import os

import altair as alt
import boto3
import pandas as pd
import streamlit as st

from dataset_model import load_dataset

st.set_page_config(layout="wide")


@st.cache_data
def rows() -> pd.DataFrame:
    """Return every published row."""
    target = load_dataset("contacts", os.environ).target
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=os.environ["S3_BUCKET"], Prefix=f"{target.prefix}/year="
    )
    keys = [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"].endswith(".parquet")]
    bodies = (s3.get_object(Bucket=os.environ["S3_BUCKET"], Key=key)["Body"].read() for key in keys)
    return pd.concat([pd.read_parquet(io.BytesIO(body)) for body in bodies])


def picked() -> list[str]:
    """Return the channels clicked on the chart."""
    state = st.session_state.get("channel", {})
    return [point["key"] for point in state.get("selection", {}).get("pick", [])]


everything = rows()
channels = picked()
found = everything[everything["channel"].isin(channels)] if channels else everything
st.title("Contacts")
cards = st.columns(4)
per_day = found.groupby("report_date").size()
figures = (len(found), found["contact_id"].nunique(), found["channel"].nunique(), found["agent_name"].nunique())
for card, name, figure in zip(cards, ("Rows", "Contacts", "Channels", "Agents"), figures, strict=True):
    card.metric(name, f"{figure:,}", border=True, chart_data=per_day.tolist(), chart_type="area")
left, right = st.columns(2)
days = per_day.reset_index(name="count")
left.altair_chart(
    alt.Chart(days).mark_bar().encode(x="report_date:T", y="count:Q", tooltip=["report_date:T", "count:Q"])
)
by_channel = everything.groupby("channel").size().reset_index(name="count").rename(columns={"channel": "key"})
pick = alt.selection_point(name="pick", fields=["key"])
ring = (
    alt.Chart(by_channel).mark_arc(innerRadius=60).encode(theta="count:Q", color="key:N", tooltip=["key:N", "count:Q"])
)
right.altair_chart(ring.add_params(pick), key="channel", on_select="rerun")
agents = found.groupby("agent_name").size().nlargest(12).reset_index(name="count")
left.altair_chart(alt.Chart(agents).mark_bar().encode(y=alt.Y("agent_name:N", sort="-x"), x="count:Q"))
methods = found.groupby("initiation_method").size().reset_index(name="count")
right.altair_chart(alt.Chart(methods).mark_arc().encode(theta="count:Q", color="initiation_method:N"))
