"""The argument of every step: people, their requests and replies, and a look at where effects land."""

import secrets as entropy
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gonogo.base.durations import format_duration
from gonogo.base.marks import Leftovers, Marks
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.replies import Reply, masked
from gonogo.evidence.journey import PageRecord, RequestRecord
from gonogo.families.api.journey import ApiVerbs
from gonogo.families.browser.journey import BrowserVerbs
from gonogo.families.http.journey import HttpVerbs
from gonogo.families.mail.journey import MailVerbs
from gonogo.families.mongodb.journey import MongoVerbs
from gonogo.families.redis.journey import RedisVerbs
from gonogo.families.sentry.journey import SentryVerbs
from gonogo.families.stripe.journey import StripeVerbs
from gonogo.families.support.journey import SupportVerbs
from gonogo.families.verbs import Companion, VerbsOf
from gonogo.families.world import World
from gonogo.journey.people import Person

Answer = TypeVar("Answer")
_LONGEST = 500
_POLL_SECONDS = 0.05
_PASSWORD_BYTES = 18


@dataclass(slots=True)
class Walk:
    """One journey under way. A project's ``smoke/people.py`` may give its steps a subclass that knows its users.

    Steps pass on what they need of each other in ``keep``.
    """

    world: World
    journey: str
    index: int = 0
    keep: dict[str, Any] = field(default_factory=dict)
    requests: list[RequestRecord] = field(default_factory=list)
    pages: list[PageRecord] = field(default_factory=list)
    """What was to be seen where the step failed."""
    companions: dict[str, Companion] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    # -- steps ------------------------------------------------------------------------------------------------------

    def begin_step(self) -> None:
        """Forget what the step before recorded."""
        self.requests.clear()
        self.pages.clear()
        for companion in self.companions.values():
            companion.begin_step()

    def explain(self, error: BaseException) -> BaseException:
        """What the error of a step means; what was to be seen then is kept in ``pages``."""
        for companion in self.companions.values():
            error, pages = companion.failed(error)
            self.pages.extend(pages)
        return error

    def close(self) -> None:
        """End what goes along with this journey."""
        while self.companions:
            self.companions.popitem()[1].close()

    # -- people -----------------------------------------------------------------------------------------------------

    @property
    def stranger(self) -> Person:
        """Somebody who is not logged in and has no account."""
        return Person(self.speak)

    def somebody(self, email: str, password: str, name: str) -> Person:
        """A user who exists already, as an administrator of the environment does."""
        return Person(self.speak, email=email, password=password, name=name)

    def person(self, label: str, *, ending: str = "") -> Person:
        """Somebody who has no account yet. ``ending`` is the last part of the address before the @."""
        domain = self.world.settings.mail_domain
        return Person(
            self.speak,
            email=f"{self.world.mark}-{self.journey}-{label}{ending}@{domain}",
            password=entropy.token_urlsafe(_PASSWORD_BYTES),
            name=f"Synthetic {label} {self.world.mark}",
        )

    def speak(self, method: str, path: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]) -> Reply:
        """Ask the service. Request and reply are recorded, redacted and shortened."""
        self.world.touched = True
        client = self.world.service(self.index)
        marked = {**headers, "X-Gonogo-Run": self.world.run_id}
        answer = self.world.run(client.send, method, path, marked, body)
        reply = Reply(f"{method} {path.partition('?')[0]}", answer)
        self.requests.append(
            RequestRecord(
                request=f"{method} {answer.exchange.url}",
                sent=self._shown(body) if isinstance(body, bytes) else "(in parts)",
                status=answer.exchange.status,
                received=reply.excerpt if answer.exchange.status is not None else answer.exchange.problem,
                elapsed=answer.exchange.elapsed,
            )
        )
        return reply

    # -- where effects land -----------------------------------------------------------------------------------------

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """The test data that this project's journeys make, and how it is found and removed; none unless overridden.

        What carries a mark at Redis, at Stripe and in the inbox is found by the verbs of these families.
        """
        del marks
        return ()

    api = VerbsOf(ApiVerbs)
    browser = VerbsOf(BrowserVerbs)
    http = VerbsOf(HttpVerbs)
    mail = VerbsOf(MailVerbs)
    mongodb = VerbsOf(MongoVerbs)
    redis = VerbsOf(RedisVerbs)
    sentry = VerbsOf(SentryVerbs)
    stripe = VerbsOf(StripeVerbs)
    support = VerbsOf(SupportVerbs)

    def looked(
        self, subject: str, look: Callable[[], Answer], *, shown: Callable[[Answer], object] = lambda answer: answer
    ) -> Answer:
        """Look something up elsewhere. What was asked, the answer as ``shown`` has it, and the time are recorded."""
        started = time.monotonic()
        answer = look()
        elapsed = timedelta(seconds=round(time.monotonic() - started, 4))
        text = masked(self.world.redactor.text(str(shown(answer))))[:_LONGEST]
        self.requests.append(RequestRecord(request=self.world.redactor.text(subject), received=text, elapsed=elapsed))
        return answer

    # -- patience ---------------------------------------------------------------------------------------------------

    def until(self, ask: Callable[[], Answer | None], within: timedelta) -> Answer | None:
        """Ask again until there is an answer that counts; None when the time is over.

        Raises Unobserved when the time passed while this machine could not look.
        """
        started = time.monotonic()
        while not (answer := ask()):
            if time.monotonic() > started + within.total_seconds():
                WAKEFULNESS.demand(started)
                return None
            self.world.pause(_POLL_SECONDS)
        return answer

    def at_once(self, calls: Sequence[Callable[[], Reply]]) -> list[Reply]:
        """Really at the same time: every request is under way before the first reply is read."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [reply.result() for reply in [pool.submit(call) for call in calls]]

    def waited(self, subject: str, within: timedelta) -> str:
        """The words for something that did not come."""
        return f"{subject} within {format_duration(within)}"

    def _shown(self, body: bytes) -> str:
        text = body[: 20 * _LONGEST].decode("utf-8", "replace")
        readable = "".join(character if character.isprintable() else " " for character in text)
        return masked(self.world.redactor.text(readable))[:_LONGEST]
