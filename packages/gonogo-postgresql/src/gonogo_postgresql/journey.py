"""Verbs of PostgreSQL for the steps of journeys."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from gonogo.base.errors import Unobserved
from gonogo.families.verbs import Verbs
from gonogo_postgresql.login import connected, login_of, words_of
from gonogo_postgresql.section import Postgresql

_PATIENCE = timedelta(seconds=3)


class PostgresqlVerbs(Verbs[Postgresql]):
    """``walk.postgresql``, asked as the service's own user."""

    model = Postgresql

    def stored(self, table: str, **wanted: str) -> Mapping[str, Any] | None:
        """The first row with these values; None without one. Raises Unobserved when PostgreSQL cannot be asked."""
        return self.walk.looked(f"PostgreSQL {table} {wanted}", lambda: self.world.run(self._first, table, wanted))

    async def _first(self, table: str, wanted: Mapping[str, str]) -> Mapping[str, Any] | None:
        equal = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in wanted]
        every = sql.SQL(" AND ").join([sql.SQL("true"), *equal])
        query = sql.SQL("SELECT * FROM {} WHERE {} LIMIT 1").format(sql.Identifier(table), every)
        try:
            login = login_of(self.section.url, self.section, self.world.secrets)
            async with connected(login, _PATIENCE) as connection:
                return await (await connection.cursor(row_factory=dict_row).execute(query, wanted)).fetchone()
        except psycopg.Error as error:
            problem = self.world.redactor.text(words_of(error))
            raise Unobserved(f"PostgreSQL could not be asked: {problem}") from None
