"""Output that nobody can take any more must not become another verdict's exit code."""

import os
import sys
from typing import Any, TextIO


class PatientStream:
    """A text stream that remembers the first failure to write, and goes on: the record is on disk."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.problem: OSError | None = None

    def write(self, text: str) -> int:
        """Write, unless writing failed before."""
        if self.problem is None:
            try:
                return self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding or "ascii"
                return self._stream.write(text.encode(encoding, "replace").decode(encoding))
            except OSError as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Flush, unless writing failed before."""
        if self.problem is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.problem = error
        # What is left in the buffer would fail again when the interpreter ends, and change the exit code to 120.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the stream has
        return getattr(self._stream, name)


def make_patient() -> None:
    """Let standard output and standard error be patient from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lives
        if not isinstance(stream, PatientStream):
            setattr(sys, name, PatientStream(stream))
