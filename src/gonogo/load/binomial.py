"""Tails of the binomial distribution: how likely so few, or so many, hits are when every request is one by chance.

They are incomplete beta functions (Abramowitz and Stegun 1964, 26.5.24), computed by the continued fraction that converges
for the smaller of both tails (Lentz 1976, as in Numerical Recipes, 6.4). ``scipy.stats.binom`` computes the same, and a
test holds this against it; to import that takes a tenth of the time that ``gonogo verify`` has.
"""

import math

_ENOUGH = 1e-15
_TINY = 1e-300
"""In the place of a zero that would be divided by."""


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
    if x <= 0 or x >= 1:
        return float(x >= 1)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x > (a + 1) / (a + b + 2):
        return 1 - math.exp(scale) * _fraction(b, a, 1 - x) / b
    return math.exp(scale) * _fraction(a, b, x) / a


def _fraction(a: int, b: int, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    numerator, denominator = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value, change, step = denominator, 0.0, 0
    while abs(change - 1) > _ENOUGH:
        step += 1
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = 1.0
        for term in (even, odd):
            denominator = 1 / _nonzero(1 + term * denominator)
            numerator = _nonzero(1 + term / numerator)
            change *= denominator * numerator
        value *= change
    return value


def _nonzero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
