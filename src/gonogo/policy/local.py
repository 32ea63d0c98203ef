"""A team's own policy for checks that it did not write: ``environments/policy.toml``.

It may change how severe a bundled check is, its thresholds, whether it may be waived, and what it needs; for every
environment, or for one. Every difference is recorded with both values: a signer must see what was changed.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gonogo.base.durations import format_duration
from gonogo.base.errors import UsageError
from gonogo.base.toml_files import Document, read_toml
from gonogo.base.wording import did_you_mean
from gonogo.environment.types import Duration
from gonogo.policy.carrying import Name
from gonogo.policy.catalogue import Catalogue, CheckId, CheckPolicy, Policy
from gonogo.policy.severity import Severity

FILE = "environments/policy.toml"


class CheckChange(Document):
    """The changes to one check."""

    severity: Severity | None = None
    waivable: bool | None = None
    needs: tuple[CheckId, ...] | None = None
    policy: Mapping[str, float | Duration] = {}
    """Thresholds by their names in the bundled catalogue."""


class EnvironmentChanges(Document):
    """The changes in one environment only."""

    checks: Mapping[str, CheckChange] = {}


class LocalPolicy(Document):
    """The whole file."""

    checks: Mapping[str, CheckChange] = {}
    environments: Mapping[str, EnvironmentChanges] = {}
    owners: Mapping[str, Name] = {}
    """The role that acts when a check does not pass, by the check's id or by its family."""

    def of(self, environment: str | None) -> Iterator[tuple[str, str, CheckChange]]:
        """Key in the file, check id and change: those of every environment first, then those of this one."""
        yield from ((f"checks.{check}", check, change) for check, change in self.checks.items())
        own = self.environments.get(environment) if environment else None
        for check, change in own.checks.items() if own else ():
            yield f"environments.{environment}.checks.{check}", check, change


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value of a bundled check that this project has changed."""

    check: str
    key: str
    bundled: str
    local: str


def read_local_policy(project: Path) -> LocalPolicy:
    """The project's file; nothing is different where there is none. Raises UsageError."""
    path = project / FILE
    return read_toml(path, LocalPolicy) if path.is_file() else LocalPolicy()


def changed(
    catalogue: Catalogue,
    local: LocalPolicy,
    environment: str | None,
    path: Path,
    *,
    elsewhere: Collection[str] = (),
) -> tuple[dict[str, CheckPolicy], list[Difference]]:
    """The catalogue with the changes in it, and every difference. Raises UsageError with all that cannot be changed.

    Checks that are declared ``elsewhere``, in another environment, have nothing to be changed here.
    """
    lines, differences, problems = dict(catalogue), list[Difference](), list[str]()
    for key, check, change in local.of(environment):
        if check in elsewhere and check not in lines:
            continue
        if check not in lines:
            cure = did_you_mean(check, lines) or "; gonogo checks lists them"
            problems.append(f"{path}: {key}: no check {check!r}{cure}")
            continue
        wrong = list(_wrong_thresholds(lines[check], change))
        problems += [f"{path}: {key}.policy.{problem}" for problem in wrong]
        if not wrong:
            line = _changed_line(lines[check], change)
            differences += _differences(check, lines[check], line)
            lines[check] = line
    if problems:
        raise UsageError(*problems)
    return lines, differences


def _wrong_thresholds(line: CheckPolicy, change: CheckChange) -> Iterator[str]:
    thresholds = line.policy.root
    for name, value in change.policy.items():
        if name not in thresholds:
            yield f"{name}: this check has no such threshold; it has {', '.join(thresholds) or 'none'}"
        elif isinstance(thresholds[name], timedelta) is not isinstance(value, timedelta):
            wanted = "a duration, as in '10 s'" if isinstance(thresholds[name], timedelta) else "a bare number"
            yield f"{name}: found {_shown(value)}; {wanted} is expected"


def _changed_line(line: CheckPolicy, change: CheckChange) -> CheckPolicy:
    changes = {
        key: getattr(change, key) for key in ("severity", "waivable", "needs") if getattr(change, key) is not None
    }
    return line.model_copy(update={**changes, "policy": Policy({**line.policy.root, **change.policy})})


def _differences(check: str, bundled: CheckPolicy, local: CheckPolicy) -> Iterator[Difference]:
    for key in ("severity", "waivable", "needs"):
        before, after = getattr(bundled, key), getattr(local, key)
        if before != after:
            yield Difference(check=check, key=key, bundled=_shown(before), local=_shown(after))
    before_shown, after_shown = bundled.policy.shown, local.policy.shown
    for name, before in bundled.policy.root.items():
        if before != local.policy.root[name]:
            yield Difference(check=check, key=name, bundled=before_shown[name], local=after_shown[name])


def _shown(value: object) -> str:
    match value:
        case timedelta():
            return format_duration(value)
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value) or "nothing"
        case float():
            return f"{value:g}"
    return str(value)
