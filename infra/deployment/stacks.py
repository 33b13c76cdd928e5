"""Stacks: what would change, making it so, watching, and why it failed. The only module that calls CloudFormation."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import StackFailed
from infra.settings.templates import Template

_UNMADE = {None, "REVIEW_IN_PROGRESS"}
_UNUSABLE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
"""States in which a stack can only be deleted."""
_SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")


@dataclass(frozen=True)
class Change:
    """One line of a change set."""

    action: str
    """Add, Modify or Remove."""
    resource: str
    type: str
    replaced: bool
    """Whether the resource is replaced, with the loss of what it held."""
    drifted: bool = False
    """Whether the resource was changed outside of CloudFormation."""


@dataclass(frozen=True)
class ChangeSet:
    """A change set that waits to be executed or discarded."""

    stack: str
    arn: str
    is_new: bool
    """Whether the stack is only about to be made."""
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Event:
    """Something that happened to a resource of a stack."""

    id: str
    status: str
    resource: str
    type: str
    reason: str

    @property
    def is_failure(self) -> bool:
        """Whether this is a cause, and not what followed from one."""
        return self.status.endswith("_FAILED") and not self.reason.startswith(_CONSEQUENCES)


class Stacks:
    """Stacks of one region. `report` gets each event as it happens; `pause` is the time between looks, in seconds."""

    def __init__(self, client: Any, report: Callable[[Event], None] = lambda _: None, pause: float = 3.0) -> None:
        self._client = client
        self._report = report
        self._pause = pause

    def status(self, stack: str) -> str | None:
        """Return a stack's status, or None where there is none."""
        found = self._describe(stack)
        return None if found is None else str(found["StackStatus"])

    def outputs(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs; none where there is no stack."""
        found = self._describe(stack) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def parameters(self, stack: str) -> dict[str, str]:
        """Return the parameters with which a stack was deployed."""
        found = self._describe(stack) or {}
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", [])}

    def tags(self, stack: str) -> dict[str, str]:
        """Return a stack's tags; none where there is no stack."""
        found = self._describe(stack) or {}
        return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}

    def resources(self, stack: str, type_: str) -> dict[str, str]:
        """Return a stack's resources of one type: logical id -> physical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack)
        return {
            item["LogicalResourceId"]: item.get("PhysicalResourceId", "")
            for page in pages
            for item in page["StackResourceSummaries"]
            if item["ResourceType"] == type_
        }

    def propose(
        self,
        stack: str,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        *,
        against_deployed: bool = False,
    ) -> ChangeSet | None:
        """Make a change set and return it, or None where nothing would change.

        With `against_deployed` it compares the template with the resources as they are now, and so shows drift (a
        drift-aware change set); otherwise CloudFormation compares it with the previous template.
        """
        status = self.status(stack)
        if status in _UNUSABLE:
            raise StackFailed(f"stack {stack} is {status}, from which nothing can be deployed. Delete it first.")
        is_new = status in _UNMADE
        request = {
            "StackName": stack,
            "ChangeSetName": f"deploy-{time.time_ns()}",
            "ChangeSetType": "CREATE" if is_new else "UPDATE",
            "TemplateBody": template.text,
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "Capabilities": ["CAPABILITY_IAM"],
        }
        if against_deployed and not is_new:
            request["DeploymentMode"] = "REVERT_DRIFT"
        try:
            arn = self._client.create_change_set(**request)["Id"]
        except (ClientError, BotoCoreError) as error:
            raise StackFailed(f"stack {stack}: {_said(error)}") from None
        return self._proposed(stack, arn, is_new=is_new)

    def discard(self, change_set: ChangeSet) -> None:
        """Delete a change set, and the empty stack that a first one leaves behind."""
        self._client.delete_change_set(ChangeSetName=change_set.arn, StackName=change_set.stack)
        if change_set.is_new:
            self._client.delete_stack(StackName=change_set.stack)

    def execute(self, change_set: ChangeSet) -> None:
        """Execute a change set and wait for its end; raise StackFailed with the first failing resource."""
        before = {event.id for event in self._events(change_set.stack)}
        self._client.execute_change_set(ChangeSetName=change_set.arn, StackName=change_set.stack)
        self._wait(change_set.stack, before)

    def delete(self, stack: str) -> None:
        """Delete a stack and wait for its end; raise StackFailed with the first failing resource."""
        found = self._describe(stack)
        if found is None:
            return
        # A deleted stack is found by its id alone.
        name = found["StackId"]
        before = {event.id for event in self._events(name)}
        self._client.delete_stack(StackName=name)
        self._wait(name, before)

    def _proposed(self, stack: str, arn: str, *, is_new: bool) -> ChangeSet | None:
        while True:
            found = self._client.describe_change_set(ChangeSetName=arn, StackName=stack)
            if found["Status"] in {"CREATE_COMPLETE", "FAILED"}:
                break
            time.sleep(self._pause)
        changes = tuple(self._changes(stack, arn))
        reason = str(found.get("StatusReason") or "")
        change_set = ChangeSet(stack, arn, is_new, changes)
        if found["Status"] == "FAILED" and not any(text in reason for text in _NOTHING_TO_DO):
            causes = self._validation_errors(stack, arn)  # gone once the change set is deleted
            self.discard(change_set)
            raise StackFailed("\n  ".join([f"stack {stack}: {reason}", *causes]))
        if found["Status"] == "FAILED" or (not changes and not is_new):
            self.discard(change_set)
            return None
        return change_set

    def _validation_errors(self, stack: str, arn: str) -> list[str]:
        """Return what CloudFormation's early validation found; it is in no status and no stack event."""
        try:
            pages = self._client.get_paginator("describe_events").paginate(
                StackName=stack, ChangeSetName=arn, Filters={"FailedEvents": True}
            )
            events = [event for page in pages for event in page["OperationEvents"]]
        except (ClientError, BotoCoreError):
            return []
        return [
            f"{event.get('LogicalResourceId', stack)}{event.get('ValidationPath', '')}: {reason}"
            for event in events
            if event.get("EventType") == "VALIDATION_ERROR" and (reason := event.get("ValidationStatusReason"))
        ]

    def _changes(self, stack: str, arn: str) -> Iterator[Change]:
        for page in self._client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, StackName=stack):
            for entry in page.get("Changes", []):
                change = entry["ResourceChange"]
                yield Change(
                    action=change["Action"],
                    resource=change["LogicalResourceId"],
                    type=change["ResourceType"],
                    replaced=change.get("Replacement") in {"True", "Conditional"},
                    drifted=change.get("ResourceDriftStatus") in {"MODIFIED", "DELETED"},
                )

    def _wait(self, stack: str, seen: set[str]) -> None:
        first: Event | None = None
        while True:
            status = self.status(stack)
            for event in reversed(list(self._events(stack))):
                if event.id not in seen:
                    seen.add(event.id)
                    self._report(event)
                    first = first or (event if event.is_failure else None)
            if status is None or not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(self._pause)
        if status is not None and status not in _SUCCEEDED:
            cause = f"{first.resource} ({first.type}): {first.reason}" if first else "no resource says why"
            raise StackFailed(f"stack {stack.rpartition('stack/')[2]} is {status}. First failure: {cause}")

    def _events(self, stack: str) -> Iterator[Event]:
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack):
                for event in page["StackEvents"]:
                    yield Event(
                        id=event["EventId"],
                        status=event["ResourceStatus"],
                        resource=event["LogicalResourceId"],
                        type=event["ResourceType"],
                        reason=event.get("ResourceStatusReason", ""),
                    )
        except ClientError as error:
            if not _is_absent(error):
                raise

    def _describe(self, stack: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_stacks(StackName=stack)["Stacks"][0]
        except (ClientError, BotoCoreError) as error:
            if _is_absent(error):
                return None
            raise StackFailed(f"cannot ask CloudFormation for stack {stack}: {_said(error)}") from None
        return found


def _is_absent(error: ClientError | BotoCoreError) -> bool:
    return isinstance(error, ClientError) and "does not exist" in error.response.get("Error", {}).get("Message", "")


def _said(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", error))
    return f"{error}. Check AWS_PROFILE, the region and the network."
