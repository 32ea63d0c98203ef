"""Holds the migrations of a release against those that the database says were applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo_postgresql.evidence import PostgresqlMigrationsEvidence
from gonogo_postgresql.login import Connection, PostgresqlQuestion, connected, login_of, refusal, rows
from gonogo_postgresql.migration_files import alembic_revisions, django_migrations
from gonogo_postgresql.section import Alembic, Django, Postgresql


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationQuestion(PostgresqlQuestion):
    """A table of migrations, and what should be in it."""

    table: str
    declared: Alembic | Django
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Alembic: revision to those it stands on. Django: migration to those that it replaces."""


def migration_questions(environment: Environment, secrets: Secrets) -> Sequence[MigrationQuestion]:
    """One question for each tool that is declared. Raises UsageError on folders that hold no migrations."""
    section = environment.require(Postgresql)
    tools: Mapping[str, Alembic | Django | None] = {"alembic": section.alembic, "django": section.django}
    return [
        MigrationQuestion(
            scope=("postgresql", tool),
            login=login_of(section.url, section, secrets),
            patience=environment.limits.probe * 0.3,
            table=declared.table,
            declared=declared,
            earlier=alembic_revisions(declared) if isinstance(declared, Alembic) else django_migrations(declared),
        )
        for tool, declared in tools.items()
        if declared
    ]


async def probe_migrations(question: MigrationQuestion) -> PostgresqlMigrationsEvidence:
    """Read the table as the service's user. Raises Unobserved where it may not."""
    try:
        async with connected(question.login, question.patience) as connection:
            return await _read(question, connection)
    except psycopg.OperationalError as error:
        raise Unobserved(f"{question.server}: {await refusal(question, error)}") from None


async def _read(question: MigrationQuestion, connection: Connection) -> PostgresqlMigrationsEvidence:
    is_alembic = isinstance(question.declared, Alembic)
    evidence = PostgresqlMigrationsEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.server,
        tool="alembic" if is_alembic else "django",
        table=question.table,
        recorded=False,
        wanted=tuple(sorted(question.earlier)),
    )
    table = sql.Identifier(*question.table.split("."))
    ((there,),) = await rows(connection, "SELECT to_regclass(%s)::text", table.as_string(connection))
    if there is None:
        return evidence
    columns = sql.SQL("version_num") if is_alembic else sql.SQL("app || '.' || name")
    answer = await rows(connection, sql.SQL("SELECT {} FROM {}").format(columns, table))
    recorded = {name for (name,) in answer}
    if is_alembic:
        applied = _with_earlier(recorded, question.earlier)
        unknown = tuple(sorted(recorded - question.earlier.keys()))
        return replace(evidence, recorded=True, applied=tuple(sorted(applied)), unknown=unknown)
    return replace(evidence, recorded=True, applied=tuple(sorted(_with_squashed(recorded, question.earlier))))


def _with_earlier(heads: set[str], earlier: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Alembic notes the newest revisions only; all that they stand on have run."""
    applied: set[str] = set()
    waiting = [head for head in heads if head in earlier]
    while waiting:
        if (revision := waiting.pop()) not in applied:
            applied.add(revision)
            waiting.extend(earlier.get(revision, ()))
    return applied


def _with_squashed(recorded: set[str], replaces: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Django takes a squashed migration for applied when all that it replaces are."""
    squashed = {name for name, replaced in replaces.items() if replaced and recorded.issuperset(replaced)}
    return (recorded | squashed) & replaces.keys()
