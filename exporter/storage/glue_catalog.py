"""A schema and years flow in, the Glue table and its view are created or extended. The only module that calls Glue."""

from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from dataset_model import Dataset, Target
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import PARTITION_COLUMNS, projection_parameters
from exporter.decoding.schema import glue_columns, target_columns
from exporter.errors import CatalogError
from exporter.runtime.sdk_errors import code_of, credentials_problem, message_of
from exporter.storage.answers_view import answers_name, answers_view

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_OWNER = "exporter.dataset"
_ATTEMPTS = 5
_CHANGED = {"ConcurrentModificationException", "VersionMismatchException", "AlreadyExistsException"}
"""Codes of a table that another program has changed since it was read."""
_PERMISSIONS = {
    "read": "glue:GetTable",
    "publish": "glue:GetTable, CreateTable, UpdateTable and CreateDatabase",
}


def table_input(dataset: Dataset, schema: TableSchema, location: str, years: tuple[int, int]) -> dict[str, Any]:
    """Return the Glue table of a schema. `years` are the first and last year that Athena can see."""
    stored = dataset.target.storage
    return {
        "Name": dataset.target.table,
        "Description": dataset.description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": stored.classification,
            **stored.table_parameters,
            _OWNER: dataset.name,
            **projection_parameters(location, *years),
        },
        "PartitionKeys": [{"Name": name, "Type": "int"} for name in PARTITION_COLUMNS],
        "StorageDescriptor": {
            "Columns": glue_columns(schema, stored.text_types),
            "Location": location,
            "InputFormat": stored.input_format,
            "OutputFormat": stored.output_format,
            "SerdeInfo": {"SerializationLibrary": stored.serde, "Parameters": dict(stored.serde_parameters)},
        },
    }


