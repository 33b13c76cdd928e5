"""Faster places in the SDK, set by one call of `patch_sdk` from an entry point; importing this changes nothing.

Decision 0061 lists them. Without them every request has the same result and costs more CPU.
"""

import botocore.awsrequest
import botocore.httpchecksum
import botocore.retries.special
from zlib_ng.zlib_ng import crc32

_PIECE_BYTES = 1 << 16


class _WholeBody(botocore.awsrequest.AWSResponse):
    """A response that is read in one go where the SDK would read it in several pieces.

    Each piece takes Python's lock again, which costs a tenth of a run's CPU time.
    """

    @property
    def content(self) -> bytes:
        """The body. A large body that is cut short raises a connection error, which the SDK retries."""
        if self._content is None and int(self.headers.get("content-length", 0)) > _PIECE_BYTES:
            self._content: bytes | None = self.raw.read()
        body: bytes = super().content
        return body


def patch_sdk() -> None:
    """Let the SDK read large bodies in one go and compute their checksums ten times as fast; call it once or often.

    Python's CRC-32 costs a thirtieth of a run. Where a later SDK calls it elsewhere, that one computes the same.
    """
    botocore.retries.special.crc32 = botocore.httpchecksum.crc32 = crc32  # type: ignore[attr-defined]
    botocore.awsrequest.AWSResponse = _WholeBody  # type: ignore[misc]
