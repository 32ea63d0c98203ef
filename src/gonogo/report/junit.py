"""``junit.xml``: what CI systems read. One test case per check and target, and one per line of the checklist, and one of the verdict.

``junit-gitlab.xml`` is the same with what GitLab reads beside it, and the schema of Jenkins' xUnit plugin refuses: the file
of each case, and the page of the run as an attachment. Both readers show the text within an element; Jenkins its
``message`` as well. Of cases with one name GitLab keeps the first: none of ours may be told twice.
"""

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from gonogo.record.results import DONE, CheckResult, LineResult, LineStatus, Observation, Outcome, Results, sum_line
from gonogo.record.run_folder import SIGNOFF
from gonogo.report.blockers import stops
from gonogo.report.cases import VERDICT, observation_seconds, run_seconds, verdict_problem
from gonogo.report.meaning import first_meaning
from gonogo.report.places import CHECKLIST as LIST
from gonogo.report.visible import visible_lines
from gonogo.report.wording import asked, carried_runs, causes, families, fix, line_sum, rehearsal, word

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.BLOCKED: "skipped",
    Outcome.NOT_RUN: "skipped",
    Outcome.WAIVED: "skipped",
}
_TOTALS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
CHECKLIST = "checklist"
_PLAIN = re.compile(r"[\w.-]+", re.ASCII)


def render_junit(results: Results, *, gitlab: bool = False) -> bytes:
    """The file's bytes. A warning is a passed case that says so on its output.

    ``gitlab``: with files and the attachment, as ``docs/ci/gonogo.gitlab-ci.yml`` keeps it.
    """
    root = _testsuites(results)
    for case in root.iter("testcase"):
        file = case.attrib.pop("file", "")
        if gitlab and file:
            case.set("file", file)
    page = f"reports/{results.run.environment}/{results.run.id}/{SIGNOFF}"
    (case,) = root.iterfind(f"testsuite[@name='{VERDICT}']/testcase[@name='{VERDICT}']")
    if gitlab and case.find("failure") is not None and all(map(_PLAIN.fullmatch, page.split("/"))):
        ET.SubElement(case, "system-out").text = f"[[ATTACHMENT|{page}]]"
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _testsuites(results: Results) -> ET.Element:
    root = ET.Element("testsuites", name=f"gonogo {results.run.environment}")
    if results.carried:
        properties = ET.SubElement(_suite(root, "carried", results), "properties")
        for run, words in zip(results.carried, carried_runs(results), strict=True):
            ET.SubElement(properties, "property", name=run.id, value=_legal(words))
    _add_verdict(root, results)
    accepted = {exception.check: exception.reason for exception in results.exceptions}
    for family, checks in families(results).items():
        suite = _suite(root, family, results)
        for check in checks:
            names = Counter[str]()
            for observation in check.observations:
                _add_case(suite, check, observation, accepted, names)
    if results.lines:
        suite = _suite(root, CHECKLIST, results)
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="asked", value=asked(results))
        for line in results.leaves:
            _add_line(suite, line)
    _add_verdict_case(root, results)
    for suite in root:
        suite.set("tests", str(len(suite.findall("testcase"))))
        for attribute, element in _TOTALS.items():
            suite.set(attribute, str(len(suite.findall(f"testcase/{element}"))))
        suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in suite.iter("testcase"))))
    root.set("time", _seconds(run_seconds(results)))
    return root


def _add_verdict_case(root: ET.Element, results: Results) -> None:
    """Add the case that fails unless the run is a GO."""
    suite = root.find(f"testsuite[@name='{VERDICT}']")
    case = ET.SubElement(
        _suite(root, VERDICT, results) if suite is None else suite,
        "testcase",
        classname=VERDICT,
        name=VERDICT,
        time=_seconds(run_seconds(results)),
    )
    if problem := verdict_problem(results):
        ET.SubElement(case, "failure", message=_legal(problem)).text = _legal(problem)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _add_verdict(root: ET.Element, results: Results) -> None:
    """Say the verdict, its counts, its first cause and what that means, as every other format does."""
    properties = ET.SubElement(_suite(root, "verdict", results), "properties")
    first = next((cause.check.id for cause in causes(results)), "")
    words = {
        "verdict": results.decision.verdict.value,
        "rehearsal": rehearsal(results),
        "meaning": first_meaning(results),
        "reason": results.decision.reason,
        "stops": stops(results).words,
        "first cause": first,
        "checks": sum_line(results.counts),
        "checklist": line_sum(results) if results.leaves else "",
    }
    for name, value in words.items():
        ET.SubElement(properties, "property", name=name, value=_legal(value))


def _suite(root: ET.Element, name: str, results: Results) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name, timestamp=results.run.started_at.isoformat())


def _add_case(
    suite: ET.Element,
    check: CheckResult,
    observation: Observation,
    accepted: Mapping[str, str],
    names: Counter[str],
) -> None:
    """Add one check at one target; targets that look alike when written are told apart by a number."""
    name = f"{check.id}[{_legal('·'.join(observation.scope))}]"
    names[name] += 1
    case = ET.SubElement(
        suite,
        "testcase",
        classname=check.family,
        name=name if names[name] == 1 else f"{name} ({names[name]})",
        time=_seconds(observation_seconds(observation)),
        file=_legal(check.file),
    )
    waived = check.outcome is Outcome.WAIVED and observation.outcome is not Outcome.PASS
    element = _ELEMENTS.get(Outcome.WAIVED if waived else observation.outcome)
    message_line = f"{word(observation.outcome)}: {observation.message}"
    if element is not None:
        message = f"waived: {accepted.get(check.id, 'no reason given')}; {message_line}" if waived else message_line
        text = fix(check, observation)
        told = [message, *([f"Fix: {text}"] if text else [])]
        ET.SubElement(case, element, message=_legal(message)).text = _legal("\n".join(told))
    elif observation.outcome is Outcome.WARN:
        ET.SubElement(case, "system-out").text = _legal(f"warning: {observation.message}")


def _add_line(suite: ET.Element, line: LineResult) -> None:
    """Add one line of the checklist. An unverified one is a failure: on a CI page nobody looks at skipped tests."""
    section = line.section[-1] if line.section else CHECKLIST
    case = ET.SubElement(suite, "testcase", classname=_legal(section), name=line.id, file=LIST)
    if line.status not in DONE:
        message = f"{line.status}: {line.why}"
        ET.SubElement(case, "failure", message=_legal(message)).text = _legal(f"{line.text}\n{message}")
    elif line.status is LineStatus.WAIVED or line.carried:
        ET.SubElement(case, "system-out").text = _legal(line.why)


def _legal(text: str) -> str:
    """XML 1.0 has no way to write most control characters; what nobody would see is spelled out."""
    return _ILLEGAL.sub("\ufffd", visible_lines(text))
