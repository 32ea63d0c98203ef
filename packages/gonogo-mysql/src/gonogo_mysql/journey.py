"""Verbs of MySQL for the steps of journeys."""

import re
from collections.abc import Mapping
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.families.verbs import Verbs
from gonogo_mysql.login import Connection, Refused, logged_in, login_of
from gonogo_mysql.section import Mysql


class MysqlVerbs(Verbs[Mysql]):
    """``walk.mysql``, asked as the service's own user."""

    model = Mysql

    def stored(self, table: str, **wanted: str) -> Mapping[str, Any] | None:
        """The first row with these values; None without one. Raises Unobserved when the server cannot be asked."""
        return self.walk.looked(f"MySQL {table} {wanted}", lambda: self.world.run(self._first, table, wanted))

    async def _first(self, table: str, wanted: Mapping[str, str]) -> Mapping[str, Any] | None:
        equal = " AND ".join(["TRUE", *(f"{_quoted(name)} = %s" for name in wanted)])
        query = f"SELECT * FROM {_quoted(table)} WHERE {equal} LIMIT 1"  # noqa: S608 - names are quoted, values are not in it

        def look(connection: Connection) -> Mapping[str, Any] | None:
            with connection.cursor() as cursor:
                cursor.execute(query, list(wanted.values()))
                row = cursor.fetchone()
                names = [column[0] for column in cursor.description or ()]
            return None if row is None else dict(zip(names, row, strict=True))

        try:
            login = login_of(self.section.url, self.section, self.world.secrets)
            return await logged_in(login, self.world.environment.limits.probe, look)
        except Refused as error:
            raise Unobserved(f"MySQL could not be asked about {table}: {error}") from None


def _quoted(name: str) -> str:
    return ".".join(f"`{part}`" for part in re.sub("`", "``", name).split("."))
