"""Accepted exceptions: one check, why, what may come of it, who bears it, who allowed it, and until when."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import tomli_w
from pydantic import Field, model_validator

from gonogo.base.errors import UsageError
from gonogo.base.toml_files import Document, Moment, Words, read_toml

FOLDER = "waivers"
LONGEST = timedelta(days=30)


class Waiver(Document):
    """One check's exception. It still runs; only its FAIL no longer keeps the verdict from GO WITH EXCEPTIONS."""

    check: Words
    reason: Words
    risk: Words
    owner: Words
    approved_by: Words
    at: Moment
    until: Moment

    @model_validator(mode="after")
    def _is_one_that_may_be(self) -> Self:
        if self.owner.strip().casefold() == self.approved_by.strip().casefold():
            raise ValueError(
                f"{self.check}: {self.owner} owns and approves it; nobody may grant themselves an exception"
            )
        if self.until <= self.at:
            raise ValueError(f"{self.check}: it ends before it begins")
        if self.until - self.at > LONGEST:
            raise ValueError(
                f"{self.check}: it is for longer than {LONGEST.days} days; shorten it, and look again then"
            )
        return self


class Waivers(Document):
    """The file of an environment."""

    waiver: tuple[Waiver, ...] = Field(default=())

    @model_validator(mode="after")
    def _are_for_different_checks(self) -> Self:
        seen = set[str]()
        for one in self.waiver:
            if one.check in seen:
                raise ValueError(f"two waivers for {one.check}; keep one")
            seen.add(one.check)
        return self


def waivers_path(root: Path, environment: str) -> Path:
    """Where they are."""
    return root / "environments" / FOLDER / f"{environment}.toml"


def read_waivers(root: Path, environment: str, known: Collection[str], unwaivable: Collection[str]) -> list[Waiver]:
    """All of an environment. Raises UsageError, also for checks that there are not, or that nobody may waive."""
    path = waivers_path(root, environment)
    if not path.is_file():
        return []
    waivers = list(read_toml(path, Waivers).waiver)
    problems = [
        f"{path}: no check {one.check!r}; remove the waiver, or spell it" for one in waivers if one.check not in known
    ]
    problems += [f"{path}: {one.check}: {refusal(one.check)}" for one in waivers if one.check in unwaivable]
    if problems:
        raise UsageError(*problems)
    return waivers


def refusal(check: str) -> str:
    """Why there is none for this check."""
    return f"the catalogue says that {check} cannot be waived; repair what it found"


def in_force(waiver: Waiver, at: datetime) -> bool:
    """At this moment."""
    return waiver.at <= at < waiver.until


def write_waiver(root: Path, environment: str, waiver: Waiver) -> Path:
    """Add it to the file of the environment, in place of an older one for the same check. Raises UsageError."""
    path = waivers_path(root, environment)
    others = [one for one in (read_toml(path, Waivers).waiver if path.is_file() else ()) if one.check != waiver.check]
    document = {"waiver": [one.model_dump() for one in (*others, waiver)]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tomli_w.dumps(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return path
