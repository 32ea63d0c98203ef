"""How programs spell a text: each of these is somebody's, and none of them is the redactor's own."""

import base64
import codecs
import html
import json
import quopri
import random
import string
import textwrap
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

Spelling = Callable[[str, random.Random], str]


def _each(text: str, spell: Callable[[str], str]) -> str:
    return "".join(map(spell, text))


def _case(text: str, dice: random.Random) -> str:
    return "".join(dice.choice((character.lower(), character.upper())) for character in text)


def _percent_all(text: str, dice: random.Random) -> str:
    return "".join("%" + _case(f"{byte:02x}", dice) for byte in text.encode())


def _json(text: str, dice: random.Random) -> str:
    del dice
    return json.dumps(text)[1:-1]


def _json_for_html(text: str, dice: random.Random) -> str:
    """Go's encoding/json and gson."""
    escaped = json.dumps(text)[1:-1]
    for character in "<>&='":
        escaped = escaped.replace(character, "\\u" + _case(f"{ord(character):04x}", dice))
    return escaped


def _php(text: str, dice: random.Random) -> str:
    del dice
    return json.dumps(text)[1:-1].replace("/", "\\/")


def _unicode_all(text: str, dice: random.Random) -> str:
    return _each(text, lambda character: "\\u" + _case(f"{ord(character):04x}", dice))


def _braces(text: str, dice: random.Random) -> str:
    """Rust and JavaScript."""
    return _each(text, lambda character: "\\u{" + _case(f"{ord(character):x}", dice) + "}")


def _x_escapes(text: str, dice: random.Random) -> str:
    return _each(text, lambda character: "\\x" + _case(f"{ord(character):02x}", dice))


def _octal(text: str, dice: random.Random) -> str:
    del dice
    return _each(text, lambda character: f"\\{ord(character):03o}")


def _repr(text: str, dice: random.Random) -> str:
    del dice
    return repr(text)[1:-1]


def _bytes_repr(text: str, dice: random.Random) -> str:
    del dice
    return repr(text.encode())[2:-1]


def _python_escape(text: str, dice: random.Random) -> str:
    del dice
    return codecs.encode(text, "unicode_escape").decode()


def _shell(text: str, dice: random.Random) -> str:
    """A backslash before whatever is no letter and no digit: shells, regular expressions, Markdown."""
    del dice
    return _each(text, lambda character: character if character.isalnum() or character.isspace() else "\\" + character)


def _html(text: str, dice: random.Random) -> str:
    del dice
    return html.escape(text)


def _html_go(text: str, dice: random.Random) -> str:
    del dice
    return html.escape(text).replace("+", "&#43;").replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _html_decimal(text: str, dice: random.Random) -> str:
    return _each(text, lambda character: f"&#{'0' * dice.randrange(2)}{ord(character)};")


def _html_hex(text: str, dice: random.Random) -> str:
    return _each(text, lambda character: f"&#{dice.choice('xX')}" + _case(f"{ord(character):x}", dice) + ";")


def _html_bare(text: str, dice: random.Random) -> str:
    """Without semicolons, as browsers take them and filters forget them."""
    form = dice.choice(("d", "x"))
    return _each(text, lambda character: f"&#{'x' * (form == 'x')}{ord(character):{form}}")


def _html_names(text: str, dice: random.Random) -> str:
    del dice
    names = {"/": "&sol;", "+": "&plus;", "=": "&equals;", "&": "&amp;", "~": "~", "!": "&excl;", ".": "&period;"}
    return _each(text, lambda character: names.get(character, character))


def _base64(text: str, dice: random.Random) -> str:
    """In the middle of something longer, as in basic authentication: its alignment is any."""
    before = "".join(dice.choices(string.ascii_letters, k=dice.randrange(5)))
    after = "".join(dice.choices(string.ascii_letters, k=dice.randrange(5)))
    encode = dice.choice((base64.b64encode, base64.urlsafe_b64encode))
    return encode((before + text + after).encode()).decode().rstrip("=" if dice.randrange(2) else "")


def _mime(text: str, dice: random.Random) -> str:
    del dice
    return base64.encodebytes(text.encode()).decode().strip()


def _hex(text: str, dice: random.Random) -> str:
    return _case(text.encode().hex(), dice)


def _hex_apart(text: str, dice: random.Random) -> str:
    return text.encode().hex(dice.choice((":", " ", "-", ",")))


def _wrapped(text: str, dice: random.Random) -> str:
    """A terminal, or a mail, breaks where it suits it."""
    width, line_end = dice.randrange(3, 40), dice.choice(("\n", "\r\n", "\r", "\n    ", "\r\n\t", " \n"))
    return line_end.join(text[at : at + width] for at in range(0, len(text), width))


