"""A mistake in an environment file costs one clear message; an unnoticed one costs a launch."""

import json
from pathlib import Path

import jsonschema
import pytest

from gonogo.base.errors import UsageError
from gonogo.environment.load import overlaid
from gonogo.environment.names import available
from gonogo.environment.schema import environment_schema
from gonogo.environment.secret_values import find_secrets, resolve_secrets
from gonogo.families.registry import environment_from, installed_families, read_environment

ROOT = Path(__file__).parents[2]
MINIMAL = '[service]\nname = "S"\nbase_url = "https://a.test"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an empty environments/."""
    (tmp_path / "environments").mkdir()
    return tmp_path


def write(project: Path, content: str | bytes, name: str = "mine") -> Path:
    """Put an environment file there."""
    path = project / "environments" / f"{name}.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems(project: Path, content: str | bytes) -> list[str]:
    """What is wrong with this content."""
    write(project, content)
    with pytest.raises(UsageError) as refused:
        read_environment("mine", project=project)
    return list(refused.value.problems)


def test_all_mistakes_come_at_once(project: Path) -> None:
    """Somebody fixing a file should not have to run gonogo once per mistake."""
    found = problems(
        project,
        MINIMAL
        + """
surprise = 1
[limits]
run = 10
probe = "1m"
[dns]
zone = "exa mple"
resolvers = ["1.1.1.1"]
[hosts."a.test"]
addresses = ["300.1.2.3"]
[tls]
""",
    )
    text = "\n".join(found)
    for expected in (
        "service.surprise: unknown key",
        "limits.run: found 10; a duration needs its unit",
        "limits.probe: found '1m'; '1m' is not a duration",
        "dns.zone: found 'exa mple'; not a host name",
        "dns.resolvers.0: found '1.1.1.1'; not an address with a port",
        "hosts.a.test.addresses.0: found '300.1.2.3'; not an IP address",
        "tls.issuer: missing",
    ):
        assert expected in text
    assert all("mine.toml" in problem for problem in found)
    assert len(found) == 7


def test_mistyped_key_suggests_the_right_one(project: Path) -> None:
    """`probes = …` instead of `probe` must not be ignored, and should cost no search in the documentation."""
    assert "did you mean probe?" in problems(project, MINIMAL + '[limits]\nprobes = "1 s"\n')[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xff\xfe[service]", "not UTF-8"),
        (b"[service", "not TOML"),
        (b"# " + b"x" * (10 * 1024 * 1024), "larger than 1024 KiB"),
    ],
)
def test_files_that_are_no_environment(project: Path, content: bytes, expected: str) -> None:
    """Each of these was once somebody's environment file."""
    assert expected in problems(project, content)[0]


def test_directory_in_place_of_a_file(project: Path) -> None:
    """A mount that went wrong leaves a directory behind."""
    (project / "environments" / "mine.toml").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        read_environment("mine", project=project)


def test_unknown_name_lists_and_suggests(project: Path) -> None:
    """`--env stagin` must say what there is."""
    write(project, MINIMAL, "staging")
    with pytest.raises(UsageError, match=r"Did you mean staging\? There are: .*reference.*staging"):
        read_environment("stagin", project=project)


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd", ".", ""])
def test_names_are_no_paths(project: Path, name: str) -> None:
    """A name from a job's variable must not read files elsewhere."""
    with pytest.raises(UsageError, match="no environment"):
        read_environment(name, project=project)


def test_international_names_become_a_labels_once(project: Path) -> None:
    """TLS and HTTP libraries disagree about IDNA; the file is where the disagreement ends."""
    write(
        project, MINIMAL.replace("a.test", "bücher.example") + '[hosts."bücher.example"]\naddresses = ["192.0.2.1"]\n'
    )
    file = read_environment("mine", project=project)
    assert list(file.environment.hosts) == ["xn--bcher-kva.example"]


