"""A mailbox over IMAP (RFC 9051) with TLS at once: what came, what was answered, and what is to be removed again."""

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.trust import trust_context
from gonogo.environment.types import join_socket_address

_MOST_MESSAGES = 2000
_HEADERS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES SUBJECT AUTO-SUBMITTED PRECEDENCE RETURN-PATH)]"
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message, by what its headers and its flags say."""

    uid: str
    received_at: datetime
    answered: bool
    """The flag that mail programs set when somebody answers."""
    identifier: str
    refers_to: frozenset[str]
    """Identifiers of the messages that it answers (RFC 5322, 3.6.4)."""
    subject: str
    by_machine: bool
    """A bounce, an answer that a program gave (RFC 3834), or mail to many. What a form or a list sends on is none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An account at an IMAP server, and one folder of it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    trust: str
    patience: timedelta

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)

    def mails(self, folder: str, since: datetime | None = None) -> Sequence[Mail]:
        """All of a folder, or what came from a moment on. Raises Unobserved unless all of them could be read."""
        with self._opened(folder, readonly=True) as connection:
            # SINCE knows days only, in the server's own zone.
            day = f"SINCE {_date(since - timedelta(days=1))}" if since else "ALL"
            uids = _search(connection, "UNDELETED", *day.split())
            if len(uids) > _MOST_MESSAGES:
                raise Unobserved(
                    f"{folder} of {self.user} has {len(uids)} messages, and {_MOST_MESSAGES} at most are read",
                    hint="move what is done into another folder",
                )
            mails = [mail_of(item) for item in _fetch(connection, uids)]
        return [mail for mail in mails if since is None or mail.received_at >= since]

    def with_subject(self, folder: str, words: str) -> Sequence[Mail]:
        """Messages with these words somewhere in their subject."""
        with self._opened(folder, readonly=True) as connection:
            found = _search(connection, "UNDELETED", "SUBJECT", f'"{words}"')
            return [mail_of(item) for item in _fetch(connection, found)]

    def remove(self, folder: str, uids: Sequence[str]) -> None:
        """Delete messages, and no others: with UID EXPUNGE where the server has it (RFC 4315)."""
        with self._opened(folder, readonly=False) as connection:
            for uid in uids:
                _done(connection.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
                if "UIDPLUS" in connection.capabilities:
                    _done(connection.uid("EXPUNGE", uid))

    @contextmanager
    def _opened(self, folder: str, *, readonly: bool) -> Iterator[imaplib.IMAP4]:
        """A connection that is logged in and has the folder open. Everything that goes wrong is Unobserved."""
        started = time.monotonic()
        try:
            connection = imaplib.IMAP4_SSL(
                self.host,
                self.port,
                ssl_context=trust_context(self.trust),
                timeout=self.patience.total_seconds(),
            )
            try:
                self._enter(connection, folder, readonly=readonly)
                yield connection
            finally:
                with suppress(imaplib.IMAP4.error, OSError):
                    connection.logout()
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message or str(error)
            raise Unobserved(f"{self.server}: its certificate is not trusted: {reason}", hint=_TRUST) from None
        except ssl.SSLError as error:
            raise Unobserved(f"{self.server}: TLS fails: {error.reason or error}", hint=_PORT) from None
        except socket.gaierror as error:
            raise Unobserved(f"{self.host} does not resolve: {error.strerror}", hint="is its name right?") from None
        except OSError as error:
            WAKEFULNESS.demand(started)
            silent = isinstance(error, TimeoutError)
            raise Unobserved(
                f"{self.server} {'did not answer in time' if silent else f'cannot be asked: {error.strerror or error}'}",
                hint=_PORT,
            ) from None
        except imaplib.IMAP4.error as error:
            raise Unobserved(f"{self.server}: {_words(error)}", hint=_PORT) from None

    def _enter(self, connection: imaplib.IMAP4, folder: str, *, readonly: bool) -> None:
        try:
            if f"{self.user}{self.password}".isascii():
                connection.login(self.user, self.password)
            else:  # which LOGIN cannot send
                connection.authenticate("PLAIN", lambda _: f"\0{self.user}\0{self.password}".encode())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise Unobserved(f"{self.server} does not let {self.user} in: {_words(error)}", hint=_LOGIN) from None
        if not folder.isascii():
            raise Unobserved(f"{folder} is no name of IMAP", hint="name the folder as LIST shows it: in modified UTF-7")
        status, answer = connection.select(_quoted(folder), readonly=readonly)
        if status != "OK":
            raise Unobserved(f"{self.user} has no folder {folder}: {_shown(answer)}", hint="is its name right?")


_TRUST = "support.inbox.ca_file names who issued it, if no public authority did"
_PORT = "is it the port of IMAP with TLS at once (993)?"
_LOGIN = "are user and password those of the mailbox? some providers want a password of its own for IMAP"


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _date(moment: datetime) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day:02}-{months[moment.month - 1]}-{moment.year}"


def _search(connection: imaplib.IMAP4, *criteria: str) -> list[str]:
    (answer,) = _done(connection.uid("SEARCH", *criteria)) or [b""]
    return (answer or b"").decode().split()


def _fetch(connection: imaplib.IMAP4, uids: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """What describes each message, and its headers."""
    if not uids:
        return
    for item in _done(connection.uid("FETCH", ",".join(uids), f"(UID FLAGS INTERNALDATE {_HEADERS})")):
        if isinstance(item, tuple):
            yield item


def mail_of(item: tuple[bytes, bytes]) -> Mail:
    """What an item of a FETCH describes: flags, date and the headers that are asked for. Raises Unobserved."""
    description, headers = item
    uid = re.search(rb"\bUID (\d+)", description)
    when = imaplib.Internaldate2tuple(description)
    if uid is None or when is None:
        raise Unobserved(f"the server describes a message without UID and date: {_shown([description])}")
    message = message_from_bytes(headers, policy=policy.compat32)
    references = f"{message.get('References', '')} {message.get('In-Reply-To', '')}"
    return Mail(
        uid=uid[1].decode(),
        received_at=datetime.fromtimestamp(time.mktime(when), UTC),
        answered=any(flag.lower() == b"\\answered" for flag in imaplib.ParseFlags(description)),
        identifier=str(message.get("Message-ID", "")).strip(),
        refers_to=frozenset(re.findall(r"<[^<>\s]+>", references)),
        subject=str(message.get("Subject", "")),
        by_machine=str(message.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied")
        or str(message.get("Precedence", "")).strip().lower() in {"bulk", "junk", "auto_reply"}
        or str(message.get("Return-Path", "")).strip() == "<>",
    )


def _done(reply: tuple[str, list[Any]]) -> list[Any]:
    status, answer = reply
    if status != "OK":
        raise Unobserved(f"the mailbox answers {status} {_shown(answer)}")
    return answer


def _shown(answer: Sequence[Any]) -> str:
    return " ".join(part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in answer)[
        :_LONGEST
    ]


def _words(error: Exception) -> str:
    text = error.args[0] if error.args else error
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text))[:_LONGEST]
