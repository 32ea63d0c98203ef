"""The argument of every step: people, their requests and replies, and a look at where effects land."""

import secrets as entropy
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.clients.mongodb import Database
from gonogo.clients.stripe import StripeApi
from gonogo.evidence.journey import RequestRecord
from gonogo.families.http.metrics import labelled
from gonogo.families.http.section import Http
from gonogo.families.mail.section import Mail
from gonogo.families.sentry.section import Sentry
from gonogo.families.stripe.section import Stripe
from gonogo.journey.inbox import Inbox
from gonogo.journey.marks import Marks
from gonogo.journey.people import Person
from gonogo.journey.replies import Reply, demand, masked
from gonogo.journey.reports import Reports
from gonogo.journey.world import World

Found = TypeVar("Found")
_LONGEST = 500
_MOST_DOCUMENTS = 10_000
_POLL_SECONDS = 0.05
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class Leftovers:
    """One kind of thing that journeys leave behind: what it is called, and how it is found and removed."""

    kind: str
    find: Callable[[], Sequence[str]]
    """Identifiers of all that carries a mark. Raises Unobserved when the place does not answer."""
    remove: Callable[[Sequence[str]], None]


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
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    # -- people -----------------------------------------------------------------------------------------------------

    @property
    def stranger(self) -> Person:
        """Somebody who is not logged in and has no account."""
        return Person(self._speak)

    def somebody(self, email: str, password: str, name: str) -> Person:
        """A user who exists already, as an administrator of the environment does."""
        return Person(self._speak, email=email, password=password, name=name)

    def person(self, label: str, *, ending: str = "") -> Person:
        """Somebody who has no account yet. ``ending`` is the last part of the address before the @."""
        domain = self.world.settings.mail_domain
        return Person(
            self._speak,
            email=f"{self.world.mark}-{self.journey}-{label}{ending}@{domain}",
            password=entropy.token_urlsafe(_PASSWORD_BYTES),
            name=f"Synthetic {label} {self.world.mark}",
        )

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """The test data that this project's journeys make, and how it is found and removed; none unless overridden.

        Keys in Redis, payments at Stripe and mail that carry a mark are found without it.
        """
        del marks
        return ()

    # -- where effects land -----------------------------------------------------------------------------------------

    def stored(self, collection: str, **wanted: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - a MongoDB filter
        """The document in the service's database."""

        async def find(database: Database) -> Mapping[str, Any] | None:
            return await database[collection].find_one(wanted)

        return self._looked(f"MongoDB {collection}.find_one({wanted})", lambda: self.world.mongo(find))

    def count(self, collection: str, **wanted: Any) -> int:  # noqa: ANN401 - a MongoDB filter
        """How many documents of this kind there are."""

        async def ask(database: Database) -> int:
            return await database[collection].count_documents(wanted)

        return self._looked(f"MongoDB {collection}.count_documents({wanted})", lambda: self.world.mongo(ask))

    def texts(self, collection: str, field: str, **wanted: Any) -> Sequence[str]:  # noqa: ANN401 - a MongoDB filter
        """This field of each document of this kind, as text."""

        async def find(database: Database) -> list[str]:
            documents = database[collection].find(wanted, {field: 1}).limit(_MOST_DOCUMENTS)
            return [str(document.get(field, "")) async for document in documents]

        return self._looked(f"MongoDB {collection}.find({field})", lambda: self.world.mongo(find))

    def change(self, collection: str, identifier: str, **values: Any) -> None:  # noqa: ANN401 - of a document
        """Change a synthetic document behind the service's back."""

        async def change(database: Database) -> int:
            changed = await database[collection].update_one({"_id": identifier}, {"$set": values})
            return changed.modified_count

        what = f"MongoDB {collection}.update_one({identifier})"
        demand(self._looked(what, lambda: self.world.mongo(change)) == 1, f"{what} changed nothing")

    def lifetimes(self, pattern: str) -> Mapping[str, int]:
        """Redis keys like this that carry the run's mark, and the seconds that they will live; -1: for ever."""
        mark = self.world.mark

        async def look(redis: Any) -> Mapping[str, int]:  # noqa: ANN401 - the driver's client
            keys = [key async for key in redis.scan_iter(match=pattern, count=1000) if mark.encode() in key]
            return {key.decode(errors="replace"): await redis.ttl(key) for key in keys}

        return self._looked(f"Redis keys like {pattern} of {mark}", lambda: self.world.redis(look))

    def forget(self, keys: Sequence[str]) -> None:
        """Delete keys that are our own."""

        async def forget(redis: Any) -> int:  # noqa: ANN401 - the driver's client
            removed: int = await redis.delete(*keys)
            return removed

        self._looked(f"Redis DEL {', '.join(keys)}", lambda: self.world.redis(forget))

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a series of the service, over all labels that are not given."""
        http = self.world.environment.section(Http)
        if http is None or http.metrics is None or http.metrics_token is None:
            raise Unobserved("the environment declares no metrics with a token")
        token = self.world.secrets[http.metrics_token]
        reply = self.stranger.send("GET", http.metrics, {"Authorization": f"Bearer {token}"}).answers(200)
        samples, problem = labelled(reply.body)
        demand(not problem, f"{reply.request}: {problem}")
        wanted = [sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()]
        demand(bool(wanted), f"{http.metrics} has no series {name} {labels or ''}")
        return sum(wanted)

    def mail(self, address: str, subject: str) -> int:
        """How many messages with this in their subject reached the address."""
        section = self._section(self.world.environment.section(Mail), "mail")
        inbox = Inbox(self.world, section)
        return self._looked(f"inbox of {address}, {subject!r}", lambda: inbox.count(address, subject))

    @property
    def mail_delivery(self) -> timedelta:
        """How long mail may take."""
        section: Mail = self._section(self.world.environment.section(Mail), "mail")
        return section.delivery

    @property
    def stripe_delivery(self) -> timedelta:
        """How long the events of a payment may take."""
        section: Stripe = self._section(self.world.environment.section(Stripe), "stripe")
        return section.delivery

    def stripe(self, work: Callable[[StripeApi], Any], what: str) -> Any:  # noqa: ANN401 - of Stripe's SDK
        """Ask Stripe itself."""
        section: Stripe = self._section(self.world.environment.section(Stripe), "stripe")
        api = StripeApi(self.world.secrets[section.secret_key], section.api)
        return self._looked(f"Stripe {what}", lambda: self.world.run(work, api))

    @property
    def reports(self) -> Reports:
        """Sentry, where errors are looked up."""
        section: Sentry = self._section(self.world.environment.section(Sentry), "sentry")
        return Reports(self.world, section)

    # -- patience ---------------------------------------------------------------------------------------------------

    def until(self, ask: Callable[[], Found | None], within: timedelta) -> Found | None:
        """Ask again until there is an answer that counts; None when the time is over."""
        deadline = time.monotonic() + within.total_seconds()
        while not (answer := ask()):
            if time.monotonic() > deadline:
                return None
            self.world.pause(_POLL_SECONDS)
        return answer

    def at_once(self, calls: Sequence[Callable[[], Reply]]) -> list[Reply]:
        """Really at the same time: every request is under way before the first reply is read."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [reply.result() for reply in [pool.submit(call) for call in calls]]

    def waited(self, what: str, within: timedelta) -> str:
        """The words for something that did not come."""
        return f"{what} within {format_duration(within)}"

    # -- telling ----------------------------------------------------------------------------------------------------

    def _speak(self, method: str, path: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes]) -> Reply:
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

    def _shown(self, body: bytes) -> str:
        text = body[: 20 * _LONGEST].decode("utf-8", "replace")
        readable = "".join(character if character.isprintable() else " " for character in text)
        return masked(self.world.redactor.text(readable))[:_LONGEST]

    def _looked(self, what: str, look: Callable[[], Found]) -> Found:
        started = time.monotonic()
        value = look()
        elapsed = timedelta(seconds=round(time.monotonic() - started, 4))
        text = masked(self.world.redactor.text(str(value)))[:_LONGEST]
        self.requests.append(RequestRecord(request=self.world.redactor.text(what), received=text, elapsed=elapsed))
        return value

    @staticmethod
    def _section(section: Any, name: str) -> Any:  # noqa: ANN401 - a section of the environment
        if section is None:
            raise Unobserved(f"the environment declares no [{name}]", hint=f"declare [{name}]")
        return section
