"""The vocabulary of an environment file: the types of its values, each with an error that says how to write it."""

import ipaddress
import re
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from gonogo.base.durations import parse_duration
from gonogo.base.secrets import SECRET_NAME
from gonogo.environment.effects import Effect as Effect  # noqa: PLC0414 - families take it from here, those of other packages too


class SecretMarker:
    """Marks a field that holds the *name* of a secret, never its value."""


class WatchSecretMarker(SecretMarker):
    """The same, of a secret that only a watch needs: a run goes without, and keeps it out of its output where it is set."""


class TrustMarker:
    """Marks a field that holds the path of a file which says whose certificates, or whose tokens, count."""


def _duration(value: Any) -> timedelta:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        message = "a duration needs its unit and quotes, as in '10 s' (ms, s, min, h, d)"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, and lets TypeError escape
    return parse_duration(value)


_SIZES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def _size(value: Any) -> int:  # noqa: ANN401 - as above
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # as a recording holds it
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)", str(value), re.ASCII)
    if match is None or not float(match[1]):
        message = "a size needs its unit and quotes, as in '512 MiB' (KiB, MiB, GiB)"
        raise ValueError(message)
    return round(float(match[1]) * _SIZES[match[2]])


def _exactly(value: timedelta) -> str:
    return f"{value / timedelta(milliseconds=1):.15g} ms"


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        message = "the duration must be longer than 0"
        raise ValueError(message)
    return value


def to_a_labels(value: str) -> str:
    """The A-label form: ssl speaks IDNA 2003, so names are converted once, here, by IDNA 2008."""
    name = value.rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        message = "this is an address; a host name is expected"
        raise ValueError(message)
    try:
        encoded = ".".join(map(_to_a_label, name.split(".")))
    except idna.IDNAError as error:
        message = f"not a host name ({error})"
        raise ValueError(message) from None
    labels = encoded.split(".")
    if len(encoded) > _LONGEST_NAME or not all(re.fullmatch(_LABEL, label) for label in labels):
        message = "not a host name: letters, digits and hyphens between dots"
        raise ValueError(message)
    return encoded


_LONGEST_NAME = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"


def _to_a_label(label: str) -> str:
    """A label of ASCII needs no IDNA, which knows no underscore (RFC 2181, 11: any octet may stand in a label)."""
    if label.isascii() and label and not label.startswith("xn--"):
        return label
    return idna.encode(label, uts46=True).decode("ascii")


def is_address(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def to_host(value: str) -> str:
    """A name in A-labels, or an address in its shortest spelling: both may stand in the URL of a service."""
    address = value.removeprefix("[").removesuffix("]")
    return str(ipaddress.ip_address(address)) if is_address(address) else to_a_labels(value)


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        message = "not an IP address; write it as in '203.0.113.7' or '2001:db8::7'"
        raise ValueError(message) from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        message = "not a network; write it as in '203.0.113.0/24' or '2001:db8::/32'"
        raise ValueError(message) from None


def _socket_address(value: str) -> str:
    host, separator, port = value.rpartition(":")
    if not separator or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - the range of a port
        message = "not an address with a port; write it as in '9.9.9.9:53' or '[2620:fe::fe]:53'"
        raise ValueError(message)
    address = _address(host.removeprefix("[").removesuffix("]"))
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _url_path(value: str) -> str:
    if not value.startswith("/") or any(character.isspace() for character in value):
        message = "a path starts with '/' and contains no blanks, as in '/api/health'"
        raise ValueError(message)
    return value


def _file_path(value: str) -> str:
    if not value or "\0" in value or PurePosixPath(value).name == "":
        message = "the path of a file is expected"
        raise ValueError(message)
    return value


def _folder_path(value: str) -> str:
    if not value or "\0" in value:
        message = "the path of a folder is expected"
        raise ValueError(message)
    return value


def _base_url(value: str, *, addresses: bool = False) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    plain = parts.scheme == "http" and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain) or parts.username or parts.query or parts.fragment:
        message = "an https:// address is expected, as in 'https://api.stripe.com'; http:// is for loopback only"
        raise ValueError(message)
    address = f"[{host}]" if ":" in host else host
    name = address if plain or (addresses and is_address(host)) else to_a_labels(host)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _mailbox(value: str) -> str:
    """Neither blanks nor brackets: it is put between those of MAIL FROM and RCPT TO."""
    if (
        len(value) > _LONGEST_MAILBOX
        or not re.fullmatch(r"[^\s<>@\x00-\x1f]+@[^\s<>@\x00-\x1f]+", value)
        or not value.isascii()
    ):
        message = "an address is expected, as in 'shop@example.com'; a name that is not ASCII in its A-labels"
        raise ValueError(message)
    return value


_LONGEST_MAILBOX = 254
"""RFC 5321, 4.5.3.1.3, without the brackets."""


def _origin(value: str) -> str:
    parts = urlsplit(_base_url(value))
    if parts.path:
        message = "an origin has a scheme, a host and perhaps a port, and no path, as in 'https://app.example.com'"
        raise ValueError(message)
    return parts.geturl()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, and nothing that is sent to it leaves it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 500}
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    AfterValidator(_positive),
    PlainSerializer(_exactly, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)? ?(ms|s|min|h|d)$", "examples": ["10 s", "5 min"]}),
]
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)? ?(KiB|MiB|GiB)$", "examples": ["512 MiB"]}),
]
"""In bytes."""
Share = Annotated[float, Field(gt=0, lt=1)]
HostName = Annotated[str, AfterValidator(to_a_labels)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$")]
HostOrAddress = Annotated[str, AfterValidator(to_host)]
Texts = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=500)], ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]}),
]
"""One text, or several in a list."""
MaybeTexts = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=500)], ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA}]}),
]
"""The same, or none."""
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
SocketAddress = Annotated[str, AfterValidator(_socket_address)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
ServerUrl = Annotated[str, AfterValidator(partial(_base_url, addresses=True))]
"""As BaseUrl; a server whose certificate is for its address, as API servers of clusters are, may be named by that."""
Origin = Annotated[str, AfterValidator(_origin)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""An e-mail address."""
FilePath = Annotated[str, AfterValidator(_file_path)]
TrustFile = Annotated[str, AfterValidator(_file_path), TrustMarker()]
FolderPath = Annotated[str, AfterValidator(_folder_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME), SecretMarker()]
WatchSecretName = Annotated[str, Field(pattern=SECRET_NAME), WatchSecretMarker()]
Text = Annotated[str, Field(min_length=1, max_length=500)]


def split_socket_address(text: str) -> tuple[str, int]:
    """``"[2620:fe::fe]:53"`` → address and port."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def join_socket_address(address: str, port: int) -> str:
    """The reverse."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
