"""Workgroups, named queries, prepared statements and catalogue calls."""

import os
import uuid

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config
from stand_in import CREDENTIALS


@pytest.fixture
def group(place):
    """A workgroup that enforces its own place for results."""
    name = f"group-{uuid.uuid4().hex[:12]}"
    place.aws.athena.create_work_group(
        Name=name,
        Description="made by a test",
        Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{place.bucket}/enforced/"}},
    )
    return name


def test_an_enforced_location_wins(place, group):
    """The workgroup's location counts, whatever the client asks for."""
    ran = place.run("SELECT 1", WorkGroup=group)
    assert ran.execution["ResultConfiguration"]["OutputLocation"] == f"s3://{place.bucket}/enforced/{ran.id}.csv"
    assert ran.execution["WorkGroup"] == group


def test_a_location_that_is_not_enforced_is_a_default(place, group):
    """Without enforcement the client's location counts, and the workgroup's where there is none."""
    updates = {"EnforceWorkGroupConfiguration": False}
    place.aws.athena.update_work_group(WorkGroup=group, ConfigurationUpdates=updates)
    ran = place.run("SELECT 1", WorkGroup=group)
    assert ran.execution["ResultConfiguration"]["OutputLocation"] == f"{place.results}{ran.id}.csv"
    ran = place.run("SELECT 1", WorkGroup=group, ResultConfiguration={})
    assert ran.execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{place.bucket}/enforced/")


def test_no_location_at_all_is_refused(place):
    """Without any output location StartQueryExecution says what is missing."""
    with pytest.raises(place.aws.athena.exceptions.InvalidRequestException, match="No output location provided"):
        place.start("SELECT 1", ResultConfiguration={})


def test_the_cutoff_cancels(place, group):
    """A query that scans more than the workgroup allows is cancelled, with Athena's words."""
    place.create_table("t", "a string")
    for number in range(12):
        place.put_parquet(f"t/{number}.parquet", pa.table({"a": [os.urandom(64).hex() for _ in range(8000)]}))
    updates = {"BytesScannedCutoffPerQuery": 10_000_000}
    place.aws.athena.update_work_group(WorkGroup=group, ConfigurationUpdates=updates)
    ran = place.run("SELECT max(a) FROM t", WorkGroup=group)
    assert ran.state == "CANCELLED"
    assert ran.reason == "Query cancelled! : Bytes scanned limit was exceeded"
    assert 10_000_000 < ran.scanned < 13_000_000
    assert place.run("SELECT max(a) FROM t").state == "SUCCEEDED"
    removal = {"RemoveBytesScannedCutoffPerQuery": True}
    place.aws.athena.update_work_group(WorkGroup=group, ConfigurationUpdates=removal)
    assert place.run("SELECT max(a) FROM t", WorkGroup=group).state == "SUCCEEDED"


def test_a_cutoff_below_ten_megabytes_is_refused(place):
    """The API's own minimum for the cutoff holds."""
    configuration = {"BytesScannedCutoffPerQuery": 10_000_000 - 1}
    unchecked = Config(parameter_validation=False)
    client = boto3.client("athena", endpoint_url=place.server.url, config=unchecked, **CREDENTIALS)
    with pytest.raises(client.exceptions.ClientError, match="10000000"):
        client.create_work_group(Name=uuid.uuid4().hex, Configuration=configuration)


def test_workgroups_come_and_go(place, group):
    """Workgroups are listed, described, disabled and deleted."""
    athena = place.aws.athena
    assert {"primary", group} <= {g["Name"] for g in athena.list_work_groups()["WorkGroups"]}
    described = athena.get_work_group(WorkGroup=group)["WorkGroup"]
    enforced = described["Configuration"]["EnforceWorkGroupConfiguration"]
    assert (described["Description"], enforced) == ("made by a test", True)
    with pytest.raises(athena.exceptions.InvalidRequestException, match="already created"):
        athena.create_work_group(Name=group)
    athena.update_work_group(WorkGroup=group, State="DISABLED")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="disabled"):
        place.start("SELECT 1", WorkGroup=group)
    athena.delete_work_group(WorkGroup=group)
    with pytest.raises(athena.exceptions.InvalidRequestException, match="not found"):
        athena.get_work_group(WorkGroup=group)
    with pytest.raises(athena.exceptions.InvalidRequestException, match="primary"):
        athena.delete_work_group(WorkGroup="primary")


