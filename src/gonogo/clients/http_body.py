"""Reads the body of a reply as a stream, to a limit, and takes gzip and deflate off, to the same limit."""

import zlib
from typing import Protocol

import httpx

_GZIP = {"gzip", "x-gzip", "deflate"}
_UNREADABLE = {"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"}
"""The other codings that IANA knows. What it does not know ("none", "utf-8") is no coding: clients read on."""
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


class BrokenOff(Exception):
    """The connection ended before the body was whole; what came of it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(f"the reply was cut off after {len(content)} bytes of its body")
        self.content = content


async def read_body(response: httpx.Response, largest_bytes: int) -> tuple[bytes, str]:
    """The body, and why it is not the whole one; one byte more than ``largest_bytes`` if it goes on after them."""
    named = [part.strip() for part in response.headers.get("content-encoding", "").lower().split(",")]
    codings = [coding for coding in named if coding in _GZIP | _UNREADABLE]
    encoding = ", ".join(codings)
    if len(codings) > 1 or _UNREADABLE.intersection(codings):
        return b"", f"the body is compressed with {encoding[:40]!r}, although identity was asked for"
    decoder: _Decoder = _Compressed() if codings else _Plain()
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += decoder.decode(chunk, largest_bytes + 1 - len(body))
            if len(body) > largest_bytes:
                return bytes(body), f"the body is larger than {largest_bytes} bytes"
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise BrokenOff(bytes(body)) from None
    except zlib.error as error:
        return bytes(body), f"the body is not the {encoding} that its header says: {error}"
    return bytes(body), ""
