"""Statements that define, write and describe."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def keys(place, prefix):
    found = place.aws.s3.list_objects_v2(Bucket=place.bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in found]


def test_databases_come_and_go(place):
    """CREATE, SHOW and DROP DATABASE, with IF [NOT] EXISTS."""
    name = f"{place.database}_two"
    place.rows(f"CREATE SCHEMA {name} COMMENT 'second'")
    assert place.run(f"CREATE DATABASE {name}").reason.endswith(f"Database {name} already exists")
    place.rows(f"CREATE DATABASE IF NOT EXISTS `{name}`")
    assert place.rows(f"SHOW DATABASES LIKE '{place.database}*'") == [[place.database], [name]]
    place.rows(f"CREATE EXTERNAL TABLE {name}.t (a int) STORED AS PARQUET LOCATION 's3://{place.bucket}/t2/'")
    assert "is not empty" in place.run(f"DROP DATABASE {name}").reason
    place.rows(f"DROP DATABASE {name} CASCADE")
    place.rows(f"DROP DATABASE IF EXISTS {name}")
    assert "does not exist" in place.run(f"DROP DATABASE {name}").reason


def test_a_table_is_described_as_it_was_created(place):
    """Names, types, comments, partition keys and properties come back from SHOW and DESCRIBE."""
    place.rows(f"""
        CREATE EXTERNAL TABLE IF NOT EXISTS `people` (
          `Name` string COMMENT 'who, exactly',      -- a comment
          scores array<int>, extra struct<a:int,b:array<string>>, m map<string,double>,
          price decimal(10, 2), label varchar(20)
        ) COMMENT 'the table' PARTITIONED BY (`day` date COMMENT 'when')
        STORED AS PARQUET LOCATION 's3://{place.bucket}/people/'
        TBLPROPERTIES ('parquet.compression'='SNAPPY', 'owner'='me')""")
    assert [row[0].strip() for row in place.rows("SHOW COLUMNS IN people")] == [
        "name", "scores", "extra", "m", "price", "label", "day",
    ]  # fmt: skip
    ran = place.run("DESCRIBE people")
    assert [column["Name"] for column in ran.columns] == ["col_name", "data_type", "comment"]
    described = [row[0].split("\t") for row in ran.rows]
    assert [[text.strip() for text in line] for line in described[:6]] == [
        ["name", "string", "who, exactly"],
        ["scores", "array<int>", ""],
        ["extra", "struct<a:int,b:array<string>>", ""],
        ["m", "map<string,double>", ""],
        ["price", "decimal(10,2)", ""],
        ["label", "varchar(20)", ""],
    ]
    assert ["owner\tme"] in place.rows("SHOW TBLPROPERTIES people")
    shown = "\n".join(row[0] for row in place.rows("SHOW CREATE TABLE people"))
    place.rows("DROP TABLE people")
    place.rows(shown)
    assert "\n".join(row[0] for row in place.rows("SHOW CREATE TABLE people")) == shown


def test_show_and_describe_answer_text(place):
    """SHOW answers one column of type string without a row of names; its file ends in .txt."""
    place.create_table("t", "a int")
    ran = place.run("SHOW TABLES")
    assert (ran.rows, ran.types, ran.execution["StatementType"]) == ([["t"]], ["string"], "UTILITY")
    body = place.aws.s3.get_object(Bucket=place.bucket, Key=f"results/{ran.id}.txt")["Body"].read()
    assert body == b"t\n"


def test_a_table_twice_is_refused(place):
    """Creating a table that exists fails, unless IF NOT EXISTS stands there."""
    place.create_table("t", "a int")
    sql = f"CREATE EXTERNAL TABLE {{}} t (a int) STORED AS PARQUET LOCATION 's3://{place.bucket}/t/'"
    assert "Table t already exists" in place.run(sql.format("")).reason
    place.rows(sql.format("IF NOT EXISTS"))


def test_columns_are_added(place):
    """ADD COLUMNS extends the table; files that lack the column read as null."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    place.rows("ALTER TABLE t ADD COLUMNS (b string COMMENT 'later', c array<int>)")
    assert place.rows("SELECT * FROM t") == [["1", None, None]]
    assert place.run("ALTER TABLE t ADD COLUMNS (b int)").state == "FAILED"


