"""What pytest wrote is raw: of it, only the redacted page is ever in a file."""

import errno
import os
from pathlib import Path
from unittest import mock

import pytest

from gonogo.base.errors import UsageError
from gonogo.judging.page import PageInMemory
from gonogo.record.run_folder import RunFolder

TEST = '''
def test_it():
    """Prints a secret."""
    print("s3cret-value-0001")
    assert False, "s3cret-value-0001"
'''


def test_page_of_pytest_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is killed between two writes would leave a file that everybody may read."""
    (tmp_path / "test_leak.py").write_text(TEST)
    monkeypatch.chdir(tmp_path)
    page = PageInMemory("pytest.html")
    isolated = ("-p", "no:cacheprovider", "-p", "no:terminal", "--disable-plugin-autoload", "-c", os.devnull)
    code = pytest.main([str(tmp_path), "--rootdir", str(tmp_path), *isolated, *page.arguments], plugins=[page])
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "s3cret-value-0001" in page.content
    assert ">pytest.html</title>" in page.content
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert written == [tmp_path / "test_leak.py"]


def test_what_could_not_be_written_whole_is_removed(tmp_path: Path) -> None:
    """A full disk left half a file beside the record, under a name that nobody looks at."""
    folder = RunFolder(tmp_path)
    with (
        mock.patch("os.fsync", side_effect=OSError(errno.ENOSPC, "No space left on device")),
        pytest.raises(UsageError, match="No space left on device"),
    ):
        folder.write("pytest.html", b"x" * 1000)
    assert not list(tmp_path.iterdir())
