"""The order of a deployment: registry, images, exporter, alarms, stream, sources, first export, dashboard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.clients import Clients
from infra.deployment.display import Display
from infra.deployment.images import (
    Engine,
    Program,
    find_engine,
    mark_in_use,
    pushed_image,
    unmark_others,
    version_of_source,
)
from infra.deployment.stacks import Stacks
from infra.errors import ExportFailed, TemplateFault
from infra.operations.exports import Range, run_export
from infra.settings.environment import Environment, readiness_warnings
from infra.settings.templates import Template, TemplateName

_HANDED_ON = {
    "ExportDataBucket": "ExportDataBucket",
    "AthenaResultsBucket": "AthenaResultsBucket",
    "AthenaWorkgroup": "AthenaWorkgroup",
    "AlarmTopic": "AlarmTopic",
    "ExporterLogGroup": "ExporterLogGroup",
    "ExporterCluster": "ExporterCluster",
    "LambdaFunction": "LambdaFunction",
    "UndeliveredQueue": "UndeliveredQueue",
    "TableStreamArn": "TableStreamArn",
    "ExporterTask": "ExporterTask",
    "ExporterRoleArn": "ExporterRoleArn",
    "TaskStartRoleArn": "TaskStartRoleArn",
    "TaskSecurityGroup": "TaskSecurityGroup",
    "NetworkVpc": "VpcId",
    "NetworkSubnets": "SubnetIds",
    "NetworkPublicIp": "AssignPublicIp",
}
"""Output of the exporter's stack -> parameter of the other stacks that declare it."""

_PARAMETERS: dict[Program, str] = {"exporter": "ExporterImage", "dashboard": "DashboardImage"}
_ARCHITECTURES: dict[Program, str] = {"exporter": "ExporterArchitecture", "dashboard": "DashboardArchitecture"}
_TEMPLATES: dict[Program, TemplateName] = {"exporter": "template", "dashboard": "dashboard"}
_REPOSITORIES: dict[Program, str] = {"exporter": "ExporterRepository", "dashboard": "DashboardRepository"}


class Declined(Exception):
    """The operator said no; nothing more is done."""


