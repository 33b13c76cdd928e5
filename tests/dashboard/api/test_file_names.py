"""Names of downloaded files, on a service of two datasets."""

import os
import urllib.parse

import boto3
import pytest
from publishing import Published, publish_rows
from serving import serving

from dashboard.model.selection.filters import Days
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model import dataset_from_text

ORDERS = """
name: orders
source: {table: orders, index: by-state, partition_key: State, partition_values: [NEW], sort_key: PlacedAt}
columns: [{name: clerk, attribute: Clerk, type: string, role: dimension}]
target: {prefix: exports/orders, database: file_names, table: orders}
"""


@pytest.fixture(scope="module")
def client(published: Published, tmp_path_factory):
    """A service of contacts, which come first, and orders."""
    file = tmp_path_factory.mktemp("orders") / "orders.yaml"
    file.write_text(ORDERS, encoding="utf-8")
    days = sorted({row["day"] for row in published.rows})[:2]
    rows = [{"day": day, "clerk": "Ines"} for day in days]
    bucket = f"orders-{os.getpid()}"
    boto3.client("s3", endpoint_url=published.url).create_bucket(Bucket=bucket)
    orders = dataset_from_text(ORDERS, "orders.yaml")
    publish_rows(published.url, bucket, orders, rows, Days(days[0], days[-1]))
    service = Service(
        settings_from_environment(
            {
                "DATASET": f"contacts,{file}",
                "S3_BUCKET": bucket,
                "ATHENA_RESULTS": f"s3://{bucket}/results/",
                "AWS_ENDPOINT_URL": published.url,
                "AWS_REGION": "us-east-1",
            }
        )
    )
    with serving(lambda: service) as made:
        yield made
    service.close()


def test_a_file_is_named_in_the_words_of_its_dataset(client):
    """A summary by clerk is no file of channels; the id of the query stays what the API promises."""
    answer = client.post("/api/query", json={"dataset": "orders", "query": "channel_summary"}).json()
    made = client.get("/api/download", params={"queryExecutionId": answer["queryExecutionId"], "format": "csv"})
    assert 'filename="orders-clerk_summary-' in made.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "body",
    [
        {"dataset": "orders", "query": "all_records", "limit": 5},
        {"dataset": "orders", "query": "custom_sql", "sql": "SELECT clerk FROM orders"},
        {"query": "custom_sql", "sql": "SELECT clerk FROM orders"},
    ],
)
def test_a_file_has_the_name_of_the_dataset_that_its_rows_are_from(client, body):
    """Rows of orders are in `orders-...`, also where contacts come first: made here, and as Athena's own file."""
    answer = client.post("/api/query", json=body).json()
    params = {"queryExecutionId": answer["queryExecutionId"]}
    made = client.get("/api/download", params={**params, "format": "csv"})
    assert 'filename="orders-' in made.headers["Content-Disposition"]
    own = client.get("/api/download", params=params, follow_redirects=False)
    assert 'filename="orders-' in urllib.parse.unquote(own.headers["Location"])
