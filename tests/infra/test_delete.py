"""`python -m infra delete` against moto: what it asks, removes and leaves alone."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from infra.__main__ import cli
from infra.deployment.stacks import Stacks


def s3():
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


def test_delete_keeps_the_data(operator):
    """Stacks and results go, the data stays, and the way back is shown."""
    # moto forgets DeletionPolicy, so it is not asked to delete the exporter's stack itself.
    outputs = operator.deployment().deploy(export=False)
    s3().put_object(Bucket=outputs["AthenaResultsBucket"], Key="result.csv", Body=b"1")
    s3().put_object(Bucket=outputs["ExportDataBucket"], Key="day.parquet", Body=b"1")
    deleted = []
    operator.stacks.delete = deleted.append
    operator.asked.clear()
    assert operator.deletion().delete() is True
    assert deleted == ["reports-test-dashboard", "reports-test-alarms", "reports-test"]
    assert operator.asked == ["Delete reports-test, its alarms and its dashboard?"]
    assert s3().list_objects_v2(Bucket=outputs["AthenaResultsBucket"])["KeyCount"] == 0
    assert s3().list_objects_v2(Bucket=outputs["ExportDataBucket"])["KeyCount"] == 1
    shown = operator.shown.getvalue()
    assert "set ExistingDataBucket: true" in shown.replace("\n", " ")
    assert f"The 1 query results in {outputs['AthenaResultsBucket']} and the workgroup reports-test" in shown
    assert "--with-data asks for its name" in shown
    assert "The table contacts-test stays" in shown


def test_delete_asks_for_the_name_of_the_data(operator):
    """`--with-data` deletes a bucket, every version of it, only where its name was typed."""
    outputs = operator.deployment().deploy(export=False)
    bucket = outputs["ExportDataBucket"]
    for body in (b"1", b"2"):
        s3().put_object(Bucket=bucket, Key="day.parquet", Body=body)
    operator.stacks.delete = lambda _: None
    operator.typed = "yes"
    operator.deletion().delete(with_data=True)
    assert s3().list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    operator.typed = bucket
    operator.deletion().delete(with_data=True)
    with pytest.raises(ClientError, match=r"NoSuchBucket|404"):
        s3().list_objects_v2(Bucket=bucket)
    assert any(bucket in question and "Type" in question for question in operator.asked)
    boto3.client("dynamodb").describe_table(TableName="contacts-test")


def test_delete_without_a_yes_deletes_nothing(operator):
    """Declined, everything is as it was; where there is no stack, nothing is asked."""
    assert operator.deletion().delete() is False
    assert operator.asked == []
    operator.deployment().deploy(export=False)
    operator.yes = False
    assert operator.deletion().delete() is False
    assert operator.stack_names() == {"reports-test", "reports-test-alarms", "reports-test-dashboard"}


@pytest.mark.parametrize(("typed", "status", "count"), [("y", 1, 0), ("", 1, 0), ("reports-test", 0, 3)])
def test_delete_goes_on_where_the_name_is_typed(operator, monkeypatch, typed, status, count):
    """Query results and the workgroup go with the stacks, so their name has to be typed; y is no name."""
    operator.deployment().deploy(export=False)
    deleted: list[str] = []
    # moto forgets DeletionPolicy, so it is not asked to delete the stacks.
    monkeypatch.setattr(Stacks, "delete", lambda _, name: deleted.append(name))
    done = CliRunner().invoke(cli, ["delete", "--env", "test"], input=f"{typed}\n")
    assert (done.exit_code, len(deleted)) == (status, count)
    shown = " ".join(done.output.split())
    assert "0 query results" in shown
    assert "Type reports-test, the name of its workgroup as well" in shown


def test_a_deleted_stack_is_gone(operator):
    """Deletion waits for its end, also where the name of a deleted stack is no longer known."""
    operator.deployment().deploy(export=False)
    operator.stacks.delete("reports-test-dashboard")
    assert operator.stack_names() == {"reports-test", "reports-test-alarms"}
    operator.stacks.delete("reports-test-dashboard")