def test_drop_table_keeps_the_objects(place):
    """DROP TABLE forgets an external table and leaves its objects."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    place.rows("DROP TABLE t")
    place.rows("DROP TABLE IF EXISTS t")
    assert keys(place, "t/") == ["t/x.parquet"]
    assert "Table not found" in place.run("DROP TABLE t").reason


def test_views(place):
    """A view is created, replaced, read through another view, described and dropped."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1, 2], pa.int32())}))
    place.rows("CREATE VIEW v AS SELECT a, a * 10 AS tens FROM t")
    assert "already exists" in place.run("CREATE VIEW v AS SELECT 1 AS x").reason
    place.rows("CREATE OR REPLACE VIEW v AS SELECT a, a * 100 AS hundreds FROM t")
    place.rows("CREATE VIEW w AS SELECT max(hundreds) AS most FROM v")
    assert place.rows(f"SELECT most FROM {place.database}.w") == [["200"]]
    assert place.rows("SHOW VIEWS") == [["v"], ["w"]]
    assert place.aws.glue.get_table(DatabaseName=place.database, Name="v")["Table"]["TableType"] == "VIRTUAL_VIEW"
    assert "hundreds" in place.rows("SHOW CREATE VIEW v")[0][0]
    place.rows("DROP VIEW w")
    assert place.run("SELECT * FROM w").reason.startswith("TABLE_NOT_FOUND")


def test_create_table_as(place):
    """CTAS writes Parquet with the query's types, registers the table and says how many rows it wrote."""
    ran = place.run(
        f"CREATE TABLE made WITH (format = 'PARQUET', external_location = 's3://{place.bucket}/made/') AS "
        "SELECT 1 AS i, CAST(2 AS bigint) AS b, 'x' AS s, DATE '2026-01-01' AS d, 1.50 AS n, ARRAY[1] AS a, sum(3) AS t"
    )
    assert (ran.update_count, ran.columns[0]["Name"], ran.rows) == (1, "rows", [])
    assert ran.execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    table = place.aws.glue.get_table(DatabaseName=place.database, Name="made")["Table"]
    types = [column["Type"] for column in table["StorageDescriptor"]["Columns"]]
    assert types == ["int", "bigint", "string", "date", "decimal(3,2)", "array<int>", "bigint"]
    assert place.rows("SELECT * FROM made") == [["1", "2", "x", "2026-01-01", "1.50", "[1]", "3"]]
    again = place.run(f"CREATE TABLE other WITH (external_location = 's3://{place.bucket}/made/') AS SELECT 1 AS a")
    assert again.reason.startswith("HIVE_PATH_ALREADY_EXISTS")
    assert place.run("CREATE TABLE made AS SELECT 1 AS a").reason.startswith("TABLE_ALREADY_EXISTS")


def test_create_table_as_partitioned(place):
    """CTAS with partitioned_by writes a folder per value and registers it."""
    place.rows(
        f"CREATE TABLE p WITH (partitioned_by = ARRAY['day'], external_location = 's3://{place.bucket}/p/') AS "
        "SELECT x, 'd' || CAST(x % 2 AS varchar) AS day FROM (VALUES 1, 2, 3) t(x)"
    )
    assert place.rows("SHOW PARTITIONS p") == [["day=d0"], ["day=d1"]]
    assert place.rows("SELECT x FROM p WHERE day = 'd1' ORDER BY x") == [["1"], ["3"]]
    wrong = place.run("CREATE TABLE q WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a, 2 AS b")
    assert wrong.reason.startswith("HIVE_COLUMN_ORDER_MISMATCH")


def test_a_statement_writes_a_hundred_partitions_at_most(place):
    """A hundred partitions are written; with one more the statement fails by Athena's words and writes nothing."""

    def made(name, days):
        where = f"partitioned_by = ARRAY['day'], external_location = 's3://{place.bucket}/{name}/'"
        rows = f"SELECT x, CAST(x AS varchar) AS day FROM UNNEST(sequence(1, {days})) AS t(x)"
        return place.run(f"CREATE TABLE {name} WITH ({where}) AS {rows}")

    assert made("hundred", 100).update_count == 100
    assert made("more", 101).reason == (
        "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets"
    )
    assert keys(place, "more/") == []
    place.create_table("t", "x bigint", "PARTITIONED BY (day string)")
    refused = place.run("INSERT INTO t SELECT x, CAST(x AS varchar) FROM UNNEST(sequence(1, 101)) AS t(x)")
    assert refused.reason.startswith("HIVE_TOO_MANY_OPEN_PARTITIONS")


def test_insert_into(place):
    """INSERT appends rows by position or by name, and registers new partitions."""
    place.create_table("t", "a int, b string", "PARTITIONED BY (day string)")
    ran = place.run("INSERT INTO t VALUES (1, 'x', 'mon'), (2, NULL, 'tue')")
    assert (ran.update_count, ran.execution["SubstatementType"]) == (2, "INSERT")
    place.rows("INSERT INTO t (day, a) SELECT 'mon', 3")
    assert place.rows("SELECT * FROM t ORDER BY a") == [["1", "x", "mon"], ["2", None, "tue"], ["3", None, "mon"]]
    assert "mismatched column types" in place.run("INSERT INTO t VALUES (1)").reason


