"""How hard a value is to guess: an estimate from above, and whether it is none at all."""

import math
import re
from itertools import pairwise
from string import ascii_lowercase, hexdigits

_ALPHABETS = (
    (re.compile(r"[0-9]*"), 10),
    (re.compile(r"[0-9a-f]*|[0-9A-F]*"), 16),
    (re.compile(r"[a-z]*|[A-Z]*"), 26),
    (re.compile(r"[a-z0-9]*|[A-Z0-9]*"), 36),
    (re.compile(r"[A-Za-z0-9]*"), 62),
    (re.compile(r"[A-Za-z0-9+/=_-]*"), 64),
)
_PRINTABLE = 94
_BITS_PER_WORD = 13
"""Bits per word of a diceware list, which is longer than the vocabulary of whoever thinks up a passphrase."""
_BITS_OF_PROSE = 2
_PER_MILLE = dict(
    zip(
        ascii_lowercase,
        (114, 12, 33, 46, 126, 16, 16, 37, 66, 3, 4, 34, 35, 58, 91, 22, 6, 62, 70, 67, 37, 13, 12, 2, 10, 3),
        strict=True,
    )
)
"""How often English and Portuguese texts have each letter, as the mean of both."""
_CAPITALS_INSIDE = 0.1
"""Share of capitals behind a word's first letter, as somebody writes it who joins words by capitals."""
_PROSE_ODDS_BITS = 15
"""Letters drawn at random reach odds of 2^15 for prose less than once in 2^15 values (Markov's inequality)."""
_LONGEST = 4096
_MOSTLY, _PARTLY = 0.9, 0.6
"""Shares of letters in a text of words, and in words with something between them."""
_PASSPHRASE = 3
"""Words, at least."""
_WORDS = re.compile(r"[A-Za-z]+")
_SEQUENTIAL = 0.5
"""Share of neighbours that follow each other: more than by any chance."""
_TELLTALE = re.compile(
    r"change.?me|change.?this|replace|placeholder|example|insecure|default|password|passw0rd|secret"
    r"|your[_ -]|insert[_ -]|x{6}|\*{5}|\.{5}|\.{3}$|^<.*>$|^\$\{|^\{\{|todo[_ -]|dummy|foobar|qwerty|letmein|^123456|1234567|^abcdef|abcdefg"
)
_WRITTEN = re.compile(r"[^a-z]*|[A-Z]?[^A-Z]*([A-Z][^A-Z]*)?")
"""As somebody writes it: dummy, DUMMY, Dummy, ChangeMe. In what was drawn at random, dUmMY says nothing."""
_NOTHING = frozenset(
    {"none", "null", "nil", "undefined", "true", "false", "test", "admin", "root", "todo", "tbd", "key"}
)


def entropy_bits(value: str) -> int:
    """Whole bits: as if drawn at random from the characters it uses, but for words, repetitions and sequences."""
    core = value[:_LONGEST]
    core = core[: _period(core)]
    if _is_sequence(core) or len(set(core)) <= 1:
        return min(len(core), 8)
    words = _WORDS.findall(core)
    letters = sum(map(len, words))
    if letters > _PARTLY * len(core) and _prose_odds_bits(words) > _PROSE_ODDS_BITS:
        if len(words) >= _PASSPHRASE:
            return len(words) * _BITS_PER_WORD
        if letters > _MOSTLY * len(core):
            return len(core) * _BITS_OF_PROSE
    size = next((size for pattern, size in _ALPHABETS if pattern.fullmatch(core)), _PRINTABLE)
    # Few different characters carry less than their alphabet could.
    spread = min(size, 4 * len(set(core)))
    drawn = len(core) if size == _PRINTABLE else len(core.rstrip("="))
    return math.floor(drawn * math.log2(spread))


def is_placeholder(value: str) -> bool:
    """Whether it stands for a value that somebody forgot to put there."""
    text = value[:_LONGEST].strip()
    telltale = _TELLTALE.search(text.lower())
    if telltale and _WRITTEN.fullmatch(text[telltale.start() : telltale.end()]):
        return True
    text = text.lower()
    return text in _NOTHING or (len(text) > 1 and _period(text) <= len(text) // 3)


def _period(value: str) -> int:
    """The length of what it repeats; its own length when it does not."""
    period = (value + value).find(value, 1)
    whole = period if period > 0 else len(value)
    if whole < len(value):
        return whole
    # Cut off in the middle of a repetition.
    return next((size for size in range(1, len(value) // 2 + 1) if value.startswith(value[size:])), len(value))


def _is_sequence(value: str) -> bool:
    steps = [ord(later) - ord(earlier) for earlier, later in pairwise(value)]
    return len(steps) > 1 and sum(step in {-1, 0, 1} for step in steps) > _SEQUENTIAL * len(steps)


def _prose_odds_bits(words: list[str]) -> float:
    """The logarithm of how much likelier these letters are as somebody's words than as drawn one by one."""
    letters = "".join(words)
    if set(letters.lower()) <= set(hexdigits):
        return 0
    odds = sum(math.log2(_PER_MILLE[letter] * len(_PER_MILLE) / 1000) for letter in letters.lower())
    if letters in {letters.lower(), letters.upper()}:
        return odds
    inside = "".join(word[1:] for word in words)
    capitals = sum(map(str.isupper, inside))
    odds += capitals * math.log2(2 * _CAPITALS_INSIDE)
    return odds + (len(inside) - capitals) * math.log2(2 - 2 * _CAPITALS_INSIDE)
