"""Reads the body of a reply as a stream, to a limit, and takes gzip and deflate off, to the same limit."""

import zlib
from typing import Protocol

import httpx

_CHUNK_BYTES = 64 * 1024
_EITHER_HEADER = 32 + zlib.MAX_WBITS
"""For zlib: the header says whether it is gzip or zlib."""


class _Decoder(Protocol):
    def decode(self, chunk: bytes, most: int) -> bytes:
        """The decompressed chunk, at most ``most`` bytes of it. Raises zlib.error."""


class _Plain:
    def decode(self, chunk: bytes, most: int) -> bytes:
        return chunk[:most]


class _Compressed:
    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_EITHER_HEADER)
        self._begun = False

    def decode(self, chunk: bytes, most: int) -> bytes:
        try:
            text = self._zlib.decompress(chunk, most)
        except zlib.error:
            if self._begun:
                raise
            # Some servers send deflate without the header that RFC 9110 demands.
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
            text = self._zlib.decompress(chunk, most)
        self._begun = True
        return text


async def read_body(response: httpx.Response, largest_bytes: int) -> tuple[bytes, str]:
    """The body, and why it is not the whole one; one byte more than ``largest_bytes`` if it goes on after them."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        return b"", f"the body is compressed with {encoding[:40]!r}, although identity was asked for"
    decoder: _Decoder = _Plain() if encoding in {"", "identity"} else _Compressed()
    body = bytearray()
    try:
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            body += decoder.decode(chunk, largest_bytes + 1 - len(body))
            if len(body) > largest_bytes:
                return bytes(body), f"the body is larger than {largest_bytes} bytes"
    except zlib.error as error:
        return bytes(body), f"the body is not the {encoding} that its header says: {error}"
    return bytes(body), ""
