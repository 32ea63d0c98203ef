"""Undoes, one level at a time, how programs spell text, and keeps the way back to where each byte stood.

A view is what a reader, or a decoder, could make of a text: the text itself, the same without line breaks, the same
with its escapes undone, what stands in its base64, base32, hex or marked Ascii85, what its lists of numbers are the bytes
of. Every view can say which stretch of the original one of its own stretches came from, so that what is found in it can be
blacked out where it really stands.
"""

import html
import re
from base64 import a85decode
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

SHORTEST_SPELLED = 8
DEEPEST = 10
"""Levels of spelling within spelling that are undone."""
_SEPARATOR = b"\n\x00\n"
"""Between pieces that have nothing to do with each other."""

_HEX = rb"[0-9a-fA-F]"
_ESCAPES = (
    rb"%(?:u" + _HEX + rb"{4}|" + _HEX + rb"{2})",
    rb"\\u[dD][89abAB]" + _HEX + rb"{2}\\u[dD][c-fC-F]" + _HEX + rb"{2}",
    rb"\\(?:u" + _HEX + rb"{4}|u\{" + _HEX + rb"{1,6}\}|U" + _HEX + rb"{8}|x" + _HEX + rb"{2}|[0-7]{3})",
    rb"\\[!-/:-@\[-`{-~]",
    # Browsers take the numbers, and the oldest names, without their semicolon as well.
    rb"&(?:#[0-9]{1,7}|#[xX]" + _HEX + rb"{1,6}|[A-Za-z][A-Za-z0-9]{1,31});",
)
_ONE_KIND = (re.compile(_ESCAPES[0]), re.compile(_ESCAPES[-1]))
"""Escapes that may stand in Ascii85, whose own characters look like those of another kind."""
_MARKED85 = re.compile(rb"(?:<|&(?:lt|LT|#60|#[xX]3[cC]);|%3[cC])(?:~|%7[eE]|&#126;|&#[xX]7[eE];)")
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
EATEN = frozenset(_CONTROLS)
"""Letters that a backslash before them takes off the text that follows, as in ``C:\new``."""
_ESCAPE = re.compile(b"|".join((*_ESCAPES, rb"\\[abefnrtv]")))
# NEL, the separators of lines and paragraphs, marks that nobody sees, colours of a terminal, and HTML's breaks.
_BREAK = re.compile(
    rb"(?:[\r\n\v\f]|\xc2[\x85\xad]|\xe2\x80[\x8b-\x8d\xa8\xa9]|\xef\xbb\xbf|\x1b\[[0-9;]*m|<w?br ?/?>)[ \t\r\n\v\f]*+"
)
_BLANK_BREAK = re.compile(rb"(?<![ \t])[ \t]++" + _BREAK.pattern + b"|" + _BREAK.pattern)
_SIGNS_OF_BLANKS = (b" \n", b" \r", b"\t\n", b"\t\r")
# How quoted-printable and shells continue a line; "=" is the one printable character that the former must spell.
_SOFT = re.compile(rb"[=\\]\r?\n[ \t]*|=(?:3[dD]|20|09|0[aAdD])")
_SOFT_LEVELS = 4
"""Levels at which soft breaks are undone: with and without are two ways to go on, and each level doubles them."""
_WRAPPED_SOFT = b"= ="
"""A soft break between two spelled bytes, which a wrapped text made a blank of: what it parts belongs together."""
_SIGNS_OF_SOFT = (b"=\n", b"\\\n", b"=\r\n", b"\\\r\n", b"=3D", b"=3d")
# Browsers take numbers, and the oldest names, without their semicolon as well; it may also be spelled, and come later.
_BARE = re.compile(rb"&(?:#[0-9]{1,7}+|#[xX]" + _HEX + rb"{1,6}+|(?:amp|lt|gt|quot|AMP|LT|GT|QUOT))(?!;)")
_BARE_LEVELS = 2
"""Times that entities are taken for whole without a semicolon: with and without are two ways, as above."""
# Without one of these, a text is what it looks like.
_SPELLED = re.compile(
    rb"[%\\&\r\n\v\f\xc2\xe2\xef\x1b<]|=3[dD]|(?:="
    + _HEX
    + rb"{2}){4}|[0-9]{2}[ ,;:.-]{1,2}[0-9]{2,3}[ ,;:.-]|[A-Za-z0-9+/_-]{11}|"
    + _HEX
    + rb"{2}[ :,-]{1,2}(?:0x)?"
    + _HEX
    + rb"{2}[ :,-]"
)
Run = tuple[int, int, bytes]
"""Where a stretch begins and ends, and what it spells."""
_REACH = 4096
"""Bytes on each side of an undone escape in which it can matter."""
_DENSE = 24
"""Bytes for each escape, below which it is not worth while to look at some words only."""
_INDENTED = re.compile(rb"\s*+")
_AHEAD = {b"\n": _INDENTED, b"\r": _INDENTED, b"\\": re.compile(rb"[nrt](?:\\+[nrt]|\s)*+")}
"""What belongs to a line break that was undone, or, after its backslash, to one that waits for the next level."""


