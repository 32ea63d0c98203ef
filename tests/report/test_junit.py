"""junit.xml says what results.json says, in the words of CI systems."""

from xml.etree import ElementTree as ET

from gonogo.record.results import Results
from gonogo.report.junit import render_junit
from tests.report.accounts import CASES


def test_totals_agree(no_go: Results) -> None:
    """A CI page that counts otherwise would be believed instead."""
    root = ET.fromstring(render_junit(no_go))  # noqa: S314 - our own bytes
    totals = {
        name: sum(int(suite.get(name, "")) for suite in root) for name in ("tests", "failures", "errors", "skipped")
    }
    assert totals == {"tests": 6, "failures": 2, "errors": 1, "skipped": 3}
    failure = root.find(".//testcase[@classname='tls']/failure")
    assert failure is not None
    assert failure.get("message") == "FAIL: a.test at 192.0.2.1:443: closed port, nothing listens"
    assert "Fix: Repair it." in (failure.text or "")


def test_warning_is_a_passed_case_that_speaks(go: Results) -> None:
    """JUnit knows no warnings."""
    root = ET.fromstring(render_junit(go))  # noqa: S314 - our own bytes
    assert [element.text for element in root.iter("system-out")] == ["warning: soon"]
    assert root.find(".//failure") is None


def test_hostile_text_stays_text(hostile: Results) -> None:
    """XML has no way to write a null byte, and must not be left."""
    root = ET.fromstring(render_junit(hostile))  # noqa: S314 - our own bytes
    assert not list(root.iter("script"))
    assert "\x00" not in ET.tostring(root, encoding="unicode")


def test_accepted_exception_is_skipped_and_says_why() -> None:
    """Red, it would stop what somebody allowed; silent, nobody would know that they did."""
    root = ET.fromstring(render_junit(CASES["waived"]))  # noqa: S314 - our own bytes
    assert [found.get("message") for found in root.iter("skipped")] == ["waived: known since spring; FAIL: broken"]
    assert root.find(".//failure") is None


def test_open_line_is_a_failure() -> None:
    """All checks green, and nobody attested the backup: a CI page must not look ready."""
    root = ET.fromstring(render_junit(CASES["open"]))  # noqa: S314 - our own bytes
    assert {
        case.get("name"): found.get("message")
        for case in root.iterfind("testsuite[@name='checklist']/testcase")
        for found in case.iter("failure")
    } == {
        "b.open": "open: nobody said",
        "b.failed": "failed: tls-a: closed",
    }
    assert {case.get("classname") for case in root.iterfind("testsuite[@name='checklist']/testcase")} == {
        "Part",
        "Other",
    }
