"""Files of servers that the environment file declares: one check for each."""

import pytest

from gonogo.base.comparing import nothing, so
from gonogo.environment.model import Environment
from gonogo.evidence.server import FileEvidence
from gonogo.families.servers.file_entry import FileEntry


@pytest.mark.check("file-*")
def test_file_is_as_declared(server_file: FileEvidence, environment: Environment) -> None:
    """A secret that anybody can read, or a setting that is missing, is found here.

    Fix: correct the file on the server, or the entry under [files].
    """
    entry = environment.table(FileEntry)[server_file.scope[-1]]
    where = f"{entry.server}:{entry.path}"
    if not entry.exists:
        assert so(not server_file.exists, "file", "missing", "there"), f"{where} exists; it should not"
        return
    assert so(server_file.exists, "file", "there", "missing"), f"{where} does not exist"
    departures = [
        f"its {fact} is {actual}; {wanted} is expected"
        for fact, actual, wanted in (
            ("mode", server_file.mode, entry.mode.zfill(4) if entry.mode else None),
            ("owner", server_file.owner, entry.owner),
            ("group", server_file.group, entry.group),
        )
        if wanted is not None and actual != wanted
    ]
    if server_file.contains is False:
        departures.append(f"no line of it contains {entry.contains!r}")
    if server_file.never:
        departures.append(f"a line of it contains {entry.never!r}")
    assert nothing(departures, "departures from what is declared"), f"{where}: {'; '.join(departures)}"