@dataclass(frozen=True, slots=True)
class View:
    """Bytes, and where a stretch of them stands in the text that they were made from."""

    data: bytes
    locate: Callable[[int, int], tuple[int, int]]


def views(data: bytes, *, phrases: bool) -> Iterator[View]:
    """The text, and all that can be made of it, level by level; ``phrases`` if blanks may be part of what is sought."""
    waiting = [(View(data, lambda start, end: (start, end)), 0, 0)]
    while waiting:
        view, depth, bare = waiting.pop()
        yield view
        if depth < DEEPEST and _SPELLED.search(view.data):
            if bare < _BARE_LEVELS and (child := _edited(view, _BARE, _decoded, whole=phrases)) is not None:
                waiting.append((child, depth + 1, bare + 1))
            waiting += [
                (child, depth + 1, bare)
                for child in _children(view, outer=depth < _SOFT_LEVELS, phrases=phrases)
                if child is not None
            ]


def _children(view: View, *, outer: bool, phrases: bool) -> Iterator[View | None]:
    if outer and any(sign in view.data for sign in _SIGNS_OF_SOFT):
        yield _edited(view, _SOFT, _soft, whole=phrases)
    yield _listed(view, _NUMBERS, _NUMBER, 10)
    yield _listed(view, _QUOTED, _QUOTED_BYTE, 16)
    without_breaks = _edited(view, _breaks_in(view.data), _nothing, whole=True)
    if without_breaks is not None:
        yield without_breaks
        return
    yield _edited(view, _ESCAPE, _decoded, whole=phrases or _WRAPPED_SOFT in view.data)
    runs = [match.span() for match in _RUN64.finditer(view.data)]
    yield _pieces(view, _base64_runs(view.data, runs), _every(4, 3))
    yield _pieces(view, _base32_runs(view.data, runs), _every(8, 5))
    yield _pieces(view, _hex_runs(view.data, runs), _every(2, 1))
    if _MARKED85.search(view.data):
        yield _pieces(view, _ascii85_runs(view.data), _every(5, 4))
        for kind in _ONE_KIND:
            yield _edited(view, kind, _decoded, whole=True)
    if _SPACED16.search(view.data):
        yield _edited(view, _GAP16, _nothing, whole=phrases)


def unescaped(data: bytes) -> bytes:
    """The bytes with one level of escapes undone."""
    return _ESCAPE.sub(lambda match: _decoded(match[0]), data)


def joined(data: bytes) -> bytes:
    """The bytes without line breaks."""
    return _breaks_in(data).sub(b"", data)


def _breaks_in(data: bytes) -> re.Pattern[bytes]:
    """The quicker pattern, unless blanks end a line."""
    return _BLANK_BREAK if any(sign in data for sign in _SIGNS_OF_BLANKS) else _BREAK


