"""Keys that are guessed: words that everybody knows, and what people make of them and of their service's name."""

import base64
import binascii
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).with_name("known_keys.txt")
_ENDINGS = (
    *("1", "12", "123", "1234", "12345", "123456", "!", "@123", "#123", "2023", "2024", "2025", "2026", "01"),
    *("secret", "key", "jwt", "token", "secretkey", "jwtsecret", "dev", "prod", "test"),
)
_PURPOSES = ("secret", "key", "jwt", "token", "api", "prod")
_YEARS = ("2024", "2025", "2026", "2027")
_BEFORE = ("my", "super", "the", "jwt", "dev", "test", "secret")
_JOINTS = ("", "-", "_", ".", "@", " ")
_ENCODED = 4
"""Characters of base64 that stand for three bytes."""
# The default of Flask-AppBuilder, and of Superset until 2.0 (CVE-2023-27524).
_NOT_TYPED = b"\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h"
_PARTS_OF_NAMES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@cache
def known_words() -> Sequence[str]:
    """The words of the list, most telling first."""
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def guesses(*names: str) -> Iterator[bytes]:
    """Every guess once, the likely ones first: some 300,000. ``names``: what the service is called."""
    words, own = known_words(), list(dict.fromkeys(spelling for name in names for spelling in _spellings(name)))
    texts = itertools.chain(["", *words], own, _joined(own), _cased(words), _ended(words))
    decoded = (key for word in itertools.chain(words, own, _joined(own)) for key in _decoded(word))
    return _once(itertools.chain((text.encode() for text in texts), [_NOT_TYPED], decoded))


def _spellings(name: str) -> Iterator[str]:
    """``WorkMe`` as WorkMe, workme, WORKME, work-me, work_me, and so on."""
    parts = _PARTS_OF_NAMES.findall(name)
    for joint in _JOINTS:
        joined = joint.join(parts)
        yield from (joined, joined.lower(), joined.upper(), joined.title())
    yield from (name, name.lower(), name.upper())


def _joined(names: Iterable[str]) -> Iterator[str]:
    for name, joint in itertools.product(names, _JOINTS):
        yield from (f"{name}{joint}{ending}" for ending in _ENDINGS)
        yield from (f"{name}{joint}{ending.title()}" for ending in _ENDINGS)
        yield from (f"{name}{joint}{ending.upper()}" for ending in _ENDINGS)
        yield from (f"{before}{joint}{name}" for before in _BEFORE)
        for ending, year in itertools.product(_PURPOSES, _YEARS) if name.islower() else ():
            yield from (f"{name}{joint}{ending}{joint}{year}", f"{name}{joint}{year}{joint}{ending}")


def _cased(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (word.upper(), word.capitalize(), word.title(), word[::-1])


def _ended(words: Iterable[str]) -> Iterator[str]:
    for word, ending in itertools.product(words, _ENDINGS):
        yield f"{word}{ending}"
        yield f"{word}-{ending}"
        yield f"{word}_{ending}"


def _decoded(word: str) -> Iterator[bytes]:
    """A word as libraries take it that hold every key for base64: padded as in Node.js, or cut as in Java's JAXB."""
    for text in (word + "=" * (-len(word) % _ENCODED), word[: len(word) // _ENCODED * _ENCODED]):
        with suppress(binascii.Error, ValueError):  # such as characters that base64 has not
            yield base64.b64decode(text, altchars="-_" if {"-", "_"} & set(text) else None, validate=True)


def _once(keys: Iterable[bytes]) -> Iterator[bytes]:
    yielded = set[bytes]()
    for key in keys:
        if key not in yielded:
            yielded.add(key)
            yield key


def spelled(value: str) -> Iterator[bytes]:
    """A declared key as libraries take it: its characters, or what they stand for in base64 or as hexadecimal digits."""
    yield value.encode()
    yield from _decoded(value)
    with suppress(ValueError):
        yield bytes.fromhex(value)
