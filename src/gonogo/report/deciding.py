"""The commands of whoever decides: how a role signs the run, and how the signatures are verified. Whole, to be pasted."""

import shlex

from gonogo.base.durations import format_duration
from gonogo.record.results import Results
from gonogo.verdict.approval import go_refusal
from gonogo.verdict.endings import FRESH, outlasts


def sign_command(results: Results, run: str, role: str, decision: str = "") -> str:
    """The command that signs the run as this role: GO where that is not refused, else NO-GO, unless ``decision`` says which.

    ``run`` is its id or folder.
    """
    decision = decision or ("no-go" if go_refusal(results, role) else "go")
    return f"gonogo sign {shlex.quote(run)} --role {shlex.quote(role)} --decision {decision}"


def verify_command(results: Results, run: str) -> str:
    """The command of the deploy job, with all that the run must be of; of a run that took longer, no age is demanded."""
    told = results.run
    named = {"--env": told.environment, "--gate": told.gate, "--release": told.release or ""}
    named["--max-age"] = "" if outlasts(results) else format_duration(FRESH).replace(" ", "")
    options = [f"{name} {shlex.quote(value)}" for name, value in named.items() if value]
    return " ".join(["gonogo verify", shlex.quote(run), *options])
