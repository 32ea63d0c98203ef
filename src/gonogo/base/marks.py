"""The mark that test data carries, told apart from everything that merely looks like it, and what it is found on."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PREFIX = "gonogo-"
"""What every mark begins with; the id of its run follows, in lower case."""
_RUN_ID = r"\d{8}t\d{6}z-[0-9a-f]{6}"


def mark_of(run_id: str) -> str:
    """The mark of one run. It is part of e-mail addresses, whose case does not survive."""
    return f"{PREFIX}{run_id.lower()}"


@dataclass(frozen=True, slots=True)
class Marks:
    """The mark of one run, or of every run there was."""

    run_id: str | None = None

    @property
    def prefix(self) -> str:
        """The text to search for. It also finds what merely looks like a mark: hold each hit against ``in_text``."""
        return mark_of(self.run_id) if self.run_id else PREFIX

    def in_text(self, text: str) -> str | None:
        """The whole mark in this text; None if it carries none, or only a part of one."""
        wanted = re.escape(self.run_id.lower()) if self.run_id else _RUN_ID
        match = re.search(rf"(?<![a-z0-9]){PREFIX}{wanted}(?![a-z0-9])", text.lower())
        return match[0] if match else None

    def of_address(self, address: str, domain: str | None) -> bool:
        """Whether this is the address of a test user: its local part begins with a mark, and the domain is ours."""
        local, _, at = address.lower().rpartition("@")
        mark = self.in_text(local)
        return mark is not None and local.startswith(mark) and (domain is None or at == domain.lower())


@dataclass(frozen=True, slots=True)
class Leftovers:
    """One kind of thing that journeys leave behind: what it is called, and how it is found and removed."""

    kind: str
    find: Callable[[], Sequence[str]]
    """Identifiers of all that carries a mark. Raises Unobserved when the place does not answer."""
    remove: Callable[[Sequence[str]], None]
