"""The templates that are deployed by themselves, filled in as their guides show them."""

import json
from collections.abc import Iterator

from infra.settings.templates import FOLDER, document_from_text

from .rendering import ACCOUNT, IMAGE, REGION, Rendering

NETWORK = {"ExporterHost": "Fargate", "VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-0a,subnet-0b"}
DASHBOARD_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reports-dashboard-DashboardRole-1ABC"
REPORTS = {
    "DashboardStack": "reports-dashboard",
    "DashboardCluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/reports",
    "DashboardRoleArn": DASHBOARD_ROLE,
    "DashboardStartRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reports-dashboard-StartRole-1ABC",
    "SubnetIds": "subnet-0123456789abcdef0",
    "DashboardUrl": "https://reports.example.com",
    "ReportFrom": "reports@example.com",
}
SALES = {"BucketName": "reports", "ExporterImage": "exporter:1"}


def installation(environment: str) -> dict[str, str]:
    """Return what the file of an installation of the conversations gives."""
    file = FOLDER / "environments" / f"conversations-{environment}.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Parameters"]
    return found


def conversations(environment: str) -> dict[str, str]:
    """Return that, and an image."""
    return installation(environment) | {"ExporterImage": IMAGE}


def standalone() -> Iterator[Rendering]:
    """Yield each of them in each of its forms."""
    given = {
        "conversations": [conversations("test"), conversations("prod"), conversations("test") | NETWORK],
        "reports": [REPORTS],
        "sales": [SALES],
        "operations": [{}],
    }
    for name, forms in given.items():
        document = document_from_text((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        for parameters in forms:
            yield Rendering(document, parameters)
