"""The quicker way to SDK clients makes the same clients as the SDK."""

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from sdk_session import new_client, new_session


@pytest.mark.parametrize("service", ["s3", "secretsmanager", "athena", "glue"])
def test_clients_have_every_operation_and_the_same_endpoint(service, monkeypatch):
    """Clients have the SDK's operations, metadata, endpoint and paginators."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    ours = new_client(service, region_name="eu-central-1")
    theirs = Session().create_client(service, region_name="eu-central-1")
    assert ours.meta.service_model.operation_names == theirs.meta.service_model.operation_names
    assert ours.meta.service_model.metadata == theirs.meta.service_model.metadata
    assert ours.meta.endpoint_url == theirs.meta.endpoint_url
    assert all(ours.can_paginate(name) == theirs.can_paginate(name) for name in ours.meta.method_to_api_mapping)


def test_an_unknown_service_raises_the_sdks_own_error():
    """The error lists the known services."""
    with pytest.raises(UnknownServiceError, match=r"'no-such-service'.*: accessanalyzer, "):
        new_client("no-such-service", region_name="eu-central-1")


def test_models_in_aws_data_path_are_found(tmp_path, monkeypatch):
    """AWS_DATA_PATH holds for these clients as for all others."""
    (tmp_path / "ours" / "2026-01-01").mkdir(parents=True)
    (tmp_path / "ours" / "2026-01-01" / "service-2.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert "ours" in new_session().get_available_services()
