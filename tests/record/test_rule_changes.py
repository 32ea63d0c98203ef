"""A changed rule is named by file, key, old and new value: nobody can compare two digests."""

from dataclasses import replace
from pathlib import Path

from gonogo.planning.rules import team_rules
from gonogo.record.history import changes, past
from gonogo.record.identity import PolicyDifference
from gonogo.record.results import CheckResult, History, LineStatus, Outcome, Results, from_content
from gonogo.record.rule_changes import DEFAULTS, NO_FILE, NOT_SET
from gonogo.report.changes import change_counts, change_words, render_changes
from tests.report.accounts import accounted, attested, line
from tests.report.conftest import check

RULES = {
    "environments/staging.toml": {"limits.timeout": "10 s", "hosts.api.addresses": "192.0.2.1"},
    "environments/gates.toml": {"": "a1", "gates.launch.title": "May we?"},
    "checks/catalogue.toml of gonogo": {"": "b1", "tls-a": "c1", "dns-b": "c2"},
    "checks/test_tls.py of gonogo": {"": "d1"},
}


def run(digest: str, rules: dict[str, dict[str, str]], *checks: CheckResult, **more: object) -> Results:
    """A run whose rules of every kind have this digest."""
    told = accounted(checks or [check("tls-a")], **more)  # type: ignore[arg-type]  # fields
    kept, whole = told.provenance, digest * 64
    return replace(
        told, provenance=replace(kept, rules=rules, catalogue=whole, checks=whole, environment=whole, policy=whole)
    )


def changed(**files: dict[str, str]) -> dict[str, dict[str, str]]:
    """The rules with other values in these files; a dot in a name is spelled with two underscores."""
    named = {next(name for name in RULES if short in name): values for short, values in files.items()}
    return {name: {**values, **named.get(name, {})} for name, values in RULES.items()}


def told(before: Results, after: Results) -> list[tuple[str, str, str, str]]:
    """File, key, old and new value."""
    return [
        (one.subject, one.key, one.before, one.after)
        for one in changes(before, after)
        if one.kind == "policy changed" and one.subject not in {"catalogue", "checks", "environment", "policy"}
    ]


def test_key_of_the_environment_is_named_with_both_values() -> None:
    """In the terminal, on the page and by ``gonogo diff``: all of them show these words."""
    before, after = run("1", RULES), run("2", changed(staging={"limits.timeout": "60 s"}))
    assert told(before, after) == [("environments/staging.toml", "limits.timeout", "10 s", "60 s")]
    change = next(one for one in changes(before, after) if one.key)
    assert change_words(change, {}) == "≠ environments/staging.toml   limits.timeout: 10 s → 60 s"
    assert change_words(change, {}) in render_changes(before, after, changes(before, after))


def test_equal_rules_are_no_change() -> None:
    """Two healthy runs in a row."""
    assert not changes(run("1", RULES), run("1", RULES))


def test_new_and_removed_tables_are_told_once() -> None:
    """A new gate has six keys, and is one change."""
    more = changed(gates={"": "a2", "gates.beta.title": "Beta?", "gates.beta.sections": "*"})
    assert told(run("1", RULES), run("2", more)) == [
        ("environments/gates.toml", "gates.beta", NOT_SET, "sections = *; title = Beta?")
    ]
    assert told(run("1", more), run("2", RULES)) == [
        ("environments/gates.toml", "gates.beta", "sections = *; title = Beta?", NOT_SET)
    ]


def test_threshold_is_named_in_the_file_that_sets_it() -> None:
    """The catalogue's, or the team's own policy; the digest of the catalogue says nothing beside it."""
    sides = [check("tls-a", thresholds={"slowest": value}) for value in ("2 s", "9 s")]
    before, after = run("1", RULES, sides[0]), run("2", changed(catalogue={"": "b2", "tls-a": "c9"}), sides[1])
    assert told(before, after) == [("checks/catalogue.toml of gonogo", "tls-a.slowest", "2 s", "9 s")]
    own = PolicyDifference(check="tls-a", key="slowest", bundled="2 s", local="9 s")
    after = replace(after, provenance=replace(after.provenance, policy_differences=[own]))
    assert told(before, after)[0][:2] == ("environments/policy.toml", "tls-a.slowest")


def test_entry_of_a_check_that_the_gate_does_not_plan_is_named() -> None:
    """Its values are not in the record, but nobody is left with the digest of a file."""
    after = run("2", changed(catalogue={"": "b2", "dns-b": "c9"}))
    assert told(run("1", RULES), after) == [("checks/catalogue.toml of gonogo", "dns-b", "sha256 c2", "sha256 c9")]


