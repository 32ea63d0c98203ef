"""Events on their way to the registered endpoint: signed, over verified https, and again if they were not taken."""

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

_PATIENCE_SECONDS = 5.0
_AGAIN_AFTER_SECONDS = (0.2, 0.5, 1.0, 2.0)
"""Stripe waits from minutes to days; nobody wants to watch that."""


class Deliveries:
    """Every delivery is a task that ``stop`` ends."""

    def __init__(self, *, address: str, trust: Path, test_mode: bool) -> None:
        self.log: list[dict[str, Any]] = []
        self._test_mode = test_mode
        self._address = address
        self._trust = trust
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, url: str, event: dict[str, Any], secret: str, taken: Callable[[], None]) -> None:
        """Deliver, sooner or later, and call ``taken`` once it was. Returns at once."""
        self.later(self._deliver(url, event, secret, taken))

    def later(self, work: Any) -> None:  # noqa: ANN401 - a coroutine
        """Anything else that happens while nobody waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, url: str, event: dict[str, Any], secret: str, taken: Callable[[], None]) -> None:
        body = json.dumps(event, indent=2, ensure_ascii=False).encode()
        for attempt, pause in enumerate((*_AGAIN_AFTER_SECONDS, None), start=1):
            answer = await self._attempt(url, body, secret)
            self.log.append({"event": event["id"], "type": event["type"], "attempt": attempt, "answer": answer})
            if answer.startswith("2"):
                taken()
                return
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _attempt(self, url: str, body: bytes, secret: str) -> str:
        parts = urlsplit(url)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": self._signature(body, secret),
        }
        where = f"https://{self._address}:{parts.port or 443}{parts.path}"
        try:
            # Read anew each time: certificates change while the environment runs.
            context = ssl.create_default_context(cafile=self._trust)
            async with httpx.AsyncClient(verify=context, trust_env=False, timeout=_PATIENCE_SECONDS) as client:
                extensions = {"sni_hostname": parts.hostname}
                answer = await client.post(where, content=body, headers=headers, extensions=extensions)
        except (httpx.HTTPError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return str(answer.status_code)

    def _signature(self, body: bytes, secret: str) -> str:
        """In test mode with a ``v0`` beside the ``v1``, which is worth nothing."""
        timestamp = int(time.time())
        digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        fake = hashlib.sha256(digest.encode()).hexdigest()
        return f"t={timestamp},v1={digest}" + (f",v0={fake}" if self._test_mode else "")
