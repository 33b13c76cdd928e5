"""AWS Lambda entry of the conversations: an export's event in, reports and files out; or an event of S3 in.

What fails is raised, so that the invocation counts as failed.
"""

from typing import Any

from exporter.clients import fetch_text
from exporter.conversations.normalize import normalize
from exporter.conversations.settings import conversation_settings
from exporter.conversations.uploaded_csv import keys_of_event, publish_all
from exporter.lambda_handler import stop_before
from exporter.runtime.clock import utc_now
from exporter.runtime.logs import configure_logging
from exporter.runtime.sdk_patches import patch_sdk


def handler(event: dict[str, Any] | None, context: Any) -> dict[str, Any]:
    """Normalise the table, or publish the CSV files that an event of S3 names."""
    patch_sdk()
    settings = conversation_settings(fetch=fetch_text)
    configure_logging(settings.datasets[0].log_level)
    keys = keys_of_event(event or {})
    if keys is not None:
        return {"status": "succeeded", "published": publish_all(settings, keys, utc_now)}
    with stop_before(context) as stop:
        return normalize(settings, event or {}, stop)
