"""Finds which rules are different between two runs, by file and key: a pure function of their results."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from gonogo.planning.rule_values import WHOLE
from gonogo.planning.trusted import other_trust
from gonogo.record.attest_rules import attest_rules
from gonogo.record.results import Change, CheckResult, Results
from gonogo.record.waiver_changes import untold

DIGESTS = ("catalogue", "checks", "environment", "policy")
"""Digests of the origin, each over rules of one kind."""
NOT_SET = "not set"
NO_FILE = "no such file"
OLDER = "keys not known: an older gonogo did not record them"
DEFAULTS = "no key of the file changed, but a default of gonogo did"
_SHOWN = 12
_CATALOGUE, _OWN_POLICY = "catalogue.toml", "environments/policy.toml"
_LIST = "environments/checklist.md"
_TELLING = ("title", "severity", "effect", "needs", "owner", "proves", "supports", "why", "fix")
"""What a result keeps of the entry of its check, beside the thresholds."""


def rule_changes(before: Results, after: Results, waivers: Sequence[Change] = ()) -> Iterator[Change]:
    """Everything by which the runs were judged differently: file, key, old and new value.

    What the changes of the ``waivers`` tell of their file is not told twice. A digest that differs for a reason that the
    records do not hold is told as such.
    """
    told = [*_trust(before, after), *_checks(before, after)]
    if before.provenance.policy != after.provenance.policy:
        told += [*_attested(before, after), *_lines(before, after)]
    kept = bool(before.provenance.rules and after.provenance.rules)
    if kept:
        told += _not_told_yet(told, _files(before, after, waivers))
    yield from _narrowest(told)
    kinds = {_kind(change) for change in told} | ({"policy"} if waivers else set())
    yield from _unnamed(before, after, kinds, kept=kept)


def _not_told_yet(told: Sequence[Change], changes: Iterator[Change]) -> Iterator[Change]:
    """The changes of keys that were not told, nor anything within the same entry of a catalogue."""
    keys = {(change.subject, change.key) for change in told}
    entries = {change.key.partition(".")[0] for change in told}
    for change in changes:
        entry_told = _kind(change) == "catalogue" and change.key in entries
        if (change.subject, change.key) not in keys and not entry_told:
            yield change


def _narrowest(told: Sequence[Change]) -> Iterator[Change]:
    """The keys of each file; the file as a whole where no key of it says what is different."""
    named = {change.subject for change in told if change.key}
    yield from (change for change in told if change.key or change.subject not in named)


def _unnamed(before: Results, after: Results, kinds: Collection[str], *, kept: bool) -> Iterator[Change]:
    """What only digests tell: records from before rules were kept, and defaults of another gonogo."""
    reason = DEFAULTS if kept else OLDER
    for name in DIGESTS:
        then, now = (getattr(side.provenance, name)[:_SHOWN] or "none" for side in (before, after))
        if then != now and name not in kinds:
            yield _change(name, "", then, f"{now} ({reason})")


def _kind(change: Change) -> str:
    """The digest that the file of a change is part of."""
    file = change.subject.partition(" of ")[0]
    if file.endswith(".py"):
        return "checks"
    if _is_catalogue(file) or file == _OWN_POLICY:
        return "catalogue"
    team = ("checklist.md", "gates.toml", "people.toml")
    parts = file.split("/")
    return "policy" if parts[-1] in team or _is_of_waivers(file) or parts[1:2] == ["attestations"] else "environment"


def _is_of_waivers(file: str) -> bool:
    return file.split("/")[1:2] == ["waivers"]


def _trust(before: Results, after: Results) -> Iterator[Change]:
    file = f"environments/{after.run.environment}.toml"
    for place, trusted, trusts in other_trust(before.provenance.trust, after.provenance.trust):
        yield _change(file, place, f"trusted {trusted}", f"trusts {trusts}")


def _files(before: Results, after: Results, waivers: Sequence[Change]) -> Iterator[Change]:
    then, now = (
        {file: untold(waivers, keys) if _is_of_waivers(file) else keys for file, keys in side.provenance.rules.items()}
        for side in (before, after)
    )
    for file in sorted(then.keys() | now.keys()):
        if file in then and file in now:
            yield from _values(file, then[file], now[file])
        elif then.get(file) or now.get(file):
            yield _change(file, "", *((NO_FILE, "added") if file in now else ("there", NO_FILE)))


def _values(file: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    """Each key that differs; what is there on one side only is told once for its table."""
    for side, other, is_new in ((then, now, False), (now, then, True)):
        for table, values in _tables_without(side, other).items():
            words = "; ".join(f"{key} = {value}" if key else value for key, value in values.items())
            yield _change(file, table, *((NOT_SET, words) if is_new else (words, NOT_SET)))
    for key in sorted(then.keys() & now.keys()):
        if then[key] != now[key]:
            is_digest = key == WHOLE or _is_catalogue(file)
            old, new = (f"sha256 {side[key]}" if is_digest else side[key] for side in (then, now))
            yield _change(file, key, old, new)


def _tables_without(side: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """The keys that the other side lacks, by the outermost table of which it has no key at all."""
    there = {".".join(parts[:end]) for key in other for parts in [key.split(".")] for end in range(1, len(parts) + 1)}
    tables: dict[str, dict[str, str]] = {}
    for key in sorted(side.keys() - other.keys()):
        parts = key.split(".")
        table = next(
            (name for end in range(1, len(parts)) if (name := ".".join(parts[:end])) not in there),
            key,
        )
        tables.setdefault(table, {})[key.removeprefix(table).removeprefix(".")] = side[key]
    return tables


def _checks(before: Results, after: Results) -> Iterator[Change]:
    """Entries of catalogues, of the checks that both runs planned. A milder severity is a weakening, and told there."""
    own = {(each.check, each.key) for side in (before, after) for each in side.provenance.policy_differences}
    then = {check.id: check for check in before.checks}
    changed = _changed_entries(before, after)
    for now in after.checks:
        if now.id in then:
            for key, old, new in _entry(then[now.id], now, whole=changed is None or now.id in changed):
                file = _OWN_POLICY if (now.id, key) in own else _catalogue_of(now.id, after)
                yield _change(file, f"{now.id}.{key}", old, new)


def _changed_entries(before: Results, after: Results) -> frozenset[str] | None:
    """Ids of the checks whose entries are different; None where a record does not say."""
    if before.provenance.catalogue == after.provenance.catalogue:
        return frozenset()
    if not (before.provenance.rules and after.provenance.rules):
        return None
    sides = [
        {entry for file, keys in side.provenance.rules.items() if _is_catalogue(file) for entry in keys.items()}
        for side in (before, after)
    ]
    return frozenset(check for check, _ in sides[0] ^ sides[1])


def _is_catalogue(file: str) -> bool:
    """Whether it is one, also of a package (``checks/catalogue.toml of gonogo``)."""
    return file.partition(" of ")[0].endswith(_CATALOGUE)


def _entry(then: CheckResult, now: CheckResult, *, whole: bool) -> Iterator[tuple[str, str, str]]:
    """Thresholds; of the ``whole`` entry the rest as well, which differs between gates by what they plan."""
    for name in sorted(then.thresholds.keys() | now.thresholds.keys()):
        old, new = then.thresholds.get(name, NOT_SET), now.thresholds.get(name, NOT_SET)
        if old != new:
            yield name, old, new
    titled = then.thresholds != now.thresholds  # its title has their numbers
    for name in _TELLING if whole else ():
        old, new = (_words(getattr(check, name)) for check in (then, now))
        if old != new and not (titled and name == "title"):
            yield name, old, new


def _words(value: str | Sequence[str]) -> str:
    return str(value) if isinstance(value, str) else ", ".join(value) or "none"


def _catalogue_of(check: str, results: Results) -> str:
    return next((file for file, keys in results.provenance.rules.items() if check in keys), _CATALOGUE)


def _lines(before: Results, after: Results) -> Iterator[Change]:
    """Lines of the list that both runs knew."""
    texts_then, texts_now = ({line.id: line.text for line in side.lines} for side in (before, after))
    roles_then, roles_now = attest_rules(before, after)
    for line, text in texts_now.items():
        for name, then, now in (
            ("text", texts_then.get(line), text),
            ("attest", roles_then.get(line), roles_now.get(line)),
        ):
            if then is not None and now is not None and then != now:
                yield _change(_LIST, f"{line}.{name}", _words(then), _words(now))


def _attested(before: Results, after: Results) -> Iterator[Change]:
    """Attestations by their files: a new one, and one that says something else than before."""
    then = {line.attested.path: line.attested for line in before.lines if line.attested and line.attested.path}
    now = {line.attested.path: line.attested for line in after.lines if line.attested and line.attested.path}
    for path in sorted(then.keys() | now.keys()):
        if path not in then or path not in now:
            by = (now.get(path) or then[path]).by
            yield _change(
                path, "", *((NO_FILE, f"attested by {by}") if path in now else (f"attested by {by}", NO_FILE))
            )
            continue
        for name in ("by", "role", "at", "until", "note", "evidence", "sha256"):
            old, new = str(getattr(then[path], name)), str(getattr(now[path], name))
            if old != new:
                yield _change(path, name, old, new)


def _change(file: str, key: str, before: str, after: str) -> Change:
    return Change(kind="policy changed", subject=file, key=key, before=before, after=after)
