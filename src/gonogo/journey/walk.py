"""What a step is given: people, what they said and heard, and a look at where effects land."""

import secrets as entropy
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.clients.mongodb import Database
from gonogo.clients.stripe import StripeApi
from gonogo.evidence.journey import Told
from gonogo.families.http.bodies import labelled
from gonogo.families.http.section import Http
from gonogo.families.mail.section import Mail
from gonogo.families.sentry.section import Sentry
from gonogo.families.stripe.section import Stripe
from gonogo.journey.inbox import Inbox
from gonogo.journey.people import Person
from gonogo.journey.replies import Reply, demand, masked
from gonogo.journey.reports import Reports
from gonogo.journey.world import World

Found = TypeVar("Found")
_LONGEST = 500
_POLL_SECONDS = 0.05
_PASSWORD_BYTES = 18
_ADMIN = "the administrator"


@dataclass(slots=True)
class Walk:
    """One journey under way. Steps pass on what they found in ``keep``."""

    world: World
    journey: str
    index: int = 0
    keep: dict[str, Any] = field(default_factory=dict)
    requests: list[Told] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    # -- people -----------------------------------------------------------------------------------------------------

    @property
    def stranger(self) -> Person:
        """Nobody yet."""
        return Person(self._speak)

    def person(self, label: str, *, ending: str = "") -> Person:
        """Somebody who has no account yet. ``ending`` is the last part of the address before the @."""
        domain = self.world.smoke.mail_domain
        return Person(
            self._speak,
            email=f"{self.world.mark}-{self.journey}-{label}{ending}@{domain}",
            password=entropy.token_urlsafe(_PASSWORD_BYTES),
            name=f"Synthetic {label} {self.world.mark}",
        )

    def register(self, person: Person, role: str, *, code: str | None = None) -> Reply:
        """Ask for an account, with the beta code unless another is given."""
        right = self.world.secrets[self.world.smoke.beta_code]
        return person.post(
            "/api/auth/register",
            email=person.email,
            password=person.password,
            name=person.name,
            role=role,
            beta_code=right if code is None else code,
        )

    def log_in(self, person: Person, *, password: str | None = None) -> Reply:
        """Exchange e-mail and password for a token, with the right one unless another is given."""
        password = person.password if password is None else password
        return person.post("/api/auth/login", email=person.email, password=password)

    def join(self, label: str, role: str, *, ending: str = "") -> Person:
        """Somebody with an account, logged in."""
        person = self.person(label, ending=ending)
        person.id = self.register(person, role).document(201).text("id")
        person.token = self.log_in(person).document(200).text("access_token")
        return person

    def offer(self, professional: Person) -> str:
        """A service of this professional, at the lowest price that can be paid; gives its id."""
        mark = self.world.mark
        offer = {"title": f"Service {mark}", "category": self.journey, "city": f"{mark}-{self.journey}"}
        price = self.world.smoke.most_money_cents
        return professional.post("/api/services", **offer, price_cents=price).document(201).text("id")

    def book(self, client: Person, service: str, *, ahead: timedelta = timedelta(days=7)) -> Reply:
        """Ask for it, a week from now unless another time is given."""
        starts_at = (self.began + ahead).isoformat()
        return client.post(
            "/api/bookings", service_id=service, starts_at=starts_at, note=f"Synthetic {self.world.mark}"
        )

    @property
    def admin(self) -> Person:
        """The administrator, logged in once per journey."""
        if _ADMIN not in self.keep:
            smoke = self.world.smoke
            admin = Person(self._speak, smoke.admin_email, self.world.secrets[smoke.admin_password], _ADMIN)
            admin.token = self.log_in(admin).document(200).text("access_token")
            self.keep[_ADMIN] = admin
        found: Person = self.keep[_ADMIN]
        return found

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

    def change(self, collection: str, identifier: str, **values: Any) -> None:  # noqa: ANN401 - of a document
        """Change a synthetic document behind the service's back."""

        async def change(database: Database) -> int:
            changed = await database[collection].update_one({"_id": identifier}, {"$set": values})
            return changed.modified_count

        what = f"MongoDB {collection}.update_one({identifier})"
        demand(self._looked(what, lambda: self.world.mongo(change)) == 1, f"{what} changed nothing")

    def lifetimes(self) -> Mapping[str, int]:
        """Redis keys of cached searches that are about our own city, and the seconds that they will live; -1: for ever."""
        mark, pattern = self.world.mark, self.world.smoke.search_cache

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
        found, problem = labelled(reply.body)
        demand(not problem, f"{reply.request}: {problem}")
        wanted = [sample.value for sample in found if sample.name == name and labels.items() <= sample.labels.items()]
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
        while not (found := ask()):
            if time.monotonic() > deadline:
                return None
            self.world.pause(_POLL_SECONDS)
        return found

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
            Told(
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
        found = look()
        elapsed = timedelta(seconds=round(time.monotonic() - started, 4))
        text = masked(self.world.redactor.text(str(found)))[:_LONGEST]
        self.requests.append(Told(request=self.world.redactor.text(what), received=text, elapsed=elapsed))
        return found

    @staticmethod
    def _section(section: Any, name: str) -> Any:  # noqa: ANN401 - a section of the environment
        if section is None:
            raise Unobserved(f"the environment declares no [{name}]", hint=f"declare [{name}]")
        return section
