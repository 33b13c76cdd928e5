"""Images of items flow in; pages of rows, each with its image's number, flow out. One bad image spoils no other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.errors import StoreError
from exporter.planning.sort_key import SortKey
from exporter.values.attribute_values import Image

AT_ONCE = 1500
"""Images of a page, as large as a page of a Query: a larger one is decoded at half the speed."""

_encoder = msgspec.json.Encoder()  # which writes bytes as base64, as DynamoDB JSON does
_HEAD, _TAIL = b'{"Items":[', b"]}"


class NumberedImages:
    """Images to decode, each with a number of the caller's.

    An image is written as JSON when it is added: who adds it has just looked at it, so it is near the processor.
    """

    def __init__(self) -> None:
        self._images: list[Image] = []
        self._numbers: list[int] = []
        self._body = bytearray(_HEAD)
        self._bodies: list[bytes] = []

    def __len__(self) -> int:
        return len(self._images)

    def add(self, number: int, image: Image) -> None:
        """Add an image; where it cannot be written as JSON, raise what the encoder raises and leave it out."""
        before = len(self._body)
        try:
            _encoder.encode_into(image, self._body, -1)
        except BaseException:
            del self._body[before:]
            raise
        self._body += b","
        self._images.append(image)
        self._numbers.append(number)
        if len(self._images) % AT_ONCE == 0:
            self._bodies.append(self._closed())

    def pages(self) -> list[tuple[range, bytes]]:
        """Return the images as bodies of Query responses, each with their places."""
        total = len(self._images)
        spans = [range(start, min(start + AT_ONCE, total)) for start in range(0, total, AT_ONCE)]
        bodies = self._bodies if total % AT_ONCE == 0 else [*self._bodies, self._closed()]
        return list(zip(spans, bodies, strict=True))

    def numbers(self, places: range) -> tuple[int, ...]:
        """Return the numbers of the images at some places."""
        return tuple(self._numbers[places.start : places.stop])

    def body(self, places: range) -> bytes:
        """Return the images at some places as the body of a Query response."""
        return body_of(self._images[places.start : places.stop])

    def _closed(self) -> bytes:
        body = b"".join((memoryview(self._body)[:-1], _TAIL))
        self._body = bytearray(_HEAD)
        return body


@dataclass
class DecodedImages:
    """Images, decoded in pages."""

    pages: list[tuple[DecodedPage, tuple[int, ...]]] = field(default_factory=list)
    """A page, and for each of its rows the number of its image."""
    poison: dict[int, str] = field(default_factory=dict)
    """Number of an image that no decoder takes -> reason."""


def decoded_images(decoder: PageDecoder, images: NumberedImages) -> DecodedImages:
    """Return all images decoded: in pages, and in smaller ones where an image is withheld or not readable."""
    found = DecodedImages()
    waiting: list[tuple[range, bytes | None]] = [*reversed(images.pages())]
    while waiting:
        places, body = waiting.pop()
        numbers = images.numbers(places)
        try:
            page = decoder.decode(body or images.body(places))
        except StoreError:  # of what a derived column reads: the batch is to be handled again
            raise
        except Exception as error:  # noqa: BLE001 - whatever an image does to the decoder, a retry would meet it again
            if len(numbers) == 1:
                found.poison[numbers[0]] = f"record: {error}"
                continue
        else:
            if not page.withheld or len(numbers) == 1:
                found.pages.append((page, () if page.withheld else numbers))
                continue
        middle = len(places) // 2
        waiting += [(places[middle:], None), (places[:middle], None)]
    return found


def body_of(images: Sequence[Image]) -> bytes:
    """Return images as the body of a Query response."""
    return _encoder.encode({"Items": images})


def place_decoder(
    dataset: Dataset, sort_key: SortKey, table_key: tuple[str, ...], schema: TableSchema
) -> tuple[frozenset[str], PageDecoder]:
    """Return the attributes that place an item on a day, and the decoder of this part: a row for each item."""
    of_place = frozenset({dataset.source.sort_key, *table_key})
    places = dataset.model_copy(update={"columns": (), "undeclared": "ignore", "explode": None})
    placed = tuple(column for column in schema.columns if column.whole_attribute in of_place)
    return of_place, PageDecoder(schema.model_copy(update={"columns": placed}), places, sort_key, table_key)
