"""Emptying a bucket, every version of it. The only module that deletes what people may want to keep."""

from typing import Any


def count_objects(s3: Any, bucket: str, most: int = 1000) -> int:
    """Return how many objects a bucket holds, counting no further than `most`."""
    found = s3.list_objects_v2(Bucket=bucket, MaxKeys=most)
    return int(found.get("KeyCount", 0))


def empty_bucket(s3: Any, bucket: str) -> int:
    """Delete every version of every object and return how many there were."""
    removed = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [
            {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if versions:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
            removed += len(versions)
    return removed


def delete_bucket(s3: Any, bucket: str) -> int:
    """Empty a bucket and delete it; return how many versions it held."""
    removed = empty_bucket(s3, bucket)
    s3.delete_bucket(Bucket=bucket)
    return removed
