"""What the system says of processes."""

from pathlib import Path


def children_of(pid: int) -> list[int]:
    """The processes that this one started; none when it is gone."""
    try:
        return [int(child) for path in Path(f"/proc/{pid}/task").iterdir() for child in _listed(path / "children")]
    except OSError:
        return []


def _listed(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
