"""Presigned links to objects."""

from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.aws.s3 import Objects


@pytest.mark.parametrize("public_endpoint", [None, "https://objects.example.com"])
@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"])
def test_every_region_signs_with_version_4(monkeypatch, region, public_endpoint):
    """Buckets made after June 2020 and KMS refuse version 2, which is the SDK's choice for the oldest regions."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    link = urlsplit(Objects(region, public_endpoint).link("s3://results/a.csv", "contacts.csv"))
    signed = parse_qs(link.query)
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert signed["X-Amz-Credential"][0].split("/")[2:] == [region, "s3", "aws4_request"]
    assert "AWSAccessKeyId" not in signed
    assert signed["X-Amz-Expires"] == ["300"]
