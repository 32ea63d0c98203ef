"""Runs an instance for whoever started it: events out as JSON lines, commands in, the end of input is the end.

Events: ``ready``, ``faults`` (after a switch), ``failed``, ``crashed``, ``stopped``.
Commands: ``{"set_faults": ["tls-expired"]}``.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reference.announcement import Announcement
from reference.children import Child, StartFailed
from reference.faults import UnknownFault, faulty
from reference.instance import Instance
from reference.settings import Deployment
from reference.watchdog import Watchdog


def serve(
    faults: Sequence[str], *, deployment: Deployment = "staging", announce: Path | None = None, content: str = ""
) -> int:
    """Run until told to stop. Gives the exit code: 0 stopped, 1 crashed, 2 could not start.

    ``deployment`` is whose service it is; ``announce`` is the file that tells later runs how to reach the instance, ``content`` the digest of its code.
    """
    try:
        faulty(faults, deployment)
    except UnknownFault as error:
        return _failed(str(error), "python -m reference faults lists them")
    state = Path(tempfile.mkdtemp(prefix="gonogo-reference-"))
    announcement = Announcement(announce, content) if announce else None
    watchdog = Watchdog(state, announce)
    try:
        return asyncio.run(_Supervisor(state, deployment, announcement).run(faults))
    finally:
        shutil.rmtree(state, ignore_errors=True)
        if announcement is not None:
            announcement.withdraw()
        watchdog.dismiss()


class _Supervisor:
    def __init__(self, state: Path, deployment: Deployment, announcement: Announcement | None) -> None:
        self._state = state
        self._deployment = deployment
        self._announcement = announcement
        self._crashed: Child | None = None

    async def run(self, faults: Sequence[str]) -> int:
        def crashed(child: Child) -> None:
            self._crashed = self._crashed or child
            serving.cancel()

        try:
            instance = Instance(self._state, self._deployment, crashed)
        except StartFailed as error:
            return _failed(str(error), error.cure)
        serving = asyncio.create_task(self._serve(instance, faults))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        try:
            await serving
        except StartFailed as error:
            return _failed(str(error), error.cure)
        except asyncio.CancelledError:
            pass  # told to stop, or crashed: in the middle of starting, too
        finally:
            await instance.stop()
        return self._last_event()

    async def _serve(self, instance: Instance, faults: Sequence[str]) -> None:
        started = time.monotonic()
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        await instance.start(faulty(faults, self._deployment))
        self._ready(instance, faults, time.monotonic() - started)
        while line := await commands.readline():
            await self._apply_command(instance, json.loads(line))

    def _last_event(self) -> int:
        if self._crashed is None:
            _emit("stopped")
            return 0
        _emit("crashed", part=self._crashed.name, exit_code=self._crashed.exit_code, log=self._crashed.log_tail())
        return 1

    def _ready(self, instance: Instance, faults: Sequence[str], seconds: float) -> None:
        event: dict[str, Any] = {
            "event": "ready",
            "pid": os.getpid(),
            "state_dir": str(self._state),
            "environment": instance.environment,
            "faults": list(faults),
            "seconds": round(seconds, 2),
        }
        # First, so that whoever hears that it is ready finds it announced.
        if self._announcement is not None:
            self._announcement.publish(event)
        _emit(**event)

    async def _apply_command(self, instance: Instance, command: dict[str, Any]) -> None:
        started = time.monotonic()
        faults = command["set_faults"]
        try:
            settings = faulty(faults, self._deployment)
        except UnknownFault as error:
            _emit("failed", message=str(error), cure="python -m reference faults lists them")
            return
        await instance.apply(settings)
        seconds = round(time.monotonic() - started, 2)
        _emit("faults", faults=faults, environment=instance.environment, seconds=seconds)


def _emit(event: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
    # Whoever listened may be gone already: that is no reason not to clean up.
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"event": event, **fields}), flush=True)  # noqa: T201 - the protocol


def _failed(message: str, cure: str) -> int:
    _emit("failed", message=message, cure=cure)
    return 2
