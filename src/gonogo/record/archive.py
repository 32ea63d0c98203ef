"""Finds runs under ``reports/``: by the path of their folder, by their id, or as what came before another run."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from gonogo.base.documents import read_document
from gonogo.base.errors import GonogoError, UsageError
from gonogo.base.wording import and_more, closest
from gonogo.record.results import SCHEMA, Results, from_document
from gonogo.record.run_folder import LATEST

NAME = "results.json"
MOST_EARLIER = 10
_FEW = 3
_SECOND = len("20261123T120000Z")
"""Of an id: runs of one second are in no order."""


def read_results(path: Path) -> Results:
    """Read ``results.json``. Raises UsageError when it is missing or of another schema, IntegrityError if damaged."""
    return read_document(path, SCHEMA, from_document)


def find_run(name: str, reports: Path) -> Path:
    """The folder of a run: by its path, its id, the begin of one, or ``latest``. Raises UsageError unless that is one run."""
    path = Path(name)
    if path.name == NAME and path.is_file():
        return path.parent
    if path.is_dir():
        return path
    by_name = {folder.name: folder for environment in environments(reports) for folder in folders(environment)}
    if by_name and name == LATEST:
        pointed = {(environment / LATEST).resolve().name for environment in environments(reports)}
        return by_name[max(pointed & by_name.keys() or by_name)]
    beginning = sorted(identifier for identifier in by_name if identifier.startswith(name))
    if name in by_name or len(beginning) == 1:
        return by_name[name if name in by_name else beginning[0]]
    if beginning:
        raise UsageError(
            f"{name}: {len(beginning)} runs have ids that begin with it, {and_more(beginning, _FEW)}; give more of the id"
        )
    near = closest(name, [*by_name, LATEST]) if by_name else None
    cure = f"did you mean {near}?" if near else "give a folder as in reports/staging/latest, or an id of: gonogo runs"
    raise UsageError(f"{name}: neither the folder of a run, nor the id of one under {reports}; {cure}")


def environments(reports: Path) -> Sequence[Path]:
    """The folders that hold the runs of one environment each, by name."""
    return _folders_in(reports)


def folders(environment: Path) -> Sequence[Path]:
    """The folders of an environment's runs, the newest first: ids sort by time. ``latest`` is none of its own."""
    return [folder for folder in reversed(_folders_in(environment)) if (folder / NAME).is_file()]


def newer(folder: Path, results: Results) -> Results | None:
    """The newest whole run beside this one that asked the same later; None if there is none. What is damaged is passed over."""
    own = folder.resolve()
    for other in folders(own.parent):
        if other.name[:_SECOND] < own.name[:_SECOND]:
            break
        for found in _readable(other / NAME):
            if _comparable(results, found, narrowed=True) and found.run.finished and not found.run.narrowed:
                return found
    return None


def earlier(results: Results, *places: Path, narrowed: bool = False) -> Sequence[Results]:
    """The runs before this one that asked the same, the newest first, at most ten; ``narrowed`` ones only if wanted.

    A place is the folder of a run, of an environment's runs, or of all environments. What is damaged, provisional, of another gate or of another service is passed over: a broken file of last week must
    not keep today's run from its verdict.
    """
    runs = {run.run.id: run for place in places for run in _earlier_in(place, results, narrowed=narrowed)}
    return sorted(runs.values(), key=lambda results: results.run.started_at, reverse=True)[:MOST_EARLIER]


def _earlier_in(place: Path, results: Results, *, narrowed: bool) -> Iterator[Results]:
    """The newest of a place's runs that asked the same, as many as are wanted."""
    wanted = MOST_EARLIER
    for folder in _runs_in(place, results.run.environment):
        if _mentions(folder / NAME, results.run.gate):
            for run in _readable(folder / NAME):
                if _comparable(run, results, narrowed=narrowed):
                    yield run
                    wanted -= 1
        if not wanted:
            return


def _runs_in(place: Path, environment: str) -> Sequence[Path]:
    return [place] if (place / NAME).is_file() else folders(place) or folders(place / environment)


def _comparable(first: Results, second: Results, *, narrowed: bool) -> bool:
    then, now = first.run, second.run
    same = (then.service, then.environment, then.gate) == (now.service, now.environment, now.gate)
    whole = then.finished and (narrowed or not then.narrowed)
    return same and whole and then.id != now.id and then.started_at <= now.started_at


def _mentions(path: Path, gate: str) -> bool:
    """A quick look before the file is parsed: among hundreds of runs, those of a gate may be few."""
    try:
        return f'"gate":{json.dumps(gate)}'.encode() in path.read_bytes()
    except OSError:
        return False


def _readable(path: Path) -> Iterator[Results]:
    try:
        yield read_results(path)
    except GonogoError:
        return


def _folders_in(path: Path) -> Sequence[Path]:
    try:
        return sorted(
            path for path in path.iterdir() if path.is_dir() and not path.is_symlink() and path.name[0] != "."
        )
    except OSError:
        return []
