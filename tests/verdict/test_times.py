"""Lines in time: nobody can know before the launch what is true after it, and no gate asks for that earlier."""

from itertools import product
from pathlib import Path

import pytest

from gonogo.planning.gate_demands import GateDemands
from gonogo.policy.checklist import parse_checklist, read_checklist
from gonogo.policy.checklist_line import Stage
from gonogo.policy.gates import Gate, Role, below, lines_of, read_gates
from gonogo.record.results import LineStatus
from gonogo.verdict.checklist_status import checklist_status
from gonogo.verdict.decision import decide
from tests.policy.desk import Desk, made_desk
from tests.verdict.test_checklist_status import AT, check, said

SEED = Path("environments")
STAGES = list(Stage)
ORDER = ["production-pre-deploy", "post-deploy", "launch", "go-live", "sign-off", "watch"]
"""The gates of production, as docs/launch.md walks them."""


def demands(asked: Stage | None, when: Stage | None) -> GateDemands:
    """A gate that is asked at a time, of two lines of another: one that a check proves, one that a person attests."""
    option = f" when={when}" if when else ""
    text = f"# S\n- [ ] by check <!-- by.check{option} -->\n- [ ] by people <!-- by.people attest=devops{option} -->\n"
    return GateDemands(
        name="now",
        gate=Gate(title="T", sections=("*",), when=asked),
        stands_for=("production",),
        checklist=parse_checklist(text, "environments/checklist.md"),
        roles={"devops": Role(title="DevOps")},
        attestations=(said("by.people"),),
    )


@pytest.mark.parametrize(("asked", "when"), list(product([None, *STAGES], repeat=2)))
def test_line_counts_from_its_time_on(asked: Stage | None, when: Stage | None) -> None:
    """In time it is verified and attested; too early it is neither, whatever checks and people say, and not demanded."""
    early = asked is not None and when is not None and STAGES.index(when) > STAGES.index(asked)
    asking = demands(asked, when)
    lines = {line.id: line for line in checklist_status(asking, [check("c", proves=("by.check",))], AT).lines}
    expected = (LineStatus.OPEN,) * 2 if early else (LineStatus.VERIFIED, LineStatus.ATTESTED)
    assert (lines["by.check"].status, lines["by.people"].status) == expected
    assert {line.demanded for line in lines.values()} == {not early}
    if early:
        assert lines["by.check"].why == f"it can be known {when}; gate now is asked {asked}"
        assert not decide([check("c")], list(lines.values())).open_lines


@pytest.mark.parametrize("when", STAGES)
def test_word_given_before_the_launch_about_the_time_after_it(tmp_path: Path, when: Stage) -> None:
    """Refused with its cure for what lies after the launch; for every other time it counts."""
    desk: Desk = made_desk(tmp_path)
    listed = desk.project / "environments/checklist.md"
    desk.write("checklist.md", listed.read_text().replace("attest=lead", f"attest=lead when={when}"))
    gates = (desk.project / "environments/gates.toml").read_text()
    desk.attested()
    assert desk.refusal() == "", "nobody has said when the launch is"
    desk.write("gates.toml", gates + "[launch]\ndesk = 2999-01-01T09:00:00Z\n")
    refusal = desk.refusal()
    if when is Stage.AFTER_LAUNCH:
        assert "people.said is about the time after the launch (2999-01-01 09:00 UTC); attest it then" in refusal
    else:
        assert refusal == ""
    desk.write("gates.toml", gates + "[launch]\ndesk = 2020-01-01T09:00:00Z\n")
    assert desk.refusal() == "", "it was given after the launch"


def test_no_gate_of_the_seed_asks_what_lies_later() -> None:
    """Of every gate, in both environments; and each time of the list is asked by some gate of production."""
    checklist = read_checklist(SEED / "checklist.md")
    gates = read_gates(SEED / "gates.toml", checklist).gates
    for name, gate in gates.items():
        for environment in gate.environments:
            asked = [line.when for line in lines_of(gate, checklist, [environment]) if line.when and gate.when]
            assert not [when for when in asked if STAGES.index(when) > STAGES.index(gate.when or when)], name
    times = [gates[name].when for name in ORDER]
    assert times == sorted(times, key=lambda when: STAGES.index(when or STAGES[0]))
    production = {line.id for name in ORDER for line in lines_of(gates[name], checklist, ["production"])}
    leaves = {one.id for one in checklist.lines if not one.environments or "production" in one.environments}
    assert production == leaves, "every line of production has its gate"


def test_two_hours_before_and_the_moment_itself_are_two_gates() -> None:
    """T-2 h can be GO before the real payment of T-0; the snapshot is demanded before the deployment, not after it."""
    checklist = read_checklist(SEED / "checklist.md")
    gates = read_gates(SEED / "gates.toml", checklist).gates
    asked = {
        name: {line.id for line in lines_of(gate, checklist, ["production"])}
        for name, gate in gates.items()
        if "production" in gate.environments
    }
    assert not [one for one in asked["launch"] if below(one, "day.go-live")]
    assert {"day.payment", "day.first-user"} <= asked["go-live"]
    assert not {"day.green", "day.standby"} & asked["go-live"]
    assert "prod.snapshot" in asked["production-pre-deploy"]
    assert not {"prod.deployed", "prod.health"} & asked["production-pre-deploy"]
    money = {"path.payment", "prod.stripe-live", "stripe.webhook-secret", "env.production.stripe-webhook-secret"}
    assert {name for name, lines in asked.items() if money & lines} == {"go-live", "sign-off"}
