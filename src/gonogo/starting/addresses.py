"""Reads addresses as people type them into those of an environment file. ValueError says how to write them."""

import ipaddress
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from gonogo.environment.model import Service
from gonogo.environment.types import Address, SocketAddress

_ADDRESS: TypeAdapter[str] = TypeAdapter(Address)
_SOCKET: TypeAdapter[str] = TypeAdapter(SocketAddress)


def base_url(text: str) -> str:
    """``api.example.com`` is taken for https://api.example.com; anything but https and a name is refused."""
    url = text.strip()
    url = url if "://" in url else f"https://{url}"
    literal = _literal(url)
    if literal:
        raise ValueError(
            "certificates and DNS are about names, not addresses: give the service a name, as in "
            f"--base-url https://api.example.com --address {literal}"
        )
    try:
        return Service(name="S", base_url=url).base_url
    except ValidationError as error:
        raise ValueError(_said(error)) from None


def address(text: str) -> str:
    """An IP address."""
    return _read(_ADDRESS, text)


def socket_address(text: str) -> str:
    """An IP address with a port."""
    return _read(_SOCKET, text)


def _literal(url: str) -> str:
    """The address that stands where a name should; empty if none does."""
    try:
        return str(ipaddress.ip_address((urlsplit(url).hostname or "").partition("%")[0]))
    except ValueError:
        return ""


def _read(adapter: TypeAdapter[str], text: str) -> str:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise ValueError(_said(error)) from None


def _said(error: ValidationError) -> str:
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
