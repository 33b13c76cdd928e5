"""Images of items flow in; pages of rows, and the row of each image, flow out. One bad image spoils no other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.changes.membership import Part
from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.errors import StoreError
from exporter.planning.sort_key import SortKey

AT_ONCE = 1500
"""Images of a page, as large as a page of a Query: a larger one is decoded at half the speed."""


@dataclass
class DecodedImages:
    """Images, decoded in pages."""

    pages: list[tuple[DecodedPage, tuple[int, ...]]] = field(default_factory=list)
    """A page, and for each of its rows the number of its image."""
    poison: dict[int, str] = field(default_factory=dict)
    """Number of an image that no decoder takes -> reason."""


def decoded_images(decoder: PageDecoder, images: Sequence[bytes]) -> DecodedImages:
    """Return all images decoded: in pages, and in smaller ones where an image is withheld or not readable."""
    found = DecodedImages()
    everything = range(len(images))
    waiting = [everything[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)][::-1]
    while waiting:
        numbers = waiting.pop()
        try:
            page = decoder.decode(b'{"Items":[' + b",".join(images[number] for number in numbers) + b"]}")
        except StoreError:  # of what a derived column reads: the batch is to be handled again
            raise
        except Exception as error:  # noqa: BLE001 - whatever an image does to the decoder, a retry would meet it again
            if len(numbers) == 1:
                found.poison[numbers[0]] = f"record: {error}"
                continue
        else:
            if not page.withheld or len(numbers) == 1:
                found.pages.append((page, () if page.withheld else tuple(numbers)))
                continue
        middle = len(numbers) // 2
        waiting += [numbers[middle:], numbers[:middle]]
    return found


def place_decoder(
    dataset: Dataset, sort_key: SortKey, table_key: tuple[str, ...], schema: TableSchema
) -> tuple[Part, PageDecoder]:
    """Return the part of an item that places it on a day, and the decoder of that part: a row for each item."""
    of_place = {dataset.source.sort_key, *table_key}
    places = dataset.model_copy(update={"columns": (), "undeclared": "ignore", "explode": None})
    placed = tuple(column for column in schema.columns if column.whole_attribute in of_place)
    return Part(of_place), PageDecoder(schema.model_copy(update={"columns": placed}), places, sort_key, table_key)