class Catalog:
    """One dataset's tables in Glue: that of its Parquet files, and those asked for of other targets."""

    def __init__(self, client: "GlueClient", dataset: Dataset, location: str) -> None:
        self._client = client
        bucket = location.removeprefix("s3://").partition("/")[0]
        self._others = [
            Catalog(client, other, f"s3://{bucket}/{other.target.folder(dataset.name)}/")
            for other in _of_file_targets(dataset)
        ]
        self._dataset = dataset
        self._location = location
        self._published: dict[str, Any] | None = None
        self._views: dict[str, dict[str, Any]] = {}

    @property
    def owner(self) -> dict[str, str]:
        """The parameter that marks tables and views of this dataset."""
        return {_OWNER: self._dataset.name}

    @property
    def name(self) -> str:
        """`database.table`."""
        return f"{self._dataset.target.database}.{self._dataset.target.table}"

    def publish(self, schema: TableSchema, years: tuple[int, int]) -> bool:
        """Create the table, or extend it to this schema and these years; return whether anything changed.

        The year range is only ever widened, because an export may have published another year meanwhile. Raises
        CatalogError, also where a table of that name belongs to something else.
        """
        others = [
            other.publish(schema.model_copy(update={"columns": target_columns(self._dataset, schema)}), years)
            for other in self._others
        ]
        if self._published is not None and self._published == self._wanted(self._published, schema, years):
            return any(others)
        try:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._extend(schema, years)
                except ClientError as error:
                    if code_of(error) not in _CHANGED:
                        raise
            return self._extend(schema, years)
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "publish") from None

    def look_again(self) -> None:
        """Forget what is known of the tables, so that the next publication reads them."""
        self._published = None
        for other in self._others:
            other.look_again()

    def _wanted(self, current: dict[str, Any] | None, schema: TableSchema, years: tuple[int, int]) -> dict[str, Any]:
        return table_input(self._dataset, schema, self._location, _widened(current, years))

    def _extend(self, schema: TableSchema, years: tuple[int, int]) -> bool:
        self.look_again()
        current = self._current()
        wanted = self._wanted(current, schema, years)
        database = self._dataset.target.database
        if current is None:
            self._create_database()
            self._client.create_table(DatabaseName=database, TableInput=wanted)  # type: ignore[arg-type]  # a plain dict with the right fields
        elif any(current.get(field) != value for field, value in wanted.items()):
            # Glue refuses the change where the table is no longer the version that was read.
            version = {"VersionId": current["VersionId"]} if current.get("VersionId") else {}
            self._client.update_table(DatabaseName=database, TableInput=wanted, **version)  # type: ignore[arg-type]  # as above
        else:
            self._published = wanted
            return False
        self._published = wanted
        return True

    def publish_answers(self, schema: TableSchema, key_attributes: tuple[str, ...]) -> None:
        """Create or replace the view of questions and answers, where the dataset has one.

        Raises CatalogError where its name belongs to something else.
        """
        wanted = answers_view(self._dataset, schema, key_attributes, self.owner)
        if wanted is not None:
            self.publish_view(wanted)

    def publish_view(self, wanted: dict[str, Any]) -> None:
        """Create or replace a view; raise CatalogError where its name belongs to something else."""
        if wanted == self._views.get(wanted["Name"]):
            return
        database = self._dataset.target.database
        try:
            current = self._found(wanted["Name"])
            if current is None:
                self._client.create_table(DatabaseName=database, TableInput=wanted)  # type: ignore[arg-type]  # a plain dict of the right shape
            elif self._own_view(current).get("ViewOriginalText") != wanted["ViewOriginalText"]:
                self._client.update_table(DatabaseName=database, TableInput=wanted)  # type: ignore[arg-type]  # as above
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "publish") from None
        self._views[wanted["Name"]] = wanted

    def check(self, schema: TableSchema, key_attributes: tuple[str, ...]) -> None:
        """Raise CatalogError where the table, or the view of answers, belongs to something else."""
        for other in self._others:
            other.check(schema, ())
        view = answers_view(self._dataset, schema, key_attributes, self.owner)
        try:
            self._current()
            found = self._found(view["Name"]) if view else None
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "read") from None
        if found is not None:
            self._own_view(found)

    def described(self) -> dict[str, Any] | None:
        """Return the table as Glue has it, whatever it reads, or None where there is none; raise CatalogError."""
        return self.found(self._dataset.target.table)

    def found(self, table: str) -> dict[str, Any] | None:
        """Return a table or view of the dataset's database, or None where there is none; raise CatalogError."""
        try:
            return self._found(table)
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "read") from None

    def _described(self) -> dict[str, Any] | None:
        return self._found(self._dataset.target.table)

    def _found(self, table: str) -> dict[str, Any] | None:
        database = self._dataset.target.database
        for _ in range(_ATTEMPTS):
            try:
                answer: Any = self._client.get_table(DatabaseName=database, Name=table)
            except self._client.exceptions.EntityNotFoundException:
                return None
            if "Table" in answer:  # the SDK takes a body that is cut short for an empty answer
                return dict(answer["Table"])
        raise CatalogError(
            f"responses of Glue for table {database}.{table} arrived damaged in every attempt. "
            "Check the network and proxies between here and Glue."
        )

    def _current(self) -> dict[str, Any] | None:
        if self._published is not None:
            return self._published
        found = self._described()
        if found is None:
            return None
        location = found.get("StorageDescriptor", {}).get("Location", "")
        if location.rstrip("/") != self._location.rstrip("/"):
            raise CatalogError(
                f"table {self.name} exists and reads {location or 'no location'}, not {self._location}. "
                "Choose another ATHENA_TABLE, or drop that table if it is not needed."
            )
        return found

    def _own_view(self, found: dict[str, Any]) -> dict[str, Any]:
        if found.get("Parameters", {}).get(_OWNER) != self._dataset.name:
            name = found["Name"]
            is_answers = name == answers_name(self._dataset)
            raise CatalogError(
                f"{self._dataset.target.database}.{name} exists and is not this dataset's view"
                f"{' of answers' if is_answers else ''}. Drop it if it is not needed"
                f"{', or leave QUESTION_SUFFIX empty' if is_answers else ', or choose another ATHENA_TABLE'}."
            )
        return found

    def _create_database(self) -> None:
        try:
            self._client.create_database(DatabaseInput={"Name": self._dataset.target.database})
        except self._client.exceptions.AlreadyExistsException:
            return

    def _error(self, error: ClientError | BotoCoreError, verb: Literal["read", "publish"]) -> CatalogError:
        if problem := credentials_problem(error):
            return CatalogError(f"cannot {verb} table {self.name} in Glue: {problem}")
        if not isinstance(error, ClientError):
            return CatalogError(
                f"cannot reach Glue for table {self.name}: {error}. Check the network and AWS_ENDPOINT_URL_GLUE."
            )
        code = code_of(error)
        advice = f" The role needs {_PERMISSIONS[verb]}." if code == "AccessDeniedException" else ""
        return CatalogError(f"cannot {verb} table {self.name} in Glue: {message_of(error)} ({code}).{advice}")


def _of_file_targets(dataset: Dataset) -> list[Dataset]:
    """Return the dataset once for each further target with a table, as if the target were its only one."""
    database = dataset.target.database
    return [
        dataset.model_copy(
            update={
                "target": target if "database" in target.model_fields_set else _in_database(target, database),
                "targets": (),
            }
        )
        for target in dataset.file_targets
        if target.has_table
    ]


def _in_database(target: Target, database: str) -> Target:
    return target.model_copy(update={"database": database})


def _widened(current: dict[str, Any] | None, years: tuple[int, int]) -> tuple[int, int]:
    known = (current or {}).get("Parameters", {}).get("projection.year.range", "")
    first, _, last = known.partition(",")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        return years
    return min(years[0], int(first)), max(years[1], int(last))
