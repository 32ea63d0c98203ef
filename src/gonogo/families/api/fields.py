"""What a field of a described body is filled with: placeholders by its name, else what the document gives."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gonogo.families.api.operations import FORM, JSON, Operation, Schema, mapping

UNKNOWN: Final = object()
_PASSWORDS = re.compile(r"pass(?:word|wd|phrase)?\d?|pwd|.*password.*", re.IGNORECASE)
_EMAILS = re.compile(r".*e_?-?mail.*", re.IGNORECASE)
_USERS = re.compile(r"user|user_?-?name|login|login_?-?name|handle|nick(?:name)?|account_?-?name", re.IGNORECASE)
_NAMES = re.compile(r"(?:full|first|last|given|family|display|real)?_?-?name|surname", re.IGNORECASE)


def placeholder(name: str, schema: Schema) -> str:
    """The placeholder that a field of this name stands for; empty for none."""
    if _PASSWORDS.fullmatch(name) or schema.get("format") == "password":
        return "{password}"
    if _EMAILS.fullmatch(name) or schema.get("format") == "email":
        return "{email}"
    if _USERS.fullmatch(name):
        return "{user}"
    return "{name}" if _NAMES.fullmatch(name) else ""


def example_body(operation: Operation) -> tuple[bool, Mapping[str, Any], Sequence[str]]:
    """Whether it is a form, its fields, and the names of those that the document gives no value for.

    Fields that must be sent are in it, and those of users in any case. Without a body, all are empty.
    """
    bodies = operation.bodies
    kind = JSON if JSON in bodies else FORM
    media = bodies.get(kind, {})
    schema = media.get("schema")
    properties, required = operation.properties(schema), operation.required(schema)
    examples = _whole_example(media, operation.plain(schema))
    values: dict[str, Any] = {}
    unknown = []
    for name, described in properties.items():
        own = placeholder(name, described)
        if (own or name in required) and not described.get("readOnly"):
            value = own or examples.get(name, _given(described))
            if value is UNKNOWN:
                unknown.append(name)
            else:
                values[name] = value
    return kind == FORM and FORM in bodies, values, unknown


def path_in_reply(operation: Operation, names: Sequence[str]) -> str:
    """Where the first of these names stands in the JSON reply, at its top or one object below; empty for nowhere."""
    top = operation.properties(operation.reply)
    places = {name: name for name, schema in top.items() if _is_value(schema)}
    for outer, schema in top.items():
        for name, inner in operation.properties(schema).items():
            if _is_value(inner):
                places.setdefault(name, f"{outer}.{name}")
    return next((places[name] for name in names if name in places), "")


def _is_value(schema: Schema) -> bool:
    if schema.get("writeOnly"):
        return False
    kind = schema.get("type", "string")
    return any(each in ("string", "integer") for each in (kind if isinstance(kind, list) else [kind]))


def _whole_example(media: Schema, schema: Schema) -> Mapping[str, Any]:
    """The example of the whole body, where the document has one."""
    named = [mapping(example).get("value") for example in mapping(media.get("examples")).values()]
    several = schema.get("examples")
    candidates = [media.get("example"), *named, schema.get("example"), *(several if isinstance(several, list) else [])]
    return next((candidate for candidate in candidates if isinstance(candidate, dict)), {})


def _given(schema: Schema) -> Any:  # noqa: ANN401 - any JSON value
    """The value that the document itself names for a field."""
    for key in ("const", "default", "example"):
        if key in schema and schema[key] is not None:
            return schema[key]
    for key in ("enum", "examples"):
        values = schema.get(key)
        if isinstance(values, list) and values:
            return values[0]
    return UNKNOWN
