"""Forms of a secret that outputs may hold: the value, parts of a URL, lines of a key, each as it looks once decoded."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote

from gonogo.base.spellings import EATEN, joined, unescaped

SHORTEST_SECRET = 8
"""Characters. Anything shorter would be found, and blacked out, in innocent text."""
_PUBLIC_BEGINNING = re.compile(rb"(?:[a-z]{2,8}_(?:test_|live_)?|-----BEGIN [A-Z ]+-----|[a-z+]+://)*")
"""What the beginnings of many secrets have in common: it gives nothing away."""
_BOUNDARY = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# The second is for a password with a slash in it, which should have been spelled: drivers differ in what they take.
_USER_INFOS = (re.compile(_SCHEME + r"([^/?#]*)@"), re.compile(_SCHEME + r"(.*)@", re.DOTALL))
_QUERY = re.compile(r"[?&;]([^=&;#]+)=([^&;#]*)")
_SECRET_KEY = re.compile(
    r"(?:pass|passwd|password|pwd|secret|token|api_?key|access_?key|signature|sig)$", re.IGNORECASE
)
_DSN = re.compile(r"https?://[0-9a-f]{32}@[^/]+/(?:.*/)?[0-9]+$")


@dataclass(frozen=True, slots=True)
class Form:
    """Bytes that give a secret away, wherever a view holds them."""

    value: bytes
    name: str
    key: bytes
    """Beginning of the form, which is looked for first; as long as needed for being no chance."""
    may_be_cut: bool
    """Whether its beginning alone, at the end of a text, is a secret that was cut off."""
    within: bytes = b""
    """Key of a shorter form that is part of this one: without it, this one need not be looked for."""

    @property
    def is_wide(self) -> bool:
        """Whether it is UTF-16, which text without a null byte cannot hold."""
        return b"\0" in self.value


def forms_of(secrets: Mapping[str, str]) -> tuple[Form, ...]:
    """Every form of every secret, the longest first."""
    return _forms_of(tuple(secrets.items()))


# Every connection to an address has a redactor, and most of them the same secrets.
@lru_cache(maxsize=16)
def _forms_of(secrets: tuple[tuple[str, str], ...]) -> tuple[Form, ...]:
    values: dict[bytes, tuple[str, bool]] = {}
    for name, value in secrets:
        for part, may_be_cut in _parts(value):
            for form, whole in _as_decoded(part):
                if len(form) >= SHORTEST_SECRET:
                    values.setdefault(form, (name, may_be_cut and whole))
            for form in _in_base85(part.encode("utf-8", "surrogatepass")) if len(part) >= SHORTEST_SECRET else ():
                values.setdefault(form, (name, False))
    longest_first = sorted(values.items(), key=lambda item: (-len(item[0]), item[0]))
    forms = [_form(value, name, may_be_cut=cut) for value, (name, cut) in longest_first]
    return tuple(_depending(form, forms[at + 1 :]) for at, form in enumerate(forms))


def _depending(form: Form, shorter: Sequence[Form]) -> Form:
    if form.may_be_cut:
        return form
    part = next((other for other in reversed(shorter) if other.value in form.value), None)
    return form if part is None else replace(form, within=part.key)


def _form(value: bytes, name: str, *, may_be_cut: bool) -> Form:
    public = _PUBLIC_BEGINNING.match(value)
    least = (public.end() if public else 0) + SHORTEST_SECRET
    cut = may_be_cut and len(value) > least
    return Form(value=value, name=name, key=value[:least] if cut else value, may_be_cut=cut)


def url_credentials(value: str) -> Iterator[tuple[str, str]]:
    """The secrets inside of a URL: the place of each, and its value as it stands there. Never raises."""
    for user_info in _user_infos(value):
        user, colon, password = user_info.partition(":")
        if colon and password:
            yield "its password", password
        elif user and not colon and value.startswith("http") and not _DSN.match(value):
            yield "the token before its @", user
    for match in _QUERY.finditer(value if "://" in value else ""):
        if _SECRET_KEY.search(unquote(match[1])) and match[2]:
            yield f"{unquote(match[1])} in its query", match[2]


def _user_infos(value: str) -> list[str]:
    return list(dict.fromkeys(match[1] for pattern in _USER_INFOS if (match := pattern.match(value))))


def _parts(value: str) -> Iterator[tuple[str, bool]]:
    """The value as a whole, and what is secret by itself inside of it; and whether a beginning of it is, too."""
    trimmed = value.strip()
    is_url = "://" in value
    lines = [line.strip() for line in trimmed.splitlines()]
    yield trimmed, not is_url and len(lines) == 1
    if is_url:
        for _, spelled in url_credentials(value):
            for password in {spelled, unquote(spelled)}:
                yield password, True
        for user_info in _user_infos(value):
            yield unquote(user_info), False
    for line in lines if len(lines) > 1 else ():
        if not _BOUNDARY.fullmatch(line):
            yield line, True


def _in_base85(part: bytes) -> Iterator[bytes]:
    """The part as Ascii85 and as base85 spell it, alone or in the middle of something longer.

    Text of almost any kind is base85 of something, so that nobody can look for what may stand in it. Of a part in the
    middle of something, only the groups are fixed that are its own: up to three bytes at each end stay.
    """
    for encode in (base64.a85encode, base64.b85encode):
        yield encode(part)
        for at in range(4):
            inner = part[at : at + (len(part) - at) // 4 * 4]
            if len(inner) >= SHORTEST_SECRET:
                yield encode(inner)


def _as_decoded(part: str) -> Iterator[tuple[bytes, bool]]:
    """The part without line breaks, as it is and as decoders leave it that take a piece of it for an escape.

    The second of each pair says whether it is whole.
    """
    plain = part.encode("utf-8", "surrogatepass")
    quoted = {plain, plain.replace(b" ", b"+")}
    # Doubled, as CSV and SQL have it; at the ends one of the two is the text's own.
    quoted |= {plain[:1] + plain[1:-1].replace(quote, 2 * quote) + plain[-1:] for quote in (b'"', b"'")}
    if not part.isascii():
        quoted.add(part.encode("latin-1", "ignore"))
    quoted.add(part.encode("utf-16-le", "surrogatepass")[:-1])
    for form in quoted:
        value = joined(form)
        while True:
            yield value, True
            if value[:1] in EATEN and len(value) > SHORTEST_SECRET:
                yield value[1:], False  # as it is left by a backslash that happens to stand before it
            following = joined(unescaped(value))
            if following == value:
                break
            value = following