def test_named_queries(place):
    """A named query is created, found, changed and deleted."""
    athena = place.aws.athena
    made = athena.create_named_query(Name="n", Database=place.database, QueryString="SELECT 1")["NamedQueryId"]
    assert athena.get_named_query(NamedQueryId=made)["NamedQuery"]["QueryString"] == "SELECT 1"
    assert made in athena.list_named_queries()["NamedQueryIds"]
    athena.update_named_query(NamedQueryId=made, Name="m", QueryString="SELECT 2")
    batch = athena.batch_get_named_query(NamedQueryIds=[made, "nope"])
    assert [query["Name"] for query in batch["NamedQueries"]] == ["m"]
    assert [missing["NamedQueryId"] for missing in batch["UnprocessedNamedQueryIds"]] == ["nope"]
    athena.delete_named_query(NamedQueryId=made)
    with pytest.raises(athena.exceptions.InvalidRequestException, match="was not found"):
        athena.get_named_query(NamedQueryId=made)


def test_prepared_statements_through_the_api(place):
    """A prepared statement is executed by name with its values."""
    athena = place.aws.athena
    name = f"p{uuid.uuid4().hex[:8]}"
    athena.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="SELECT ? + ?")
    assert place.rows(f"EXECUTE {name} USING 1, 2") == [["3"]]
    assert place.rows(f"EXECUTE {name}", ExecutionParameters=["3", "4"]) == [["7"]]
    athena.update_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="SELECT ?")
    described = athena.get_prepared_statement(StatementName=name, WorkGroup="primary")["PreparedStatement"]
    assert described["QueryStatement"] == "SELECT ?"
    listed = athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert name in [statement["StatementName"] for statement in listed]
    athena.delete_prepared_statement(StatementName=name, WorkGroup="primary")
    with pytest.raises(athena.exceptions.ResourceNotFoundException):
        athena.get_prepared_statement(StatementName=name, WorkGroup="primary")


def test_prepared_statements_in_sql(place):
    """PREPARE, EXECUTE and DEALLOCATE do the same in SQL."""
    place.rows("PREPARE twice FROM SELECT ? * 2, ?")
    assert place.rows("EXECUTE twice USING 4, 'a, (b)'") == [["8", "a, (b)"]]
    place.rows("DEALLOCATE PREPARE twice")
    with pytest.raises(place.aws.athena.exceptions.ClientError, match="twice was not found"):
        place.start("EXECUTE twice USING 1, 2")


def test_catalogue_calls(place):
    """Catalogues, databases and tables are described; absent ones are a MetadataException."""
    athena = place.aws.athena
    place.create_table("t", "a int COMMENT 'first', b array<string>", "PARTITIONED BY (day string)")
    where = {"CatalogName": "AwsDataCatalog", "DatabaseName": place.database}
    table = athena.get_table_metadata(**where, TableName="t")["TableMetadata"]
    assert table["Columns"] == [
        {"Name": "a", "Type": "int", "Comment": "first"},
        {"Name": "b", "Type": "array<string>"},
    ]
    assert table["PartitionKeys"] == [{"Name": "day", "Type": "string"}]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"]["location"] == f"s3://{place.bucket}/t/"
    assert "parquet" in table["Parameters"]["inputformat"].lower()
    listed = athena.list_table_metadata(**where, Expression="t.*")["TableMetadataList"]
    assert [found["Name"] for found in listed] == ["t"]
    assert athena.get_database(**where)["Database"]["Name"] == place.database
    pages = athena.get_paginator("list_databases").paginate(CatalogName="AwsDataCatalog")
    assert place.database in [found["Name"] for page in pages for found in page["DatabaseList"]]
    assert athena.list_data_catalogs()["DataCatalogsSummary"][0]["CatalogName"] == "AwsDataCatalog"
    assert athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    with pytest.raises(athena.exceptions.MetadataException, match="Entity Not Found"):
        athena.get_table_metadata(**where, TableName="absent")
    with pytest.raises(athena.exceptions.MetadataException, match="not found"):
        athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="absent")


def test_tags_and_versions_are_harmless(place):
    """Calls that deployment tools make in passing succeed."""
    athena = place.aws.athena
    arn = "arn:aws:athena:us-east-1:123456789012:workgroup/primary"
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
    versions = athena.list_engine_versions()["EngineVersions"]
    assert {"AUTO", "Athena engine version 3"} == {version["SelectedEngineVersion"] for version in versions}
