"""What Stripe's names mean: addresses of endpoints, versions of the API, payment methods and their capabilities."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}
_CARDS = ("card_payments", "legacy_payments")
_CAPABILITIES = {
    "card": _CARDS,
    "apple_pay": _CARDS,
    "google_pay": _CARDS,
    "card_present": _CARDS,
    "interac_present": _CARDS,
    "customer_balance": (
        "bank_transfer_payments",
        "gb_bank_transfer_payments",
        "jp_bank_transfer_payments",
        "mx_bank_transfer_payments",
        "sepa_bank_transfer_payments",
        "us_bank_transfer_payments",
    ),
    "nz_bank_account": ("nz_bank_account_becs_debit_payments",),
    "us_bank_account": ("us_bank_account_ach_payments",),
}
"""Methods whose capability is not called ``METHOD_payments``."""
WITHOUT_CAPABILITY = frozenset({"alipay", "paypal", "wechat_pay"})
"""Methods for which Stripe's specification names no capability: the configuration alone tells whether they are offered."""
_UNRESERVED = re.compile(r"%([0-9A-Fa-f]{2})")
_VERSION = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?")


def same_address(address: str, other: str) -> bool:
    """Whether both lead to the same place (RFC 3986, 6.2).

    Case of scheme and host, a default port, escaped letters and a fragment do not matter; nor does a query that only
    one of them has, since it leads to the same path.
    """
    left, right = urlsplit(address), urlsplit(other)
    if left.query and right.query and left.query != right.query:
        return False
    return _place(left) == _place(right)


def same_release(version: str, other: str) -> bool:
    """Whether events look alike in both versions: the same day, or the same release train as in ``2026-10-28.endive``."""
    first, second = _VERSION.match(version), _VERSION.match(other)
    trains = (first and first[2], second and second[2])
    return version == other or (all(trains) and trains[0] == trains[1])


def capabilities_of(method: str) -> tuple[str, ...]:
    """The capabilities of an account any of which a payment method needs, the usual one first."""
    return _CAPABILITIES.get(method, (f"{method}_payments",))


def age_of(version: str, now: datetime) -> timedelta | None:
    """How old a version is; None for one that begins with no day."""
    dated = _VERSION.match(version)
    try:
        return now - datetime.fromisoformat(dated[1]).replace(tzinfo=UTC) if dated else None
    except ValueError:
        return None


def _place(parts: SplitResult) -> tuple[str, str, int | None, str]:
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode()
        port = parts.port
    except (UnicodeError, ValueError):
        port = None
    path = _UNRESERVED.sub(_unescaped, parts.path) or "/"
    return parts.scheme.lower(), host, port or _PORTS.get(parts.scheme.lower()), path


def _unescaped(escape: re.Match[str]) -> str:
    """The letter itself where it needs no escape; the escape in capitals otherwise."""
    letter = chr(int(escape[1], 16))
    plain = letter.isascii() and (letter.isalnum() or letter in "-._~")
    return letter if plain else escape[0].upper()
