"""``junit.xml``: what CI systems read. One test case per check and target, and one per line of the checklist."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from gonogo.record.results import DONE, CheckResult, LineResult, LineStatus, Observation, Outcome, Results
from gonogo.report.visible import visible_lines
from gonogo.report.wording import advice, asked, carried_runs, causes, families, stops, word

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


def render_junit(results: Results) -> bytes:
    """The file's bytes. A warning is a passed case that says so on its output."""
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
            for observation in check.observations:
                _add_case(suite, check, observation, accepted)
    if results.lines:
        suite = _suite(root, CHECKLIST, results)
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="asked", value=asked(results))
        for line in results.leaves:
            _add_line(suite, line)
    for suite in root:
        suite.set("tests", str(len(suite.findall("testcase"))))
        for attribute, element in _TOTALS.items():
            suite.set(attribute, str(len(suite.findall(f"testcase/{element}"))))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_verdict(root: ET.Element, results: Results) -> None:
    """Say the verdict, its counts and its first cause, as every other format does."""
    properties = ET.SubElement(_suite(root, "verdict", results), "properties")
    first = next((cause.check.id for cause in causes(results)), "")
    words = {"verdict": results.decision.verdict.value, "reason": results.decision.reason}
    for name, value in {**words, "stops": stops(results).words, "first cause": first}.items():
        ET.SubElement(properties, "property", name=name, value=_legal(value))


def _suite(root: ET.Element, name: str, results: Results) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name, timestamp=results.run.started_at.isoformat())


def _add_case(suite: ET.Element, check: CheckResult, observation: Observation, accepted: Mapping[str, str]) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=check.family, name=f"{check.id}[{_legal('·'.join(observation.scope))}]"
    )
    waived = check.outcome is Outcome.WAIVED and observation.outcome is not Outcome.PASS
    element = _ELEMENTS.get(Outcome.WAIVED if waived else observation.outcome)
    message_line = f"{word(observation.outcome)}: {observation.message}"
    if element is not None:
        message = (
            f"accepted exception: {accepted.get(check.id, 'no reason given')}; {message_line}"
            if waived
            else message_line
        )
        child = ET.SubElement(case, element, message=_legal(message))
        label, text = advice(check, observation)
        child.text = _legal(f"{label.capitalize()}: {text}") if text else None
    elif observation.outcome is Outcome.WARN:
        ET.SubElement(case, "system-out").text = _legal(f"warning: {observation.message}")


def _add_line(suite: ET.Element, line: LineResult) -> None:
    """Add one line of the checklist. An unverified one is a failure: on a CI page nobody looks at skipped tests."""
    section = line.section[-1] if line.section else CHECKLIST
    case = ET.SubElement(suite, "testcase", classname=_legal(section), name=line.id)
    if line.status not in DONE:
        child = ET.SubElement(case, "failure", message=_legal(f"{line.status}: {line.why}"))
        child.text = _legal(line.text)
    elif line.status is LineStatus.EXCEPTED or line.carried:
        ET.SubElement(case, "system-out").text = _legal(line.why)


def _legal(text: str) -> str:
    """XML 1.0 has no way to write most control characters; what nobody would see is spelled out."""
    return _ILLEGAL.sub("\ufffd", visible_lines(text))
