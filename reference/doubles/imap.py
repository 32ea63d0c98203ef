"""One mailbox over IMAP with TLS at once: as much of RFC 9051 as it takes to find a message, and to remove it."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes

from reference.listener import Listener

_CAPABILITIES = "IMAP4rev1 UIDPLUS"


@dataclass(slots=True)
class Letter:
    """One message in the mailbox."""

    uid: int
    content: bytes
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    deleted: bool = False


class ImapDouble:
    """The inbox of one user; there are no other folders."""

    def __init__(self, *, port: int, user: str, password: str, tls: ssl.SSLContext) -> None:
        self._user, self._password = user, password
        self._letters: list[Letter] = []
        self._last = 0
        self._listener = Listener(self._serve, "127.0.0.1", port, tls)

    async def start(self) -> None:
        """Listen."""
        await self._listener.start()

    async def stop(self) -> None:
        """End every connection."""
        await self._listener.stop()

    def receive(self, content: bytes) -> None:
        """Lay a message into the inbox."""
        self._last += 1
        self._letters.append(Letter(self._last, content))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"* OK [CAPABILITY {_CAPABILITIES}] ready\r\n".encode())
        welcome = False
        while line := (await reader.readline()).decode():
            tag, _, command = line.strip().partition(" ")
            if command.upper().startswith("LOGIN"):
                welcome = command.split()[1:] == [self._user, f'"{self._password}"']
                ending = "OK" if welcome else "NO [AUTHENTICATIONFAILED]"
            elif welcome or command.upper() in {"CAPABILITY", "LOGOUT"}:
                ending = self._answered(command, writer)
            else:
                ending = "BAD not logged in;"
            writer.write(f"{tag} {ending} done\r\n".encode())
            await writer.drain()

    def _answered(self, command: str, writer: asyncio.StreamWriter) -> str:
        """Write what answers a command; gives the status of its end."""
        verb, _, rest = command.partition(" ")
        if verb.upper() == "UID":
            verb, _, rest = rest.partition(" ")
        match verb.upper():
            case "CAPABILITY":
                writer.write(f"* CAPABILITY {_CAPABILITIES}\r\n".encode())
            case "LOGOUT":
                writer.write(b"* BYE\r\n")
            case "SELECT" | "EXAMINE" if rest.strip('"').upper() == "INBOX":
                writer.write(f"* {len(self._letters)} EXISTS\r\n* OK [UIDVALIDITY 1]\r\n".encode())
            case "SEARCH":
                found = " ".join(str(letter.uid) for letter in self._found(rest))
                writer.write(f"* SEARCH {found}".rstrip().encode() + b"\r\n")
            case "FETCH":
                writer.writelines(map(_described, self._named(rest)))
            case "STORE":
                for letter in self._named(rest):
                    letter.deleted = letter.deleted or r"\Deleted" in rest
            case "EXPUNGE":
                gone = [letter for letter in self._named(rest) if letter.deleted]
                self._letters = [letter for letter in self._letters if letter not in gone]
            case _:
                return "NO"
        return "OK"

    def _found(self, criteria: str) -> Iterator[Letter]:
        words = re.search(r'SUBJECT "([^"]*)"', criteria)
        for letter in self._letters:
            subject = str(message_from_bytes(letter.content).get("Subject", ""))
            if not letter.deleted and (words is None or words[1].lower() in subject.lower()):
                yield letter

    def _named(self, rest: str) -> list[Letter]:
        uids = set(rest.split(maxsplit=1)[0].split(","))
        return [letter for letter in self._letters if str(letter.uid) in uids]


def _described(letter: Letter) -> bytes:
    """What FETCH gives of a message: all of its headers."""
    headers = letter.content.replace(b"\r\n", b"\n").partition(b"\n\n")[0].replace(b"\n", b"\r\n") + b"\r\n\r\n"
    date = f"{letter.received_at:%d-%b-%Y %H:%M:%S} +0000"
    facts = f'UID {letter.uid} FLAGS () INTERNALDATE "{date}" BODY[HEADER.FIELDS (SUBJECT)] {{{len(headers)}}}'
    return f"* {letter.uid} FETCH ({facts}\r\n".encode() + headers + b")\r\n"
