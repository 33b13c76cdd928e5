"""Settings come from the environment, and all faults in them are reported at once."""

import pytest

from dashboard.settings import settings_from_environment
from dataset_model.faults import DatasetError

GOOD = {"DATASET": "contacts", "S3_BUCKET": "reports"}


def test_two_variables_are_enough():
    """Everything else has a default."""
    settings = settings_from_environment(GOOD)
    assert [dataset.name for dataset in settings.datasets] == ["contacts"]
    assert (settings.bucket, settings.workgroup, settings.results) == ("reports", "primary", None)
    assert (settings.max_fetch_rows, settings.public_s3_endpoint, settings.log_level) == (20_000, None, "INFO")


def test_everything_can_be_set():
    """Names are those of the contract."""
    more = {
        "ATHENA_WORKGROUP": "reporting",
        "ATHENA_RESULTS": "s3://results/here/",
        "MAX_FETCH_ROWS": "500",
        "S3_PUBLIC_ENDPOINT_URL": "http://localhost:4566/",
        "LOG_LEVEL": "debug",
        "AWS_REGION": "eu-central-1",
        "ATHENA_DATABASE": "other_db",
    }
    settings = settings_from_environment({**GOOD, **more})
    assert (settings.workgroup, settings.results, settings.max_fetch_rows) == ("reporting", "s3://results/here/", 500)
    assert (settings.public_s3_endpoint, settings.log_level) == ("http://localhost:4566", "DEBUG")
    assert (settings.region, settings.datasets[0].target.database) == ("eu-central-1", "other_db")


def test_every_fault_is_reported_at_once():
    """One line each: name, what was expected, what was found."""
    wrong = {
        "DATASET": "kontacts",
        "S3_BUCKET": "Not A Bucket",
        "ATHENA_WORKGROUP": "a b",
        "ATHENA_RESULTS": "results/",
        "MAX_FETCH_ROWS": "0",
        "S3_PUBLIC_ENDPOINT_URL": "localhost:9000",
        "LOG_LEVEL": "loud",
    }
    with pytest.raises(DatasetError) as raised:
        settings_from_environment(wrong)
    assert sorted(fault.field for fault in raised.value.faults) == sorted(wrong)
    assert "environment: S3_BUCKET: expected the name of an S3 bucket; found 'Not A Bucket'" in str(raised.value)


def test_a_missing_bucket_is_reported():
    """What is needed and absent reads `found nothing`."""
    with pytest.raises(DatasetError, match=r"S3_BUCKET: expected the name of an S3 bucket; found nothing"):
        settings_from_environment({"DATASET": "contacts"})


def test_several_datasets_are_served(tmp_path):
    """DATASET may be a list; each file keeps its own names."""
    text = (
        "name: orders\n"
        "source: {table: orders, index: by-day, partition_key: shop, partition_values: [a], sort_key: at}\n"
        "target: {prefix: orders, table: orders}\n"
    )
    (tmp_path / "orders.yaml").write_text(text, encoding="utf-8")
    settings = settings_from_environment({**GOOD, "DATASET": f"contacts, {tmp_path}/orders.yaml"})
    assert [dataset.name for dataset in settings.datasets] == ["contacts", "orders"]


def test_a_dataset_file_may_lie_on_s3():
    """The caller fetches it; the settings do not know how."""
    text = "name: far\nsource: {table: far, index: by-day, partition_key: k, partition_values: [a], sort_key: at}\n"
    settings = settings_from_environment({**GOOD, "DATASET": "s3://b/far.yaml"}, {"s3://b/far.yaml": text}.__getitem__)
    assert settings.datasets[0].name == "far"
