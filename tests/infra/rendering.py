"""A template with its parameters filled in and its conditions decided, as CloudFormation does it before any call.

Values that only AWS knows (ids, ARNs, endpoints) are plausible ones, so that resource schemas can judge the result.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT, REGION = "111122223333", "us-east-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/dynamodb-reporting/exporter@sha256:{'0' * 64}"

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "reports",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/reports/0f1e2d3c-0000-4000-8000-000000000000",
}

_HEX = "0123456789abcdef0"
_REFS = {
    "AWS::EC2::VPC": f"vpc-{_HEX}",
    "AWS::EC2::Subnet": f"subnet-{_HEX}",
    "AWS::EC2::SecurityGroup": f"sg-{_HEX}",
    "AWS::EC2::InternetGateway": f"igw-{_HEX}",
    "AWS::EC2::RouteTable": f"rtb-{_HEX}",
    "AWS::S3::Bucket": "reports-bucket-1abc",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic",
    "AWS::SQS::Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/reports-queue",
    "AWS::ECS::TaskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/reports-exporter:1",
    "AWS::IAM::ManagedPolicy": f"arn:aws:iam::{ACCOUNT}:policy/reports-access",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/r",
    "AWS::ElasticLoadBalancingV2::TargetGroup": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/r/1",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:reports-abc",
    "AWS::Cognito::UserPool": f"{REGION}_abc123",
    "AWS::ApplicationAutoScaling::ScalableTarget": "service/reports/x|ecs:service:DesiredCount|ecs",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::reports-bucket-1abc",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/reports-role",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:reports-queue",
    "AWS::ECS::Cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/reports",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/reports/program:*",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reports",
}
_ATTRIBUTES = {
    "GroupId": f"sg-{_HEX}",
    "Endpoint": "re-0123.ecs.us-east-1.on.aws",
    "ServiceUrl": "abc123.us-east-1.awsapprunner.com",
    "ServiceArn": f"arn:aws:apprunner:{REGION}:{ACCOUNT}:service/reports/0123",
    "AutoScalingConfigurationArn": f"arn:aws:apprunner:{REGION}:{ACCOUNT}:autoscalingconfiguration/one/1/0123",
    "DNSName": "reports-1.us-east-1.elb.amazonaws.com",
    "CanonicalHostedZoneID": "Z35SXDOTRQ7X7K",
}


class NothingLeft:
    """What `AWS::NoValue` becomes before it disappears."""


class Unresolved(Exception):
    """A reference to something that this combination of parameters does not make, or that nothing makes."""


class Rendering:
    """One template with one set of parameters."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.document = document
        self.parameters = {
            name: parameters.get(name, str(declared.get("Default", "")))
            for name, declared in document["Parameters"].items()
        }
        self.conditions: dict[str, bool] = {}
        for name in document.get("Conditions", {}):
            self.condition(name)
        self.broken_rules = [
            assertion["AssertDescription"]
            for rule in document.get("Rules", {}).values()
            if self.value(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Resources that are made, with their properties resolved."""
        return {
            name: {**declared, "Properties": self.value(declared.get("Properties", {}))}
            for name, declared in self.document["Resources"].items()
            if self.is_made(name)
        }

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs that there are, resolved."""
        return {
            name: self.value(declared["Value"])
            for name, declared in self.document["Outputs"].items()
            if "Condition" not in declared or self.condition(declared["Condition"])
        }

    def is_made(self, name: str) -> bool:
        """Whether a resource is made under these parameters."""
        condition = self.document["Resources"][name].get("Condition")
        return condition is None or self.condition(condition)

    def condition(self, name: str) -> bool:
        """Decide a condition."""
        if name not in self.conditions:
            if name not in self.document.get("Conditions", {}):
                raise Unresolved(f"condition {name} is nowhere")
            self.conditions[name] = bool(self.value(self.document["Conditions"][name]))
        return self.conditions[name]

    def value(self, node: Any) -> Any:
        """Resolve a value."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if not isinstance(item, NothingLeft)]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, argument), *_ = node.items()
            if key == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if function := _FUNCTIONS.get(key):
                return function(self, argument)
        resolved = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in resolved.items() if not isinstance(item, NothingLeft)}

    def ref(self, name: str) -> Any:
        """Resolve `Ref`."""
        if name == "AWS::NoValue":
            return NothingLeft()
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            declared, text = self.document["Parameters"][name]["Type"], self.parameters[name]
            if declared == "CommaDelimitedList":
                return text.split(",")
            return int(text) if declared == "Number" else text
        return _REFS.get(self._made(name)["Type"]) or self._named(name)

    def attribute(self, name: str, attribute: str) -> Any:
        """Resolve `Fn::GetAtt`."""
        made = self._made(name)
        if made["Type"] == "AWS::SSM::Parameter" and attribute == "Value":
            return self.value(made["Properties"]["Value"])
        if attribute == "Arn":
            return _ARNS.get(made["Type"], f"arn:aws:service:{REGION}:{ACCOUNT}:{name}")
        return _ATTRIBUTES.get(attribute, f"{name}-{attribute}")

    def mapped(self, name: str, key: str, field: str) -> Any:
        """Resolve `Fn::FindInMap`."""
        return self.document["Mappings"][name][key][field]

    def _made(self, name: str) -> Mapping[str, Any]:
        if name not in self.document["Resources"]:
            raise Unresolved(f"{name} is nowhere")
        if not self.is_made(name):
            raise Unresolved(f"{name} is not made here")
        found: Mapping[str, Any] = self.document["Resources"][name]
        return found

    def _named(self, name: str) -> str:
        properties = self.document["Resources"][name].get("Properties", {})
        for key, value in properties.items():
            if key in {"Name", "LogGroupName"}:
                return str(self.value(value))
        if "DatabaseInput" in properties:
            return str(self.value(properties["DatabaseInput"]["Name"]))
        return f"reports-{name}"


def _sub(rendering: Rendering, argument: Any) -> str:
    text, more = argument if isinstance(argument, list) else (argument, {})
    values = {key: rendering.value(value) for key, value in more.items()}

    def resolved(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in values:
            return str(values[name])
        resource, _, attribute = name.partition(".")
        return str(rendering.attribute(resource, attribute) if attribute else rendering.ref(name))

    return re.sub(r"\$\{([^}]+)\}", resolved, text)


_FUNCTIONS: dict[str, Callable[[Rendering, Any], Any]] = {
    "Ref": lambda rendering, name: rendering.ref(name),
    "Fn::GetAtt": lambda rendering, argument: rendering.attribute(*argument),
    "Fn::Sub": _sub,
    "Fn::If": lambda rendering, argument: rendering.value(argument[1 if rendering.condition(argument[0]) else 2]),
    "Fn::Equals": lambda rendering, argument: str(rendering.value(argument[0])) == str(rendering.value(argument[1])),
    "Fn::Not": lambda rendering, argument: not rendering.value(argument[0]),
    "Fn::And": lambda rendering, argument: all(rendering.value(item) for item in argument),
    "Fn::Or": lambda rendering, argument: any(rendering.value(item) for item in argument),
    "Fn::Contains": lambda rendering, argument: rendering.value(argument[1]) in rendering.value(argument[0]),
    "Fn::EachMemberEquals": lambda rendering, argument: all(
        member == rendering.value(argument[1]) for member in rendering.value(argument[0])
    ),
    "Fn::Join": lambda rendering, argument: argument[0].join(map(str, rendering.value(argument[1]))),
    "Fn::Split": lambda rendering, argument: str(rendering.value(argument[1])).split(argument[0]),
    "Fn::Select": lambda rendering, argument: rendering.value(argument[1])[int(argument[0])],
    "Fn::FindInMap": lambda rendering, argument: rendering.mapped(*(rendering.value(part) for part in argument)),
    "Fn::GetAZs": lambda _rendering, _argument: [f"{REGION}a", f"{REGION}b"],
}
