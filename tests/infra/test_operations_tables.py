"""The template of the operations tables: what it makes, what it keeps, what it exports."""

import pytest
from cfnlint.api import lint

from infra.settings.templates import FOLDER, MOST_BYTES, document_from_text

from .rendering import Rendering
from .rules import RULES
from .schemas import faults_in_schema

TEXT = (FOLDER / "operations.yaml").read_text(encoding="utf-8")
DOCUMENT = document_from_text(TEXT)


def rendered(**parameters: str) -> dict:
    return Rendering(DOCUMENT, parameters).resources


def keys_of(schema: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(part["AttributeName"], part["KeyType"]) for part in schema]


def test_the_checkers_find_nothing():
    """cfn-lint, the resource schemas and the size limit have nothing to say, on demand and provisioned."""
    assert [f"{match.rule.id} {match.message}" for match in lint(TEXT)] == []
    assert len(TEXT.encode()) < MOST_BYTES
    for billing in ("PAY_PER_REQUEST", "PROVISIONED"):
        for resource in rendered(BillingMode=billing).values():
            assert list(faults_in_schema(resource["Type"], resource["Properties"])) == []


def test_the_metrics_table():
    """Keys, both indexes with all attributes, stream with both images, point-in-time recovery, on demand."""
    table = rendered()["Metrics"]["Properties"]
    assert table["TableName"] == "iops-dashboard-metrics"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert keys_of(table["KeySchema"]) == [("entity_id", "HASH"), ("entity_type", "RANGE")]
    assert {index["IndexName"]: keys_of(index["KeySchema"]) for index in table["GlobalSecondaryIndexes"]} == {
        "EntityTypeHealthIndex": [("entity_type", "HASH"), ("health_score", "RANGE")],
        "LastUpdatedIndex": [("entity_type", "HASH"), ("last_updated", "RANGE")],
    }
    assert {index["Projection"]["ProjectionType"] for index in table["GlobalSecondaryIndexes"]} == {"ALL"}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"entity_id": "S", "entity_type": "S", "health_score": "N", "last_updated": "S"}


def test_the_insights_table():
    """Keys, both indexes with all attributes, items that expire by `ttl`."""
    table = rendered()["Insights"]["Properties"]
    assert table["TableName"] == "iops-dashboard-insights"
    assert keys_of(table["KeySchema"]) == [("pk", "HASH"), ("sk", "RANGE")]
    assert {index["IndexName"]: keys_of(index["KeySchema"]) for index in table["GlobalSecondaryIndexes"]} == {
        "PredictionTypeIndex": [("prediction_type", "HASH"), ("timestamp", "RANGE")],
        "RiskScoreIndex": [("prediction_type", "HASH"), ("risk_score", "RANGE")],
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "prediction_type": "S", "timestamp": "S", "risk_score": "N"}


def test_only_production_keeps_its_tables():
    """In prod the tables outlive the stack and a replacement; elsewhere they go with it."""
    for name in ("Metrics", "Insights"):
        policy = {"Fn::If": ["Production", "Retain", "Delete"]}
        assert DOCUMENT["Resources"][name]["DeletionPolicy"] == policy
        assert DOCUMENT["Resources"][name]["UpdateReplacePolicy"] == policy
    assert DOCUMENT["Transform"] == "AWS::LanguageExtensions", "without it a policy may not hold a condition"
    assert DOCUMENT["Conditions"]["Production"] == {"Fn::Equals": [{"Ref": "Environment"}, "prod"]}


def test_provisioned_capacity_scales_on_every_table_and_index():
    """Between 5 and 100 units at 70%, for reads and writes of two tables and four indexes; on demand nothing scales."""
    made = rendered(BillingMode="PROVISIONED").values()
    targets = [resource["Properties"] for resource in made if resource["Type"].endswith("ScalableTarget")]
    indexes = {
        "Metrics": ("", "/index/EntityTypeHealthIndex", "/index/LastUpdatedIndex"),
        "Insights": ("", "/index/PredictionTypeIndex", "/index/RiskScoreIndex"),
    }
    names = [f"table/reports-{table}{index}" for table, found in indexes.items() for index in found]
    assert sorted((target["ResourceId"], target["ScalableDimension"]) for target in targets) == sorted(
        (name, f"dynamodb:{'index' if 'index' in name else 'table'}:{kind}CapacityUnits")
        for name in names
        for kind in ("Read", "Write")
    )
    assert {(str(target["MinCapacity"]), str(target["MaxCapacity"])) for target in targets} == {("5", "100")}
    policies = [resource["Properties"] for resource in made if resource["Type"].endswith("ScalingPolicy")]
    assert len(policies) == 12
    assert {str(one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) for one in policies} == {"70"}
    assert [name for name, one in rendered().items() if "AutoScaling" in one["Type"]] == []


def test_five_outputs_are_exported():
    """Names and ARNs of both tables and the stream's ARN, each under the stack's name."""
    exported = {name: output["Export"]["Name"] for name, output in DOCUMENT["Outputs"].items()}
    assert exported == {
        name: {"Fn::Sub": "${AWS::StackName}-" + name}
        for name in ("MetricsTableName", "MetricsTableArn", "MetricsStreamArn", "InsightsTableName", "InsightsTableArn")
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_of_every_template(rule):
    """The rules of the other templates hold here, but for AWS's own transform and the exports, which are meant."""
    found = [one for one in rule(DOCUMENT) if not one.endswith("is exported")]
    assert found == (["a transform is foreign code"] if rule.__name__ == "no_code" else [])