def test_file_without_keys_is_named_as_a_whole() -> None:
    """Code of checks, and a comment in a catalogue."""
    after = run("2", {**changed(test_tls={"": "d2"}), "checks/test_new.py": {"": "e1"}})
    assert told(run("1", RULES), after) == [
        ("checks/test_new.py", "", NO_FILE, "added"),
        ("checks/test_tls.py of gonogo", "", "sha256 d1", "sha256 d2"),
    ]


def test_lines_and_attestations_are_named_by_their_files() -> None:
    """Whoever signs sees that a sentence was reworded, and that somebody attested anew."""
    path = "environments/attestations/staging/x.one.toml"
    old, new = (
        replace(line("x.one", attested=attested(by=who, path=path)), text=text)
        for text, who in (("A", "An"), ("B", "Bo"))
    )
    assert told(run("1", RULES, lines=[old]), run("2", RULES, lines=[new])) == [
        (path, "by", "An", "Bo"),
        ("environments/checklist.md", "x.one.text", "A", "B"),
    ]
    gone = replace(line("x.one"), text="A")
    assert told(run("1", RULES, lines=[old]), run("2", RULES, lines=[gone])) == [(path, "", "attested by An", NO_FILE)]


def test_who_may_attest_a_line_is_told_in_words() -> None:
    """A product owner reads it as well: a key of the list says nothing to them."""
    before, after = (
        run(name, RULES, lines=[replace(line("x.one"), attest=roles)])
        for name, roles in (("1", ()), ("2", ("devops",)))
    )
    assert "≠ environments/checklist.md   who may attest x.one: nobody → devops" in [
        change_words(one, {}) for one in changes(before, after)
    ]


def test_what_nobody_can_name_is_told_with_its_reason() -> None:
    """A record of an older gonogo, and a default of gonogo itself."""
    found = {one.subject: change_words(one, {}) for one in changes(run("1", {}), run("2", RULES))}
    assert found["environment"] == (
        "≠ environment   what the environment expects: 111111111111 → 222222222222 "
        "(keys not known: an older gonogo did not record them)"
    )
    assert DEFAULTS in next(
        one.after for one in changes(run("1", RULES), run("2", RULES)) if one.subject == "environment"
    )


def test_long_values_are_cut_where_they_are_shown() -> None:
    """A list of two hundred paths is one value."""
    after = run("2", changed(staging={"limits.timeout": "x" * 900}))
    words = next(change_words(one, {}) for one in changes(run("1", RULES), after) if one.key)
    assert "…" in words
    assert len(words) < 300


def test_files_of_a_team_are_kept_by_key(tmp_path: Path) -> None:
    """Entries of a list go by their names, so that a new one in the middle changes no other."""
    people = tmp_path / "environments/people.toml"
    people.parent.mkdir()
    people.write_text('[[person]]\nname = "Ana"\nroles = ["lead", "ops"]\nvalid_until = 2027-01-01\nactive = true\n')
    kept = team_rules([people, tmp_path / "environments/gates.toml"], tmp_path)["environments/people.toml"]
    assert kept.pop("")
    assert kept == {
        "person.Ana.name": "Ana",
        "person.Ana.roles": "lead, ops",
        "person.Ana.valid_until": "2027-01-01",
        "person.Ana.active": "true",
    }


def test_older_record_stays_the_same_bytes() -> None:
    """What is signed is compared byte for byte."""
    assert b'"rules"' not in accounted([check("tls-a")]).content
    assert b'"rules"' in run("1", RULES).content


def test_lost_answers_and_lost_lines_are_told_apart() -> None:
    """A check that could not be asked is not a line that nobody vouches for any more."""
    before = accounted([check("dns-a")], [line("x.one")])
    after = accounted([check("dns-a", Outcome.ERROR, "no resolver")], [line("x.one", LineStatus.OPEN)])
    told = [change_words(change, {}) for change in changes(before, after)]
    assert told == ["○ dns-a   pass → could not check", "○ x.one   verified → open"]
    page = render_changes(before, after, changes(before, after))
    assert "NO LONGER CHECKED 1" in page
    assert "NO LONGER DONE 1" in page
    history = History(changes=changes(before, after), runs=[past(before)], since=before.run.id)
    assert change_counts(replace(after, history=history)) == "1 no longer checked, 1 checklist line no longer done"


def test_line_of_an_older_record_is_waived() -> None:
    """It was called excepted then."""
    assert LineStatus("excepted") is LineStatus.WAIVED
    older = accounted([check("tls-a")], [line("x.one", LineStatus.WAIVED)]).content.replace(b'"waived"', b'"excepted"')
    assert from_content(older).lines[0].status is LineStatus.WAIVED