def test_base_url_must_be_a_declared_host(project: Path) -> None:
    """Otherwise the wrong machine would be verified, and found healthy."""
    found = problems(project, MINIMAL + '[hosts."b.test"]\naddresses = ["192.0.2.1"]\n')
    assert "which is not among [hosts]" in found[0]


@pytest.mark.parametrize("url", ["http://a.test", "https://user:pw@a.test", "a.test", "https://"])
def test_base_url_is_https_without_credentials(project: Path, url: str) -> None:
    """A password in the file would end up in every report."""
    assert "https://" in problems(project, f'[service]\nname = "S"\nbase_url = "{url}"\n')[0]


def test_quorum_that_cannot_be_met(project: Path) -> None:
    """It would make every run an error, for a reason that nobody sees."""
    found = problems(project, MINIMAL + '[dns]\nzone = "a.test"\nresolvers = ["9.9.9.9:53"]\nquorum = 3\n')
    assert "only 1 resolvers are declared" in found[0]


REDIS = """
[redis]
url = "R_URL"
monitor_url = "R_MONITOR"
key_prefix = "x:"
maxmemory_policy = "noeviction"
persistence = "none"
"""


def test_every_missing_secret_is_named(project: Path) -> None:
    """And none of them is an empty string that some check would compare with."""
    write(project, MINIMAL + REDIS)
    file = read_environment("mine", project=project)
    with pytest.raises(UsageError) as refused:
        resolve_secrets(file, {"R_URL": ""})
    assert [name in "\n".join(refused.value.problems) for name in ("R_URL", "R_MONITOR")] == [True, True]


def test_secrets_come_from_the_process_first_and_then_from_the_file(project: Path) -> None:
    """A CI job overrides what a developer left in a file."""
    write(project, MINIMAL + REDIS + '[secrets]\ndotenv = ".env.mine"\n')
    (project / ".env.mine").write_text("R_URL=from-the-file\nR_MONITOR='also $from {the} file'\n")
    secrets = resolve_secrets(read_environment("mine", project=project), {"R_URL": "from-the-process"})
    assert dict(secrets) == {"R_URL": "from-the-process", "R_MONITOR": "also $from {the} file"}
    assert "process" not in repr(secrets)


def test_secret_too_short_to_be_kept_out_of_the_output(project: Path) -> None:
    """Blacking out every 'abc' would make reports unreadable; leaving it in would publish it."""
    write(project, MINIMAL + REDIS)
    _, found = find_secrets(read_environment("mine", project=project), {"R_URL": "abc", "R_MONITOR": "long enough"})
    assert "3 characters" in found[0]
    assert "abc" not in found[0]


def test_overlay_reaches_into_tables(project: Path) -> None:
    """A started instance changes a port, and leaves the rest of the host as declared."""
    write(project, MINIMAL + '[hosts."a.test"]\naddresses = ["192.0.2.1"]\nhttp_port = 81\n')
    file = overlaid(read_environment("mine", project=project), {"hosts": {"a.test": {"https_port": 8443}}})
    host = file.environment.hosts["a.test"]
    assert (host.addresses, host.http_port, host.https_port) == (("192.0.2.1",), 81, 8443)


@pytest.mark.parametrize("name", ["reference", "staging", "production"])
def test_shipped_environments_are_valid(name: str) -> None:
    """They are what every team starts from."""
    assert name in available(ROOT)
    environment = read_environment(name, project=ROOT).environment
    # A replay reads the environment from the record, which has every key with its value.
    assert environment_from(environment.model_dump(mode="json"), ROOT) == environment


def test_json_schema_is_current_and_accepts_what_we_ship() -> None:
    """An editor that complains about a right file teaches people to ignore it."""
    committed = (ROOT / "environments" / "schema.json").read_text()
    assert committed == environment_schema(installed_families(Path()).environment), (
        "run: gonogo schema environment > environments/schema.json"
    )
    for name in ("reference", "staging", "production"):
        document = read_environment(name, project=ROOT).document
        jsonschema.validate(document, json.loads(committed))
