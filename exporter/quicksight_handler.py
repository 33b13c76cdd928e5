"""AWS Lambda entry for a day's sales: the event in, `date`, `exports` and `records_exported` out.

A wrong event or a failed write is raised, so that the invocation counts as failed.
"""

import os
from typing import Any

from exporter.runtime.logs import configure_logging
from exporter.runtime.sdk_patches import patch_sdk
from exporter.sales.daily_export import export_event, sales_settings


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Write the five files of a day."""
    patch_sdk()
    settings = sales_settings()
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    return export_event(settings, event)
