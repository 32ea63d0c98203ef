"""How hard a value is to guess: an estimate from above, and whether it is none at all."""

import math
import re
from itertools import pairwise

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
"""Of a diceware list, which is longer than the vocabulary of whoever thinks up a passphrase."""
_BITS_OF_PROSE = 2
_RARE = frozenset("jqxzkvwb")
_RARE_IN_PROSE = 0.1
"""Of the letters; drawn at random, they are 30 %."""
_CAPITALS_IN_PROSE = 0.35
_LONGEST = 4096
_SHORTEST_PROSE = 16
_MOSTLY, _PARTLY = 0.9, 0.6
"""Of a text, and of words with something between them, are letters."""
_PASSPHRASE = 3
"""Words, at least."""
_WORDS = re.compile(r"[A-Za-z]{1,14}")
_SEQUENTIAL = 0.4
"""Of the neighbours: more than by any chance."""
_TELLTALE = re.compile(
    r"change.?me|change.?this|replace|placeholder|example|insecure|default|password|passw0rd|secret"
    r"|your[_ -]|insert[_ -]|x{5}|\*{5}|\.{5}|\.{3}$|^<.*>$|^\$\{|^\{\{|todo[_ -]|dummy|foobar|qwerty|letmein|123456|abcdef"
)
_NOTHING = frozenset(
    {"none", "null", "nil", "undefined", "true", "false", "test", "admin", "root", "todo", "tbd", "key"}
)


def entropy_bits(value: str) -> int:
    """Whole bits: as if drawn at random from the characters it uses, but for words, repetitions and sequences."""
    core = value[:_LONGEST]
    core = core[: _period(core)]
    if _is_sequence(core) or len(set(core)) <= 1:
        return min(len(core), 8)
    letters = "".join(filter(str.isalpha, core))
    words = [word for word in re.split(r"[\W_\d]+", core) if word]
    if len(words) >= _PASSPHRASE and len(letters) > _PARTLY * len(core) and _are_words(words) and _is_prose(letters):
        return len(words) * _BITS_PER_WORD
    if len(letters) > _MOSTLY * len(core) and _is_prose(letters):
        return len(core) * _BITS_OF_PROSE
    size = next((size for pattern, size in _ALPHABETS if pattern.fullmatch(core)), _PRINTABLE)
    # Few different characters carry less than their alphabet could.
    spread = min(size, 4 * len(set(core)))
    drawn = len(core) if size == _PRINTABLE else len(core.rstrip("="))
    return math.floor(drawn * math.log2(spread))


def is_placeholder(value: str) -> bool:
    """Whether it stands for a value that somebody forgot to put there."""
    text = value[:_LONGEST].strip().lower()
    return text in _NOTHING or bool(_TELLTALE.search(text)) or (len(text) > 1 and _period(text) <= len(text) // 3)


def _period(value: str) -> int:
    """The length of what it repeats; its own length when it does not."""
    found = (value + value).find(value, 1)
    whole = found if found > 0 else len(value)
    if whole < len(value):
        return whole
    # Cut off in the middle of a repetition.
    return next((size for size in range(1, len(value) // 2 + 1) if value.startswith(value[size:])), len(value))


def _is_sequence(value: str) -> bool:
    steps = [ord(later) - ord(earlier) for earlier, later in pairwise(value)]
    return len(steps) > 1 and sum(step in {-1, 0, 1} for step in steps) > _SEQUENTIAL * len(steps)


def _are_words(words: list[str]) -> bool:
    return all(map(_WORDS.fullmatch, words)) and sum(map(len, words)) > _PASSPHRASE * len(words)


def _is_prose(letters: str) -> bool:
    """By the letters that words seldom have, and by capitals, which they have at the beginning or throughout."""
    rare = sum(letter in _RARE for letter in letters.lower())
    capitals = sum(map(str.isupper, letters))
    if _CAPITALS_IN_PROSE * len(letters) < capitals < len(letters):
        return False
    return len(letters) >= _SHORTEST_PROSE and rare < _RARE_IN_PROSE * len(letters)
