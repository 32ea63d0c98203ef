"""The tutorial, typed block by block against a service as it tells of one: what it shows is what is said."""

import asyncio
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from markdown_it import MarkdownIt

from reference.listener import Handler
from tests.docs.blocks import ROOT
from tests.support.http_doubles import http_server
from tests.support.tls_shop import Shop, dated, serving

DOCUMENT = ROOT / "docs" / "starting.md"
FILES = {"yaml": "compose.yaml", "markdown": "LAUNCH.md", "toml": "environments/people.toml"}
"""Where a reader puts the blocks of these languages."""


def shop() -> Handler:
    """The service of the tutorial, whose clock does not stand still."""
    service = Shop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await http_server(service, dated())(reader, writer)

    return serve


def blocks() -> list[tuple[str, str]]:
    """Language and text of every block, in their order."""
    tokens = MarkdownIt().parse(DOCUMENT.read_text(encoding="utf-8"))
    return [(token.info.strip(), token.content) for token in tokens if token.type == "fence"]


def shows(said: str, expected: str) -> list[str]:
    """Lines of a block that do not stand in what was said, in this order; an ellipsis is anything."""
    lines = [line.rstrip() for line in said.splitlines()]
    missing, position = [], 0
    for row in expected.splitlines():
        pattern = re.compile(".*".join(map(re.escape, row.rstrip().split("…"))))
        found = next((index for index in range(position, len(lines)) if pattern.fullmatch(lines[index])), None)
        if found is None:
            missing.append(row)
        else:
            position = found + 1
    return missing


def installing(script: str, team: Path) -> str:
    """The block as one types it, with this clone and its commit; dependencies come from the environment of this test."""
    borrowed = team.parent / "borrowed"
    borrowed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith(("gonogo", "_gonogo", "__editable__", "_editable")):
            (borrowed / path.name).symlink_to(path)
    lent = f'echo {borrowed} > "$(echo .gonogo/lib/python3*/site-packages)/borrowed.pth"'
    from_index = re.compile(r"^.* --require-hashes .*$", re.MULTILINE)
    assert from_index.search(script), "the dependencies are pinned by their hashes"
    ours = script.replace("https://git.example.com/gonogo.git", str(ROOT)).replace("COMMIT", "HEAD")
    return from_index.sub(lent, ours).replace("python3 -m venv", f"{sys.executable} -m venv")


def test_locked_dependencies_have_hashes() -> None:
    """The line of the tutorial that the test below does not type: pip refuses a file in which one has none."""
    entries = re.findall(
        r"^[a-z0-9][^\n]*==[^\n]*\\\n((?:    --hash=[^\n]*\n)+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    assert (
        len(entries)
        == len(re.findall(r"^[a-z0-9][^\n]*==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
        > 20
    )


def test_every_block(tmp_path: Path) -> None:
    """One shell, from the first line to the last."""
    team = tmp_path / "team"
    team.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PIP_NO_BUILD_ISOLATION": "0"}
    environ |= {"COLUMNS": "200"}
    before, said, seen = "set -e\n", "", 0
    with serving(shop(), team) as url:
        files = [(language, text) for language, text in blocks() if language in FILES]
        assert {language for language, _ in files} == set(FILES)
        for language, text in blocks():
            if language == "text":
                shown = text.replace("https://shop.test:8443", url)
                assert not shows(said, shown), said
                seen += 1
            elif language in FILES:
                if language != "yaml":
                    (team / FILES[language]).write_text(text)
            else:
                script = installing(text, team) if "venv" in text else text.replace("https://shop.test:8443", url)
                script = script.replace("--address 127.0.0.1", "--address 127.0.0.1 --resolver 127.0.0.1:1")
                if "gonogo init" in script:
                    (team / "compose.yaml").write_text(dict(files)["yaml"])
                done = subprocess.run(  # noqa: S603 - our own document
                    ["/bin/sh", "-c", before + script],
                    cwd=team,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=180,
                    check=False,
                )
                assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
                said = done.stdout
                before = 'set -e\nPATH="$PWD/.gonogo/bin:$PATH"\n'
    assert seen >= 5


def test_what_is_not_said_is_noticed() -> None:
    """The comparison can fail: in words, and in order."""
    assert not shows("one\n two 3\n", "one\n two …\n")
    assert shows("one\n", "two\n") == ["two"]
    assert shows("b\na\n", "a\nb\n") == ["b"]
