"""Templates are compiled when they are shown first; a broken one is found here."""

from gettext import NullTranslations
from pathlib import Path

import pytest

from sukusuku_api.web import base
from sukusuku_server.templates import environment

ROOT = Path(__file__).parents[2]
FOLDERS = [
    folder.parent for package in ("collector", "api", "firmware-sim") for folder in ROOT.glob(f"{package}/**/templates")
]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_template_of_a_package_is_whole(folder: Path) -> None:
    package = ".".join(folder.relative_to(ROOT).parts[1:])
    templates = base.environment("ja") if package == "sukusuku_api.web" else environment(package, NullTranslations())

    names = templates.list_templates()

    assert {f"templates/{name}" for name in names if "/" not in name} == {
        path.relative_to(folder).as_posix() for path in folder.glob("templates/*")
    }
    for name in names:
        templates.get_template(name)
