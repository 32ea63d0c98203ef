"""Facts about a value that do not reveal it, by the shape that it is declared to have."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from gonogo.base.several_hosts import split_url
from gonogo.environment.types import is_loopback
from gonogo.evidence.variables import SameAccount, Variable
from gonogo.families.variables.entropy import entropy_bits, is_placeholder

_STRIPE = re.compile(r"(sk|rk|pk)_(test|live)_([A-Za-z0-9]*)")
_STRIPE_LENGTH = 24
_MODERN = re.compile(r"51([A-Za-z0-9]{14})[A-Za-z0-9]{20,}")
"""Keys of today: ``51``, the account's id, and only then what is random."""
_WEBHOOK = re.compile(r"whsec_[A-Za-z0-9+/=]{24,}")
_KEY = re.compile(r"[\x21-\x7e]{16,}")
_DSN_KEY = re.compile(r"[0-9a-f]{32}")
_DSN_PROJECT = re.compile(r"(/[\w-]+)*/\d+")
_YES, _NO = {"true", "1", "yes"}, {"false", "0", "no"}
_CREDENTIALS = re.compile(r"(?:[^@:%]|%[0-9A-Fa-f]{2})*(?::(?:[^@:%]|%[0-9A-Fa-f]{2})*)?")
_WITHOUT_PASSWORD = {"mongodb-x509", "mongodb-aws", "mongodb-oidc", "gssapi"}
"""Mechanisms of MongoDB that log in by a certificate, a role of the machine, or a ticket."""
_UNVERIFIED = ("tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames")


def variable(name: str, shape: str, value: str | None) -> Variable:
    """The facts about one variable; of the value itself they hold no character but a known prefix."""
    if not value:
        return Variable(name=name, shape=shape, present=False)
    whole = Variable(
        name=name,
        shape=shape,
        present=True,
        length=len(value),
        placeholder=is_placeholder(value),
        entropy_bits=entropy_bits(value),
    )
    return _SHAPES[shape](whole, value)


def account(secret: str, publishable: str) -> SameAccount:
    """Whether both keys carry the id of the same account."""
    matches = [_STRIPE.fullmatch(key) for key in (secret, publishable)]
    ids = [_MODERN.fullmatch(match[3]) if match else None for match in matches]
    if ids[0] is None or ids[1] is None:
        return SameAccount.UNKNOWN
    return SameAccount.SAME if ids[0][1] == ids[1][1] else SameAccount.OTHER


def _mongodb(whole: Variable, value: str) -> Variable:
    try:
        parts = split_url(value)
    except ValueError:
        return whole
    options = {key.lower(): text.lower() for key, text in parse_qsl(parts.query)}
    transports = {options[key] for key in ("tls", "ssl") if key in options}
    transports = transports or {"true" if parts.scheme == "mongodb+srv" else "false"}
    credentials, _, host = parts.netloc.rpartition("@")
    password = unquote(parts.password or "")
    return replace(
        whole,
        prefix=parts.scheme if parts.scheme in {"mongodb", "mongodb+srv"} else "",
        # A driver refuses credentials with an @, a second : or a bare % in them.
        well_formed=bool(host) and bool(_CREDENTIALS.fullmatch(credentials)),
        has_user=bool(parts.username),
        has_password=bool(password),
        without_password=options.get("authmechanism", "") in _WITHOUT_PASSWORD,
        tls=transports <= _YES,
        tls_verified=transports <= _YES and not any(options.get(key) in _YES for key in _UNVERIFIED),
        # A host or a database may well be called example.
        placeholder=bool(password) and is_placeholder(password),
        entropy_bits=entropy_bits(password),
    )


def _postgresql(whole: Variable, value: str) -> Variable:
    """A URL, or libpq's ``host=… user=…``; sslmode=verify-full alone looks at both certificate and name."""
    parsed, options = _sql(whole, value if "://" in value else _libpq_url(value), ("postgres", "postgresql"))
    mode = options.get("sslmode") or options.get("ssl") or "prefer"
    tls = mode in {"require", "verify-ca", "verify-full", *_YES}
    verified = mode == "verify-full" or options.get("sslaccept") == "strict"
    return replace(parsed, tls=tls, tls_verified=verified)


