"""The data dictionary of a dataset file."""

import subprocess
import sys
from pathlib import Path

from dataset_model import dataset_from_text
from dataset_model.dictionary import dictionary_text

SENSORS = r"""
name: sensors
title: Sensor readings
description: One row per reading.
owner: Plant team
source:
  {table: readings, index: by-site, partition_key: site, partition_values: [1], sort_key: at, time_zone: Europe/Berlin}
columns:
  - {name: device, attribute: payload.deviceId, type: bigint, role: key, label: Device}
  - name: state
    attribute: s
    type: string
    value_labels: {"1": In, "0": "Out | off"}
    description: "Where it is."
    mask: last4
dashboard:
  measures:
    - {name: alarms, aggregate: share, where: state = '1', label: In alarm}
    - {name: per_device, aggregate: ratio, of: alarm_rows, per: devices}
    - {name: alarm_rows, aggregate: count}
    - {name: devices, aggregate: distinct, column: device}
"""


def test_every_declared_column_and_measure_is_in_the_dictionary() -> None:
    """With its type, attribute and labels; a bar in a text does not break the table."""
    text = dictionary_text(dataset_from_text(SENSORS, "sensors.yaml"))
    assert text == (
        "# Sensor readings\n\nOne row per reading.\n\n"
        "- Owner: Plant team.\n"
        "- Source: DynamoDB table `readings`; the attribute `at` places a row on its day.\n"
        "- Days are days in Europe/Berlin.\n"
        "- Athena: `gsi_dynamodb_athena_db.gsi_export`, partitioned by `year`, `month` and `day`.\n\n"
        "| Column | Type | Unit | Role | From | Description |\n| --- | --- | --- | --- | --- | --- |\n"
        "| `device` (Device) | bigint |  | key | `payload.deviceId` |  |\n"
        "| `state` | string |  |  | `s` | Where it is. (1: In, 0: Out \\| off) Masked: last4. |\n\n"
        "## Measures\n\n"
        "| Measure | Label | What it is | Unit |\n| --- | --- | --- | --- |\n"
        "| `alarms` | In alarm | share where `state = '1'` |  |\n"
        "| `per_device` |  | alarm_rows / devices |  |\n"
        "| `alarm_rows` |  | count |  |\n"
        "| `devices` |  | distinct of device |  |\n"
    )


def test_the_command_prints_it(repository: Path) -> None:
    """`python -m dataset_model docs contacts` gives the dictionary of the shipped file."""
    command = [sys.executable, "-m", "dataset_model", "docs", "contacts"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# Contact centre\n")
    assert "| `queue_duration` | double | s | measure | `QueueDuration` | Time in the queue. |" in done.stdout
