"""The rights that MongoDB's roles and actions give (https://www.mongodb.com/docs/manual/reference/built-in-roles/)."""

from collections.abc import Iterator

from gonogo.evidence.atlas import DatabaseUser

_MONITORING = {"clusterMonitor@admin", "read@local"}
_WRITING = {"INSERT", "UPDATE", "REMOVE"}
_ON_DATA = {
    "FIND",
    "INSERT",
    "REMOVE",
    "UPDATE",
    "BYPASS_DOCUMENT_VALIDATION",
    "COLL_STATS",
    "COLL_MOD",
    "CHANGE_STREAM",
    "COLLMOD",
    "CONVERT_TO_CAPPED",
    "CREATE_COLLECTION",
    "CREATE_INDEX",
    "DB_HASH",
    "DB_STATS",
    "DROP_COLLECTION",
    "DROP_INDEX",
    "INDEX_STATS",
    "KILL_CURSORS",
    "LIST_COLLECTIONS",
    "LIST_INDEXES",
    "LIST_SEARCH_INDEXES",
    "RENAME_COLLECTION_SAME_DB",
    "SQL_GET_SCHEMA",
}
"""What readWrite permits on its own database, by the names of Atlas."""
_LOOKING = {
    "COLL_STATS",
    "CONN_POOL_STATS",
    "DB_STATS",
    "GET_CMD_LINE_OPTS",
    "GET_LOG",
    "GET_PARAMETER",
    "GET_SHARD_MAP",
    "HOST_INFO",
    "INDEX_STATS",
    "INPROG",
    "LIST_COLLECTIONS",
    "LIST_DATABASES",
    "LIST_INDEXES",
    "LIST_SESSIONS",
    "LIST_SHARDS",
    "NETSTAT",
    "REPL_SET_GET_CONFIG",
    "REPL_SET_GET_STATUS",
    "SERVER_STATUS",
    "SHARDING_STATE",
    "TOP",
}
"""What shows the state of a cluster, and none of its data."""
_SYSTEM = {"admin", "config", "local"}
_ON_ONE_DATABASE = {"read", "readWrite"}


def is_needed(role: str, database: str | None) -> bool:
    """Whether a service, or its monitoring, needs a role, as in ``readWrite@workme``; None is any database."""
    kind, where = _parts(role)
    on_its_own = where == database if database else where not in _SYSTEM
    return role in _MONITORING or (kind in _ON_ONE_DATABASE and on_its_own)


def is_of_another_database(role: str, database: str | None) -> bool:
    """Whether a role is about the data of another database only."""
    kind, where = _parts(role)
    return bool(database) and kind in _ON_ONE_DATABASE and where not in {database, *_SYSTEM}


def is_needed_action(action: str, database: str | None) -> bool:
    """Whether an action, as in ``FIND@workme``, shows the cluster's state only, or is about the database's data."""
    kind, _, where = action.partition("@")
    on_data = kind in _ON_DATA and where not in {"", "*"} and database in {None, where}
    return kind in _LOOKING or on_data


def may_write(user: DatabaseUser, database: str | None) -> bool:
    """Whether a user may read and write the data of the database."""
    roles = {role for role in user.roles if role.startswith("readWrite@") and is_needed(role, database)}
    actions = {action.partition("@")[0] for action in user.actions if database in {None, action.partition("@")[2]}}
    return any("." not in role for role in roles) or actions >= _WRITING


def too_much(user: DatabaseUser, database: str | None, declared: frozenset[str]) -> Iterator[str]:
    """Return what a user may do and nobody needs."""
    for role in user.roles:
        elsewhere = is_of_another_database(role, database) and not user.is_service
        if role not in declared and not elsewhere and not is_needed(role, database):
            yield f"{user.name} is {role}"
    for action in user.actions:
        if not is_needed_action(action, database):
            yield f"{user.name} may {action}, by a role of its own"


def collections_written(user: DatabaseUser, database: str | None) -> list[str]:
    """The collections that a user may write by a role that is limited to one of them, as in ``workme.logs``."""
    limited = (role.partition("@")[2] for role in user.roles if role.startswith("readWrite@"))
    return sorted(where for where in limited if "." in where and database in {None, where.partition(".")[0]})


def _parts(role: str) -> tuple[str, str]:
    """The kind of a role and its database, whose name has no dot; after one stands the only collection."""
    kind, _, where = role.partition("@")
    return kind, where.partition(".")[0]
