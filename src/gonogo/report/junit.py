"""``junit.xml``: what CI systems read. One test case per check and target."""

import re
from xml.etree import ElementTree as ET

from gonogo.report.wording import families, word
from gonogo.results import CheckResult, Observation, Outcome, Results

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.BLOCKED: "skipped",
    Outcome.NOT_RUN: "skipped",
}


def render_junit(results: Results) -> bytes:
    """The file's bytes. A warning is a passed case that says so on its output."""
    root = ET.Element("testsuites", name=f"gonogo {results.run.environment}")
    for family, checks in families(results).items():
        suite = ET.SubElement(root, "testsuite", name=family, timestamp=results.run.started_at.isoformat())
        cases = [(check, seen) for check in checks for seen in check.observations]
        for check, seen in cases:
            _add_case(suite, check, seen)
        suite.set("tests", str(len(cases)))
        for attribute, outcomes in (
            ("failures", {Outcome.FAIL}),
            ("errors", {Outcome.ERROR}),
            ("skipped", {Outcome.BLOCKED, Outcome.NOT_RUN}),
        ):
            suite.set(attribute, str(sum(seen.outcome in outcomes for _, seen in cases)))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_case(suite: ET.Element, check: CheckResult, seen: Observation) -> None:
    case = ET.SubElement(suite, "testcase", classname=check.family, name=f"{check.id}[{_legal('·'.join(seen.scope))}]")
    element = _ELEMENTS.get(seen.outcome)
    if element is not None:
        found = ET.SubElement(case, element, message=_legal(f"{word(seen.outcome)}: {seen.message}"))
        found.text = _legal("\n".join(filter(None, (seen.hint, f"Fix: {check.fix}"))))
    elif seen.outcome is Outcome.WARN:
        ET.SubElement(case, "system-out").text = _legal(f"warning: {seen.message}")


def _legal(text: str) -> str:
    """XML 1.0 has no way to write most control characters."""
    return _ILLEGAL.sub("\ufffd", text)
