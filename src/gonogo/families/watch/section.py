"""``[launch]`` and ``[watch]`` of an environment file: when the launch is, what is looked at, and who is told."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, FiniteFloat, ValidationInfo, model_validator

from gonogo.base.wording import nearest_or_all
from gonogo.environment.entry_check import EntryName, EntryPolicy, EntrySection
from gonogo.environment.section import ENVIRONMENT_NAME, Section
from gonogo.environment.types import Duration, FilePath, ServerUrl, Share, Text, TrustFile, WatchSecretName
from gonogo.families.watch.selector import Selector, parse_selector

_OF_EVENTS = frozenset({"ratio", "quantile"})
"""Kinds of signal that few events make uncertain."""
_COUNTED = _OF_EVENTS | {"increase", "rate"}
_SECONDS_15, _MINUTE = timedelta(seconds=15), timedelta(minutes=1)
_FOR_PEOPLE = {"title", "line", "supports", "fix", "first_step", "first"}
"""What of an entry changes nothing about when it alarms."""


_zones = cache(available_timezones)
"""It reads every file of the machine's zones: once is enough."""


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("not a time zone; write it as in 'America/Sao_Paulo' (IANA's names)")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC, as in 2026-12-01T09:00:00-03:00")
    return value


def _selector(value: str) -> str:
    parse_selector(value)
    return value


SelectorText = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_selector)]


class Duty(Section):
    """Something that somebody does at some time of the launch."""

    at: Annotated[str, Field(pattern=r"^T[+-]\d{2,3}:\d{2}$")] = Field(description="As in 'T-02:00' or 'T+24:00'.")
    title: Text
    owner: Text = Field(description="The person, or the role, who does it.")

    @property
    def offset(self) -> timedelta:
        """From T-0."""
        hours, minutes = self.at[2:].split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return -offset if self.at[1] == "-" else offset


class Launch(Section):
    """The launch itself."""

    at: Annotated[datetime, AfterValidator(_aware)] | None = Field(default=None, description="T-0, with its offset.")
    watch: Duration = Field(default=timedelta(hours=24), description="How long it is watched after T-0.")
    green: Duration | None = Field(
        default=None,
        description="For so long before users come nothing may alarm, by the record of a watch that is running.",
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(default="UTC", description="The team's time zone.")
    duties: tuple[Duty, ...] = Field(default=(), description="The run sheet.")
    rollback: Text | None = Field(default=None, description="The command that takes the release back.")

    @property
    def zone_info(self) -> ZoneInfo:
        """The team's time zone."""
        return ZoneInfo(self.zone)

    def over(self, now: datetime) -> str:
        """Why there is nothing left to watch; empty before and during the launch. Both times have their offset."""
        if self.at is None or now <= self.at + self.watch:
            return ""
        return (
            f"launch.at: {self.at.isoformat()} is in the past, and launch.watch, for so long after it, is over as well; "
            "name the moment of the next launch, or leave it out to watch from now on"
        )


class Signal(Section):
    """A number over time: exactly one of ratio, increase, rate, gauge, quantile, checks and promql."""

    ratio: tuple[SelectorText, SelectorText] | None = Field(
        default=None, description="Two counters: how many of the second's events are the first's, within the window."
    )
    increase: SelectorText | None = Field(default=None, description="A counter: its events within the window.")
    rate: SelectorText | None = Field(default=None, description="The same per second.")
    gauge: SelectorText | None = Field(default=None, description="The newest value; of several series see combine.")
    combine: Literal["max", "min", "sum", "mean"] = Field(default="max", description="Of several series of a gauge.")
    quantile: Share | None = Field(default=None, description="With of: this quantile of a histogram in the window.")
    of: SelectorText | None = Field(default=None, description="The histogram's buckets, as in 'x_seconds_bucket'.")
    checks: tuple[Text, ...] = Field(
        default=(), description="Checks of gonogo, with all that they need: how many of them fail."
    )
    promql: Text | None = Field(default=None, description="An expression that a Prometheus answers; see [watch].")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = ("ratio", "increase", "rate", "gauge", "quantile", "checks", "promql")
        given = [kind for kind in kinds if getattr(self, kind)]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(kinds)} is expected; there is {' and '.join(given) or 'none'}")
        if (self.quantile is None) != (self.of is None):
            raise ValueError("quantile and of belong together, as in { quantile = 0.95, of = 'x_seconds_bucket' }")
        if self.of is not None:
            self._check_buckets(parse_selector(self.of))
        return self

    @staticmethod
    def _check_buckets(buckets: Selector) -> None:
        if not buckets.name.endswith("_bucket"):
            raise ValueError(f"of: names the buckets of a histogram, as in '{buckets.name}_bucket'")
        if any(matcher.label == "le" for matcher in buckets.matchers):
            raise ValueError("of: all buckets are needed; leave the condition on le out")

    @property
    def kind(self) -> str:
        """Which of them it is."""
        kinds = ("ratio", "increase", "rate", "gauge", "quantile", "checks")
        return next((kind for kind in kinds if getattr(self, kind)), "promql")

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The series that it is made of, of the service's own metrics."""
        texts = self.ratio or (self.increase, self.rate, self.gauge, self.of)
        return tuple(parse_selector(text) for text in texts if text)