@dataclass
class Deployment:
    """One environment and what is needed to deploy it."""

    environment: Environment
    templates: Mapping[TemplateName, Template]
    clients: Clients
    stacks: Stacks
    display: Display
    confirm: Callable[[str], bool]
    """Asks the operator."""
    images: dict[Program, str] = field(default_factory=dict)
    """Images that are given and need not be built."""
    keep_images: bool = False
    """Whether to deploy again the images that run already."""
    find_engine: Callable[[], Engine] = find_engine

    def deploy(self, *, export: bool | None = None) -> dict[str, str]:
        """Deploy everything and return all outputs; raise Declined where the operator stops it.

        `export`: whether to run an export before the dashboard; None means where the exporter's stack is new. One that
        fails is reported at once and raised at the end, because the dashboard is of use without it.
        """
        stack = self.environment.stack_of("template")
        is_new = self.stacks.status(stack) in {None, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}
        if self.environment.has_dashboard:
            self._refuse_create_only_tags()  # before the exporter's stack is touched
        self._settle_images()
        # Both the image that runs and the one that replaces it are kept until the deployment has succeeded.
        for image in self.images.values():
            mark_in_use(self.clients.ecr, image, self.environment.stack)
        self._apply("template", {"ExporterImage": self.images["exporter"]})
        outputs = self.stacks.outputs(stack)
        for name in self.environment.dependents:
            if name != "dashboard":  # it comes after the first export, which makes its table
                self._apply(name, self.handed_on(outputs))
        failure = self._first_export(outputs) if (is_new if export is None else export) else None
        if self.environment.has_dashboard:
            self._apply("dashboard", self.handed_on(outputs))
        for name in self.environment.dependents:
            outputs |= self.stacks.outputs(self.environment.stack_of(name))
        for image in self.images.values():
            unmark_others(self.clients.ecr, image, self.environment.stack)
        for warning in readiness_warnings(self.environment):
            self.display.say(f"Note: {warning}")
        if failure:
            self.display.outputs(outputs)
            raise failure
        return outputs

    def diff(self) -> bool:
        """Show what a deployment would change, and discard it; return whether anything would."""
        self.keep_images = True
        self._settle_images()
        found = self._propose("template", {"ExporterImage": self.images["exporter"]}, keep=False)
        outputs = self.stacks.outputs(self.environment.stack_of("template"))
        for name in self.environment.dependents:
            handed = self.handed_on(outputs)
            if self.templates[name].required - set(handed) - set(self.environment.parameters):
                # The stack is new, or as an earlier version made it, without an output that is needed now.
                stack = self.environment.stack_of(name)
                self.display.say(f"Stack {stack} takes its parameters from the one above, so it is not compared yet.")
                found = True
            else:
                found = self._propose(name, handed, keep=False) or found
        return found

    def export(self, outputs: Mapping[str, str], wanted: Range) -> None:
        """Run an export and show its report; raise ExportFailed."""
        self.display.say("Running an export. It makes the Athena table; the log group has its progress.")
        report = run_export(self.clients, outputs, wanted)
        self.display.say(report or "The export succeeded.")

    def handed_on(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters that the other stacks take from the exporter's outputs, and the images."""
        handed = {name: outputs[output] for output, name in _HANDED_ON.items() if output in outputs}
        return handed | {_PARAMETERS[program]: image for program, image in self.images.items()}

    def _first_export(self, outputs: Mapping[str, str]) -> ExportFailed | None:
        try:
            self.export(outputs, Range())
        except ExportFailed as error:
            self.display.say(str(error))
            return error
        return None

    def _refuse_create_only_tags(self) -> None:
        default = str(self.templates["dashboard"].parameters["DashboardHost"]["Default"])
        stack = self.environment.stack_of("dashboard")
        host = self.environment.parameters.get("DashboardHost", default)
        deployed, before = self.stacks.parameters(stack).get("DashboardHost"), self.stacks.tags(stack)
        if host not in _TAGGED_ONCE or host != deployed or before == dict(self.environment.tags):
            return
        raise TemplateFault(
            f"the tags of {self.environment.name} have changed, and {_TAGGED_ONCE[host]} takes tags at creation only: "
            f"the update of {stack} would fail. Keep {before}, or replace the service, which gives it another address: "
            f"aws cloudformation delete-stack --stack-name {stack}, then deploy again."
        )

    def _settle_images(self) -> None:
        programs: list[Program] = ["exporter", *(["dashboard"] if self.environment.has_dashboard else [])]  # type: ignore[list-item]  # mypy widens the literal
        for program in programs:
            given = self.images.get(program) or self.environment.parameters.get(_PARAMETERS[program])
            if not given and self.keep_images:
                deployed = self.stacks.parameters(self.environment.stack_of(_TEMPLATES[program]))
                given = deployed.get(_PARAMETERS[program], _NO_IMAGE)
            if given:
                self.images[program] = given
        if missing := [program for program in programs if program not in self.images]:
            self._push(missing)

    def _push(self, programs: list[Program]) -> None:
        engine = self.find_engine()  # before the registry is made, so that a machine without one changes nothing
        self._apply("registry", {})
        outputs = self.stacks.outputs(self.environment.stack_of("registry"))
        version = version_of_source()
        for program in programs:
            self.display.say(f"Building and pushing the {program}'s image, version {version}.")
            repository = outputs[_REPOSITORIES[program]]
            architecture = self.environment.parameters.get(_ARCHITECTURES[program], "X86_64")
            self.images[program] = pushed_image(self.clients.ecr, engine, program, repository, version, architecture)

    def _apply(self, name: TemplateName, more: Mapping[str, str]) -> None:
        stack = self.environment.stack_of(name)
        if self.stacks.status(stack) == "ROLLBACK_COMPLETE":
            self.display.say(f"Stack {stack} is what a failed first deployment left behind; it is deleted first.")
            self.stacks.delete(stack)
        self._propose(name, more, keep=True)

    def _propose(self, name: TemplateName, more: Mapping[str, str], *, keep: bool) -> bool:
        template, stack = self.templates[name], self.environment.stack_of(name)
        # A stack gets the parameters that its template declares; the file wins over outputs of the exporter's stack.
        declared = {key: value for key, value in more.items() if key in template.parameters}
        parameters = declared | self.environment.parameters_of(template)
        if missing := sorted(template.required - set(parameters)):
            raise TemplateFault(
                f"infra/{name}.yaml needs {', '.join(missing)}; add them to the parameters of {self.environment.name}"
            )
        # All installations share the registry: a tag with an owner would be changed by the next one.
        shared = name == "registry"
        tags = {key: value for key, value in self.environment.tags.items() if not shared or key != "environment"}
        change_set = self.stacks.propose(stack, template, parameters, tags, against_deployed=not keep)
        if change_set is None:
            self.display.say(f"Stack {stack} is as it should be.")
            return False
        self.display.change_set(change_set, self.stacks.parameters(stack), parameters)
        if not keep:
            self.stacks.discard(change_set)
        elif self.confirm(f"Deploy stack {stack}?"):
            self.stacks.execute(change_set)
        else:
            self.stacks.discard(change_set)
            raise Declined
        return True


_TAGGED_ONCE = {"EcsExpress": "ECS Express", "AppRunner": "App Runner"}
"""Hosts with tags that can be set at creation only (resource schemas of both services)."""

_NO_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/none:none"
"""Stands in where a difference is asked for and nothing is deployed yet."""