@lru_cache(maxsize=4096)
def _decoded(token: bytes) -> bytes:
    """One escape undone; an entity that HTML does not know stays as it is."""
    if token[:1] == b"&":
        return html.unescape(token.decode()).encode("utf-8", "surrogatepass")
    mark, digits = token[1:2], token[2:].strip(b"{}")
    if token[:1] == b"%":
        return (
            chr(int(digits, 16)).encode("utf-8", "surrogatepass") if mark == b"u" else bytes.fromhex(token[1:].decode())
        )
    if mark in {b"u", b"U"} and digits:
        high, _, low = digits.partition(b"\\u")
        units = b"".join(int(unit, 16).to_bytes(4, "little") for unit in (high, low) if unit)
        return _characters(units)
    if mark == b"x":
        return bytes.fromhex(digits.decode())
    if len(token) > 2:  # noqa: PLR2004 - a backslash and three octal digits
        return bytes([int(token[1:], 8) & 0xFF])
    return _CONTROLS.get(mark, mark)


def _characters(code_points: bytes) -> bytes:
    """UTF-8 of code points, of which two may be the halves of one."""
    text = "".join(
        chr(min(int.from_bytes(code_points[at : at + 4], "little"), 0x10FFFF)) for at in range(0, len(code_points), 4)
    )
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _soft(token: bytes) -> bytes:
    return b"" if b"\n" in token else bytes.fromhex(token[1:].decode())


def _nothing(token: bytes) -> bytes:
    del token
    return b""


def _edited(
    view: View, pattern: re.Pattern[bytes], decoded: Callable[[bytes], bytes], *, whole: bool = False
) -> View | None:
    """The view with all that the pattern matches decoded; None if that changes nothing.

    Unless ``whole``, only the words are kept in which something changed: the others were looked at already.
    """
    data, count = pattern.subn(lambda match: decoded(match[0]), view.data)
    if not count or data == view.data:
        return None
    table = _Table(view.data, pattern, decoded)
    child = View(data, lambda start, end: view.locate(*table.below(start, end)))
    if whole or _DENSE * count > len(data):
        return child
    return _pieces(child, _neighbourhoods(data, table.changes()), _every(1, 1))


