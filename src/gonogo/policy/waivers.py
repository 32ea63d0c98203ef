"""Accepted exceptions: one check, why, what may come of it, who bears it, who allowed it, and until when."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gonogo.base.errors import UsageError
from gonogo.base.moments import Ending, Moment, Words, as_written, longer_than
from gonogo.base.toml_files import Document, editable, entries_of, read_toml
from gonogo.base.whole_files import write_whole
from gonogo.base.wording import did_you_mean
from gonogo.policy.people import People

FOLDER = "waivers"
LONGEST = timedelta(days=30)


EXCEPTABLE = ("FAIL", "WARN", "ERROR")
"""Outcomes that somebody may accept. That nobody asked is no outcome, and is never accepted."""


def _upper(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    return value.upper() if isinstance(value, str) else value


class Waiver(Document):
    """One check's exception. It still runs; only what is excepted no longer keeps the verdict from GO WITH EXCEPTIONS."""

    check: Words
    excepts: Annotated[
        tuple[Annotated[Literal["FAIL", "WARN", "ERROR"], BeforeValidator(_upper)], ...], Field(min_length=1)
    ] = ("FAIL",)
    """The outcomes that are accepted; any other counts as it does without a waiver."""
    reason: Words
    risk: Words
    owner: Words
    approved_by: Words
    at: Moment
    until: Ending

    @model_validator(mode="after")
    def _is_one_that_may_be(self) -> Self:
        if self.until <= self.at:
            raise ValueError(f"{self.check}: it ends before it begins")
        if longer_than(self.at, self.until, LONGEST):
            raise ValueError(
                f"{self.check}: it is for longer than {LONGEST.days} days; shorten it, and look again then"
            )
        return self


class Waivers(Document):
    """The file of an environment."""

    waiver: tuple[Waiver, ...] = Field(default=())

    @model_validator(mode="after")
    def _are_for_different_checks(self) -> Self:
        checks = set[str]()
        for waiver in self.waiver:
            if waiver.check in checks:
                raise ValueError(f"two waivers for {waiver.check}; keep one")
            checks.add(waiver.check)
        return self


def waivers_path(root: Path, environment: str) -> Path:
    """Where they are."""
    return root / "environments" / FOLDER / f"{environment}.toml"


def read_waivers(root: Path, environment: str, catalogue: Collection[str], unwaivable: Collection[str]) -> list[Waiver]:
    """All of an environment. Raises UsageError, also for checks that there are not, or that nobody may waive."""
    path = waivers_path(root, environment)
    if not path.is_file():
        return []
    waivers = list(read_toml(path, Waivers).waiver)
    problems = [
        f"{path}: no check {waiver.check!r}{did_you_mean(waiver.check, list(catalogue)) or '; remove the waiver, or spell it'}"
        for waiver in waivers
        if waiver.check not in catalogue
    ]
    problems += [f"{path}: {waiver.check}: {refusal(waiver.check)}" for waiver in waivers if waiver.check in unwaivable]
    if problems:
        raise UsageError(*problems)
    return waivers


def refusal(check: str) -> str:
    """Why there is none for this check."""
    return f"the catalogue says that {check} cannot be waived; repair what it found"


def in_force(waiver: Waiver, at: datetime) -> bool:
    """Tells whether the waiver counts at this moment."""
    return waiver.at <= at < waiver.until


def granted_to_themselves(waiver: Waiver, people: People) -> str:
    """Why the two persons of a waiver are not two; empty: they are, or one of them is unknown."""
    owner, approver = people.find(waiver.owner), people.find(waiver.approved_by)
    if owner is None or owner != approver:
        return ""
    return f"{waiver.check}: {owner.name} owns and approves it; nobody may grant themselves an exception"


def write_waiver(root: Path, environment: str, waiver: Waiver) -> Path:
    """Add it to the file of the environment, in place of an older one for the same check. Raises UsageError.

    Everything else in the file stays as it is, comments included.
    """
    path = waivers_path(root, environment)
    listed = read_toml(path, Waivers).waiver if path.is_file() else ()
    document = editable(path)
    entries = entries_of(document, "waiver")
    for place in reversed([place for place, older in enumerate(listed) if older.check == waiver.check]):
        del entries[place]
    entries.append({**waiver.model_dump(), "until": as_written(waiver.until)})
    write_whole(path, document.as_string().encode())
    return path