class Watched(EntryPolicy):
    """What a key metric and a threshold have in common. Each is a check of the journal: it was watched, and is well."""

    signal: Signal
    window: Duration | None = Field(default=None, description="Needed where events are counted.")
    unit: Literal["", "%", "s", "ms", "/s", "B"] = ""
    at_least: int = Field(default=1, ge=1, description="Fewer events in the window decide nothing.")
    no_traffic: Duration = Field(
        default=timedelta(minutes=15),
        description="No event at all for so long raises an alert: the state is not known. A gauge's series may be missing for so long.",
    )
    first_step: Text | None = Field(default=None, description="The first thing to do when it alarms.")

    @model_validator(mode="after")
    def _has_a_window(self) -> Self:
        counted = self.signal.kind in _COUNTED
        if counted and self.window is None:
            raise ValueError("window: is missing; events are counted within it, as in window = '5 min'")
        if not counted and self.window is not None:
            raise ValueError(f"window: a signal of {self.signal.kind} has none; leave it out")
        for key, kinds in (("at_least", _OF_EVENTS), ("no_traffic", _OF_EVENTS | {"gauge"})):
            # A recorded environment has every key, at its default.
            changed = key in self.model_fields_set and getattr(self, key) != type(self).model_fields[key].default
            if changed and self.signal.kind not in kinds:
                raise ValueError(f"{key}: changes nothing for a signal of {self.signal.kind}; leave it out")
        return self

    @property
    def words(self) -> str:
        """The title of one that has none."""
        return f"The signal of {self.signal.kind} is watched"

    @property
    def check_title(self) -> str:
        """Its own title names the signal, as alarms do, and not what is asked of the watch."""
        return f"Watched, and each alarm acknowledged: {self.title}" if self.title else self.words


class KeyMetric(Watched):
    """A signal that is shown and kept, without a limit."""

    first: Text | None = Field(
        default=None, description="What its first event after T-0 is called; that it came is told on the page."
    )


class Threshold(Watched):
    """A signal that must not be beyond a limit. What is critical is a blocker, and a warning is one."""

    model_config = ConfigDict(populate_by_name=True)

    above: FiniteFloat | None = None
    below: FiniteFloat | None = None
    clear: FiniteFloat | None = Field(
        default=None, description="It is over only within this limit; the same if missing."
    )
    held: Duration | None = Field(default=None, alias="for", description="How long it must be so before it alarms.")
    keep: Duration = Field(default=_MINUTE, description="How long it must be well again before the alarm is over.")
    severity: Literal["critical", "warning"]

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("exactly one of above and below is expected: the limit")
        if self.clear is not None and self.beyond(self.clear):
            raise ValueError("clear: lies beyond the limit itself, so that the alarm would never be over")
        if never := self._never():
            raise ValueError(never)
        return self

    def _never(self) -> str:
        """Why no value is beyond the limit, whatever happens."""
        if self.signal.kind == "ratio" and self.above is not None and self.above >= 1:
            return f"above: no share is above 1; {self.above:g} per cent are written {self.above / 100:g}"
        if self.signal.kind in _COUNTED and self.below is not None and self.below <= 0:
            return f"below: nothing that is counted is below {self.below:g}, so that it would never alarm"
        return ""

    @property
    def check_severity(self) -> Literal["blocker", "warning"]:
        """As the alarm is."""
        return "blocker" if self.severity == "critical" else "warning"

    @property
    def limit(self) -> float:
        """The limit, in the signal's unit."""
        return self.above if self.above is not None else self.below or 0.0

    def beyond(self, value: float) -> bool:
        """Whether a value is beyond the limit; the limit itself is not."""
        return value > self.limit if self.above is not None else value < self.limit

    def cleared(self, value: float) -> bool:
        """Whether a value is well within it."""
        if self.clear is None:
            return not self.beyond(value)
        return value <= self.clear if self.above is not None else value >= self.clear


class Respond(Section):
    """How soon somebody must acknowledge an alert."""

    critical: Duration = timedelta(minutes=5)
    warning: Duration = timedelta(hours=1)

    def of(self, severity: str) -> timedelta:
        """The time for this severity."""
        return self.critical if severity == "critical" else self.warning


