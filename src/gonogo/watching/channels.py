"""The channels of ``[watch.channels]``, each made of the value of a secret.

What Apprise knows is Apprise's: its own URLs, and the web addresses that services themselves give out for their hooks
(Slack's, Discord's). Any other http:// or https:// address is that of an Alertmanager.
"""

import logging
import re
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from gonogo.base.errors import UsageError
from gonogo.clients.secret_url import SecretUrl
from gonogo.evidence.watch import Announcement
from gonogo.families.watch.section import Watch
from gonogo.watching.alertmanager import AlertmanagerChannel
from gonogo.watching.announcer import Channel, ChannelDown
from gonogo.watching.messages import Letterhead, Message, message_of

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase

PATIENCE_SECONDS = 30.0
"""For one message: some services split it, and wait between its parts."""
_CURE = "pip install 'gonogo[watch]'"
_SERVICES = "see https://appriseit.com/services/ for how each service is written"
_STATUS = re.compile(r"\berror=(\d{3})\b")
_WEB = ("http://", "https://")


def channels_of(
    watch: Watch,
    secrets: Mapping[str, str],
    head: Letterhead,
    *,
    where: str,
    patience_seconds: float = PATIENCE_SECONDS,
) -> tuple[Channel, ...]:
    """The channels in the order of the section. Raises UsageError naming ``where`` (the file), key and cure for each."""
    channels, problems = list[Channel](), list[str]()
    for name, secret in watch.channels.items():
        try:
            if not (value := secrets.get(secret)):
                raise ValueError("has no value; set it in the process environment")  # noqa: TRY301 - one list of problems
            channels.append(_channel(name, value, watch, head, patience_seconds))
        except ValueError as error:
            problems.append(f"{where}: watch.channels.{name}: secret {secret} {error}")
    if problems:
        raise UsageError(*problems)
    return tuple(channels)


def _channel(name: str, value: str, watch: Watch, head: Letterhead, patience_seconds: float) -> Channel:
    """Raises ValueError, which says what is wrong and no part of the value."""
    service = _service(value)
    if service is not None:
        return AppriseChannel(name, service, head, patience_seconds=patience_seconds)
    if value.lower().startswith(_WEB):
        url = SecretUrl(value, trust=watch.ca_file or "public", patience_seconds=patience_seconds)
        return AlertmanagerChannel(name, url, head)
    raise ValueError(
        f"is neither a URL that Apprise understands nor the http(s):// address of an Alertmanager; {_SERVICES}"
    )


def _service(value: str) -> "NotifyBase | None":
    """The service that Apprise sees in it; None for a web address of which it knows nothing."""
    is_web = value.lower().startswith(_WEB)
    try:
        import apprise  # noqa: PLC0415 - an extra
    except ImportError:
        if is_web:
            return None
        raise ValueError(f"needs Apprise unless it is the address of an Alertmanager: {_CURE}") from None
    # It logs what it is given, and what it was answered. Its log is kept for what became of a message (see _why).
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    # Without a limit of Apprise's own nothing is sent from its pool of threads, which the interpreter's end waits for.
    asset = apprise.AppriseAsset(app_id="gonogo", app_desc="gonogo", app_url="", service_timeout=0, async_mode=False)
    # All of its services are loaded for the first one, and some warn of what Python will not have in some years.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return apprise.Apprise.instantiate(value, asset=asset)


class AppriseChannel:
    """Tells one of Apprise's services, in a thread that is left alone when it hangs."""

    renewed = None

    def __init__(self, name: str, service: "NotifyBase", head: Letterhead, *, patience_seconds: float) -> None:
        self.name = name
        self._service, self._head, self._patience = service, head, patience_seconds
        self._hanging: threading.Thread | None = None

    def check(self) -> None:
        """Nothing can be known of it before somebody is told."""

    def send(self, announcements: Sequence[Announcement]) -> str:
        """Tell all of them as one message. Raises ChannelDown."""
        if self._hanging is not None and self._hanging.is_alive():
            raise ChannelDown("not sent: the message before this one has no answer yet")
        results = list["AppriseResult"]()
        arguments = (message_of(announcements, self._head), results)
        thread = threading.Thread(target=self._notify, args=arguments, name=f"message to {self.name}", daemon=True)
        thread.start()
        thread.join(self._patience)
        if thread.is_alive():
            self._hanging = thread
            raise ChannelDown(f"no answer within {self._patience:g} s")
        if not results:
            raise ChannelDown(f"{self._service.service_name}: it failed inside Apprise")
        if not results[0]:
            raise ChannelDown(f"{self._service.service_name}: {_why(results[0])}")
        return f"accepted by {self._service.service_name}"

    def _notify(self, message: Message, results: "list[AppriseResult]") -> None:
        import apprise  # noqa: PLC0415 - an extra

        # Nothing of an exception is told: services put addresses into them, and keys.
        with suppress(Exception):
            sender = apprise.Apprise(asset=self._service.asset)
            sender.add(self._service)
            kind = apprise.NotifyType.FAILURE if message.alarms else apprise.NotifyType.SUCCESS
            text = apprise.NotifyFormat.TEXT
            results.append(sender.notify(message.body, title=message.subject, notify_type=kind, body_format=text))


def _why(result: "AppriseResult") -> str:
    """What became of it, in words that hold nothing of the service's address; Apprise's own do."""
    texts = [entry.message for entry in result.logs()]
    codes = [int(found[1]) for text in texts if (found := _STATUS.search(text))]
    if codes:
        known = codes[-1] in set(HTTPStatus)
        return f"it answered {codes[-1]}{f' ({HTTPStatus(codes[-1]).phrase})' if known else ''}"
    if any("onnection" in text for text in texts):
        return "it could not be reached, the connection was cut off, or the login was refused"
    return "some or all recipients were refused" if texts else "it was not accepted"