class _Table:
    """Which stretch became which, worked out when it is first asked for: most text holds no secret."""

    def __init__(self, data: bytes, pattern: re.Pattern[bytes], decoded: Callable[[bytes], bytes]) -> None:
        self._edits = (
            (match.start(), match.end(), replacement)
            for match in pattern.finditer(data)
            if (replacement := decoded(match[0])) != match[0]
        )
        # Of every edit: where its replacement begins and ends, where what it replaces begins and ends below.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._below: list[tuple[int, int]] = []

    def _work_out(self) -> None:
        copied_to = size = 0
        for start, end, replacement in self._edits:
            size += start - copied_to
            self._begins.append(size)
            size += len(replacement)
            self._ends.append(size)
            self._below.append((start, end))
            copied_to = end

    def changes(self) -> list[tuple[int, int]]:
        """Where the replacements stand."""
        self._work_out()
        return list(zip(self._begins, self._ends, strict=True))

    def below(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the edited bytes stood before."""
        self._work_out()
        at = bisect_right(self._begins, start) - 1
        if at >= 0:
            start = self._below[at][0] if start < self._ends[at] else self._below[at][1] + start - self._ends[at]
        at = bisect_right(self._begins, end - 1) - 1
        if at >= 0:
            end = self._below[at][1] if end - 1 < self._ends[at] else self._below[at][1] + end - self._ends[at]
        return start, end


def _neighbourhoods(data: bytes, changes: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """The words in which something changed; a line break that was undone does not end one."""
    start = end = -1
    for change_start, change_end in changes:
        if change_start > end:
            if start >= 0:
                yield start, end, data[start:end]
            low = max(end, change_start - _REACH, 0)
            start = max(data.rfind(b" ", low, change_start), data.rfind(b"\t", low, change_start), low - 1) + 1
        end = max(end, _end_of_word(data, change_end))
    if start >= 0:
        yield start, end, data[start:end]


def _end_of_word(data: bytes, after: int) -> int:
    ahead = _AHEAD.get(data[after - 1 : after])
    ending = ahead.match(data, after, after + _REACH) if ahead else None
    start = ending.end() if ending else after
    ends = (data.find(space, start, start + _REACH) for space in (b" ", b"\t"))
    return min((end for end in ends if end >= 0), default=min(start + _REACH, len(data)))


def _classes() -> tuple[bytes, bytes]:
    """Four characters of base64 that spell three bytes of ASCII: one of eight fours does, by chance."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    second = "".join(character for value, character in enumerate(alphabet) if not value & 8)
    third = "".join(character for value, character in enumerate(alphabet) if not value & 2)
    return f"[A-Za-f][{second}][{third}]".encode(), rb"[A-Za-z0-9+/_-]"


_HEAD_OF_FOUR, _ANY64 = _classes()
_FOUR = _HEAD_OF_FOUR + _ANY64
_RUN64 = re.compile(_ANY64 + rb"{11,}+")
# A chain begins where no chain of the same alignment is under way: each is found once, whatever stands before it.
_CHAIN64 = re.compile(rb"(?<!" + _FOUR + rb")(?=((?:" + _FOUR + rb"){2,}+))")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_PAIR = rb"[0-7]" + _HEX
_CHAIN16 = re.compile(rb"(?<!" + _PAIR + rb")(?=((?:" + _PAIR + rb"){8,}+))")
# Pairs that are kept apart, as fingerprints and dumps show bytes; from their first gap, which the search skips to.
_SPACED16 = re.compile(
    rb"[ :,-](?<=" + _HEX + rb"{2}[ :,-])[ :,-]?(?:0x)?" + _HEX + rb"{2}(?:[ :,-]{1,2}(?:0x)?" + _HEX + rb"{2}){6}"
)
_GAP16 = re.compile(rb"(?<=" + _HEX + rb"{2})[ :,-]{1,2}(?:0x)?(?=" + _HEX + rb"{2}(?!" + _HEX + rb"))")


# Five bytes of ASCII are eight characters of base32, in which the five highest bits of the bytes are not set.
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_EIGHT = b"".join(
    b"[" + bytes(character for value, character in enumerate(_BASE32) if not value & unset) + b"]"
    for unset in (16, 2, 0, 8, 1, 0, 4, 0)
)
_RUN32 = re.compile(rb"(?:[A-Z2-7]{13,}+|[a-z2-7]{13,}+)")
_CHAIN32 = re.compile(rb"(?<!" + _EIGHT + rb")(?=((?:" + _EIGHT + rb")++))")
_BITS32 = bytes.maketrans(_BASE32, b"0123456789abcdefghijklmnopqrstuv")
_ADOBE85 = re.compile(rb"<~([!-uz]{10,}+)~>")
_GROUPS85 = re.compile(rb"[!-u]{10,}+")
# Bytes as numbers, which is how JSON, Go and JavaScript print them; no more than what prints, and no less than a secret.
_PRINTS = rb"(?:1[01][0-9]|12[0-6]|[3-9][0-9]|9|10|13)(?![0-9])"
_NUMBERS = re.compile(
    # It begins with a digit, which the search skips to.
    rb"[0-9](?<![0-9][0-9])(?:(?<=1)(?:[01][0-9]|2[0-6]|[03])|(?<=[3-9])[0-9]|(?<=9))(?![0-9])"
    rb"(?:(?:[ \t]?[,;:.-]\s{0,60}+|\s{1,60}+)" + _PRINTS + rb"){7,}+"
)
_NUMBER = re.compile(rb"()([0-9]+)")
# Quoted-printable that leaves nothing as it is, with its soft line breaks, or what is left of them without the break.
_QUOTED = re.compile(rb"(?:=" + _HEX + rb"{2}(?:=?\s{0,60}+(?==))?){8,}+")
_QUOTED_BYTE = re.compile(rb"(=)(" + _HEX + rb"{2})")


def _base32_runs(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """Stretches that are base32 of ASCII, at every alignment, with both neighbours, of which a part may be."""
    for run in (run for first, last in runs for run in _RUN32.finditer(data, first, last)):
        upper = run[0].upper()
        for chain in _CHAIN32.finditer(upper):
            start, end = chain.span(1)
            start, end = max(start - 8, start % 8), min(end + 8, len(upper))
            spelled = upper[start:end] + b"A" * ((start - end) % 8)
            number = int(spelled.translate(_BITS32), 32)
            yield run.start() + start, run.start() + end, number.to_bytes(len(spelled) * 5 // 8, "big")


def _ascii85_runs(data: bytes) -> Iterator[Run]:
    """Stretches that say of themselves that they are Ascii85, as PostScript and PDF have them; ``z`` is four null bytes."""
    for body in _ADOBE85.finditer(data):
        for group in _GROUPS85.finditer(data, *body.span(1)):
            try:
                yield *group.span(), a85decode(group[0])
            except ValueError:  # it is something else, which begins and ends alike
                break


def _base64_runs(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """Stretches that are base64 of ASCII, at every alignment, with a neighbour that shares its bytes with them."""
    for first, last in runs:
        for chain in _CHAIN64.finditer(data, first, last):
            start, end = chain.span(1)
            start, end = max(start - 4, first + (start - first) % 4), min(end + 4, last)
            spelled = data[start:end].translate(_TO_STANDARD)
            spelled = spelled[: len(spelled) - (len(spelled) % 4 == 1)]
            yield start, end, a2b_base64(spelled + b"A" * (-len(spelled) % 4))


def _hex_runs(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Run]:
    for first, last in runs:
        for chain in _CHAIN16.finditer(data, first, last) if last - first >= 2 * SHORTEST_SPELLED else ():
            yield *chain.span(1), bytes.fromhex(chain[1].decode())


Place = Callable[[int, int, int, int], tuple[int, int]]
"""Where a run begins and ends, and a stretch of what it spells: where that stretch stands."""


def _every(spelled: int, bytes_of_it: int) -> Place:
    """So many characters spell so many bytes."""

    def place(first: int, last: int, start: int, end: int) -> tuple[int, int]:
        return first + start * spelled // bytes_of_it, min(first - (-end * spelled // bytes_of_it), last)

    return place


def _listed(view: View, runs: re.Pattern[bytes], byte: re.Pattern[bytes], base: int) -> View | None:
    """The bytes that the runs spell one by one, each as a number of this base."""

    def place(first: int, last: int, start: int, end: int) -> tuple[int, int]:
        spans = [match.span() for match in byte.finditer(view.data, first, last)]
        return spans[start][0], spans[end - 1][1]

    decoded = (
        (*run.span(), bytes(int(number, base) for _, number in byte.findall(run[0])))
        for run in runs.finditer(view.data)
    )
    return _pieces(view, decoded, place)


def _pieces(view: View, runs: Iterable[Run], place: Place) -> View | None:
    """Yield what the runs spell, one after the other."""
    listed = list(runs)
    if not listed:
        return None
    begins, size = [], 0
    for _, _, decoded in listed:
        begins.append(size)
        size += len(decoded) + len(_SEPARATOR)

    def locate(start: int, end: int) -> tuple[int, int]:
        at = bisect_right(begins, start) - 1
        first, last, _ = listed[at]
        return view.locate(*place(first, last, start - begins[at], end - begins[at]))

    return View(_SEPARATOR.join(decoded for _, _, decoded in listed), locate)
