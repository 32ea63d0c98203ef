"""The heartbeat: a URL that is asked after each round. Whoever owns it tells people when it is asked no more."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gonogo.base.errors import UsageError
from gonogo.clients.secret_url import NotTaken, SecretUrl
from gonogo.families.watch.section import Watch
from gonogo.watching.announcer import ChannelState

NAME = "heartbeat"
LEAST = timedelta(seconds=12.5)
"""healthchecks.io takes five a minute."""
_UNKNOWN = "OK (not found)"
"""What healthchecks.io answers, with status 200, where no check has this id."""


class Heartbeat:
    """Asks beside the rounds, one question at a time. A question that failed is asked again after the next round."""

    def __init__(
        self,
        url: SecretUrl,
        *,
        least: timedelta = LEAST,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url, self._least, self._now = url, least.total_seconds(), now
        self._round_ended, self._stopping = threading.Event(), threading.Event()
        self._asked_at: float | None = None
        self.state = ChannelState(name=NAME)
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """A round was ended. Returns at once; rounds that follow closely upon each other are one to the owner."""
        if self._asked_at is None or time.monotonic() - self._asked_at >= self._least or self.state.down_since:
            self._round_ended.set()

    def end(self, within: timedelta) -> None:
        """Ask no more."""
        self._stopping.set()
        self._round_ended.set()
        self._thread.join(within.total_seconds())

    def _run(self) -> None:
        while self._round_ended.wait() and not self._stopping.is_set():
            self._round_ended.clear()
            self._asked_at = time.monotonic()
            self.state = self._asked()

    def _asked(self) -> ChannelState:
        try:
            answer = self._url.ask("GET")
        except NotTaken as error:
            return replace(self.state, down_since=self.state.down_since or self._now(), reason=str(error))
        except Exception as error:  # noqa: BLE001 - it must go on, and an exception may hold the address
            reason = f"it failed with {type(error).__name__}"
            return replace(self.state, down_since=self.state.down_since or self._now(), reason=reason)
        if answer.strip() == _UNKNOWN:
            reason = "the service has no check at this address, so nobody will hear if the heartbeat stops; correct the secret"
            return replace(self.state, down_since=self.state.down_since or self._now(), reason=reason)
        return ChannelState(name=NAME, told=self._now())


def heartbeat_of(watch: Watch, secrets: Mapping[str, str], *, where: str) -> Heartbeat | None:
    """The heartbeat of ``[watch]``, if it has one. Raises UsageError naming ``where`` (the file), key and cure."""
    if watch.heartbeat is None:
        return None
    value = secrets.get(watch.heartbeat)
    try:
        if not value:
            raise ValueError("has no value; set it in the process environment")  # noqa: TRY301 - one way to tell
        return Heartbeat(SecretUrl(value, trust=watch.ca_file or "public"))
    except ValueError as error:
        key = f"{where}: watch.heartbeat: secret {watch.heartbeat}"
        raise UsageError(f"{key} {error}; healthchecks.io calls it the ping URL") from None
