"""The file of a journal: its schema and how older ones are brought to it, and errors that say what to do.

SQLite in WAL mode, one file with two companions (``-wal``, ``-shm``) while it is open. docs/watch.md has every table.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from gonogo.base.errors import UsageError

APPLICATION_ID = 0x676F6E6F
"""``gono``: what stands in the header of every journal, so that no other database is taken for one."""
_BUSY_SECONDS = 10.0

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stretches (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, at REAL NOT NULL, pid INTEGER NOT NULL, every REAL NOT NULL,
    rules TEXT NOT NULL, launch TEXT, until TEXT, ended TEXT
);
CREATE TABLE rounds (number INTEGER PRIMARY KEY, at REAL NOT NULL, utc TEXT NOT NULL, mono_ok INTEGER NOT NULL);
CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE texts (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE readings (
    round INTEGER NOT NULL, name INTEGER NOT NULL, due INTEGER NOT NULL, at REAL, value REAL, events REAL, missing INTEGER,
    PRIMARY KEY (round, name)
) WITHOUT ROWID;
CREATE TABLE alerts (threshold TEXT PRIMARY KEY, alert TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE transitions (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, utc TEXT NOT NULL, threshold TEXT NOT NULL, alert TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, value REAL, reason TEXT NOT NULL
);
CREATE TABLE announcements (
    row INTEGER PRIMARY KEY, alert TEXT NOT NULL, channel TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL,
    announcement TEXT NOT NULL, claimed INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 1,
    attempts INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0, answered TEXT, answer TEXT NOT NULL DEFAULT '',
    UNIQUE (alert, channel, number)
);
CREATE INDEX open_announcements ON announcements (row) WHERE open;
CREATE TABLE acknowledgements (
    number INTEGER PRIMARY KEY, alert TEXT NOT NULL, by TEXT NOT NULL, utc TEXT NOT NULL, note TEXT NOT NULL
);
CREATE TABLE polls (
    number INTEGER PRIMARY KEY, role TEXT NOT NULL, decision TEXT NOT NULL, by TEXT NOT NULL, utc TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE TABLE events (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, utc TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE gaps (number INTEGER PRIMARY KEY, begins TEXT NOT NULL, ends TEXT NOT NULL, reason TEXT NOT NULL);
"""
MIGRATIONS: Sequence[str] = (_FIRST,)
"""The statements that lead from each version of the schema to the next. Only ever added to."""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """The open file, which is a journal of today's schema. Raises UsageError with the cure for everything else.

    A reader changes nothing, and can therefore read only what is of today's schema already.
    """
    with explained(path):
        connection = _open(path, write=write)
        try:
            _check(connection, path, write=write)
            if write:
                _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def companions(path: Path) -> tuple[Path, Path]:
    """The log and the index that SQLite keeps beside a file that is open."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _open(path: Path, *, write: bool) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}"
    if write:
        return _connected(f"{address}?mode=rwc")
    if not path.exists():
        raise UsageError(f"{path}: there is no journal; `gonogo watch` begins one")
    connection = _connected(f"{address}?mode=ro")
    try:
        connection.execute("PRAGMA user_version")
    except sqlite3.DatabaseError as error:
        # In a folder that cannot be written SQLite cannot make the companions of a file in WAL mode. Without them
        # nobody has it open, so that it does not change under a reader.
        connection.close()
        if not isinstance(error, sqlite3.OperationalError) or companions(path)[0].exists():
            raise
        return _connected(f"{address}?mode=ro&immutable=1")
    return connection


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def _check(connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
    """Whether it is a journal, or nothing yet, and whole."""
    version = schema_version(connection)
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not empty and connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UsageError(f"{path}: is a database of another program; name another file in watch.journal")
    if version > len(MIGRATIONS):
        raise UsageError(
            f"{path}: was written by a newer gonogo (schema {version}; this one knows {len(MIGRATIONS)}): "
            "install that version, or name another file in watch.journal"
        )
    if not write and version < len(MIGRATIONS):
        raise UsageError(
            f"{path}: was written by an older gonogo (schema {version}; this one reads {len(MIGRATIONS)}); "
            "gonogo watch, ack and poll bring it to this one's"
        )
    if (damage := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(damage)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """WAL, and the schema of today; a migration is whole or does not happen."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise UsageError(
            f"{path}: its file system cannot hold a journal (SQLite has no WAL mode there, as on network drives); "
            "name a file on a local disk in watch.journal"
        )
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):
        for version in range(schema_version(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[version].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version + 1}")


def schema_version(connection: sqlite3.Connection) -> int:
    """The schema that the file has; 0: none yet."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything within is on the disk together, or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, as that of a full disk.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into UsageErrors that say what to do; what was in the file before is still there."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UsageError(f"{path}: {_cure(error, path)}") from None
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"{path}: is no journal, or is damaged ({' '.join(str(error).split())}); move it away (it is kept as it is), "
            "and gonogo watch begins a new one"
        ) from None


def _cure(error: sqlite3.OperationalError, path: Path) -> str:
    code = error.sqlite_errorcode & 0xFF  # the extended codes' lowest byte is the primary one
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return "the disk is full; free some space: what was written before is kept"
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"another program held it for {_BUSY_SECONDS:g} s; end that program, and try again"
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return (
            f"cannot be written or opened ({error}); make it and its folder writable, or name another in watch.journal"
        )
    fails = "; its disk fails, or is read-only now" if code == sqlite3.SQLITE_IOERR else ""
    return f"{error}{fails}; look at its disk, or name another file in watch.journal"


def _is_full(path: Path) -> bool:
    """Whether its file system has no room: SQLite calls it an I/O error where its index beside the log finds none."""
    try:
        return not os.statvfs(path.parent).f_bavail
    except OSError:
        return False
