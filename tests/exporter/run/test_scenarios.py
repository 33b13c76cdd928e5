"""Random whole scenarios: 0 items lost, 0 doubled, 0 days reported wrongly.

`SCENARIOS=500` plays as many as `make soak` does; `SCENARIO_SEED=n` plays one again.
"""

import os

import pytest
from scenario import Scenario

import exporter.sources.index_query

SEEDS = (
    [int(os.environ["SCENARIO_SEED"])]
    if "SCENARIO_SEED" in os.environ
    else range(int(os.environ.get("SCENARIOS", "10")))
)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_item_is_lost_doubled_or_reported_wrongly(aws, monkeypatch, seed):
    """Each published day is one that the index held; unpublished days are owed; a success is complete."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(exporter.sources.index_query, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(exporter.sources.index_query, "FURTHER_ATTEMPTS", 1)
    Scenario(seed, aws.url, monkeypatch).play()
