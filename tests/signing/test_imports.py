"""Looking at files needs no driver: signing and verifying work, and start, without whatever asks a target."""

import subprocess
import sys

_MOST_MODULES = 900
"""Standard library, pydantic, jinja2, cryptography and pytest; with drivers and clients it is twice as many."""
_OF_TESTS_ONLY = ("azure", "boto3")
"""Installed for clients that only tests and a package of its own use; securesystemslib imports them wherever they are."""
_DRIVERS = ("pymongo", "redis", "httpx", "stripe", "dns", "asyncssh", "prometheus_client", "locust")


def test_verification_imports_no_driver() -> None:
    """A deploy job waits for each import, and a driver that cannot be imported there must not matter."""
    # The bundled checks as well: each of them is imported before it judges what was recorded.
    program = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({_OF_TESTS_ONLY}));"
        "import gonogo.signing.verification; from gonogo.base.bundled import bundled_root;"
        "[runpy.run_path(str(path)) for path in (bundled_root() / 'checks').glob('test_*.py')];"
        "print(*sys.modules, sep=chr(10))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter, and a program of our own
    modules = shown.stdout.split()
    assert not set(_DRIVERS) & set(modules)
    assert len(modules) < _MOST_MODULES
