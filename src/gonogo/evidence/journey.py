"""Evidence about one step of a journey. A step judges while it walks: how it ended is a part of the evidence."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from gonogo.base.comparing import Compared
from gonogo.evidence.base import Evidence

LAST = "cleanup"
"""The journey that begins when all others are over."""
Ending = Literal["pass", "fail", "error", "skip", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request and its reply, without secrets, and cut to a length that people read."""

    request: str
    """Method and URL; for other protocols, what was asked of whom."""
    sent: str = ""
    status: int | None = None
    """None when no reply came, or where there is no such number."""
    received: str = ""
    """The beginning of the reply, or why there is none."""
    elapsed: timedelta
    """From sending to the whole reply, or to the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """What a page of a browser showed when its step failed, without secrets."""

    url: str
    """Without its query, where tokens stand."""
    title: str = ""
    image: str = ""
    """A picture of the window: a JPEG in base64. Fields of passwords and cards are covered."""
    no_image: str = ""
    """Why there is none."""
    errors: tuple[str, ...] = ()
    """Errors in the browser's console since the step began."""
    failed_requests: tuple[str, ...] = ()
    """Requests of the page since then that got no answer, or one that is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence(Evidence):
    """One step, walked."""

    only_recorded: ClassVar[tuple[str, ...]] = ("compared",)
    began: timedelta
    """After the beginning of its journey."""
    elapsed: timedelta
    """From the beginning of the step to its end, pauses and waiting included."""
    requests: tuple[RequestRecord, ...] = ()
    """What was asked in the step, in order, with the replies."""
    pages: tuple[PageRecord, ...] = ()
    """The pages that were open in a browser, where the step did not pass."""
    ending: Ending
    message: str = ""
    hint: str = ""
    compared: tuple[Compared, ...] = ()
    """What the step was judged by, until it ended."""
