"""Rules of a template: who and what may reach what."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .documents import Document, listed, nodes, resources, statements

KNOWN_WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken", "ec2:DescribeAccountAttributes", "lakeformation:GetDataAccess", "dynamodb:ListStreams",
    "dynamodb:ListExports", "lambda:ListEventSourceMappings", "cloudwatch:GetMetricStatistics",
}  # fmt: skip
"""Actions that take no resource, so that "*" is the only one."""


TRUSTED = {
    "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "ecs.amazonaws.com",
    "tasks.apprunner.amazonaws.com", "build.apprunner.amazonaws.com", "states.amazonaws.com",
}  # fmt: skip


SECRET_WORDS = "PASSWORD|TOKEN|(?<!^TRANSCRIPT)_KEY$|CLIENT_SECRET"
"""In names of variables. `TRANSCRIPT_KEY` is the pattern of S3 keys and no secret; every other key is one."""


def narrow_policies(document: Document) -> Iterator[str]:
    """No wildcard where something narrower is possible, and a name for each purpose."""
    for name, properties in resources(document):
        sids = [statement.get("Sid") for statement in statements(properties)]
        if None in sids:
            yield f"{name}: a statement has no Sid"
        if repeated := {str(sid) for sid in sids if sids.count(sid) > 1}:
            yield f"{name}: {', '.join(sorted(repeated))} twice"
        for statement in statements(properties):
            if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
                yield f"{name}/{statement.get('Sid')}: says what it does not mean"
            if statement["Effect"] == "Allow":
                yield from (f"{name}/{statement.get('Sid')}: {fault}" for fault in _width(statement))


def _width(statement: Mapping[str, Any]) -> Iterator[str]:
    actions = set(listed(statement.get("Action", [])))
    if any("*" in action for action in actions):
        yield "wildcard action"
    if "*" in map(str, nodes(statement.get("Resource"))) and not actions <= KNOWN_WITHOUT_RESOURCE:
        yield "wildcard resource"
    if statement.get("Principal") in ("*", {"AWS": "*"}):
        yield "open to everyone"
    if "ecs:RunTask" in actions and "ecs:cluster" not in json.dumps(statement.get("Condition", {})):
        yield "runs a task on any cluster"
    if "iam:PassRole" in actions and "iam:PassedToService" not in json.dumps(statement.get("Condition", {})):
        yield "passes a role to any service"
    if any(action.startswith("kms:") for action in actions) and "kms:ViaService" not in str(statement.get("Condition")):
        yield "uses a key outside of the service that holds the data"


def narrow_trust(document: Document) -> Iterator[str]:
    """Roles are for the services that need them."""
    for name, properties in resources(document, "AWS::IAM::Role"):
        trusted = properties["AssumeRolePolicyDocument"]["Statement"]
        for statement in trusted:
            principals = {node for node in nodes(statement["Principal"].get("Service")) if isinstance(node, str)}
            services = {principal for principal in principals if "." in principal}
            if "AWS" in statement["Principal"] or not services or services - TRUSTED:
                yield f"{name} trusts {statement['Principal']}"
        for arn in (node for node in nodes(properties.get("ManagedPolicyArns", [])) if isinstance(node, str)):
            if ":aws:policy/" in arn and "service-role/" not in arn:
                yield f"{name} has the managed policy {arn}"


def closed_buckets(document: Document) -> Iterator[str]:
    """Buckets are private, encrypted, reached over TLS, and drop what is broken."""
    policies = {
        properties["Bucket"]["Ref"]: properties["PolicyDocument"]["Statement"]
        for _, properties in resources(document, "AWS::S3::BucketPolicy")
    }
    for name, bucket in resources(document, "AWS::S3::Bucket"):
        block = bucket.get("PublicAccessBlockConfiguration", {})
        if len(block) != 4 or not all(value is True for value in block.values()):
            yield f"bucket {name} does not block public access"
        if "ServerSideEncryptionByDefault" not in json.dumps(bucket.get("BucketEncryption", {})):
            yield f"bucket {name} is not encrypted"
        if "BucketOwnerEnforced" not in json.dumps(bucket.get("OwnershipControls", {})):
            yield f"bucket {name} has ACLs"
        if "AbortIncompleteMultipartUpload" not in json.dumps(bucket.get("LifecycleConfiguration", {})):
            yield f"bucket {name} keeps broken uploads for ever"
        if any(rule["Status"] != "Enabled" for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])):
            yield f"bucket {name} has a lifecycle rule that is switched off"
        denies = [one for one in policies.get(name, []) if one["Effect"] == "Deny"]
        tls = [one for one in denies if one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}]
        if not tls or len(listed(tls[0]["Resource"])) != 2 or tls[0]["Action"] != "s3:*":
            yield f"bucket {name} takes plain HTTP"


def safe_messages(document: Document) -> Iterator[str]:
    """Queues are encrypted; queues and topics are reached over TLS alone."""
    guarded = json.dumps([p for _, p in resources(document, "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")])
    count = len(list(resources(document, "AWS::SQS::Queue", "AWS::SNS::Topic")))
    for name, properties in resources(document, "AWS::SQS::Queue", "AWS::SNS::Topic"):
        if (
            document["Resources"][name]["Type"] == "AWS::SQS::Queue"
            and properties.get("SqsManagedSseEnabled") is not True
        ):
            yield f"queue {name} is not encrypted"
        if f'"{name}"' not in guarded or guarded.count("aws:SecureTransport") < count:
            yield f"{name} takes plain HTTP"


def closed_networks(document: Document) -> Iterator[str]:
    """Only a load balancer takes connections from outside, and a task talks HTTPS alone."""
    for name, group in resources(document, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", []):
            outside = "CidrIp" in rule or "CidrIpv6" in rule
            if outside and (
                name != "BalancerGuard" or rule["FromPort"] not in {80, 443} or rule["CidrIp"] != {"Ref": "AllowedCidr"}
            ):
                yield f"{name} is open to everyone at {rule.get('FromPort')}"
        for rule in group.get("SecurityGroupEgress", []):
            if rule["IpProtocol"] == -1 or rule.get("FromPort") != 443 or rule.get("ToPort") != 443:
                yield f"{name} lets everything out"
        if name == "TaskGuard" and "SecurityGroupEgress" not in group:
            yield f"{name} lets everything out"
    for name, listener in resources(document, "AWS::ElasticLoadBalancingV2::Listener"):
        redirects = [action["Type"] == "redirect" for action in listener["DefaultActions"]]
        if listener["Protocol"] != "HTTPS" and not all(redirects):
            yield f"{name} serves plain HTTP"
        if listener["Protocol"] == "HTTPS" and "TLS13" not in listener.get("SslPolicy", ""):
            yield f"{name} speaks old TLS"


def direct_ways(document: Document) -> Iterator[str]:
    """Data goes to S3 and DynamoDB by gateway endpoints."""
    for name, _ in resources(document, "AWS::EC2::VPC"):
        endpoints = [
            p for _, p in resources(document, "AWS::EC2::VPCEndpoint") if p["RouteTableIds"] == [{"Ref": "Routes"}]
        ]
        services = {endpoint["ServiceName"]["Fn::Sub"].rpartition(".")[2] for endpoint in endpoints}
        if services != {"s3", "dynamodb"}:
            yield f"data leaves {name} for the internet"


def plain_tasks(document: Document) -> Iterator[str]:
    """Containers cannot write to their own files, have no secret in their variables and are logged."""
    for name, task in resources(document, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            if container.get("ReadonlyRootFilesystem") is not True or container.get("Privileged"):
                yield f"{name} can change its own files"
            if container.get("LogConfiguration", {}).get("LogDriver") != "awslogs":
                yield f"{name} is not logged"
    for node in nodes(document["Resources"]):
        if isinstance(node, Mapping) and re.search(SECRET_WORDS, str(node.get("Name", ""))):
            yield f"{node['Name']} is in a variable"
    for name, parameter in document.get("Parameters", {}).items():
        if re.search("Password|Secret$|Token", name) and not parameter.get("NoEcho"):
            yield f"parameter {name} would be shown"


def closed_sign_in(document: Document) -> Iterator[str]:
    """There is no self-service sign-up, and only codes travel through the browser."""
    for name, pool in resources(document, "AWS::Cognito::UserPool"):
        if pool.get("AdminCreateUserConfig") != {"AllowAdminCreateUserOnly": True}:
            yield f"sign-up is open in {name}"
    for name, client in resources(document, "AWS::Cognito::UserPoolClient"):
        if client.get("AllowedOAuthFlows") != ["code"] or client.get("GenerateSecret") is not True:
            yield f"client {name} hands out tokens through the browser"
        if any("localhost" in json.dumps(url) or "*" in json.dumps(url) for url in client["CallbackURLs"]):
            yield f"client {name} calls back elsewhere"


def safe_registry(document: Document) -> Iterator[str]:
    """A tag means one image for ever, and each image is scanned."""
    for name, repository in resources(document, "AWS::ECR::Repository"):
        if repository.get("ImageTagMutability") != "IMMUTABLE":
            yield f"{name} lets a tag move"
        if repository.get("ImageScanningConfiguration") != {"ScanOnPush": True}:
            yield f"{name} is not scanned"
        if repository.get("EmptyOnDelete") is not True:
            yield f"{name} cannot be deleted once it was used"
