"""The options of `exporter lookup` flow in, the request that answers them flows out.

The tables are those of `infra/operations.yaml`: metrics hold the current state of an entity, insights what was found
about it and when.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

DEFAULT_METRICS_TABLE = "iops-dashboard-metrics"
DEFAULT_INSIGHTS_TABLE = "iops-dashboard-insights"


@dataclass(frozen=True)
class Question:
    """One Query of one table, and what its answer shows."""

    table: str
    key: tuple[str, str]
    """Partition key attribute and its value."""
    columns: tuple[str, ...]
    """Attributes that stand first in the answer; others follow in the order of the alphabet."""
    index: str | None = None
    bound: tuple[str, str, Decimal] | None = None
    """Sort key attribute, comparison and number."""
    ascending: bool = True
    hidden: frozenset[str] = field(default_factory=frozenset)
    """Attributes that only repeat others."""

    @property
    def request(self) -> dict[str, Any]:
        """Return the parameters of the Query."""
        attribute, value = self.key
        condition, names = "#p = :p", {"#p": attribute}
        values: dict[str, Any] = {":p": {"S": value}}
        if self.bound:
            sort_key, comparison, number = self.bound
            condition += f" AND #s {comparison} :s"
            names["#s"] = sort_key
            values[":s"] = {"N": str(number)}
        return {
            "TableName": self.table,
            **({"IndexName": self.index} if self.index else {}),
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": self.ascending,
        }


_METRICS = (
    "entity_id", "entity_type", "health_score", "last_updated", "sessions_7d", "sessions_14d", "sessions_30d",
    "ib_calls_7d", "ib_calls_14d", "avg_rating",
)  # fmt: skip

_INSIGHTS = (
    "timestamp", "entity_id", "prediction_type", "risk_score", "explanation", "recommendations", "model_used",
    "alert_id",
)  # fmt: skip

_INSIGHT_KEYS = frozenset({"pk", "sk", "ttl"})


def one_entity(table: str, entity: str) -> Question:
    """Return the question for the metrics of one entity."""
    return Question(table, ("entity_id", entity), _METRICS)


def entities(table: str, entity_type: str, health_below: Decimal | None) -> Question:
    """Return the question for the metrics of a type: the lowest health first, or the last updated first."""
    if health_below is None:
        return Question(table, ("entity_type", entity_type), _METRICS, index="LastUpdatedIndex", ascending=False)
    bound = ("health_score", "<", health_below)
    return Question(table, ("entity_type", entity_type), _METRICS, index="EntityTypeHealthIndex", bound=bound)


def insights_of(table: str, entity: str) -> Question:
    """Return the question for the insights about one entity, newest first."""
    return Question(table, ("pk", f"insight#{entity}"), _INSIGHTS, ascending=False, hidden=_INSIGHT_KEYS)


def predictions(table: str, prediction_type: str, risk_above: Decimal | None) -> Question:
    """Return the question for the insights of a type: the highest risk first, or the newest first."""
    key = ("prediction_type", prediction_type)
    if risk_above is None:
        return Question(table, key, _INSIGHTS, index="PredictionTypeIndex", ascending=False, hidden=_INSIGHT_KEYS)
    return Question(
        table, key, _INSIGHTS, index="RiskScoreIndex", bound=("risk_score", ">", risk_above), ascending=False,
        hidden=_INSIGHT_KEYS,
    )  # fmt: skip
