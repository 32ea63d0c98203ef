"""Families of installed packages, beside a project that may have nothing to do with them."""

from pathlib import Path

import gonogo_smtp
import pytest

from gonogo.families.installed import OWN, Installed
from gonogo.families.registry import Families, environment_from, installed_families, undeclared_sections
from gonogo.planning.plan import Plan, build_plan
from gonogo.planning.suite import read_suite

SECTION = '\n[smtp]\nurl = "SMTP_URL"\nsender = "a@shop.test"\n'
SERVICE = '[service]\nname = "Shop"\nbase_url = "https://shop.test"\n'


def families(package: str = "gonogo-smtp") -> Families:
    """Gonogo's own and one that this package brings."""
    own = installed_families(Path())
    smtp = Installed(family=gonogo_smtp.FAMILY, module=gonogo_smtp, package=package)
    kinds = {**own.kinds, **{kind.name: kind for kind in gonogo_smtp.FAMILY.kinds}}
    return Families(installed=(*own.installed, smtp), kinds=kinds, environment=own.environment)


def write(project: Path, **environments: str) -> Path:
    """A project with these environment files."""
    (project / "environments").mkdir()
    for name, text in environments.items():
        (project / "environments" / f"{name}.toml").write_text(text)
    return project


def planned(undeclared: tuple[str, ...]) -> Plan:
    """The plan of an environment without the section."""
    folder = Path(gonogo_smtp.__file__).parent / "checks"
    suite = read_suite([Path("checks"), folder])
    environment = environment_from({"service": {"name": "S", "base_url": "https://a.test"}})
    return build_plan(suite, environment, families().kinds, {}, wanted=suite.order, undeclared=undeclared)


def test_package_that_the_project_has_nothing_to_do_with(tmp_path: Path) -> None:
    """A tool that was installed for another service would keep this one from GO."""
    project = write(tmp_path, staging=SERVICE, production=SERVICE)
    undeclared = undeclared_sections(families(), project)
    assert undeclared == ("smtp",)
    plan = planned(undeclared)
    assert not [name for name in plan.checks if name.startswith("smtp-")]
    assert plan.absent["smtp-login"] == "no environment of this project declares [smtp]"


@pytest.mark.parametrize("production", [SERVICE + SECTION, "[service\n"])
def test_section_that_one_environment_forgets(tmp_path: Path, production: str) -> None:
    """What production declares and staging does not is a gap; so is what nobody can read."""
    undeclared = undeclared_sections(families(), write(tmp_path, staging=SERVICE, production=production))
    assert undeclared == ()
    missed = planned(undeclared).checks["smtp-login"]
    assert missed.unrunnable == "the environment declares no [smtp]"


def test_family_of_the_project_itself_is_always_asked(tmp_path: Path) -> None:
    """Whoever writes a family for a service means this service."""
    assert undeclared_sections(families(OWN), write(tmp_path, staging=SERVICE)) == ()
