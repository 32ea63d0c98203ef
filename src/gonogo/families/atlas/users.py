"""Reads database users of Atlas, and looks up what roles of one's own permit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gonogo.clients.json_api import objects, text
from gonogo.evidence.atlas import DatabaseUser
from gonogo.families.times import time_of

_BUILT_IN = {
    "atlasAdmin",
    "backup",
    "clusterAdmin",
    "clusterManager",
    "clusterMonitor",
    "dbAdmin",
    "dbAdminAnyDatabase",
    "dbOwner",
    "enableSharding",
    "hostManager",
    "read",
    "readAnyDatabase",
    "readWrite",
    "readWriteAnyDatabase",
    "restore",
    "root",
    "searchCoordinator",
    "userAdmin",
    "userAdminAnyDatabase",
}
_CLUSTER = "CLUSTER"
Roles = Mapping[str, Mapping[str, Any]]


def read_users(
    users: Sequence[Mapping[str, Any]], cluster: str, service: str, custom: Sequence[Mapping[str, Any]]
) -> tuple[DatabaseUser, ...]:
    """Read the users that may log in to the cluster; ``service`` is the user of the service's connection string."""
    roles = {text(role.get("roleName")): role for role in custom}
    return tuple(_user(user, service, roles) for user in users if _may_log_in(user, cluster))


def _may_log_in(user: Mapping[str, Any], cluster: str) -> bool:
    scopes = objects(user.get("scopes"))
    return not scopes or any(
        scope.get("name") == cluster and scope.get("type", _CLUSTER) == _CLUSTER for scope in scopes
    )


def _user(user: Mapping[str, Any], service: str, custom: Roles) -> DatabaseUser:
    name = text(user.get("username"))
    granted = [(text(role.get("roleName")), _where(role)) for role in objects(user.get("roles"))]
    expanded = dict.fromkeys(grant for role in granted for grant in _expanded(role, custom, frozenset()))
    return DatabaseUser(
        name=name,
        is_service=bool(service) and name == service,
        roles=tuple(f"{role}@{database}" for kind, role, database in expanded if kind == "role"),
        actions=tuple(f"{action}@{database}" for kind, action, database in expanded if kind == "action"),
        unresolved=tuple(f"{role}@{database}" for kind, role, database in expanded if kind == "unresolved"),
        ends_at=time_of(user.get("deleteAfterDate")),
    )


def _where(role: Mapping[str, Any]) -> str:
    """The database, or the only collection of it that the role is limited to: ``workme.logs``."""
    database, collection = text(role.get("databaseName")), text(role.get("collectionName"))
    return f"{database}.{collection}" if collection else database


def _expanded(role: tuple[str, str], custom: Roles, ancestors: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """A built-in role as it is; a role of one's own as what it inherits and permits."""
    name, database = role
    if name not in custom:
        yield ("role" if name in _BUILT_IN else "unresolved"), name, database
        return
    if name in ancestors:
        return
    for action in objects(custom[name].get("actions")):
        for resource in objects(action.get("resources")):
            where = "" if resource.get("cluster") is True else text(resource.get("db")) or "*"
            yield "action", text(action.get("action")), where
    for inherited in objects(custom[name].get("inheritedRoles")):
        yield from _expanded((text(inherited.get("role")), text(inherited.get("db"))), custom, ancestors | {name})
