"""Reads what migrations say about themselves, without running any of them: their assignments are literals."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo_postgresql.section import Alembic, Django


def alembic_revisions(declared: Alembic) -> Mapping[str, tuple[str, ...]]:
    """Revision to those it revises or depends on. Raises UsageError naming a folder or file that does not tell."""
    if declared.heads:
        return dict.fromkeys(declared.heads, ())
    revisions: dict[str, tuple[str, ...]] = {}
    for folder in declared.versions:
        for path in _sources(folder, "postgresql.alembic.versions"):
            assigned = _assignments(path, _parsed(path).body)
            revision = assigned.get("revision")
            if not isinstance(revision, str):
                raise UsageError(
                    f"{path}: has no revision; postgresql.alembic.versions must name folders that hold revisions only"
                )
            revisions[revision] = (*_texts(assigned.get("down_revision")), *_texts(assigned.get("depends_on")))
    labels = revisions.keys()
    for revision, earlier in revisions.items():
        if unknown := [name for name in earlier if name not in labels]:
            raise UsageError(
                f"postgresql.alembic.versions: revision {revision} depends on {unknown[0]}, which is in no file; "
                "name every folder of version_locations, or declare heads"
            )
    return revisions


def django_migrations(declared: Django) -> Mapping[str, tuple[str, ...]]:
    """``app.name`` to those that it replaces. Raises UsageError naming a folder or file that does not tell."""
    migrations: dict[str, tuple[str, ...]] = dict.fromkeys(declared.newest, ())
    for app, folder in declared.apps.items():
        for path in _sources(folder, f"postgresql.django.apps.{app}"):
            body = [node for node in _parsed(path).body if isinstance(node, ast.ClassDef) and node.name == "Migration"]
            if not body:
                raise UsageError(
                    f"{path}: has no class Migration; postgresql.django.apps.{app} must name a folder that holds migrations only"
                )
            replaced = _assignments(path, body[0].body).get("replaces") or ()
            migrations[f"{app}.{path.stem}"] = tuple(".".join(pair) for pair in replaced)  # type: ignore[attr-defined]
    return migrations


def _sources(folder: str, key: str) -> list[Path]:
    if not Path(folder).is_dir():
        raise UsageError(f"{key}: {folder} is not a folder, as seen from the folder where gonogo runs")
    sources = sorted(path for path in Path(folder).glob("*.py") if not path.name.startswith(("_", "~", ".")))
    if not sources:
        raise UsageError(f"{key}: {folder} holds no migration")
    return sources


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path}: is not Python that can be read: {error}") from None


_NAMES = frozenset({"revision", "down_revision", "depends_on", "replaces"})


def _assignments(path: Path, body: list[ast.stmt]) -> Mapping[str, object]:
    """Name to literal. Raises UsageError where a name that we need has a value that only running the file would tell."""
    literals: dict[str, object] = {}
    for name, value in _assigned(body):
        if name in _NAMES:
            try:
                literals[name] = ast.literal_eval(value)
            except ValueError:
                raise UsageError(
                    f"{path}: {name} is not a literal; declare heads or newest instead of the folder"
                ) from None
    return literals


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, value


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))  # type: ignore[call-overload]
