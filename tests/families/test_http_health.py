"""Health pages in the dialects that services speak, read from bytes."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import Body
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
        ('{"ready": true, "version": "1.2"}', JSON, PASS),
        ('{"ready": false}', JSON, FAIL),
        ('{"isHealthy": true}', JSON, PASS),
        ('{"status": "ok", "isHealthy": false}', JSON, FAIL),
        ('{"is_ready": false}', JSON, FAIL),
        ('{"is_executor_ready": true, "is_log_client_ready": true}', JSON, PASS),
        ('{"initialized": true, "sealed": true}', JSON, UNKNOWN),
        ('{"data": {"status": "ok"}}', JSON, PASS),
        ('{"data": {"status": "SP"}}', JSON, UNKNOWN),
        ('{"status": "200 OK"}', JSON, PASS),
        ('{"pong": true}', JSON, PASS),
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
        ("all shards are ready", TEXT, PASS),
        ("LIVE\n", TEXT, PASS),
        ("SERVER_IS_READY", TEXT, PASS),
        ("SERVER_IS_NOT_SHUTTING_DOWN", TEXT, PASS),
        ("SERVER_IS_SHUTTING_DOWN", TEXT, FAIL),
        ("OK: database=up redis=down", TEXT, FAIL),
        ('{"message":"API running."}', JSON, PASS),
        ('{"message":"Service Unavailable","error":"x"}', JSON, FAIL),
        ('{"status":"draining"}', JSON, FAIL),
        ('{"globalStatus":"KO"}', JSON, UNKNOWN),
        ('{"uptime":12.5}', JSON, PASS),
        ('{"uptime":"12.5"}', JSON, UNKNOWN),
        ('{"storage":true,"permission":true,"cache":true}', JSON, PASS),
        ('{"accounts":true,"beta":false}', JSON, UNKNOWN),
        ('{"status":"Server available","upSince":"2026-11-01T00:00:00Z"}', JSON, PASS),
        ('{"status":"Server not available"}', JSON, FAIL),
        ("default: PASSED Application is running (0.000s)", TEXT, PASS),
        ("OK 3/3 replicas", TEXT, PASS),
        ("<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n", HTML, PASS),
        ("<h2>Application\n up</h2><p>HTTP request received. Response rendered in 9ms.</p>", HTML, PASS),
        ("<h2>Application experiencing problems</h2><p>HTTP request received.</p>", HTML, UNKNOWN),
        ("<h1>Application up for sale</h1>", HTML, UNKNOWN),
        (b'{"status":"ok","text":"caf\xe9"}', {"content-type": "application/json; charset=iso-8859-1"}, PASS),
        ("OK".encode("utf-16"), {"content-type": "text/plain; charset=utf-16"}, PASS),
    ],
)
def test_what_the_service_calls_itself(body: str | bytes, headers: Mapping[str, str], meaning: Meaning) -> None:
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
        ({"results": [{"checker": "redis", "passed": False, "output": "Connection refused"}]}, "redis"),
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


def test_table_with_a_column_of_icons() -> None:
    """As django-health-check 3 writes it, which says neither health nor OK; an error may be as long as a traceback."""
    row = '<tr> <td class="icons"><span>&#9989;</span></td> <td>{}</td> <td><p>{}</p></td> <td>0.01 seconds</td> </tr>'
    rows = [row.format("Cache backend: default", "working"), row.format("Disk", f"unavailable: {'full ' * 200}")]
    page = f"<html><h1>System status</h1><table><tr><th colspan=2>Service</th></tr>{''.join(rows)}</table></html>"
    reading = read(page, HTML)
    assert (parts(reading, PASS), parts(reading, FAIL)) == ({"Cache backend: default"}, {"Disk"})


@pytest.mark.parametrize(
    "text",
    [
        "Starting up",
        "The cache is warming up",
        "Database migrations running",
        "Waiting for the database to be ready",
        "Scheduled maintenance. We will be back online",
        "Please log in to get online",
        "OK: 0 of 3 workers",
        "OK 0/3 replicas",
        '{"db":"up","status":"ok',
    ],
)
def test_what_is_to_come_is_no_health(text: str) -> None:
    """The last word of a line, or of a document that was cut off, is a word of health by chance."""
    assert read(text, TEXT).meaning is UNKNOWN


@pytest.mark.parametrize(
    "more",
    [
        {"healthy": False},
        {"success": False},
        {"ready": False},
        {"state": "stopped"},
        {"statusCode": 503},
        {"ok": True, "Status": "DOWN"},
    ],
)
def test_no_counts_before_yes(more: Mapping[str, object]) -> None:
    """Whoever writes both has forgotten one of them."""
    assert read(json.dumps({"status": "ok", **more})).meaning is FAIL
    part = {"name": "db", "status": "ok", **{key: value for key, value in more.items() if key != "Status"}}
    found = read(json.dumps({"status": "ok", "checks": [part]}))
    assert parts(found, FAIL) == (set() if "Status" in more else {"db"})


@pytest.mark.parametrize(
    ("document", "down"),
    [
        ({"database": "error"}, "database"),
        ({"redis": False}, "redis"),
        ({"dbConnected": False}, "dbConnected"),
        ({"cache_ok": False}, "cache_ok"),
        ({"data": {"status": "error"}}, "data"),
        ({"checks": ["db ok", "redis down"]}, "checks"),
        ({"services": [{"service_id": "a", "state": "HEALTHY"}, {"service_id": "b", "state": "UNHEALTHY"}]}, "b"),
        ({"entities": [{"alias": "cache", "status": "Unhealthy"}]}, "entities.cache"),
        ({"healthy": {"Queue": False, "Worker": True}}, "Queue"),
    ],
)
def test_dependency_that_is_down_beside_the_word(document: Mapping[str, object], down: str) -> None:
    """What services depend on has known names."""
    assert parts(read(json.dumps({"status": "ok", **document})), FAIL) == {down}


def test_settings_beside_the_word_are_no_dependencies() -> None:
    """A feature that is off is not down."""
    settings = {"cache": False, "debug": False, "redis_enabled": False, "db_primary": False, "updateAvailable": False}
    told = read(json.dumps({"status": "ok", **settings, "errors": 0, "error": False, "problems": "none", "failed": []}))
    assert (told.meaning, dict(told.parts), told.errors) == (PASS, {}, ())


def test_circuit_that_is_open_is_a_concern() -> None:
    """Spring itself stays UP: nobody is asked behind it."""
    breaker = {"status": "UP", "details": {"backend": {"status": "CIRCUIT_OPEN", "details": {"state": "OPEN"}}}}
    assert parts(read(json.dumps({"status": "UP", "components": {"breakers": breaker}})), WARN) == {"breakers.backend"}


def test_page_of_sentry_that_has_no_word_of_its_own() -> None:
    """Its checks stand below a key that is a word elsewhere."""
    assert read('{"problems":[],"healthy":{"Celery":true}}').meaning is PASS


@pytest.mark.parametrize(
    ("document", "moment"),
    [
        ({"timestamp": "2024-11-26T05:00:00Z"}, "2024-11-26T05:00:00+00:00"),
        ({"timestamp": "2024-11-26T05:00:00"}, "2024-11-26T17:00:00+00:00"),
        ({"checkedAt": 1700000000}, "2023-11-14T22:13:20+00:00"),
        ({"now": 1700000000123}, "2023-11-14T22:13:20.123000+00:00"),
        ({"timestamp": "soon", "now": 1e400, "startedAt": "2020-01-01T00:00:00Z", "uptime": 9}, None),
    ],
)
def test_when_it_says_that_it_was_written(document: Mapping[str, object], moment: str | None) -> None:
    """A time without a zone is no older than the farthest zone makes it; when a process began is another matter."""
    written = read(json.dumps({"status": "ok", **document})).written
    assert (written.isoformat() if written else None) == moment


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
    assert read("[+]data_corruption ok\n[+]serializable_read ok\nok\n", TEXT).meaning is PASS


def test_errors_that_a_healthy_page_lists() -> None:
    """It calls itself well, and is not."""
    assert read('{"status":"ok","errors":["database unreachable"]}').errors == ("database unreachable",)
    assert read('{"status":"ok","errors":[],"error":null}').errors == ()
    assert read('{"status":"ok","errors":{"db":"refused"}}').errors == ("db: refused",)
    assert read('{"status":"ok","message":"Database connection failed"}').errors == ("Database connection failed",)
    assert read('{"status":"ok","message":"all good, no errors"}').errors == ()
    assert parts(read('{"status":"ok","db":{"error":"refused"}}'), WARN) == {"db.error"}
    assert read('{"status":"ok","failed":2,"error":true}').errors == ("error: true", "failed: 2")
    assert read('{"status":"ok","warnings":["disk 97 %"],"maintenance":true}').errors == (
        "disk 97 %",
        "maintenance: true",
    )


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


def test_yes_and_no_of_dependencies_alone() -> None:
    """As Kinto answers: every key is a check."""
    assert parts(read('{"storage":false,"permission":true,"cache":true}'), FAIL) == {"storage"}


def test_flags_alone_are_parts() -> None:
    """Of Chroma: one flag for each thing that must be ready."""
    found = read('{"is_executor_ready": true, "is_log_client_ready": false}')
    assert parts(found, FAIL) == {"is_log_client_ready"}
