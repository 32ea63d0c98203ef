"""Reads what files of hosting platforms say of a service: fly.toml, render.yaml, app.json, railway, App Platform."""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import yaml

from gonogo.starting.components import Component, by_image, by_variable, url_scheme

PLATFORM_FILES = (
    *("fly.toml", "render.yaml", "render.yml", "app.json", "railway.toml", "railway.json", ".do/app.yaml"),
    ".do/deploy.template.yaml",
)
_HEALTH_KEYS = ("healthCheckPath", "healthcheckPath", "http_path", "health_check_path")
_CHECKS = ("checks", "http_checks")
_NAMED_OTHERWISE = {
    "pg": "postgres",
    "keyvalue": "redis",
    "rediscloud": "redis",
    "cloudamqp": "rabbitmq",
    "jawsdb": "mysql",
    "cleardb": "mysql",
}
"""What platforms call a component, where that is not the name of its image."""


def parsed(path: str, text: str) -> object:
    """The document of a file, by its suffix. Raises ValueError, RecursionError or YAMLError."""
    parsers: Mapping[str, Callable[[str], object]] = {"toml": tomllib.loads, "json": json.loads}
    return parsers.get(path.rpartition(".")[2], yaml.safe_load)(text)


def health_paths(nodes: Iterable[Mapping[Any, Any]]) -> Iterator[str]:
    """What the file calls the path of a health check, which is not yet known to be a path."""
    for node in nodes:
        yield from (str(node[key]) for key in _HEALTH_KEYS if key in node)
        for check in (check for key in _CHECKS for check in _items(node.get(key))):
            if isinstance(check, Mapping) and "path" in check:
                yield str(check["path"])


def components(nodes: Iterable[Mapping[Any, Any]]) -> Iterator[tuple[Component | None, str]]:
    """Databases, add-ons and variables of the file, each with its name there."""
    for node in nodes:
        for name, value in _pairs(node.get("env")):
            yield by_variable(name, url_scheme(str(value))), name
        for key in ("key", "engine", "type"):
            if isinstance(called := node.get(key), str):
                yield (by_variable(called, "") if key == "key" else _named(called)), called
        for addon in _items(node.get("addons")):
            plan = str(addon.get("plan", "")) if isinstance(addon, Mapping) else str(addon)
            yield _named(plan), plan
        for database in _items(node.get("databases")):
            if isinstance(database, Mapping) and "engine" not in database:
                yield by_image("postgres"), f"databases.{database.get('name', '')}"


def _named(name: str) -> Component | None:
    bare = name.lower().partition(":")[0].removeprefix("heroku-")
    return by_image(_NAMED_OTHERWISE.get(bare, bare))


def _pairs(variables: object) -> Iterator[tuple[str, object]]:
    """Names and values, of a mapping or of a list of names; what stands deeper is described, and no value."""
    if isinstance(variables, Mapping):
        yield from ((str(name), "" if isinstance(value, Mapping) else value) for name, value in variables.items())


def _items(value: object) -> list[object]:
    """The items of a list, those of a mapping of mappings, or the one that it is."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and "path" not in value:
        return list(value.values())
    return [] if value is None else [value]
