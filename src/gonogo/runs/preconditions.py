"""Refuses early what would fail late: a smoke run without journeys, a load without its declaration or its packages."""

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.environment.load import EnvironmentFile
from gonogo.environment.types import Effect
from gonogo.families.browser.programs import demand_programs
from gonogo.families.browser.section import Browser
from gonogo.families.load.section import Load
from gonogo.families.smoke.section import Smoke
from gonogo.load.run import LOCUSTFILE
from gonogo.planning.plan import LOAD, SMOKE, WALK, has_journeys
from gonogo.planning.suite import Suite


def require_journeys(file: EnvironmentFile, gate: str, suite: Suite) -> None:
    """Refuse a smoke run in which nobody would walk: checks alone say little about critical paths."""
    if file.environment.declares("api") and "smoke" in file.environment.service.without:
        raise UsageError(
            f"{file.path}: service.without: smoke: [api] is declared, and its security journey is walked by synthetic "
            "users: take smoke out of without, and say in [smoke] where their addresses are (mail_domain)"
        )
    if gate != SMOKE:
        return
    if not has_journeys(suite, file.environment):
        raise UsageError(
            f"{file.path}: no journeys: {file.project / 'smoke'} has none; write some (docs/journeys.md), or use gonogo run"
        )
    if file.environment.section(Smoke) is None:
        raise UsageError(f"{file.path}: smoke: missing; it says where synthetic users live (see docs/journeys.md)")
    if Effect.WRITE not in file.environment.permits.effects:
        raise UsageError(
            f'{file.path}: permits.effects: journeys are a "{Effect.WRITE}", which is not permitted here; add it'
        )


def require_load(file: EnvironmentFile, gate: str, suite: Suite, wanted: Collection[str]) -> None:
    """Refuse early what would fail late: the load asked for by name, and not declared; or its packages not there."""
    load, permitted = file.environment.section(Load), Effect.LOAD in file.environment.permits.effects
    if gate == LOAD and load is None:
        raise UsageError(f"{file.path}: load: missing; it says which visits are made, and how often (see docs/load.md)")
    if gate == LOAD and not permitted:
        raise UsageError(
            f'{file.path}: permits.effects: "{Effect.LOAD}" is not permitted here; add it once that is safe'
        )
    needed = any(LOAD in suite.declarations[identifier].arguments for identifier in wanted)
    if load and permitted and needed and find_spec("locust") is None:
        raise UsageError(
            f"{file.path}: load: its packages are not installed; install gonogo with its extra load, from where you have gonogo"
        )
    if load and permitted and needed and not (scenarios(file) / LOCUSTFILE).is_file():
        raise UsageError(
            f"{file.path}: load: this project has no {scenarios(file).name}/{LOCUSTFILE}; write a class of Visitor for each "
            f"of load.visits ({', '.join(load.visits)}), as docs/load.md shows"
        )


def require_browser(file: EnvironmentFile, suite: Suite, wanted: Collection[str]) -> None:
    """Refuse early what would fail late: journeys with a browser, where there is none."""
    browser = file.environment.section(Browser)
    walked = any(WALK in suite.declarations[identifier].arguments for identifier in wanted)
    if browser is None or not walked or Effect.WRITE not in file.environment.permits.effects:
        return
    try:
        demand_programs(browser, file.environment)
    except UsageError as error:
        raise UsageError(*(f"{file.path}: {problem}" for problem in error.problems)) from None


def scenarios(file: EnvironmentFile) -> Path:
    """The folder of the project's load scenarios; it need not exist where no load is declared."""
    return file.project.resolve() / "loadtests"
