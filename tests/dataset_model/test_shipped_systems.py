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
    "top_products": (
        "quicksight/top_products/{date}.json", "date",
        ("date:date line:bigint product_id:string product_name:string category:string units_sold:bigint "
        "revenue:double growth_percent:double"),
    ),
    "anomalies": (
        "quicksight/anomalies/{date}.json", "date",
        ("date:date line:bigint type:string severity:string store_id:string product_id:string metric:string "
        "expected:double actual:double deviation_percent:double description:string"),
    ),
    "trends": (
        "quicksight/trends/{date}.json", "date",
        ("date:date line:bigint metric:string scope:string direction:string change_percent:double period_days:bigint "
        "description:string"),
    ),
    "recommendations": (
        "quicksight/recommendations/{date}.json", "date",
        ("date:date line:bigint priority:string category:string store_id:string title:string description:string "
        "expected_revenue:double"),
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

ATTRIBUTES: dict[str, str] = {
    # dataset: columns that are not the attribute of their name: "column<-attribute", "column<=derivation(inputs)"
    **dict.fromkeys(("store_summaries", "top_products", "anomalies", "trends", "recommendations"), ""),
    "operations_metrics": "",
    "operations_insights": "found_at<-timestamp",
    "calls": (
        "call_id<-callId call_timestamp_utc<-callTimestampUtc agent_id<-payload.agentId agent_name<-payload.agentName "
        "allocation<-payload.allocation direction<-payload.direction file_name<-payload.fileName "
        "first_or_follow_up<-payload.firstOrFollowUp medium<-payload.medium program<-payload.program "
        "queue_id<-payload.queueId queue_name<-payload.queueName session_id<-payload.sessionId "
        "site_id<-payload.siteId site_name<-payload.siteName tenant_id<-payload.tenantId s3_bucket<-payload.s3Bucket "
        "call_duration_seconds<=transcript.duration(callId) call_duration_rule<=transcript.duration_rule(callId) "
        "answer_type<=transcript.answer_type(callId) transcript_s3_key<=transcript.s3_key(callId)"
    ),
    "scorecards": (
        "call_type<-callType ingested_at<-ingestedAt overall_score<-overallScore primary_intent<-primaryIntent "
        "secondary_intent<-secondaryIntent resolution_reason<-resolutionReason "
        "score_ask_for_payment<-scores.askForPayment.score evidence_ask_for_payment<-scores.askForPayment.evidence "
        "score_confirm_location<-scores.confirmLocation.score "
        "evidence_confirm_location<-scores.confirmLocation.evidence "
        "score_features_advantages<-scores.featuresAdvantagesBenefits.score "
        "evidence_features_advantages<-scores.featuresAdvantagesBenefits.evidence "
        "score_handle_objections<-scores.handleObjections.score "
        "evidence_handle_objections<-scores.handleObjections.evidence "
        "score_size_recommendation<-scores.sizeRecommendation.score "
        "evidence_size_recommendation<-scores.sizeRecommendation.evidence "
        "score_urgency<-scores.urgency.score evidence_urgency<-scores.urgency.evidence"
    ),
    "conversations": (
        "conversation_id<-conversationId project_id<-projectId started_at<-startedAt ended_at<-endedAt "
        "messages<=conversation.messages(messages) user_messages<=conversation.user_messages(messages) "
        "bot_messages<=conversation.bot_messages(messages) agent_messages<=conversation.agent_messages(messages) "
        "duration_seconds<=conversation.duration(startedAt,endedAt) rating<-feedback.rating "
        "feedback_text<-feedback.text"
    ),
    "messages": (
        "conversation_id<-conversationId message_number<-messages[#] message_id<-messages[*].messageId "
        "role<-messages[*].role text<-messages[*].text intent<-messages[*].analysis.intent "
        "confidence<-messages[*].analysis.confidence sent_at<-messages[*].sentAt project_id<-projectId "
        "started_at<-startedAt"
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_column_has_its_attribute(name: str) -> None:
    """Every column of another attribute, a path or a derivation; the others are the attribute of their name."""
    found = [
        f"{column.name}<={column.derive}({','.join(column.inputs)})"
        if column.derive
        else f"{column.name}<-{column.attribute}"
        for column in load_dataset(name, {}).columns
        if column.derive or column.attribute != column.name
    ]
    assert " ".join(found) == ATTRIBUTES[name]


@pytest.mark.parametrize(
    ("name", "settings"),
    [("conversations", "client:CLIENT project_id:PROJECT_ID environment:ENVIRONMENT"),
     ("messages", "client:CLIENT project_id:PROJECT_ID environment:ENVIRONMENT")],
)  # fmt: skip
def test_settings_are_columns(name: str, settings: str) -> None:
    """CLIENT, PROJECT_ID and ENVIRONMENT are columns of conversations and of their messages."""
    columns = load_dataset(name, {}).columns
    assert " ".join(f"{column.name}:{column.setting}" for column in columns if column.setting) == settings


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
    assert (dataset.source.base, dataset.source.place) == ("files", f"quicksight/{name}/{{date}}.json")
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
