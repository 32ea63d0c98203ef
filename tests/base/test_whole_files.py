"""Files of a team are whole, whatever happens while they are written."""

import errno
import os
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.whole_files import write_whole


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, the people and the waivers of a team are theirs; half of one is none."""
    path = tmp_path / "list.md"
    path.write_text("ours")

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"list\.md: cannot be written \(No space left on device\); free some space"):
        write_whole(path, b"new")
    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_and_a_mode_stay(tmp_path: Path) -> None:
    """A list that lies elsewhere in the repository is written there."""
    (tmp_path / "docs").mkdir()
    kept = tmp_path / "docs" / "list.md"
    kept.write_text("old")
    kept.chmod(0o640)
    link = tmp_path / "list.md"
    link.symlink_to("docs/list.md")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert kept.read_text() == "new"
    assert kept.stat().st_mode & 0o777 == 0o640
    write_whole(tmp_path / "new" / "a.toml", b"x")
    assert (tmp_path / "new" / "a.toml").read_bytes() == b"x"
