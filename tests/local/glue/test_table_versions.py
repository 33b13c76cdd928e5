"""Glue of the stand-in compares the version that an update names, as Glue does."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def table(aws, request):
    """The name of a database with one table `t`, deleted at the end."""
    name = f"versions_{abs(hash(request.node.name))}"
    aws.glue.create_database(DatabaseInput={"Name": name})
    aws.glue.create_table(DatabaseName=name, TableInput={"Name": "t", "Description": "first"})
    yield name
    aws.glue.delete_table(DatabaseName=name, Name="t")
    aws.glue.delete_database(Name=name)


def update(aws, database, text, **version):
    """Update the table and return None, or the code of the refusal."""
    try:
        aws.glue.update_table(DatabaseName=database, TableInput={"Name": "t", "Description": text}, **version)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def found(aws, database):
    """Return version and description of the table."""
    described = aws.glue.get_table(DatabaseName=database, Name="t")["Table"]
    return described["VersionId"], described["Description"]


def test_an_update_of_an_older_version_is_refused(aws, table):
    """Of two updates from one version the second is refused and changes nothing; one without a version is taken."""
    read, _ = found(aws, table)
    assert update(aws, table, "second", VersionId=read) is None
    assert update(aws, table, "third", VersionId=read) == "ConcurrentModificationException"
    now, text = found(aws, table)
    assert (int(now) - int(read), text) == (1, "second")
    assert update(aws, table, "fourth") is None
    assert found(aws, table)[1] == "fourth"


def test_of_many_updates_at_once_one_is_taken(aws, table):
    """Eight writers that have read one version: seven are refused."""
    read, _ = found(aws, table)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda number: update(aws, table, f"by {number}", VersionId=read), range(8)))
    assert sorted(str(code) for code in codes) == [*["ConcurrentModificationException"] * 7, "None"]
    assert found(aws, table)[1] == f"by {codes.index(None)}"
