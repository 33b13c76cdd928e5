"""Taking an environment down: dashboard, sources, stream, alarms, results, exporter.

The data goes only where its name is typed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from infra.clients import Clients
from infra.deployment.buckets import count_objects, delete_bucket, empty_bucket
from infra.deployment.display import Display
from infra.deployment.stacks import Stacks
from infra.settings.environment import Environment


@dataclass
class Deletion:
    """One environment and what is needed to delete it."""

    environment: Environment
    clients: Clients
    stacks: Stacks
    display: Display
    confirm: Callable[[str], bool]
    """Asks for a yes."""
    ask: Callable[[str], str]
    """Asks for a text."""

    def delete(self, *, with_data: bool = False) -> bool:
        """Delete the stacks and what they leave behind; return whether anything was deleted.

        `with_data` also deletes the data bucket and the table that the stack made, after their names were typed.
        """
        stack = self.environment.stack_of("template")
        outputs, parameters = self.stacks.outputs(stack), self.stacks.parameters(stack)
        dependents = [self.environment.stack_of(name) for name in ("dashboard", "sources", "stream", "alarms")]
        made = [name for name in dependents if self.stacks.status(name) is not None]
        if not made and self.stacks.status(stack) is None:
            self.display.say(f"There is no stack {stack} in {self.environment.region}.")
            return False
        self._announce(outputs, with_data=with_data)
        if not self.confirm(f"Delete {stack}, its alarms and its dashboard?"):
            return False
        doomed = self._doomed(outputs, parameters) if with_data else {}
        for name in made:
            self.stacks.delete(name)
        if results := outputs.get("AthenaResultsBucket"):
            # CloudFormation deletes no bucket that holds anything.
            self.display.say(f"Emptied {results}: {self._emptied(results)} query results.")
        self.stacks.delete(stack)
        for kind, name in doomed.items():
            self._destroy(kind, name)
        self._tell_what_stays(outputs, parameters, doomed)
        return True

    def _announce(self, outputs: dict[str, str], *, with_data: bool) -> None:
        data, results = outputs.get("ExportDataBucket"), outputs.get("AthenaResultsBucket")
        if results:
            count = self._counted(results)
            group = outputs.get("AthenaWorkgroup", "")
            self.display.say(f"The {count} query results in {results} and the workgroup {group} with its history go.")
        if data and not with_data:
            self.display.say(f"The data in {data} stays; --with-data asks for its name. Sign-ins, alarms and logs go.")
        elif data:
            self.display.say(f"{data} holds {self._counted(data)} objects.")

    def _counted(self, bucket: str) -> str:
        try:
            count = count_objects(self.clients.s3, bucket)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchBucket":
                return "0"
            raise
        return f"{'at least ' if count >= 1000 else ''}{count:,}"

    def _doomed(self, outputs: dict[str, str], parameters: dict[str, str]) -> dict[str, str]:
        candidates = {}
        if parameters.get("ExistingDataBucket", "false") == "false" and "ExportDataBucket" in outputs:
            candidates["bucket"] = outputs["ExportDataBucket"]
        if parameters.get("CreateTable") == "true":
            candidates["table"] = parameters["DynamoTableName"]
        return {
            kind: name
            for kind, name in candidates.items()
            if self.ask(f"Type {name} to delete the {kind} and all it holds, or nothing to keep it") == name
        }

    def _emptied(self, bucket: str) -> int:
        try:
            return empty_bucket(self.clients.s3, bucket)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchBucket":
                return 0
            raise

    def _destroy(self, kind: str, name: str) -> None:
        if kind == "bucket":
            self.display.say(f"Deleted {name} with {delete_bucket(self.clients.s3, name)} versions of objects.")
        else:
            self.clients.dynamodb.delete_table(TableName=name)
            self.display.say(f"Deleted the table {name}.")

    def _tell_what_stays(self, outputs: dict[str, str], parameters: dict[str, str], doomed: dict[str, str]) -> None:
        if "bucket" not in doomed and "ExportDataBucket" in outputs:
            self.display.say(
                f"The data stays in {outputs['ExportDataBucket']}. To deploy over it again, set ExistingDataBucket: "
                "true and S3BucketName to it."
            )
        if parameters.get("CreateTable") == "true" and "table" not in doomed:
            self.display.say(
                f"The table {parameters['DynamoTableName']} stays. Set CreateTable: false to read it again."
            )
        self.display.say(f"The registry {self.environment.registry} stays; other installations may use it.")