class Tell(Section):
    """Who is told at once; the other channels are only told while nobody answers."""

    critical: tuple[EntryName, ...] = ()
    warning: tuple[EntryName, ...] = ()

    def of(self, severity: str) -> tuple[str, ...]:
        """The channels for this severity; none: the first of all."""
        return self.critical if severity == "critical" else self.warning


class Watch(EntrySection):
    """How it is watched."""

    every: Duration = Field(default=_SECONDS_15, description="How often metrics are scraped, and alerts judged.")
    checks_every: Duration = Field(default=timedelta(minutes=1), description="How often checks of signals are asked.")
    surroundings_every: Duration = Field(
        default=timedelta(minutes=10),
        description="How often release, certificates, addresses and snapshots are looked at: what the launch stands on.",
    )
    journeys_every: Duration | None = Field(default=None, description="How often the smoke run is; never if missing.")
    share: Share = Field(default=0.99, description="Of the rounds, so many must have been observed.")
    no_data: Duration = Field(default=_MINUTE, description="How long nothing is known before that alarms.")
    prometheus: ServerUrl | None = Field(default=None, description="Asked in place of the service's own metrics.")
    heartbeat: WatchSecretName | None = Field(default=None, description="A URL that is asked after every round.")
    ca_file: TrustFile | None = Field(
        default=None, description="Roots of the Prometheus, Alertmanager and heartbeat; the public ones if missing."
    )
    channels: Mapping[EntryName, WatchSecretName] = Field(
        default_factory=dict,
        description="Names of secrets: an Apprise URL each, or an Alertmanager's address. The first is on call.",
    )
    tell: Tell = Field(
        default_factory=Tell,
        description="Names of channels by severity, told at once; the first of watch.channels where none is named.",
    )
    respond: Respond = Field(
        default_factory=Respond,
        description="Without an acknowledgement within this time, people are notified again, and the next channel as well.",
    )
    journal: FilePath | None = Field(
        default=None,
        description="Where everything is kept that happens, seen from the folder in which gonogo runs; "
        "reports/ENVIRONMENT/watch/journal.sqlite3 if missing.",
    )
    environment: Text | None = Field(
        default=None, description="The environment that the journal must be of; the name of this file if missing."
    )
    thresholds: Mapping[EntryName, Threshold] = Field(default_factory=dict)
    metrics: Mapping[EntryName, KeyMetric] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _kept_by_the_name_of_its_file(cls, data: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever the file holds
        name = (info.context or {}).get(ENVIRONMENT_NAME)
        if not name or not isinstance(data, Mapping):
            return data
        return {"environment": name, "journal": f"reports/{name}/watch/journal.sqlite3", **data}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if twice := sorted(set(self.thresholds) & set(self.metrics)):
            raise ValueError(f"thresholds and metrics both have {', '.join(twice)}; give one of them another name")
        for severity in ("critical", "warning"):
            for name in self.tell.of(severity):
                if name not in self.channels:
                    near = nearest_or_all(name, tuple(self.channels))
                    raise ValueError(f"tell.{severity}: no channel {name!r} in watch.channels{near}")
        for name, watched in self.watched.items():
            if watched.window is not None and watched.window < 2 * self.every:
                raise ValueError(
                    f"{name}: its window holds fewer than two scrapes; make it at least twice watch.every, or more"
                )
            if watched.signal.promql and self.prometheus is None:
                raise ValueError(f"{name}: promql needs watch.prometheus, which answers it")
        return self

    @property
    def watched(self) -> Mapping[str, Watched]:
        """Thresholds and key metrics, by name."""
        return {**self.thresholds, **self.metrics}

    def silence(self, watched: Watched) -> timedelta:
        """How long nothing may be known of it: one check that this machine was too busy to ask is no alarm yet."""
        return max(self.no_data, 2 * self.checks_every) if watched.signal.checks else self.no_data

    @property
    def entries(self) -> Mapping[str, EntryPolicy]:
        """The same, as checks of what the journal says of them."""
        return self.watched

    @property
    def rule_texts(self) -> Mapping[str, str]:
        """By threshold or key metric: all that its alert is judged by, as JSON with sorted keys."""
        return {name: self._rule_text(watched) for name, watched in self.watched.items()}

    def _rule_text(self, watched: Watched) -> str:
        judged_by = watched.model_dump(mode="json", by_alias=True, exclude=_FOR_PEOPLE, exclude_none=True)
        no_data = self.model_copy(update={"no_data": self.silence(watched)}).model_dump(
            mode="json", include={"no_data"}
        )
        return json.dumps({**judged_by, **no_data}, sort_keys=True)
