"""Customers and their sessions."""

import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation
from werkzeug.security import check_password_hash, generate_password_hash

Row = dict[str, Any]
NOBODYS = generate_password_hash(secrets.token_urlsafe(16))
"""Compared when nobody has the address, so that the answer takes as long as for somebody's."""

_MOST_GUESSES, _REMEMBERED_SECONDS, _MOST_REMEMBERED = 10, 900, 10_000


class Guesses:
    """Wrong passwords by address, so that nobody tries a list of them. Of this process only."""

    def __init__(self) -> None:
        self._by_email: OrderedDict[str, list[float]] = OrderedDict()

    def too_many(self, email: str) -> bool:
        """Whether no more are looked at for now."""
        since = time.monotonic() - _REMEMBERED_SECONDS
        return len([moment for moment in self._by_email.get(email.lower(), []) if moment > since]) >= _MOST_GUESSES

    def count(self, email: str) -> None:
        """One more; the oldest addresses are forgotten."""
        moments = self._by_email.setdefault(email.lower(), [])
        moments[:] = [*moments, time.monotonic()][-_MOST_GUESSES:]
        if len(self._by_email) > _MOST_REMEMBERED:
            self._by_email.popitem(last=False)


def register(database: Connection[Row], email: str, password: str, name: str) -> str | None:
    """The new customer's id; None when the address is taken."""
    query = "INSERT INTO customers (email, password_hash, name) VALUES (%s, %s, %s) RETURNING id::text"
    try:
        row = database.execute(query, (email.lower(), generate_password_hash(password), name)).fetchone()
    except UniqueViolation:
        database.rollback()
        return None
    return str(row["id"]) if row else None


def log_in(database: Connection[Row], email: str, password: str) -> str | None:
    """The id of the customer with this address and password; None when it is nobody's."""
    query = "SELECT id::text, password_hash FROM customers WHERE email = %s"
    customer = database.execute(query, (email.lower(),)).fetchone()
    right = check_password_hash(customer["password_hash"] if customer else NOBODYS, password)
    return str(customer["id"]) if customer and right else None


def begin_session(database: Connection[Row], customer: str) -> str:
    """A token that is good for a day. Only its digest is stored."""
    token = secrets.token_urlsafe(32)
    query = "INSERT INTO sessions (digest, customer, ends_at) VALUES (%s, %s, now() + interval '1 day')"
    database.execute(query, (_digest(token), customer))
    return token


def whose(database: Connection[Row], token: str) -> Row | None:
    """The customer whose session it is."""
    query = (
        "SELECT customers.id::text, email, name FROM sessions JOIN customers ON customers.id = customer "
        "WHERE digest = %s AND ends_at > now()"
    )
    return database.execute(query, (_digest(token),)).fetchone()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
