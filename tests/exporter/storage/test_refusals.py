"""What a person reads where S3, KMS, Glue or DynamoDB refuse: the service's reason and the step that helps."""

import boto3
import pytest
from botocore.config import Config
from faults import Response, every, refused, s3_refused
from faulty import DAYS

from exporter.errors import CatalogError, StaleRun, StoreError
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store

KMS = (
    "User: arn:aws:sts::1:assumed-role/exporter/x is not authorized to perform: kms:GenerateDataKey on resource: "
    "arn:aws:kms:us-east-1:1:key/2 because no identity-based policy allows the kms:GenerateDataKey action"
)


def error(code, message, status):
    return Response(
        status,
        {"content-type": "application/xml"},
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
    )


def client(faults):
    return boto3.client("s3", endpoint_url=faults.url, config=Config(s3={"addressing_style": "path"}))


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (
            "ExpiredToken",
            400,
            "the credentials have expired: too old (ExpiredToken). Renew them and run again.",
        ),
        (
            "ExpiredToken",
            403,
            "the credentials have expired: too old (ExpiredToken). Renew them and run again.",
        ),
        ("InvalidAccessKeyId", 403, "the credentials are not accepted: too old (InvalidAccessKeyId)."),
        ("SignatureDoesNotMatch", 403, "the credentials are not accepted: too old (SignatureDoesNotMatch)."),
    ],
)
def test_a_refused_head_request_is_explained(faults, code, status, expected):
    """HEAD is answered without a body, so the reason comes from a GET: expired and unknown credentials are named."""
    faults.rule = lambda request, _: (
        Response(status, {"content-type": "application/xml"}, b"")
        if request.method == "HEAD"
        else error(code, "too old", status)
    )
    with pytest.raises(StoreError) as refusal:
        Store(client(faults), "reports").check()
    assert str(refusal.value).startswith(f"cannot reach s3://reports: {expected}")


def test_a_refusal_without_any_reason_names_credentials_and_region(faults):
    """A 400 without a body on every request still names what usually causes it."""
    faults.rule = lambda *_: Response(400, {"content-type": "application/xml"}, b"")
    with pytest.raises(
        StoreError, match=r"refused without a reason \(400\).*Renew the credentials and check the region"
    ):
        Store(client(faults), "reports").check()


def test_a_refused_key_is_not_a_refused_bucket(table, faults):
    """An SSE-KMS bucket's refusal keeps the service's message and names the key's permission, not s3:PutObject."""
    faults.rule = every("PutObject", lambda _: error("AccessDenied", KMS, 403))
    entry = table.job(**DAYS).run()
    assert f"access denied ({KMS}). The role needs kms:GenerateDataKey on the bucket's key." in entry.error
    assert "s3:PutObject" not in entry.error


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("ValidationException", "wrong", "The request is not valid for this index."),
        ("KMSAccessDeniedException", "no", "Check that the table's KMS key is enabled and that the role may use it."),
        (
            "AccessDeniedException",
            "may not kms:Decrypt",
            "The role needs kms:Decrypt on the table's key.",
        ),
        ("InvalidSignatureException", "wrong", "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
        ("InternalFailure", "odd", "Run again. Days already published stay as they are."),
    ],
)
def test_run_again_is_advised_only_where_it_helps(table, faults, code, message, advice):
    """A refusal that comes again with every attempt has its own advice; other faults may pass."""
    faults.rule = every("Query", lambda _: refused(code, message=message))
    entry = table.job(**DAYS).run()
    assert message in entry.error
    assert advice in entry.error
    assert ("Run again" in entry.error) == (code == "InternalFailure")


def test_glue_that_refuses_to_be_read_is_not_a_failed_publication(table, faults):
    """`doctor` and `plan` read the table only: their message says so, and names the one permission that they need."""
    settings = table.settings()
    faults.rule = every("GetTable", lambda _: refused("AccessDeniedException", message="not allowed"))
    catalog = Catalog(boto3.client("glue", endpoint_url=faults.url), settings.dataset, settings.location)
    with pytest.raises(CatalogError) as refusal:
        catalog.described()
    name = f"{table.database}.rows"
    assert str(refusal.value) == (
        f"cannot read table {name} in Glue: not allowed (AccessDeniedException). The role needs glue:GetTable."
    )


def test_a_service_without_conditional_deletion(scene, faults, monkeypatch):
    """LocalStack 4.14.0 answers DeleteObject with If-Match by 501: lease and emptied day go without a warning."""
    table = scene(GSI_PK_VALUE="A")
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-17T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-17")
    table.delete("1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    faults.rule = without_conditional_deletion
    entry = table.export(start="2026-02-16", end="2026-02-17")
    assert entry.removed == ("year=2026/month=02/day=16",)
    assert entry.warnings == ()
    assert table.keys("_lease") == []
    assert table.days() == {"2026-02-17": ["2"]}
    assert table.export(start="2026-02-17", end="2026-02-17").rows == 1


def without_conditional_deletion(request, forward):
    if request.operation == "DeleteObject" and "if-match" in request.headers:
        return s3_refused("NotImplemented", 501)
    return forward()


def test_an_object_that_has_changed_is_not_deleted(aws, faults):
    """Also without conditional deletion, an object that another writer has replaced stays."""
    faults.rule = without_conditional_deletion
    store = Store(client(faults), "reports")
    seen = store.replace("changed/one", b"old", None)
    store.replace("changed/one", b"new", seen)
    with pytest.raises(StaleRun, match="changed after this run began"):
        store.remove("changed/one", seen)
    assert store.read("changed/one")[0] == b"new"
    store.remove("changed/none", seen)


@pytest.mark.parametrize("rule", [without_conditional_deletion, lambda _, forward: forward()])
def test_every_conditional_call_holds_its_condition(aws, faults, small_parts, monkeypatch, tmp_path, rule, request):
    """Create, replace, replace in parts, download and delete each refuse an object that is not the one seen."""
    monkeypatch.setattr("exporter.storage.object_store.PART_BYTES", small_parts)
    faults.rule = rule
    store, key = Store(client(faults), "reports"), f"conditional/{request.node.name}"
    first = store.replace(key, b"1", None)
    large = tmp_path / "large"
    large.write_bytes(b"2" * (small_parts + 1))
    second = store.replace_with_file(key, large, first, content_type="text/plain")
    for stale in (None, first):
        with pytest.raises(StaleRun, match="changed after this run began"):
            store.replace(key, b"3", stale)
        with pytest.raises(StaleRun, match="changed after this run began"):
            store.replace_with_file(key, large, stale, content_type="text/plain")
    with pytest.raises(StaleRun, match="changed after this run began"):
        store.remove(key, first)
    assert store.read(key) == (b"2" * (small_parts + 1), second)
    store.remove(key, second)
    assert store.read(key) is None
