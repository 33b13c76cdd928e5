"""Memory of the compiled reader that ends where nothing may be touched."""

import ctypes
import mmap

from exporter.native import library
from exporter.native.library import _HEAD, Plan, _Result


class Fenced:
    """Memory that ends where nothing may be touched: one byte further kills the process."""

    def __init__(self, room: int) -> None:
        size = -(-max(room, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
        self._map = mmap.mmap(-1, size + mmap.PAGESIZE)
        self._end = ctypes.addressof(ctypes.c_char.from_buffer(self._map)) + size
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(self._end), ctypes.c_size_t(mmap.PAGESIZE), 0):
            raise OSError(ctypes.get_errno(), "mprotect")

    def at_end(self, length: int) -> int:
        return self._end - length


def scan_fenced(plan: Plan, body: bytes, source: Fenced, target: Fenced) -> None:
    """Look for kinds and scan a body at the very end of its memory, into memory that ends after it."""
    functions = plan._functions
    address = source.at_end(len(body))
    ctypes.memmove(address, body, len(body))
    functions.page_kinds(address, len(body), (library._Attribute * library._MAX_NAMES)())
    head = _HEAD()
    page = functions.page_new(plan._plan, address, len(body), head)
    if page:
        results = (_Result * len(plan._columns))()
        out = target.at_end(head[1] // 64 * 64 + 64)  # where Arrow would put it: at a multiple of 64
        assert functions.page_columns(page, out, results) <= head[1] // 64 * 64 + 64
        functions.page_free(page)


def elements_fenced(
    compiled: library.Library, listed: bytes, parts: library.ElementParts, source: Fenced, target: Fenced
) -> bytes | None:
    """Take a list at the very end of its memory apart, into memory that ends after what is made, or ahead of it."""
    address, count = source.at_end(len(listed)), ctypes.c_int64()
    ctypes.memmove(address, listed, len(listed))
    room, length = 0, 1
    while length > room:
        room = length
        out = target.at_end(room)
        given = (address, len(listed), parts, b"", 0, b"", 0)
        length = compiled.functions.list_elements(*given, out, room, ctypes.addressof(count))
    return None if length < 0 else ctypes.string_at(out, length)
