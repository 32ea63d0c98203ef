"""Cleans up when nobody else can: a shell that outlives the supervisor by a moment.

It reads a pipe that only the supervisor holds open. If the supervisor is killed, the pipe ends, and the shell
kills what is left of the supervisor's process group and removes its folder.
"""

import os
import subprocess
from pathlib import Path

# "kill -KILL -- -1" is an error in dash: only -s takes "--" after it in every shell.
_SCRIPT = 'read -r word; [ "$word" = done ] || { kill -s KILL -- "-$1"; rm -rf -- "$2" "$3"; }'


class Watchdog:
    """Started first, dismissed last."""

    def __init__(self, state: Path, announcement: Path | None) -> None:
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)  # our children, and nobody else, share our group
        command = ["sh", "-c", _SCRIPT, "watchdog", str(os.getpid()), str(state), str(announcement or state)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def dismiss(self) -> None:
        """All is clean already."""
        self._process.communicate(b"done\n")
