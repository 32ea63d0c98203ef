"""The catalogue: one line of policy per check, everything that a signer may want to change."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, model_validator

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.toml_files import parse_toml, validated_by
from gonogo.environment.types import Duration, Effect, Text
from gonogo.policy.carrying import Name
from gonogo.policy.checklist_line import Stage
from gonogo.policy.profiles import Profile
from gonogo.policy.severity import Severity

CheckId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*-([a-z0-9]+|\*)$")]
"""``tls-trust``; or ``request-*``, for one check per entry of the section that its evidence comes from."""

_DAYS_OR_HOURS = re.compile(r"\b(\d+) ([dh])\b")
_GROUPED = 10_000
"""Numbers from here on are read in groups of three digits."""
_DAY_SECONDS = 86_400
_PLACE = re.compile(r"\{([a-z0-9_]+)\}")


class Policy(RootModel[Mapping[str, float | Duration]]):
    """The thresholds of one check, as the catalogue sets them: numbers, and durations with their unit."""

    model_config = ConfigDict(frozen=True)

    @property
    def shown(self) -> Mapping[str, str]:
        """The thresholds as people write them."""
        return {
            name: format_duration(value) if isinstance(value, timedelta) else _shown_number(name, value)
            for name, value in self.root.items()
        }

    def filled_into(self, words: str) -> str:
        """The words with each ``{threshold}`` of these replaced by its value: a fraction in percent, seconds as a duration.

        Other braces stay as they are.
        """
        return _PLACE.sub(lambda place: self._in_words(place[1]) if place[1] in self.root else place[0], words)

    def _in_words(self, name: str) -> str:
        value = self.root[name]
        if isinstance(value, timedelta):
            return _in_whole_words(value)
        if name.endswith("_fraction"):
            return f"{value * 100:g} %"
        return _in_whole_words(timedelta(seconds=value)) if name.endswith("_seconds") else _shown_number(name, value)

    def number(self, name: str) -> float:
        """The threshold of that name; its unit is part of the name."""
        value = self.root[name]
        if isinstance(value, timedelta):
            raise UsageError(f"catalogue: threshold {name} is a duration; this check expects a bare number")
        return value

    def duration(self, name: str) -> timedelta:
        """The threshold of that name."""
        value = self.root[name]
        if not isinstance(value, timedelta):
            raise UsageError(f"catalogue: threshold {name} = {value} has no unit; write it as in '10 s'")
        return value


def _shown_number(name: str, value: float) -> str:
    """A bare number with all of its digits; seconds of a day or more in days as well, as nobody counts them."""
    number = f"{value:,.0f}" if value >= _GROUPED and value == round(value) else f"{value:g}"
    if name.endswith("_seconds") and value >= _DAY_SECONDS:
        return f"{number} s ({_in_whole_words(timedelta(seconds=value))})"
    return number


def _in_whole_words(duration: timedelta) -> str:
    """``14 days``, where a table would have ``14 d``."""
    return _DAYS_OR_HOURS.sub(
        lambda part: f"{part[1]} {'day' if part[2] == 'd' else 'hour'}{'s' * (part[1] != '1')}",
        format_duration(duration),
    )


class CheckPolicy(BaseModel):
    """One check's policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    """A fact that is true or false; ``{min_free_fraction}`` stands for the threshold of that name."""
    proves: tuple[Text, ...] = ()
    """Lines of the checklist that hold when it passes, together with the other checks that prove them."""
    supports: tuple[Text, ...] = ()
    """Lines that it says something about: shown beside them, and no reason to tick them."""
    severity: Severity
    needs: tuple[CheckId, ...] = ()
    explained_by: tuple[CheckId, ...] = ()
    """Checks whose failure explains one of this check: where both fail, they are told as one cause."""
    effect: Effect = Effect.READ
    about: tuple[Text, ...] = ()
    """Further sections of the environment, or parts of one, without which it makes no sense: ``mail``, ``series``."""
    where: tuple[Text, ...] = ()
    """Keys of the environment file, as ``load.failures``: planned only where it declares them, missed nowhere else."""
    spare: bool = False
    """Whether its lines are proved without it where ``where`` is not declared, and another check proves them."""
    stripe_mode: Literal["test", "live"] | None = None
    """Planned only where payments are in this mode; None: in both."""
    shapes: tuple[Text, ...] = ()
    """Shapes of variables: planned only where a variable is declared to have each of them."""
    payment_method: Text | None = None
    """Planned only where payers may pay with it, by Stripe's name."""
    profiles: tuple[Profile, ...] = ()
    """Profiles of the load that it is planned in; empty: in all."""
    when: Stage | None = None
    """Planned only in gates that are asked at this time of the launch, or later (``when`` in gates.toml); None: in all."""
    owner: Name | None = None
    """The role that acts when it does not pass; None: that of its family (``[owners]`` in policy.toml), or the default."""
    waivable: bool = True
    """Whether anybody may accept that it does not pass."""
    policy: Policy = Policy({})

    @model_validator(mode="before")
    @classmethod
    def _proof_is_told_from_support(cls, document: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        if isinstance(document, Mapping) and "covers" in document:
            raise ValueError(
                "covers does not say enough; write proves = [...] for the lines that hold when this check passes, and "
                "supports = [...] for those that it only says something about"
            )
        return document

    @model_validator(mode="after")
    def _proof_is_no_support(self) -> Self:
        if in_both := [line for line in self.proves if line in self.supports]:
            raise ValueError(f"proves and supports both name {', '.join(in_both)}; keep one of them")
        return self

    @property
    def shown_title(self) -> str:
        """The title with the thresholds that decide now, also those that a team changed."""
        return self.policy.filled_into(self.title)

    @property
    def lines(self) -> tuple[str, ...]:
        """Ids of the lines that it is about."""
        return (*self.proves, *self.supports)


Catalogue = Mapping[str, CheckPolicy]
_LINES: TypeAdapter[dict[str, CheckPolicy]] = TypeAdapter(dict[CheckId, CheckPolicy])


def read_catalogue(path: Path) -> Catalogue:
    """Read ``catalogue.toml``; every mistake in it at once, as a UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: no such file; every folder of checks has its catalogue.toml")
    return validated_by(_LINES, dict[CheckId, CheckPolicy], parse_toml(path), str(path))
