"""Speaks to a webhook as Stripe would, and as those would who pretend to be Stripe."""

import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import stripe

from gonogo.base.errors import Unobserved
from gonogo.families.stripe.section import Stripe
from gonogo.journey.replies import Reply
from gonogo.journey.walk import Walk

_SIGN: Any = object()


@dataclass(frozen=True, slots=True)
class Sender:
    """Events about one payment."""

    walk: Walk
    intent: Mapping[str, Any]
    """Its id, amount and currency at Stripe."""
    metadata: Mapping[str, str]
    """What the service gave Stripe to keep with it."""

    @property
    def path(self) -> str:
        """Of the service's webhook."""
        return self._section.webhook

    def succeeded(self) -> bytes:
        """The event by which Stripe says that it was paid."""
        paid = {"status": "succeeded", "amount_received": self.intent["amount"]}
        return self.event("payment_intent.succeeded", **paid)

    def refunded(self) -> bytes:
        """The event by which Stripe says that everything was given back."""
        charge = {
            "id": f"ch_{self._mark}{secrets.token_hex(4)}",
            "object": "charge",
            "payment_intent": self.intent["id"],
            "amount_refunded": self.intent["amount"],
            "refunded": True,
        }
        return self.event("charge.refunded", **charge)

    def event(self, kind: str, **subject: Any) -> bytes:  # noqa: ANN401 - fields of a Stripe object
        """Any event about it. Its id carries the run's mark."""
        about = {"object": "payment_intent", **self.intent, "metadata": self.metadata, **subject}
        event = {
            "id": f"evt_{self._mark}{secrets.token_hex(6)}",
            "object": "event",
            "api_version": stripe.api_version,
            "created": int(time.time()),
            "livemode": self._section.mode == "live",
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            "data": {"object": about},
        }
        return json.dumps(event).encode()

    def signed(self, body: bytes, *, secret: str | None = None, at: float | None = None) -> str:
        """The header by which Stripe signs; with another secret, or at another time, if one is given."""
        secret = self.walk.world.secrets[self._section.webhook_secret] if secret is None else secret
        timestamp = int(time.time() if at is None else at)
        return _signature(body, secret, timestamp)

    def send(self, body: bytes, *, header: str | None = _SIGN) -> Reply:
        """POST it, rightly signed unless a header, or None for no header at all, is given."""
        header = self.signed(body) if header is _SIGN else header
        signature = {} if header is None else {"Stripe-Signature": header}
        return self.walk.stranger.send("POST", self.path, {"Content-Type": "application/json", **signature}, body)

    @property
    def _mark(self) -> str:
        return self.walk.world.mark.replace("-", "")

    @property
    def _section(self) -> Stripe:
        section = self.walk.world.environment.section(Stripe)
        if section is None:
            raise Unobserved("the environment declares no [stripe]")
        return section


def _signature(body: bytes, secret: str, timestamp: int) -> str:
    """``t=…,v1=…`` over the raw bytes, which need not be text, as the SDK wants them. See https://docs.stripe.com/webhooks#verify-manually."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
