"""Words that messages have in common: counts, lists that are cut off, and the word that somebody probably meant."""

import difflib
from collections.abc import Iterable, Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 blocker``, ``2 blockers``; ``plural`` for a noun that takes more than an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def and_more(names: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, whatever its case."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    nearest = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[nearest[0]] if nearest else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``; did you mean devops?``, or nothing."""
    nearest = closest(word, candidates)
    return f"; did you mean {nearest}?" if nearest else ""


def nearest_or_all(word: str, candidates: Sequence[str]) -> str:
    """Suggest the nearest word, ``; did you mean devops?``, else list all of them, ``; there are devops, lead``."""
    return did_you_mean(word, candidates) or f"; there are {', '.join(candidates) or 'none'}"
