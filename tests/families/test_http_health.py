"""Health pages in the dialects that services speak, read from bytes."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

from gonogo.base.redaction import Redactor
from gonogo.clients.http import Body
from gonogo.evidence.http import Exchange, HealthReading, Meaning
from gonogo.families.http.bodies import quoting
from gonogo.families.http.health import read_health
from gonogo.families.http.release import usual_words

PASS, WARN, FAIL, UNKNOWN = Meaning
HTML = {"content-type": "text/html; charset=utf-8"}
TEXT = {"content-type": "text/plain"}
JSON = {"content-type": "application/json"}


def read(body: str | bytes, headers: Mapping[str, str] = JSON, status: int = 200) -> HealthReading:
    """What such a page says."""
    content = body if isinstance(body, bytes) else body.encode()
    exchange = Exchange(url="https://a.test/health", status=status, elapsed=timedelta(), headers=headers)
    return read_health(Body(exchange=exchange, content=content), quoting(Redactor({})))


def parts(reading: HealthReading, *meanings: Meaning) -> Collection[str]:
    """The parts with one of these meanings."""
    return {name for name, part in reading.parts.items() if part.meaning in meanings}


@pytest.mark.parametrize(
    ("body", "headers", "meaning"),
    [
        ("OK", TEXT, PASS),
        ("ok\n", TEXT, PASS),
        ("Healthy", TEXT, PASS),
        ("Prometheus Server is Healthy.\n", TEXT, PASS),
        ("ready", TEXT, PASS),
        ("PONG", TEXT, PASS),
        ("Degraded", TEXT, WARN),
        ("Unhealthy", TEXT, FAIL),
        ("connection refused", TEXT, FAIL),
        ("not ready", TEXT, UNKNOWN),
        ("Welcome", TEXT, UNKNOWN),
        ("", {}, PASS),
        ("true", JSON, PASS),
        ("false", JSON, FAIL),
        ('"OK"', JSON, PASS),
        ('{"status": "ok", "ok": false}', JSON, FAIL),
        ('{"status": "ok", "Healthy": 0}', JSON, FAIL),
        ('{"status": "UP", "state": "down"}', JSON, FAIL),
        ('{"status": "ok", "live": false}', JSON, PASS),
        ('{"status": "down", "status": "ok"}', JSON, UNKNOWN),
        ('{"status": "ok", "db": {"up": false, "up": true}}', JSON, UNKNOWN),
        ('{"status": "ok", "version": "1", "version": "1"}', JSON, PASS),
        ("null", JSON, UNKNOWN),
        ("[]", JSON, UNKNOWN),
        ("{}", JSON, UNKNOWN),
        ('{"status":', JSON, FAIL),
        ('{"ok":true}', JSON, PASS),
        ('{"ok":false}', JSON, FAIL),
        ('{"healthy":true}', JSON, PASS),
        ('{"status":true}', JSON, PASS),
        ('{"status":200,"message":"fine"}', JSON, PASS),
        ('{"Status":"UP"}', JSON, PASS),
        ('{"status":"success"}', JSON, PASS),
        ('{"status":"available"}', JSON, PASS),
        ('{"health":"true"}', JSON, PASS),
        ('{"message":"pong"}', JSON, PASS),
        ('{"message":"hello"}', JSON, UNKNOWN),
        ('{"status":"DOWN"}', JSON, FAIL),
        ('{"status":"OUT_OF_SERVICE"}', JSON, FAIL),
        ('{"status":"red"}', JSON, FAIL),
        ('{"status":"warn"}', JSON, WARN),
        ('{"status":"banana"}', JSON, UNKNOWN),
        ('{"commit":"abc1234","database":"ok","version":"10.4.0"}', JSON, PASS),
        ('{"initialized":true,"sealed":false,"standby":false}', JSON, UNKNOWN),
        ('\ufeff{"status":"ok"}', JSON, PASS),
        ('<html><body style="background-color: green"></body></html>', HTML, PASS),
        ('<html><body style="background-color: red"></body></html>', HTML, FAIL),
        ("<h1>We'll be back soon</h1>", HTML, UNKNOWN),
        ("<html>OK</html>", TEXT, UNKNOWN),
        ("Ok", HTML, PASS),
        ("unhealthy", HTML, FAIL),
        ("Welcome to the shop", HTML, UNKNOWN),
    ],
)
def test_what_the_service_calls_itself(body: str, headers: Mapping[str, str], meaning: Meaning) -> None:
    """A form that is merely unknown is no illness, and a looser reading must not become a wrong GO."""
    assert read(body, headers).meaning is meaning


@pytest.mark.parametrize(
    ("document", "down"),
    [
        ({"dependencies": {"mongodb": {"status": "ok", "replicas": {"a": {"status": "down"}}}}}, "mongodb.replicas.a"),
        ({"components": {"db": {"status": "UP", "components": {"b": {"status": "DOWN"}}}}}, "db.b"),
        ({"dependencies": {"mongodb": "ok"}, "checks": {"redis": {"status": "down"}}}, "redis"),
        ({"dependencies": {"redis": {"up": 0}, "db": {"up": 1}}}, "redis"),
        ({"checks": {"db": 1, "redis": 0}}, "redis"),
        ({"checks": [{"name": "kafka", "status": "UP", "data": {"topic": "DOWN"}}]}, "kafka.topic"),
        ({"services": [{"CheckID": "b", "Name": "redis", "Status": "critical"}]}, "redis"),
        ({"dependencies": [{"name": "redis", "status": "down"}], "components": {"disk": {"status": "ok"}}}, "redis"),
        ({"checks": [{"name": "db", "status": "DOWN"}]}, "db"),
        ({"info": {}, "error": {"db": {"status": "down"}}, "details": {"db": {"status": "down"}}}, "db"),
        ({"entries": {"sql": {"status": "Unhealthy"}}}, "sql"),
        ({"dependencies": {"mongodb": None}}, "mongodb"),
        ({"dependencies": {"mongodb": {"ok": False}}}, "mongodb"),
        ({"checks": {"db:connections": [{"status": "pass"}, {"status": "fail"}]}}, "db:connections"),
        ({"services": {"queue": False}}, "queue"),
        ({"data": {"checks": {"queue": {"healthy": False}}}}, "queue"),
        ({"database": "disconnected"}, "database"),
        ({"nested": {"very": {"deep": {"status": "failed"}}}}, "nested.very.deep"),
        ({"dependencies": {f"d{number}": "down" if number == 120 else "ok" for number in range(150)}}, "d120"),
    ],
)
def test_part_that_is_down_is_down_wherever_it_stands(document: Mapping[str, object], down: str) -> None:
    """The first user meets the part, and not the word at the top."""
    assert parts(read(json.dumps({"status": "ok", **document})), FAIL) == {down}


@pytest.mark.parametrize(
    ("document", "well"),
    [
        ({"checks": {"uptime": [{"observedValue": 1.2}], "db": [{"status": "pass"}]}}, {"db"}),
        ({"checks": [{"name": "db", "status": "UP", "data": {"driver": "x"}}]}, {"db"}),
        ({"info": {"db": {"status": "up"}}, "error": {}, "details": {"db": {"status": "up"}}}, {"db"}),
        ({"entries": {"sql": {"status": "Healthy", "data": {}, "duration": "00:00:01"}}}, {"sql"}),
        ({"dependencies": {"mongodb": {"ok": True}, "redis": "connected"}}, {"mongodb", "redis"}),
        (
            {
                "components": {
                    "disk": {"status": "UP", "details": {"exists": True, "path": "/."}},
                    "ping": {"status": "UP"},
                }
            },
            {"disk", "ping"},
        ),
        ({"log_level": "error", "features": {"beta": {"enabled": False}}, "uptime": 3}, set()),
    ],
)
def test_parts_that_are_well(document: Mapping[str, object], well: Collection[str]) -> None:
    """What is told beside health is no part of it."""
    reading = read(json.dumps({"status": "ok", **document}))
    assert set(reading.parts) == parts(reading, PASS) == set(well)


def test_parts_alone_speak_for_the_whole() -> None:
    """As django-health-check gives them, where the text of an error stands in place of a word."""
    assert read('{"DatabaseBackend":"working","RedisHealthCheck":"working"}').meaning is PASS
    broken = read('{"Cache(alias=\'default\')":"OK","Database(alias=\'default\')":"no such table"}')
    assert parts(broken, FAIL) == {"Database(alias='default')"}


def test_table_of_a_page_for_people() -> None:
    """The same backends as HTML."""
    row = "<tr><td>{}</td><td>{}</td></tr>"
    page = f"<html><title>Health</title><table>{row.format('Cache', 'OK')}{row.format('Disk', 'full')}</table></html>"
    reading = read(page, HTML)
    assert (parts(reading, PASS), parts(reading, FAIL)) == ({"Cache"}, {"Disk"})


def test_lines_of_plain_text() -> None:
    """The last line speaks for itself alone."""
    well = read("Cache(alias='default'): OK\nDatabase(alias='default'): OK\n", TEXT)
    assert (well.meaning, len(well.parts)) == (PASS, 2)
    ill = read("Database(alias='default'): table missing\nCache(alias='default'): OK\n", TEXT)
    assert parts(ill, UNKNOWN) == {"Database(alias='default')"}
    assert read("Welcome to our service\nall is OK", TEXT).meaning is UNKNOWN


def test_verbose_pages_of_kubernetes() -> None:
    """Each line is a part."""
    reading = read("[+]ping ok\n[+]etcd ok\n[-]poststarthook/x failed: reason withheld\nlivez check failed", TEXT)
    assert (parts(reading, PASS), parts(reading, FAIL)) == ({"ping", "etcd"}, {"poststarthook/x"})


def test_errors_that_a_healthy_page_lists() -> None:
    """It calls itself well, and is not."""
    assert read('{"status":"ok","errors":["database unreachable"]}').errors == ("database unreachable",)
    assert read('{"status":"ok","errors":[],"error":null}').errors == ()


def test_list_that_is_longer_than_what_is_kept() -> None:
    """What is kept is what is not well; the rest is counted."""
    named = {f"d{number}": "ok" for number in range(5000)}
    reading = read(json.dumps({"status": "ok", "dependencies": {**named, "last": "down"}}))
    assert (len(reading.parts), reading.parts_total, parts(reading, FAIL)) == (100, 5001, {"last"})


def test_release_that_is_said_twice_is_not_said() -> None:
    """Readers of JSON differ in which of two values they take: ours would vouch for a release that others do not see."""
    exchange = Exchange(url="https://a.test/health", status=200, elapsed=timedelta(), headers=JSON)
    for content, said in ((b'{"release": "r0", "release": "r1"}', []), (b'{"release": "r1"}', ["r1"])):
        words = usual_words(Body(exchange=exchange, content=content), "/health", quoting(Redactor({})))
        assert [word.value for word in words] == said
