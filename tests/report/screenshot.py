"""The README's picture: the head of the sample's page, taken by ``make sample``. It names the page that it is of."""

import hashlib
import re
import zlib
from datetime import datetime
from pathlib import Path

from tests.support.chromium import chromium

PICTURE = Path(__file__).parents[2] / "docs" / "signoff.png"
_WINDOW = {"width": 1100, "height": 1150}
_BEFORE = 8 + 25
"""Bytes of a PNG's signature and of its first chunk (PNG, third edition, 5.2 and 11.2.1)."""
_NAME = b"Source"
"""Keyword of the chunk of text that names the page (11.3.3.2)."""


def take(page: Path, at: datetime) -> None:
    """The page as it is seen at this moment, so that its age does not depend on when somebody runs the command."""
    with chromium() as browser:
        tab = browser.new_page(viewport=_WINDOW)  # type: ignore[arg-type]  # playwright's own type of two numbers
        tab.clock.set_fixed_time(at)
        tab.goto(page.as_uri())
        picture = tab.screenshot()
    PICTURE.write_bytes(picture[:_BEFORE] + _chunk(digest(page)) + picture[_BEFORE:])


def digest(page: Path) -> str:
    """``sha256:…`` of the page."""
    return f"sha256:{hashlib.sha256(page.read_bytes()).hexdigest()}"


def pictured() -> str:
    """The digest of the page that the picture is of; empty where it names none."""
    found = re.search(re.escape(_NAME) + rb"\0(sha256:[0-9a-f]{64})", PICTURE.read_bytes())
    return found[1].decode() if found else ""


def _chunk(text: str) -> bytes:
    """A tEXt chunk: length, type, keyword and text, checksum of all but the length."""
    data = b"tEXt" + _NAME + b"\0" + text.encode()
    return (len(data) - 4).to_bytes(4) + data + zlib.crc32(data).to_bytes(4)
