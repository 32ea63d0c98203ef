"""Removes what killed runs left in an environment."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from anyio.from_thread import start_blocking_portal

from gonogo.base.errors import UsageError
from gonogo.base.marks import Marks
from gonogo.base.redaction import Redactor
from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.environment.secret_values import resolve_secrets
from gonogo.environment.types import Effect
from gonogo.families.load.section import Load
from gonogo.families.registry import read_environment
from gonogo.families.smoke.section import Smoke
from gonogo.families.world import World
from gonogo.journey.cleanup import Cleanup, clean_up
from gonogo.journey.project import walk_of
from gonogo.runs.key_shapes import check_keys
from gonogo.runs.reference_instance import ReferenceInstance, announced_instance


def clean(  # noqa: PLR0913 - where, whose, and until when
    name: str,
    project: Path,
    environ: Mapping[str, str],
    *,
    run_id: str | None = None,
    stop: Event | None = None,
    instance: ReferenceInstance | None = None,
) -> Cleanup:
    """Remove synthetic data: of one run, or of all; ``stop`` ends it at the next request. Raises UsageError, and AssertionError if the service refuses."""
    file = permitted(name, project, instance)
    secrets = resolve_secrets(file, environ)
    check_keys(file, secrets)
    with ExitStack() as resources:
        world = World(
            environment=file.environment,
            secrets=secrets,
            run_id=run_id or "clean",
            portal=resources.enter_context(start_blocking_portal("asyncio", name="gonogo-clean")),
            redactor=Redactor(secrets),
            stopped=stop or Event(),
        )
        resources.callback(world.close)
        return clean_up(walk_of(file.project)(world, "clean"), Marks(run_id))


def permitted(name: str, project: Path, instance: ReferenceInstance | None, *, removes: bool = True) -> EnvironmentFile:
    """The environment, if there is one to be reached, and if it lets us remove things, where anything ``removes``."""
    file = read_environment(name, project=project)
    if file.environment.service.bundled:
        instance = instance or announced_instance()
        if instance is None:
            raise UsageError(
                f"{file.path}: the bundled reference environment is not up; a run's own one ends with the run, "
                "and all that was in it; for one that stays: gonogo reference up"
            )
        file = overlaid(file, instance.overlay)
    if file.environment.section(Smoke) is None and file.environment.section(Load) is None:
        raise UsageError(
            f"{file.path}: smoke: nothing here makes synthetic data; journeys need the section [smoke], a load [load]"
        )
    if removes and Effect.WRITE not in file.environment.permits.effects:
        raise UsageError(
            f'{file.path}: permits.effects: removing test data is a "{Effect.WRITE}", which is not permitted here; add it'
        )
    return file
