"""The datasets of the shipped systems have the names, sources and columns that their guides state."""

import pytest

from dataset_model import load_dataset

SYSTEMS: dict[str, tuple[str, str, str]] = {
    # dataset: (source, attribute of the day, columns with their types)
    "store_summaries": (
        "SalesData/GSI1", "GSI1SK",
        ("date:date store_id:string store_name:string region:string revenue:decimal(14,2) transactions:bigint "
        "units_sold:bigint returns:decimal(14,2)"),
    ),
    "operations_metrics": (
        "iops-dashboard-metrics/LastUpdatedIndex", "last_updated",
        ("entity_id:string entity_type:string health_score:double sessions_7d:bigint sessions_14d:bigint "
        "sessions_30d:bigint ib_calls_7d:bigint ib_calls_14d:bigint avg_rating:double last_updated:timestamp"),
    ),
    "operations_insights": (
        "iops-dashboard-insights/PredictionTypeIndex", "timestamp",
        ("alert_id:string entity_id:string prediction_type:string risk_score:double explanation:string "
        "recommendations:json found_at:timestamp model_used:string"),
    ),
    "calls": (
        "calls", "callTimestampUtc",
        ("call_id:string call_timestamp_utc:timestamp agent_id:string agent_name:string allocation:string "
        "direction:string file_name:string first_or_follow_up:string medium:string program:string queue_id:string "
        "queue_name:string session_id:string site_id:string site_name:string tenant_id:string s3_bucket:string "
        "call_duration_seconds:double call_duration_rule:string answer_type:string transcript_s3_key:string"),
    ),
    "scorecards": (
        "scorecards", "datetime",
        ("guid:string datetime:timestamp agent:string call_type:string ingested_at:timestamp notes:string "
        "outcome:string overall_score:double primary_intent:string secondary_intent:string resolution_reason:string "
        "summary:string score_ask_for_payment:double evidence_ask_for_payment:string score_confirm_location:double "
        "evidence_confirm_location:string score_features_advantages:double evidence_features_advantages:string "
        "score_handle_objections:double evidence_handle_objections:string score_size_recommendation:double "
        "evidence_size_recommendation:string score_urgency:double evidence_urgency:string"),
    ),
    "conversations": (
        "conversations", "startedAt",
        ("conversation_id:string client:string project_id:string environment:string channel:string "
        "started_at:timestamp ended_at:timestamp messages:bigint user_messages:bigint bot_messages:bigint "
        "agent_messages:bigint duration_seconds:double rating:bigint feedback_text:string"),
    ),
    "messages": (
        "conversations", "startedAt",
        ("conversation_id:string message_number:bigint message_id:string role:string text:string intent:string "
        "confidence:double sent_at:timestamp client:string project_id:string environment:string channel:string "
        "started_at:timestamp"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_dataset_has_its_source_and_columns(name: str) -> None:
    """Table and index, the attribute that places an item on its day, and every column in its order."""
    dataset = load_dataset(name, {})
    columns = " ".join(f"{column.name}:{column.type}" for column in dataset.columns)
    assert (dataset.source.place, dataset.source.sort_key, columns) == SYSTEMS[name]


@pytest.mark.parametrize("name", ["top_products", "anomalies", "trends", "recommendations"])
def test_the_days_of_sales_are_files_below_quicksight(name: str) -> None:
    """`quicksight/<dataset>/<date>.json`, published below `sales/` as a table of the dataset's name."""
    dataset = load_dataset(name, {})
    assert (dataset.source.kind, dataset.source.place) == ("files", f"quicksight/{name}/{{date}}.json")
    assert (dataset.target.prefix, dataset.target.table) == (f"sales/{name}", name)


def test_what_stays_and_what_expires() -> None:
    """Deletions of calls and scorecards are not mirrored; insights expire after 90 days, metrics after each update."""
    found = {name: load_dataset(name, {}).retention for name in SYSTEMS}
    assert {name for name, one in found.items() if one.keep_deleted} == {"calls", "scorecards"}
    assert {name: one.expires_after_days for name, one in found.items() if one.expires_after_days} == {
        "operations_metrics": 1,
        "operations_insights": 90,
    }


def test_partition_values_of_the_operations_tables() -> None:
    """Entity types and prediction types that are exported unless GSI_PK_VALUE names others."""
    metrics = load_dataset("operations_metrics", {}).index_source
    insights = load_dataset("operations_insights", {}).index_source
    assert (metrics.partition_key, metrics.partition_values) == ("entity_type", ("student", "tutor"))
    assert (insights.partition_key, insights.partition_values) == (
        "prediction_type", ("churn", "escalation", "no_show"),
    )  # fmt: skip
