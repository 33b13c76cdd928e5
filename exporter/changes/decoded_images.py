"""Images of items flow in; pages of rows, each with its image's number, flow out. One bad image spoils no other."""

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.errors import StoreError
from exporter.native.events import ImageBytes
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

    def __init__(self, written: ImageBytes | None = None) -> None:
        """Begin with images that are written, or without."""
        self._written = written or ImageBytes(bytearray(), array("i"), array("q"))

    def __len__(self) -> int:
        return len(self._written.numbers)

    def add(self, number: int, image: Image) -> None:
        """Add an image; where it cannot be written as JSON, raise what the encoder raises and leave it out."""
        body = self._written.body
        before = len(body)
        try:
            _encoder.encode_into(image, body, -1)
        except BaseException:
            del body[before:]
            raise
        body += b","
        self._written.numbers.append(number)
        self._written.ends.append(len(body))

    def only(self, wanted: Collection[int]) -> "NumberedImages":
        """Return the images with these numbers."""
        return self._at([place for place, number in enumerate(self._written.numbers) if number in wanted])

    def in_order(self) -> "NumberedImages":
        """Return the images in the order of their numbers."""
        return self._at(sorted(range(len(self)), key=self._written.numbers.__getitem__))

    def _at(self, places: Sequence[int]) -> "NumberedImages":
        written = self._written
        body, ends = bytearray(), array("q")
        for place in places:
            body += written.body[self._start(place) : written.ends[place]]
            ends.append(len(body))
        return NumberedImages(ImageBytes(body, array("i", [written.numbers[place] for place in places]), ends))

    def pages(self) -> list[range]:
        """Return the places of the images, in pages."""
        return [range(start, min(start + AT_ONCE, len(self))) for start in range(0, len(self), AT_ONCE)]

    def numbers(self, places: range) -> "array[int]":
        """Return the numbers of the images at some places."""
        return self._written.numbers[places.start : places.stop]

    def body(self, places: range) -> bytes:
        """Return the images at some places as the body of a Query response."""
        without_comma = self._written.ends[places.stop - 1] - 1
        with memoryview(self._written.body)[self._start(places.start) : without_comma] as images:
            return b"".join((_HEAD, images, _TAIL))

    def _start(self, place: int) -> int:
        return self._written.ends[place - 1] if place else 0


@dataclass
class DecodedImages:
    """Images, decoded in pages."""

    pages: list[tuple[DecodedPage, "array[int]"]] = field(default_factory=list)
    """A page, and for each of its rows the number of its image."""
    poison: dict[int, str] = field(default_factory=dict)
    """Number of an image that no decoder takes -> reason."""


def decoded_images(decoder: PageDecoder, images: NumberedImages) -> DecodedImages:
    """Return all images decoded: in pages, and in smaller ones where an image is withheld or not readable."""
    found = DecodedImages()
    waiting = images.pages()[::-1]
    while waiting:
        places = waiting.pop()
        numbers = images.numbers(places)
        try:
            page = decoder.decode(images.body(places))
        except StoreError:  # of what a derived column reads: the batch is to be handled again
            raise
        except Exception as error:  # noqa: BLE001 - whatever an image does to the decoder, a retry would meet it again
            if len(numbers) == 1:
                found.poison[numbers[0]] = f"record: {error}"
                continue
        else:
            if not page.withheld or len(numbers) == 1:
                found.pages.append((page, numbers[:0] if page.withheld else numbers))
                continue
        middle = len(places) // 2
        waiting += [places[middle:], places[:middle]]
    return found


def body_of(images: Sequence[Image]) -> bytes:
    """Return images as the body of a Query response."""
    return _encoder.encode({"Items": images})


def place_attributes(dataset: Dataset, table_key: tuple[str, ...]) -> frozenset[str]:
    """Return the attributes that place an item on a day, and those of its key."""
    return frozenset({dataset.source.sort_key, *table_key})


def place_decoder(dataset: Dataset, sort_key: SortKey, table_key: tuple[str, ...], schema: TableSchema) -> PageDecoder:
    """Return the decoder of `place_attributes`: a row for each item, and no other column."""
    of_place = place_attributes(dataset, table_key)
    places = dataset.model_copy(update={"columns": (), "undeclared": "ignore", "explode": None})
    placed = tuple(column for column in schema.columns if column.whole_attribute in of_place)
    return PageDecoder(schema.model_copy(update={"columns": placed}), places, sort_key, table_key)
