"""What a check was judged by, as people read it: observed, wanted and the margin; and how it ended in earlier runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gonogo.base.comparing import Compared
from gonogo.base.durations import format_duration
from gonogo.base.sizes import scaled_size
from gonogo.record.history import OUTCOME_LETTERS
from gonogo.record.results import CheckResult, Observation, Outcome, Results
from gonogo.report.wording import SHAPES

_OUTCOMES = {letter: outcome for outcome, letter in OUTCOME_LETTERS.items()}
_MINUS = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One comparison, in words."""

    what: str
    observed: str
    wanted: str
    """A number with its direction, as in ``at most 60 ms``, or what was wanted in words."""
    margin: str
    """What is left of the limit; with a minus where it is missed; empty where there is no number."""
    met: bool
    shape: str
    """Of a pass, of a failure, or of what could not be judged."""
    among: str
    """How many of its kind were compared, where that is more than one: ``least margin of 12``, ``3 times``."""

    @property
    def line(self) -> str:
        """All of it, without what it is about."""
        parts = [self.observed, f"wanted {self.wanted}"]
        parts += [f"margin {self.margin}"] if self.margin else []
        parts += [self.among] if self.among else []
        return " · ".join(parts)


def measured(observation: Observation) -> Sequence[Measured]:
    """What the check was judged by at this target; empty in records of older versions.

    What it missed comes first, then numbers, which have a margin, then words.
    """
    missed = SHAPES[Outcome.ERROR if observation.outcome is Outcome.ERROR else Outcome.FAIL]
    rows = [_in_words(compared, missed) for compared in observation.measured]
    return sorted(rows, key=lambda row: (row.met, not row.margin))


def earlier_outcomes(results: Results, check: CheckResult) -> tuple[str, str]:
    """The last ten outcomes before this one as shapes, and in words; both are empty where there are none."""
    letters = results.history.outcomes.get(check.id, "")
    told = [_OUTCOMES.get(letter) for letter in letters]
    shapes = "".join(SHAPES[outcome] if outcome else "–" for outcome in told)  # noqa: RUF001 - no outcome
    return shapes, ", ".join(outcome.value if outcome else "not planned" for outcome in told)


def _in_words(compared: Compared, missed: str) -> Measured:
    observed, wanted, margin = compared.observed, compared.wanted, compared.margin
    numbers = margin is not None
    return Measured(
        what=compared.what,
        observed=_told(observed, compared.unit),
        wanted=f"{compared.relation} {_told(wanted, compared.unit)}" if numbers else str(wanted),
        margin="" if margin is None else _margin(margin, compared),
        met=compared.met,
        shape=SHAPES[Outcome.PASS] if compared.met else missed,
        among=_among(compared),
    )


def _among(compared: Compared) -> str:
    """How many were compared. Of words all that are met say the same, and the first that is missed ends the check."""
    if compared.times == 1:
        return ""
    if compared.margin is not None:
        return f"least margin of {compared.times}"
    return f"{compared.times} times" if compared.met else ""


def _margin(margin: float, compared: Compared) -> str:
    """With a minus where it is missed; a limit that must not be reached is missed with nothing left as well."""
    sign = _MINUS if not compared.met else ""
    return f"{sign}{_told(abs(margin), compared.unit)}"


def _told(value: float | str, unit: str) -> str:
    """A number in the unit that people write it in."""
    if isinstance(value, str):
        return value
    match unit:
        case "s":
            return _duration(value)
        case "B":
            return _size(value)
        case "share":
            return f"{_number(100 * value)} %"
        case "":
            return _number(value)
        case _:
            return f"{_number(value)}{'' if unit.startswith('/') else ' '}{unit}"


def _number(value: float) -> str:
    """Whole numbers whole, others with three digits."""
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - as many digits


def _duration(seconds: float) -> str:
    try:
        duration = timedelta(seconds=seconds)
    except OverflowError:
        return f"{seconds:.3g} s"
    milliseconds = abs(duration) / timedelta(milliseconds=1)
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{_MINUS if duration < timedelta(0) else ''}{milliseconds:.3g} ms"
    return format_duration(duration)


def _size(size: float) -> str:
    number, unit = scaled_size(size)
    return f"{_number(number)} {unit}"