def _quoted_printable(text: str, dice: random.Random) -> str:
    del dice
    return quopri.encodestring(text.encode()).decode()


def _quoted_all(text: str, dice: random.Random) -> str:
    """Every byte, with soft line breaks where a line is full."""
    spelled = [f"={byte:02X}" for byte in text.encode()]
    width = dice.choice((4, 25, len(spelled)))
    return "=\n".join("".join(spelled[at : at + width]) for at in range(0, len(spelled), width))


def _base32(text: str, dice: random.Random) -> str:
    """In the middle of something longer, or alone."""
    beside = [""] * 2 if dice.randrange(2) else ["".join(dice.choices(string.ascii_letters, k=6)) for _ in range(2)]
    spelled = base64.b32encode(text.encode().join(one.encode() for one in beside)).decode()
    return dice.choice((spelled, spelled.rstrip("="), spelled.lower()))


def _ascii85(text: str, dice: random.Random) -> str:
    """As PostScript and PDF mark it, with what else stands in the stream."""
    before, after = ("".join(dice.choices(string.ascii_letters, k=dice.randrange(9))) for _ in range(2))
    return base64.a85encode(f"{before}{text}{after}".encode(), adobe=True).decode()


def _numbers(text: str, dice: random.Random) -> str:
    """A list of JSON, of Go, of JavaScript; and one that is indented."""
    return dice.choice((", ", " ", ",", ",\n    ")).join(str(byte) for byte in text.encode())


def _mixture(text: str, dice: random.Random) -> str:
    """Every character in a spelling of its own; what begins a spelling is itself always spelled, as encoders do."""
    ways: tuple[Callable[[str], str], ...] = (
        lambda character: _percent_all(character, dice) if character in "\\%&" else character,
        lambda character: _percent_all(character, dice),
        lambda character: _unicode_all(character, dice),
        lambda character: _html_decimal(character, dice),
        lambda character: _html_hex(character, dice),
        lambda character: _x_escapes(character, dice),
        lambda character: quote(quote(character, safe=""), safe=""),
        lambda character: html.escape(html.escape(character)) if character in "<>&\"'" else _html_hex(character, dice),
    )
    return "".join(dice.choice(ways)(character) for character in text)


SPELLINGS: Mapping[str, Spelling] = {
    "as it is": lambda text, _: text,
    "quote": lambda text, _: quote(text, safe=""),
    "quote, slashes kept": lambda text, _: quote(text),
    "quote_plus": lambda text, _: quote_plus(text, safe=""),
    "lower-case percent": lambda text, _: _each(
        text, lambda character: character if character.isalnum() else f"%{ord(character):02x}"
    ),
    "percent, all": _percent_all,
    "%u": lambda text, _: _each(
        text, lambda character: character if character.isalnum() else f"%u{ord(character):04X}"
    ),
    "json": _json,
    "json for html": _json_for_html,
    "php": _php,
    "\\u, all": _unicode_all,
    "\\u{}": _braces,
    "\\x, all": _x_escapes,
    "octal": _octal,
    "repr": _repr,
    "repr of bytes": _bytes_repr,
    "unicode_escape": _python_escape,
    "shell": _shell,
    "html": _html,
    "html of go": _html_go,
    "html, decimal": _html_decimal,
    "html, hex": _html_hex,
    "html, names": _html_names,
    "html, no semicolons": _html_bare,
    "numbers": _numbers,
    "base32": _base32,
    "quoted-printable, all": _quoted_all,
    "ascii85, marked": _ascii85,
    "base64": _base64,
    "mime": _mime,
    "hex": _hex,
    "hex, apart": _hex_apart,
    "wrapped": _wrapped,
    "indented": lambda text, _: textwrap.indent("\n".join(textwrap.wrap(text, 11, break_long_words=True)), "      "),
    "quoted-printable": _quoted_printable,
    "mixture": _mixture,
}

_PLAIN = string.ascii_letters + string.digits + "-_"
_ODD = string.ascii_letters + string.digits + "-_/+=~.!$*:;,@#?()[]{}|^<>'\""
_ALL = _ODD + "%&\\"


def secret_values(alphabet: str = _ODD, shortest: int = 8) -> st.SearchStrategy[str]:
    """Secrets as generators of passwords make them: every character by chance, so that no innocent text holds one."""
    return st.builds(
        lambda seed, size: "".join(random.Random(seed).choices(alphabet, k=size)),  # noqa: S311 - repeatable
        st.integers(0, 2**48),
        st.integers(max(shortest, 12), 64),
    )


PLAIN_SECRETS = secret_values(_PLAIN)
ODD_SECRETS = secret_values(_ODD)
ANY_SECRETS = secret_values(_ALL)
