"""Compares recorded text, in which secrets are redacted, with the text that it was made from."""

import re
from collections.abc import Sequence

_MARK = re.compile(r"\[[^\[\]]{1,200} redacted\]")


def same_text(recorded: str, original: str) -> bool:
    """Whether the texts are the same, but for redacted stretches of the recorded one."""
    if recorded == original:
        return True
    pieces = _MARK.split(recorded)
    return len(pieces) > 1 and re.fullmatch(".*?".join(map(re.escape, pieces)), original, re.DOTALL) is not None


def may_be_same(one: str, other: str) -> bool:
    """Whether one text can have become both, whatever of it is redacted in which: what is shown of it must agree.

    After the last redacted stretch of both either may end earlier: texts are cut to a length, and what is redacted has another.
    """
    if _agree(_signs(one), _signs(other)):
        return True
    (*heads, tail), (*others, other_tail) = _MARK.split(one), _MARK.split(other)
    cut = tail.startswith(other_tail) or other_tail.startswith(tail)
    both = bool(heads and others) and cut
    return both and _agree(_signs(one.removesuffix(tail)), _signs(other.removesuffix(other_tail)))


def _agree(first: Sequence[str | None], second: Sequence[str | None]) -> bool:
    """Whether both can be one text: None stands for whatever was there. Each row is for one more sign of the first."""
    row = [all(sign is None for sign in second[:end]) for end in range(len(second) + 1)]
    for sign in first:
        above, row = row, [sign is None and row[0]]
        for end, against in enumerate(second, 1):
            anything = sign is None or against is None
            row.append(above[end] or row[-1] if anything else sign == against and above[end - 1])
    return row[-1]


def _signs(text: str) -> Sequence[str | None]:
    """Its characters, and None for each redacted stretch."""
    signs: list[str | None] = []
    for number, piece in enumerate(_MARK.split(text)):
        signs += [None, *piece] if number else piece
    return signs
