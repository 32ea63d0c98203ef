"""Tails of the binomial distribution: how likely so few, or so many, hits are when every request is one by chance.

They are incomplete beta functions (Abramowitz and Stegun 1964, 26.5.24). ``scipy.special`` is imported when one is asked for:
most commands judge no load, and ``scipy.stats``, which has them by name, takes six times as long to import.
"""


def at_most(hits: int, of: int, share: float) -> float:
    """The probability of so many hits or fewer, of so many requests."""
    return 1.0 if hits >= of else _beta(of - hits, hits + 1, 1 - share)


def at_least(hits: int, of: int, share: float) -> float:
    """The probability of so many hits or more, of so many requests."""
    if hits > of:
        return 0.0
    return 1.0 if hits <= 0 else _beta(hits, of - hits + 1, share)


def _beta(a: int, b: int, x: float) -> float:
    """The regularised incomplete beta function; ``x`` lies between 0 and 1."""
    from scipy.special import betainc  # noqa: PLC0415

    return float(betainc(a, b, x))
