"""Values of secrets: from where they come, and what is wrong with one before it is sent to anybody.

No message holds a value, or a part of one: they are printed, and kept, whatever the verdict.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from pydantic import BaseModel

from gonogo.base.errors import UsageError
from gonogo.base.redaction import SHORTEST_SECRET
from gonogo.base.secret_forms import url_credentials
from gonogo.base.secrets import Secrets
from gonogo.base.several_hosts import split_url
from gonogo.environment.dotenv_source import read_dotenv
from gonogo.environment.load import EnvironmentFile
from gonogo.environment.marked import marked_values
from gonogo.environment.types import SecretMarker, WatchSecretMarker

_QUOTES = "\u201c\u201d\u2018\u2019\u201e\u201a\xab\xbb"
_BLANKS = {"\n": "a line break", "\r": "a line break (CR)", "\t": "a tab", " ": "a blank", "\xa0": "a no-break space"}
_MARK = "\ufeff"
_LEAST = f"{SHORTEST_SECRET} are the fewest that gonogo can keep out of the output"


def resolve_secrets(file: EnvironmentFile, environ: Mapping[str, str]) -> Secrets:
    """The values of all the secrets that the file names. Raises UsageError naming every one that cannot be used."""
    secrets, problems = find_secrets(file, environ)
    if problems:
        raise UsageError(*problems)
    return secrets


def find_secrets(file: EnvironmentFile, environ: Mapping[str, str]) -> tuple[Secrets, list[str]]:
    """The values, and the problems with the rest. Raises UsageError for a dotenv file that cannot be read."""
    stored, where = _stored(file, environ)
    problems: list[str] = []
    values: dict[str, str] = {}
    watch_only = dict(marked_values(file.environment, WatchSecretMarker))
    for key, name in secret_names(file.environment):
        value = environ.get(name) or stored.get(name)
        if not value and key in watch_only:
            continue  # whoever watches is told so
        wrong = list(_problems(value)) if value else [f"has no value; set it in {where}"]
        problems += [f"{file.path}: {key}: secret {name} {problem}" for problem in wrong]
        if value and not wrong:
            values[name] = value
    return Secrets(values), problems


def _stored(file: EnvironmentFile, environ: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    """The values in the dotenv file, and where a value that is missing may be put."""
    where, source = "the process environment", file.environment.secrets.dotenv
    if source is None:
        return {}, where
    path: Path = file.project / source
    if not path.exists():
        return {}, f"{where}, or in {path} (which does not exist yet)"
    return read_dotenv(path, environ), f"{where}, or in {path}"


def secret_names(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Key and name of every secret that the environment refers to."""
    return marked_values(section, SecretMarker, prefix)


def _problems(value: str) -> Iterator[str]:
    """The first problem of a value: of its ends, its characters, or its length."""
    at_ends = list(_at_ends(value))
    yield from at_ends or _characters(value)
    if len(value) < SHORTEST_SECRET:
        yield f"has {len(value)} characters; {_LEAST}"
        return
    for subject, spelled in dict.fromkeys(url_credentials(value)):
        size = len(unquote(spelled))
        if size < SHORTEST_SECRET:
            yield f"is a URL of which {subject} has {size} characters; {_LEAST}"
    if "://" in value and not _is_url(value):
        yield "is a URL that cannot be read: look at its host, its port and its brackets"


def _at_ends(value: str) -> Iterator[str]:
    """Blanks, line breaks, marks and curly quotes that came with a value when it was copied."""
    # A key of several lines ends in a line break, as its file does.
    end = value.rstrip("\r\n") if "\n" in value.strip() else value
    for verb, character in (("begins with", value[0]), ("ends in", (end or value)[-1])):
        if character in _QUOTES:
            yield f"{verb} the curly quote {character}: were quotes pasted with it?"
        elif character == _MARK:
            yield f"{verb} an invisible byte order mark; store it without"
        elif character.isspace():
            yield f"{verb} {_BLANKS.get(character, 'white space')}, which would be sent with it; store it without"


def _characters(value: str) -> Iterator[str]:
    """Problems of characters that no header and no driver takes as they are."""
    for at, character in enumerate(value):
        where = f"at character {at + 1} of {len(value)}"
        if "\ud800" <= character <= "\udfff":
            yield f"is not UTF-8 {where}; store it as UTF-8"
            return
        if not character.isascii():
            yield f"is not ASCII {where}; headers and URLs carry only ASCII (in a URL, spell it with %)"
            return
        if unicodedata.category(character) == "Cc" and character not in "\r\n\t":
            yield f"holds a control character {where}; store it without"
            return


def _is_url(value: str) -> bool:
    try:
        parts = split_url(value)
        # MongoDB's have several hosts with a port each, which is no number to anybody else.
        return "," in parts.netloc or parts.port is None or bool(parts.port)
    except ValueError:
        return False
