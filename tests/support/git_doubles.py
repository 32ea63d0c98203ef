"""Repositories for tests, with nobody's configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SETTINGS = ("user.name=T", "user.email=t@a.test", "commit.gpgSign=false", "init.defaultBranch=main")


class Repo:
    """A real one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q")

    def git(self, *arguments: str, **variables: str) -> None:
        """Raises when git does; ``variables`` are set for it, as GIT_COMMITTER_DATE."""
        options = [part for setting in _SETTINGS for part in ("-c", setting)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        command = ["git", "-C", str(self.root), *options, *arguments]
        environ = kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | variables
        subprocess.run(command, env=environ, check=True, capture_output=True)  # noqa: S603 - ours

    def commit(self, files: Mapping[str, str | bytes] | None = None, *, message: str = "x", **variables: str) -> None:
        """Write these, and commit all."""
        for name, content in (files or {}).items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", message, **variables)
