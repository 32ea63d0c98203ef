"""``make rehearsal``: WorkMe's launch from staging to the sign-off of production, on two references, command by command.

Two references are started: one serves as staging, the other as production, each with objects of its own at the doubles of
the providers. Then the commands of docs/launch.md: staging's smoke run and gate, its three signatures, production's gates in
their order, the sign-off that carries staging's evidence, three signatures, and the ``gonogo verify`` of the deploy job. What
people would attest is attested by people of environments/people.toml, in a folder that is thrown away.
"""

import sys
import tempfile
from pathlib import Path

from gonogo.runs.reference_instance import ReferenceProcess
from tests.walk.launching import NotGo, prepared_launch, undone, verified, walked


def main() -> int:
    """Print each command and how it ended; 0 if the deploy job may go on."""
    with (
        tempfile.TemporaryDirectory(prefix="gonogo-rehearsal-") as folder,
        ReferenceProcess(deployment="staging") as staging,
        ReferenceProcess(deployment="production") as production,
    ):
        launch = prepared_launch(Path(folder) / "project", staging, production, _say)
        try:
            code, run = launch.smoke("staging")
            if not code:
                return verified(walked(launch)).returncode
            problem = f"smoke: {'; '.join(undone(run))}"
        except NotGo as error:
            problem = str(error)
    _say(f"✖ {problem}")
    return 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    sys.exit(main())
