"""The repository of the service, and the files of variables that its two environments are started with.

The service reads the file of the environment that it serves as when it starts; a fault of that file is a change that came
after.
"""

import asyncio
import base64
import copy
import os
import secrets
import shutil
import string
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reference.children import StartFailed
from reference.repository_documents import COMPOSE, DOCUMENTS, SUBJECTS

MODES: Mapping[str, str] = {"staging": "test", "production": "live"}
Values = dict[str, dict[str, str]]
"""Variables of every environment, by name."""

_ALPHANUMERIC = string.ascii_letters + string.digits
_IGNORED = ".env\n.env.*\n__pycache__/\n"
_README = "# WorkMe\n\nCopy `.env.example` to `.env.staging`, and fill it in.\n"
_EXAMPLE = "MONGO_URL=\nSECRET_KEY=\nSTRIPE_SECRET_KEY=\nREDIS_PASSWORD=\n"


class Repository:
    """Written anew for every start, with what each environment is started with."""

    def __init__(self, folder: Path, faults: frozenset[str], values: Values) -> None:
        self._folder = folder
        self._healthy = values
        self._faults = faults

    async def start(self) -> None:
        """Write the files, and commit what belongs into the repository. Raises StartFailed."""
        try:
            await asyncio.to_thread(self._write)
        except FileNotFoundError:
            raise StartFailed("git is not installed", cure="Install git") from None
        except subprocess.CalledProcessError as error:
            message = f"git failed: {error.stderr.decode(errors='replace')}"
            raise StartFailed(message, cure="Is there room on the disk?") from None

    async def stop(self) -> None:
        """Remove it."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _write(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._git("init", "--quiet")
        self._commit("Begin", {".gitignore": _IGNORED, "README.md": _README, ".env.example": _EXAMPLE})
        self._commit("Serve", {"server.py": 'import os\n\nSECRET_KEY = os.environ["SECRET_KEY"]\n'})
        self._commit("Deploy by compose", SUBJECTS)
        self._commit("Write down how it is run", DOCUMENTS)
        values = copy.deepcopy(self._healthy)
        for fault in sorted(self._faults & _VALUES.keys()):
            _VALUES[fault](values)
        for name, variables in values.items():
            write_variables(self._folder, name, variables)
        for fault in sorted(self._faults & _FAULTS.keys()):
            _FAULTS[fault](_FaultContext(folder=self._folder, values=values, commit=self._commit, git=self._git))

    def _commit(self, message: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_text(text)
        if files:
            self._git("add", "--force", "--", *files)
        self._git("commit", "--quiet", "--message", message)

    def _git(self, *arguments: str) -> None:
        """Runs git with nobody's configuration but ours."""
        settings = ("user.name=WorkMe", "user.email=dev@workme.test", "commit.gpgSign=false", "gc.auto=0")
        options = [part for setting in settings for part in ("-c", setting)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ = kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self._folder), *options, *arguments]
        subprocess.run(command, env=environ, check=True, capture_output=True, stdin=subprocess.DEVNULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FaultContext:
    """What a fault of the repository has at hand."""

    folder: Path
    values: Values
    commit: Callable[[str, Mapping[str, str]], None]
    git: Callable[..., None]

    def commit_and_remove(self, name: str, text: str) -> None:
        """As people do who have noticed: the file is gone, the history has it."""
        self.commit("Deploy", {name: text})
        self.git("rm", "--quiet", "--cached", "--", name)
        self.commit("Oops", {})

    def read(self, name: str) -> str:
        """Return what is in a file now."""
        return (self.folder / name).read_text()


def write_variables(folder: Path, name: str, variables: Mapping[str, str]) -> Path:
    """Write an environment's file, which nobody else may read; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".env.{name}"
    path.touch(mode=0o600)
    path.write_text("".join(f"{variable}='{value}'\n" for variable, value in variables.items()))
    return path


def new_variables(name: str, mode: str) -> dict[str, str]:
    """Values that nobody has seen before, in the shapes that the real ones have."""
    account = _random(14)
    return {
        "ENVIRONMENT": name,
        "FRONTEND_URL": "https://workme.test",
        "MONGO_URL": f"mongodb+srv://app:{_random(32)}@workme-{name}.workme.test/workme?retryWrites=true",
        "REDIS_PASSWORD": secrets.token_urlsafe(32),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": f"sk_{mode}_51{account}{_random(82)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_{mode}_51{account}{_random(82)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{_random(32)}",
        "EMERGENT_LLM_KEY": f"sk-emergent-{_random(24)}",
        "SENTRY_DSN": f"https://{secrets.token_hex(16)}@o{secrets.randbelow(10**6)}.ingest.workme.test/4507",
    }


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


def _set(name: str, **variables: str) -> Callable[[Values], None]:
    return lambda values: values[name].update(variables)


def _keys_of(mode: str, name: str) -> Callable[[Values], None]:
    def change(values: Values) -> None:
        keys = {key: value for key, value in new_variables(name, mode).items() if key.startswith("STRIPE_")}
        values[name].update(keys)

    return change


def _same_secret(values: Values) -> None:
    values["production"]["SECRET_KEY"] = values["staging"]["SECRET_KEY"]


def _taken(name: str, source: str, *variables: str) -> Callable[[Values], None]:
    return lambda values: values[name].update({variable: values[source][variable] for variable in variables})


def _database_as_another(values: Values) -> None:
    of_production = values["production"]["MONGO_URL"].rpartition("@")[2]
    values["staging"]["MONGO_URL"] = f"mongodb+srv://staging:{_random(32)}@{of_production}"


def _test_keys_of_production(values: Values) -> None:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"):
        values["staging"][name] = values["production"][name].replace("_live_", "_test_")


def _database_of_staging(values: Values) -> None:
    of_staging = values["staging"]["MONGO_URL"].rpartition("@")[2]
    values["production"]["MONGO_URL"] = f"mongodb://production:{_random(32)}@{of_staging}"


def _without_tls(values: Values) -> None:
    values["production"]["MONGO_URL"] = f"mongodb://workme:{_random(32)}@db.workme.test:27017/workme"


def _other_account(values: Values) -> None:
    values["production"]["STRIPE_PUBLISHABLE_KEY"] = new_variables("production", "live")["STRIPE_PUBLISHABLE_KEY"]


def _without(name: str, variable: str) -> Callable[[Values], None]:
    return lambda values: values[name].__delitem__(variable)


def _twice(context: _FaultContext) -> None:
    with (context.folder / ".env.production").open("a") as stream:
        stream.write("DEBUG=false\nDEBUG=true\n")


def _in_history(context: _FaultContext) -> None:
    context.commit_and_remove(".env.staging", context.read(".env.staging"))


def _encoded(context: _FaultContext) -> None:
    encoded = base64.b64encode(context.values["production"]["SECRET_KEY"].encode()).decode()
    context.commit("Deploy", {"deploy/secret.yaml": f"kind: Secret\ndata:\n  key: {encoded}\n"})


def _secret_in_history(context: _FaultContext) -> None:
    password = context.values["production"]["REDIS_PASSWORD"]
    context.commit_and_remove("notes.txt", f"redis-cli -a {password} ping\n")
    (context.folder / "notes.txt").unlink()


def _pattern(context: _FaultContext) -> None:
    key = "AKIA" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16))
    context.commit("Upload documents", {"upload.py": f'ACCESS_KEY = "{key}"\n'})


def _outdated(context: _FaultContext) -> None:
    context.commit("Add a worker", {"compose.yaml": COMPOSE + "  worker:\n    image: registry.workme.test/worker\n"})


def _not_committed(context: _FaultContext) -> None:
    context.git("rm", "--quiet", "--cached", "--", "docs/architecture.md")
    context.commit("Tidy up", {})


_VALUES: Mapping[str, Callable[[Values], None]] = {
    "env-missing-variable": _without("production", "REDIS_PASSWORD"),
    "env-live-key-in-staging": _taken("staging", "production", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"),
    "env-test-key-in-production": _keys_of("test", "production"),
    "env-placeholder-secret": _set("production", SECRET_KEY="changeme-" * 8),
    "env-short-secret": lambda values: values["production"].update(SECRET_KEY=secrets.token_urlsafe(16)),
    "env-same-secret": _same_secret,
    "env-secret-of-another-name": lambda values: values["staging"].update(
        REDIS_PASSWORD=values["production"]["SECRET_KEY"]
    ),
    "env-database-as-another-user": _database_as_another,
    "env-test-key-of-production": _test_keys_of_production,
    "env-same-database": _taken("staging", "production", "MONGO_URL"),
    "env-dsn-of-production": _taken("staging", "production", "SENTRY_DSN"),
    "env-database-of-staging": _database_of_staging,
    "env-dsn-of-staging": _taken("production", "staging", "SENTRY_DSN"),
    "env-undefined-name": _set("production", MONGO_URL="mongodb+srv://workme:${MONGO_PASSWORD}@db.workme.test/workme"),
    "env-mongo-without-tls": _without_tls,
    "env-other-stripe-account": _other_account,
    "env-wrong-webhook-secret": lambda values: values["staging"].update(STRIPE_WEBHOOK_SECRET=f"we_1{_random(23)}"),
    "env-no-llm-key": _set("staging", EMERGENT_LLM_KEY=""),
    "env-not-a-dsn": _set("production", SENTRY_DSN="https://workme.sentry.test/projects/api"),
    "env-weak-redis-password": _set("staging", REDIS_PASSWORD="workme2024"),  # noqa: S106 - the fault
}
_FAULTS: Mapping[str, Callable[[_FaultContext], None]] = {
    "env-file-missing": lambda context: (context.folder / ".env.production").unlink(),
    "env-duplicate-variable": _twice,
    "env-world-readable": lambda context: (context.folder / ".env.production").chmod(0o644),
    "env-committed": lambda context: context.commit("Deploy", {".env.staging": context.read(".env.staging")}),
    "env-in-history": _in_history,
    "repository-holds-secret": _encoded,
    "repository-secret-in-history": _secret_in_history,
    "repository-key-pattern": _pattern,
    "document-outdated": _outdated,
    "document-empty": lambda context: context.commit("Begin anew", {"docs/troubleshooting.md": "# Troubleshooting\n"}),
    "document-not-committed": _not_committed,
    "document-without-command": lambda context: context.commit(
        "Shorten", {"docs/dns-rollback.md": DOCUMENTS["docs/dns-rollback.md"].replace("records update", "records …")}
    ),
}
