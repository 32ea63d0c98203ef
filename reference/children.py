"""Child processes of the reference environment: their logs kept, their deaths noticed, their ends awaited."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LOG_LINES = 20


class StartFailed(Exception):
    """A part of the environment could not be started."""

    def __init__(self, message: str, *, cure: str) -> None:
        self.cure = cure
        super().__init__(message)


class Child:
    """One process. It shares our process group, which is how the watchdog finds it if we are killed."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.on_crash: Callable[[Child], None] = lambda _child: None
        self._command = command
        self._log = log
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.returncode if self._process else None

    @property
    def pid(self) -> int | None:
        """The process's id, once it is started."""
        return self._process.pid if self._process else None

    async def start(self, *, talks: bool = False) -> None:
        """Start it; with ``talks``, its standard input and output are ours."""
        pipe = asyncio.subprocess.PIPE if talks else None
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=pipe or asyncio.subprocess.DEVNULL,
                stdout=pipe or log,
                stderr=log,
                env=self._environ,
            )
        self._watch = asyncio.create_task(self._wait())

    async def stop(self) -> None:
        """End it at once: nothing that it holds outlives it, so an orderly shutdown would only take time."""
        self._stopping = True
        if self._process is None or self._watch is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._watch

    async def write_line(self, line: bytes) -> None:
        """Write one line to its standard input."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line + b"\n")
            await self._process.stdin.drain()

    async def read_line(self) -> bytes:
        """Read one line of its standard output; empty when it has ended."""
        if self._process is None or self._process.stdout is None:
            return b""
        return await self._process.stdout.readline()

    def log_tail(self) -> list[str]:
        """The end of its log."""
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return text.splitlines()[-_LOG_LINES:]

    async def _wait(self) -> None:
        if self._process is not None:
            await self._process.wait()
        if not self._stopping:
            self.on_crash(self)
