"""The templates of operations, sales and calls deploy in the emulator, as far as it makes their resources."""

import boto3
import pytest

from infra.settings.templates import FOLDER

from .rendering import IMAGE


@pytest.fixture
def deployed(operator):
    """Deploy a template as a stack of its name; return the outputs."""

    def deploy(name: str, **parameters: str) -> dict[str, str]:
        cloudformation = operator.clients.cloudformation
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=(FOLDER / f"{name}.yaml").read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    return deploy


def test_the_operations_tables(deployed):
    """Two tables with four indexes and a stream with both images, and the five outputs name them."""
    outputs = deployed("operations", Environment="test")
    client = boto3.client("dynamodb")
    tables = {name: client.describe_table(TableName=name)["Table"] for name in client.list_tables()["TableNames"]}
    indexes = {
        name: sorted(one["IndexName"] for one in table["GlobalSecondaryIndexes"]) for name, table in tables.items()
    }
    assert indexes == {
        "iops-dashboard-insights": ["PredictionTypeIndex", "RiskScoreIndex"],
        "iops-dashboard-metrics": ["EntityTypeHealthIndex", "LastUpdatedIndex"],
    }  # fmt: skip
    metrics = tables["iops-dashboard-metrics"]
    assert metrics["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert outputs["MetricsTableName"] == "iops-dashboard-metrics"
    assert outputs["MetricsStreamArn"] == metrics["LatestStreamArn"]
    assert (outputs["InsightsTableName"], outputs["InsightsTableArn"]) == (
        "iops-dashboard-insights", tables["iops-dashboard-insights"]["TableArn"],
    )  # fmt: skip
    assert outputs["MetricsTableArn"] == metrics["TableArn"]


@pytest.mark.parametrize(
    ("name", "parameters", "kinds"),
    [
        ("sales", {"BucketName": "reports", "ExporterImage": IMAGE},
         {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Logs::LogGroup"}),
        ("calls", {"Workgroup": "reports"}, {"AWS::Athena::NamedQuery"}),
    ],
)  # fmt: skip
def test_the_function_of_sales_and_the_question_about_calls(deployed, operator, name, parameters, kinds):
    """Each resource of the template is made."""
    deployed(name, **parameters)
    found = operator.clients.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    assert {one["ResourceType"] for one in found} == kinds
