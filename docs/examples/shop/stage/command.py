"""The command: everything is started in its order, and ended in the other one."""

import argparse
import os
import shutil
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stage.certificates import issue
from stage.faults import FAULTS
from stage.front import front
from stage.place import BUCKET, HOST, Place
from stage.postgresql import postgresql
from stage.processes import NotStarted, listens, run, running
from stage.rabbitmq import rabbitmq
from stage.s3 import Keys, s3

PROJECT = Path(__file__).parents[1]
_BASE = 24440
"""The ports of environments/staging.toml begin here."""


def main(arguments: Sequence[str]) -> int:
    """``up``: until Ctrl-C; ``faults``: what can be wrong on purpose."""
    parser = argparse.ArgumentParser(prog="python -m shop")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything, until Ctrl-C")
    up.add_argument("--fault", choices=sorted(FAULTS), default=[], action="append", help="something that is wrong")
    up.add_argument("--base", type=int, default=_BASE, help="the first of ten ports (default: %(default)s)")
    commands.add_parser("faults", help="what can be wrong")
    chosen = parser.parse_args(arguments)
    if chosen.command == "faults":
        print("\n".join(f"{name:28}{what}" for name, what in FAULTS.items()))
        return 0
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    taken = [str(port) for port in range(chosen.base, chosen.base + 10) if listens(port)]
    if taken:
        print(f"port {', '.join(taken)}: somebody listens there already; --base NUMBER chooses others", file=sys.stderr)
        return 2
    try:
        with _started(chosen.base, frozenset(chosen.fault)) as place:
            print(
                f"ready: https://{HOST}:{place.https}; faults: {', '.join(chosen.fault) or 'none'}; Ctrl-C ends it",
                flush=True,
            )
            ended.wait()
    except NotStarted as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _started(base: int, faults: frozenset[str]) -> Iterator[Place]:
    with ExitStack() as held:
        # PostgreSQL does not run as root, and must reach its files.
        folder = Path(held.enter_context(TemporaryDirectory(prefix="lantern-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        place = Place(folder=folder, base=base, faults=faults)
        issue(folder, ("localhost",), "inner", place.authority)
        issue(folder, ("other.test" if "another-name" in faults else HOST,), "outer", place.authority)
        held.enter_context(postgresql(place))
        held.enter_context(rabbitmq(place))
        keys = held.enter_context(s3(place))
        held.enter_context(front(place))
        variables = _variables(place, keys)
        _tell(place, keys, variables)
        environ = {**os.environ, **variables, "STAGE_FAULTS": " ".join(faults), "PYTHONPATH": str(PROJECT)}
        newest = "0002" if "migration-missing" in faults else "head"
        run([sys.executable, "-m", "alembic", "-c", str(PROJECT / "alembic.ini"), "upgrade", newest], environ)
        held.enter_context(_web(place, environ))
        if "worker-stopped" not in faults:
            module = "stage.worker" if faults else "shop.worker"
            log = place.folder / "worker.log"
            held.enter_context(running([sys.executable, "-m", module], log, lambda: True, environ))
        yield place


@contextmanager
def _web(place: Place, environ: Mapping[str, str]) -> Iterator[None]:
    application = "stage.wsgi:application" if place.faults else "shop.web:app"
    options = ["--bind", f"127.0.0.1:{place.inner[0]}", "--worker-class", "gthread", "--threads", "16"]
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *options, "--keep-alive", "30", application]
    with running(command, place.folder / "web.log", lambda: _is_ready(place), environ):
        yield


def _is_ready(place: Place) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{place.inner[0]}/ready", timeout=10) as reply:
            return bool(reply.status == 200)  # noqa: PLR2004 - OK
    except (urllib.error.URLError, OSError):
        return False


def _variables(place: Place, keys: Keys) -> Mapping[str, str]:
    """Return the variables of the shop itself."""
    return {
        "SHOP_DATABASE_URL": place.database_url,
        "SHOP_QUEUE_URL": place.queue_url,
        "SHOP_BUCKET": BUCKET,
        "SHOP_BUCKET_ENDPOINT": f"https://localhost:{place.bucket}",
        "SHOP_BUCKET_KEY_ID": keys.shop[0],
        "SHOP_BUCKET_SECRET_KEY": keys.shop[1],
        "SHOP_AUTHORITY": str(place.authority),
        "SHOP_ADMIN_TOKEN": place.admin_token,
        "SHOP_METRICS_TOKEN": place.metrics_token,
    }


def _tell(place: Place, keys: Keys, variables: Mapping[str, str]) -> None:
    """Write what gonogo needs: the secrets of environments/staging.toml, and the authority."""
    looking = {
        "SHOP_QUEUE_MANAGEMENT_URL": place.management_url,
        "SHOP_BUCKET_WATCHER_KEY_ID": keys.watcher[0],
        "SHOP_BUCKET_WATCHER_SECRET_KEY": keys.watcher[1],
    }
    path = PROJECT / ".env.staging"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}='{value}'\n" for name, value in {**variables, **looking}.items()))
    shutil.copy(place.authority, PROJECT / "root.pem")
