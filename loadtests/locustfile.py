"""WorkMe's visitors, for Locust: they walk the same paths as the journeys, with the dataset that dataset.py makes.

``gonogo load`` runs them and judges what they measure; ``locust -f loadtests/locustfile.py`` runs them as Locust does.
How many of the visits are of which kind is declared in the environment file, under [load.visits].
"""

import json
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from gonogo.load.visitor import LoadReply, Visitor

_SEARCH = "GET /api/services"
_BOOK = "POST /api/bookings"
_LOOK = "GET /api/bookings/{id}"
_PAY = "POST /api/payment/card"
_RECEIPT = "GET /api/payment/{id}"
_DAYS = 300
_OK = 200


class _Member(Visitor):
    """Somebody of the dataset, logged in."""

    abstract = True

    @property
    def client(self) -> str:
        """A client's token."""
        return str(self._one("clients")["token"])

    @property
    def offer(self) -> dict[str, str]:
        """A service, and the token of the professional who offers it."""
        offered: dict[str, str] = self._one("offers")
        return offered

    def rest(self) -> None:
        """Log in again in time, as people do whose session ends."""
        for session in (self._one("clients"), self._one("offers")):
            if session["ends"] - time.time() < session["life"] / 2:
                session["ends"] += session["life"]  # nobody else of this process needs to
                reply = self.aside("POST /api/auth/login", "/api/auth/login", body=_json(session["login"]))
                if reply is not None and reply.status == _OK:  # without one, the requests to come will tell
                    granted = json.loads(reply.body)
                    session.update(token=granted["access_token"], ends=time.time() + granted["expires_in"])

    def search(self, **wanted: str) -> None:
        """Search what is offered."""
        query = "&".join(f"{key}={quote(value)}" for key, value in wanted.items())
        self.ask(_SEARCH, f"/api/services?{query}", right=_is_list, token=self.client)

    def book(self, service: str) -> str:
        """A time that nobody has asked for; the booking's id."""
        ahead = timedelta(milliseconds=random.randrange(_DAYS * 86_400_000))  # noqa: S311 - no two alike
        starts_at = datetime.now(UTC) + timedelta(days=1) + ahead
        wish = {"service_id": service, "starts_at": starts_at.isoformat(), "note": f"Synthetic {self.data['mark']}"}
        return self._id(self.ask(_BOOK, "/api/bookings", expect=201, token=self.client, body=_json(wish)))

    def _one(self, kind: str) -> Any:  # noqa: ANN401 - of the dataset
        return self.data[kind][self.number % len(self.data[kind])]

    @staticmethod
    def _id(reply: LoadReply) -> str:
        return str(json.loads(reply.body)["id"])


class Browse(_Member):
    """Looks around, and leaves."""

    scenario = "browse"
    makes = (_SEARCH, _SEARCH)

    def visit(self) -> None:
        """Searches by city, then by category as well."""
        self.search(city=self.data["city"])
        self.think()
        self.search(city=self.data["city"], category="load")


class Book(_Member):
    """Finds somebody, and asks for an hour; the professional accepts."""

    scenario = "book"
    makes = (_SEARCH, _BOOK, _LOOK, "POST /api/bookings/{id}/accept")

    def visit(self) -> None:
        """Both sides of a booking."""
        offer = self.offer
        self.search(city=self.data["city"])
        self.think()
        booking = self.book(offer["id"])
        self.think()
        self.ask(_LOOK, f"/api/bookings/{booking}", token=self.client)
        self.think()
        self.ask("POST /api/bookings/{id}/accept", f"/api/bookings/{booking}/accept", token=offer["token"])


class Pay(_Member):
    """Books and pays by card."""

    scenario = "pay"
    makes = (_BOOK, _PAY, _RECEIPT)
    pays = True

    def visit(self) -> None:
        """In Stripe's test mode: no money moves."""
        booking = self.book(self.offer["id"])
        self.think()
        card = {"booking_id": booking, "payment_method": "pm_card_visa"}
        payment = self._id(
            self.ask(_PAY, "/api/payment/card", expect=201, refusals=(402,), token=self.client, body=_json(card))
        )
        self.think()
        self.ask(_RECEIPT, f"/api/payment/{payment}", token=self.client)


class Join(Visitor):
    """A newcomer, who leaves again: the beta has few seats."""

    scenario = "join"
    makes = ("POST /api/auth/register", "POST /api/auth/login", "PUT /api/profile", "DELETE /api/profile")

    def visit(self) -> None:
        """From the beta code to a complete profile, and the way out."""
        name = f"{self.data['mark']}-load-{uuid.uuid4().hex[:12]}"
        login = {"email": f"{name}@{self.data['mail_domain']}", "password": uuid.uuid4().hex}
        newcomer = {**login, "name": f"Synthetic {name}", "role": "client", "beta_code": self.data["beta_code"]}
        self.ask("POST /api/auth/register", "/api/auth/register", expect=201, refusals=(403, 409), body=_json(newcomer))
        self.think()
        reply = self.ask("POST /api/auth/login", "/api/auth/login", body=_json(login))
        token = str(json.loads(reply.body)["access_token"])
        self.think()
        details = {"name": newcomer["name"], "phone": "+5511999990000", "city": self.data["city"]}
        self.ask("PUT /api/profile", "/api/profile", token=token, body=_json(details))
        self.think()
        self.ask("DELETE /api/profile", "/api/profile", expect=204, token=token)


class Upload(_Member):
    """A professional with a document."""

    scenario = "upload"
    makes = ("POST /api/documents",)

    def visit(self) -> None:
        """Ten kilobytes."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{self.data["mark"]}.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        body = head.encode() + b"%PDF-1.4\n" + bytes(10_000) + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        self.ask(
            "POST /api/documents",
            "/api/documents",
            expect=201,
            refusals=(413, 415),
            token=self.offer["token"],
            body=body,
            kind=kind,
        )


def _is_list(reply: LoadReply) -> bool:
    return isinstance(reply.json(), list)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
