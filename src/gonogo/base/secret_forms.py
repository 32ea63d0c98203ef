"""What of a secret is looked for: the value, the parts of a URL, the lines of a key, each as it looks once decoded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from gonogo.base.spellings import EATEN, joined, unescaped

SHORTEST_SECRET = 8
"""Characters. Anything shorter would be found, and blacked out, in innocent text."""
_PUBLIC_BEGINNING = re.compile(rb"(?:[a-z]{2,8}_(?:test_|live_)?|-----BEGIN [A-Z ]+-----|[a-z+]+://)*")
"""What the beginnings of many secrets have in common: it gives nothing away."""
_BOUNDARY = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<userinfo>[^/?#]*|.*)@", re.DOTALL)
_QUERY = re.compile(r"[?&;]([^=&;#]+)=([^&;#]*)")
_SECRET_KEY = re.compile(r"(?:pass|passwd|password|pwd|secret|token|api_?key|access_?key|signature|sig)$", re.IGNORECASE)
_DSN = re.compile(r"https?://[0-9a-f]{32}@[^/]+/(?:.*/)?[0-9]+$")


@dataclass(frozen=True, slots=True)
class Form:
    """Bytes that give a secret away, wherever a view holds them."""

    value: bytes
    name: str
    key: bytes
    """Its beginning, which is looked for first; as long as needed for being no chance."""
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
    values: dict[bytes, tuple[str, bool]] = {}
    for name, value in secrets.items():
        for part, may_be_cut in _parts(value):
            for form in _as_decoded(part):
                if len(form) >= SHORTEST_SECRET:
                    values.setdefault(form, (name, may_be_cut))
    longest_first = sorted(values.items(), key=lambda item: (-len(item[0]), item[0]))
    forms = [_form(value, name, may_be_cut=cut) for value, (name, cut) in longest_first]
    return tuple(_depending(form, forms[at + 1 :]) for at, form in enumerate(forms))


def _depending(form: Form, shorter: Sequence[Form]) -> Form:
    part = next((other for other in reversed(shorter) if other.value in form.value), None)
    return form if part is None else replace(form, key=form.value, may_be_cut=False, within=part.key)


def _form(value: bytes, name: str, *, may_be_cut: bool) -> Form:
    public = _PUBLIC_BEGINNING.match(value)
    least = (public.end() if public else 0) + SHORTEST_SECRET
    cut = may_be_cut and len(value) > least
    return Form(value=value, name=name, key=value[:least] if cut else value, may_be_cut=cut)


def url_credentials(value: str) -> Iterator[tuple[str, str]]:
    """What is secret inside of a URL: where it stands, and the value as it stands there. Never raises."""
    for match in _AUTHORITY.finditer(value):
        user, colon, password = match["userinfo"].partition(":")
        if colon and password:
            yield "its password", password
        elif user and not colon and value.startswith("http") and not _DSN.match(value):
            yield "the token before its @", user
    for match in _QUERY.finditer(value if "://" in value else ""):
        if _SECRET_KEY.search(unquote(match[1])) and match[2]:
            yield f"{unquote(match[1])} in its query", match[2]


def _parts(value: str) -> Iterator[tuple[str, bool]]:
    """The value as a whole, and what is secret by itself inside of it; and whether a beginning of it is, too."""
    trimmed = value.strip()
    is_url = "://" in value
    yield trimmed, not is_url
    if is_url:
        for _, spelled in url_credentials(value):
            for password in {spelled, unquote(spelled)}:
                yield password, True
        for match in _AUTHORITY.finditer(value):
            yield unquote(match["userinfo"]), False
    lines = [line.strip() for line in trimmed.splitlines()]
    for line in lines if len(lines) > 1 else ():
        if not _BOUNDARY.fullmatch(line):
            yield line, True


def _as_decoded(part: str) -> Iterator[bytes]:
    """The part without line breaks, as it is, and as decoders make it that take a piece of it for an escape."""
    plain = part.encode("utf-8", "surrogatepass")
    quoted = {plain, plain.replace(b" ", b"+"), plain.replace(b'"', b'""'), plain.replace(b"'", b"''")}
    if not part.isascii():
        quoted.add(part.encode("latin-1", "ignore"))
    quoted.add(part.encode("utf-16-le", "surrogatepass")[:-1])
    for form in quoted:
        value = joined(form)
        while True:
            yield value
            if value[:1] in EATEN and len(value) > SHORTEST_SECRET:
                yield value[1:]  # as it is left by a backslash that happens to stand before it
            following = joined(unescaped(value))
            if following == value:
                break
            value = following