def _mysql(whole: Variable, value: str) -> Variable:
    """A URL, in the options of the various drivers."""
    parsed, options = _sql(whole, value, ("mysql", "mariadb"))
    mode = next((options[key] for key in ("ssl-mode", "sslmode", "ssl_mode") if key in options), "").replace("-", "_")
    identity = mode == "verify_identity" or options.get("ssl_verify_identity") in _YES or options.get("tls") == "true"
    identity |= options.get("sslaccept") == "strict" or '"rejectunauthorized":true' in options.get("ssl", "")
    tls = identity or mode in {"required", "verify_ca"} or bool(options.get("ssl_ca") or options.get("ssl") in _YES)
    return replace(parsed, tls=tls, tls_verified=identity)


def _sql(whole: Variable, value: str, schemes: tuple[str, ...]) -> tuple[Variable, dict[str, str]]:
    try:
        parts = split_url(value)
        host = parts.hostname
    except ValueError:
        return whole, {}
    options = {key.lower(): text.lower() for key, text in parse_qsl(parts.query)}
    password = unquote(parts.password or "")
    # SQLAlchemy names the driver behind a plus.
    scheme = parts.scheme.partition("+")[0]
    return replace(
        whole,
        prefix=scheme if scheme in schemes else "",
        well_formed=bool(host or options.get("host")),
        has_user=bool(parts.username),
        has_password=bool(password),
        placeholder=bool(password) and is_placeholder(password),
        entropy_bits=entropy_bits(password),
    ), options


def _libpq_url(value: str) -> str:
    """The URL that a connection string of libpq (``host=… user=…``) stands for."""
    try:
        words = dict(word.partition("=")[::2] for word in shlex.split(value))
    except ValueError:
        return value
    user, password = quote(words.pop("user", ""), safe=""), quote(words.pop("password", ""), safe="")
    host = words.pop("host", "")
    credentials = f"{user}{':' if password else ''}{password}@" if user else ""
    return f"postgresql://{credentials}{host}/?{urlencode(words)}" if host else value


def _stripe(whole: Variable, value: str) -> Variable:
    match = _STRIPE.match(value)
    if match is None:
        return whole
    well_formed = match.end() == len(value) and len(match[3]) >= _STRIPE_LENGTH
    return _with_random_part(replace(whole, prefix=match[1], mode=match[2], well_formed=well_formed), match[3])


def _webhook(whole: Variable, value: str) -> Variable:
    prefix = "whsec" if value.startswith("whsec_") else ""
    random = value.removeprefix("whsec_")
    return _with_random_part(replace(whole, prefix=prefix, well_formed=bool(_WEBHOOK.fullmatch(value))), random)


def _with_random_part(variable: Variable, random: str) -> Variable:
    return replace(variable, placeholder=is_placeholder(random), entropy_bits=entropy_bits(random))


def _dsn(whole: Variable, value: str) -> Variable:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return whole
    return replace(
        whole,
        prefix=parts.scheme if parts.scheme in {"http", "https"} else "",
        has_user=bool(parts.username),
        # A Relay on the machine itself is reached without TLS: nothing travels.
        tls=parts.scheme == "https" or is_loopback(host or ""),
        well_formed=bool(host)
        and bool(_DSN_KEY.fullmatch(parts.username or ""))
        and bool(_DSN_PROJECT.fullmatch(parts.path)),
        # The host may well be called example.
        placeholder=is_placeholder(parts.username or "<>"),
        entropy_bits=entropy_bits(parts.username or ""),
    )


def _text(whole: Variable, value: str) -> Variable:
    return replace(whole, well_formed=bool(_KEY.fullmatch(value)))


_SHAPES: Mapping[str, Callable[[Variable, str], Variable]] = {
    "mongodb": _mongodb,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "random": _text,
    "password": _text,
    "key": _text,
    "stripe-secret": _stripe,
    "stripe-publishable": _stripe,
    "stripe-webhook": _webhook,
    "dsn": _dsn,
}