@pytest.mark.parametrize("form", ["PARQUET", "TEXTFILE", "JSON"])
def test_unload(place, form):
    """UNLOAD writes the rows, and a manifest that names every object."""
    target = f"s3://{place.bucket}/out/{form}/"
    sql = f"UNLOAD (SELECT 1 AS a, 'x' AS b) TO '{target}' WITH (format = '{form}')"
    ran = place.run(sql)
    manifest = ran.execution["Statistics"]["DataManifestLocation"]
    assert manifest == f"{place.results}{ran.id}-manifest.csv"
    listed = place.aws.s3.get_object(Bucket=place.bucket, Key=f"results/{ran.id}-manifest.csv")["Body"].read()
    written = keys(place, f"out/{form}/")
    assert listed.decode().split() == [f"s3://{place.bucket}/{key}" for key in written]
    body = place.aws.s3.get_object(Bucket=place.bucket, Key=written[0])["Body"].read()
    if form == "PARQUET":
        assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"a": 1, "b": "x"}]
    else:
        assert body == {"TEXTFILE": b"1\x01x\n", "JSON": b'{"a": 1, "b": "x"}\n'}[form]
    assert place.run(sql).reason.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_unload_partitioned(place):
    """UNLOAD with partitioned_by writes key=value folders without the column."""
    place.rows(
        f"UNLOAD (SELECT * FROM (VALUES (1, 'u'), (2, 'v')) t(a, k)) TO 's3://{place.bucket}/out/' "
        "WITH (format = 'PARQUET', partitioned_by = ARRAY['k'])"
    )
    assert [key.rpartition("/")[0] for key in keys(place, "out/")] == ["out/k=u", "out/k=v"]


def test_explain(place):
    """EXPLAIN shows a plan, and which columns and conditions reach each table."""
    place.create_table("t", "a int, b string")
    lines = [row[0] for row in place.rows("EXPLAIN SELECT a FROM t WHERE a > 1")]
    assert lines[-1] == f"scan_0: {place.database}.t reads a WHERE (a > 1)"


def test_iceberg_tables_are_modified(place):
    """A table declared as Iceberg takes INSERT, UPDATE, DELETE and MERGE, and says how many rows each touched."""
    place.rows(
        f"CREATE TABLE ice (id int, v string) LOCATION 's3://{place.bucket}/ice/' "
        "TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    counts = [
        place.run(sql).update_count
        for sql in (
            "INSERT INTO ice VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            "UPDATE ice SET v = v || '!' WHERE id < 3",
            "DELETE FROM ice WHERE id = 2",
            "DELETE FROM ice WHERE id = 99",
            """MERGE INTO ice AS t USING (SELECT 3 AS id, 'z' AS v UNION ALL SELECT 4, 'n') AS s ON t.id = s.id
               WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)""",
        )
    ]
    assert counts == [3, 2, 1, 0, 2]
    assert place.rows("SELECT * FROM ice ORDER BY id") == [["1", "a!"], ["3", "z"], ["4", "n"]]
    place.create_table("plain", "id int")
    assert place.run("DELETE FROM plain WHERE id = 1").reason.startswith("NOT_SUPPORTED")


def test_an_iceberg_table_of_another_writer_is_refused_by_name(place):
    """A table with Iceberg's own metadata is not read as text: the query fails and says why."""
    place.aws.glue.create_table(
        DatabaseName=place.database,
        TableInput={
            "Name": "ice",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://{place.bucket}/ice/metadata/1.json"},
            "StorageDescriptor": {
                "Location": f"s3://{place.bucket}/ice",
                "Columns": [{"Name": "id", "Type": "int"}],
            },
        },
    )
    place.aws.s3.put_object(Bucket=place.bucket, Key="ice/metadata/1.json", Body=b"{}")
    ran = place.run("SELECT * FROM ice")
    assert ran.state == "FAILED"
    assert ran.reason.startswith("NOT_SUPPORTED: line 1:15: Table 'awsdatacatalog.")
    assert "ice' is an Iceberg table with metadata of its own" in ran.reason


def test_deleting_from_an_empty_iceberg_table(place):
    """A DELETE that finds no row, even in an empty table, touches none."""
    place.rows(f"CREATE TABLE ice (id int) LOCATION 's3://{place.bucket}/ice/' TBLPROPERTIES ('table_type'='ICEBERG')")
    assert place.run("DELETE FROM ice WHERE id = 1").update_count == 0
