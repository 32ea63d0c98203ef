"""``python -m gonogo.runs.load_people make ENV | remove ENV MARK``: the people of a load that Locust itself runs."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from gonogo.base.errors import GonogoError, UsageError
from gonogo.base.marks import PREFIX
from gonogo.base.redaction import Redactor
from gonogo.environment.load import EnvironmentFile
from gonogo.environment.secret_values import resolve_secrets
from gonogo.environment.types import Effect
from gonogo.families.load.section import Load
from gonogo.families.world import World
from gonogo.journey.project import walk_of
from gonogo.load.plan import PLAN
from gonogo.load.run import DATASET, LoadRun, make_people
from gonogo.planning.plan import LOAD
from gonogo.record.run_folder import new_run_id
from gonogo.runs.cleanup import clean, permitted
from gonogo.runs.key_shapes import check_keys
from gonogo.runs.preconditions import scenarios


def make(name: str) -> None:
    """Print the plan, with the people that were made."""
    file = _permitted(name)
    if file.environment.section(Load) is None:
        raise UsageError(f"{file.path}: load: missing; it says which visits are made, and how often")
    if Effect.LOAD not in file.environment.permits.effects:
        raise UsageError(
            f'{file.path}: permits.effects: "{Effect.LOAD}" is not permitted here; add it once that is safe'
        )
    secrets = resolve_secrets(file, os.environ)
    check_keys(file, secrets)
    run_id, redactor = new_run_id(datetime.now(UTC)), Redactor(secrets)
    stage = LoadRun(
        environment=file.environment,
        secrets=secrets,
        run_id=run_id,
        redactor=redactor,
        folder=scenarios(file),
        walk=walk_of(file.project),
    )
    with ExitStack() as resources:
        portal = resources.enter_context(start_blocking_portal("asyncio", name="gonogo-people"))
        world = World(environment=file.environment, secrets=secrets, run_id=run_id, portal=portal, redactor=redactor)
        resources.callback(world.close)
        plan = stage.plan(world, make_people(stage.folder, stage.walk(world, LOAD)), model="closed")
    sys.stdout.buffer.write(PLAN.dump_json(plan))


def remove(name: str, mark: str) -> None:
    """Remove what was made under this mark; nobody was made where the scenarios have no dataset."""
    file = _permitted(name)
    if _makes_people(file):
        cleanup = clean(name, Path(), os.environ, run_id=mark.removeprefix(PREFIX))
        sys.stderr.write(f"gonogo: removed {cleanup.found_words}; remaining {cleanup.remaining_words}\n")


def _permitted(name: str) -> EnvironmentFile:
    """The environment, which must let things be removed only where people are made."""
    file = permitted(name, Path(), None, removes=False)
    return permitted(name, Path(), None) if _makes_people(file) else file


def _makes_people(file: EnvironmentFile) -> bool:
    return (scenarios(file) / DATASET).is_file()


def main(arguments: Sequence[str]) -> int:
    """Do as told; 2 with the reason on standard error if that is not possible."""
    try:
        match arguments:
            case ["make", name]:
                make(name)
            case ["remove", name, mark]:
                remove(name, mark)
            case _:
                raise UsageError("make ENV, or remove ENV MARK")
    except (GonogoError, AssertionError) as error:
        sys.stderr.write(f"gonogo: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
