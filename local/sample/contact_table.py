"""A place flows in; the table `contacts` in it, filled with sample contacts, flows out."""

import boto3

from local.sample import load as tables
from local.sample.place import Loaded, Place


def load(place: Place) -> Loaded:
    """Load the sample contacts."""
    tables.create_table(boto3.client("dynamodb"))

    def report(done: int) -> None:
        place.report(f"{done:,} of {place.items:,} contacts")

    contacts = tables.contacts(place.items, place.now)
    tables.load_in_process(contacts, place.account, place.region, report)
    return Loaded(f"{place.items:,} in the DynamoDB table {tables.TABLE}")
