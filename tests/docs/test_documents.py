"""Documents that a change can make untrue."""

import re
import tomllib
from pathlib import Path

import pytest

from sukusuku_api.app import without_data
from sukusuku_cli.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
WIDTH = 100
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
GENERATED = {"devices.md", "figures.md", "sparkplug-conformance.md"}
WRITTEN = [page for page in PAGES if page.name not in {*GENERATED, "CHANGELOG.md"}]


def _name(requirement: object) -> str:
    return re.split(r"[\[<>=]", str(requirement))[0]


def test_every_dependency_has_a_reason() -> None:
    parts = [_required("pyproject.toml"), _required("edge/pyproject.toml")]
    named = {_name(item) for part in parts for kind in part.values() for item in kind}

    rows = re.findall(
        r"^\| ([a-z0-9, -]+) \|", (ROOT / "docs/dependencies.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    explained = {name.strip() for row in rows for name in row.split(",")} - {"package"}

    assert explained == named - {"sukusuku-edge"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_documents_exist(page: Path) -> None:
    used = re.findall(r"[`\s]sukusuku ([a-z][a-z-]+)", page.read_text(encoding="utf-8"))

    assert set(used) - set(COMMANDS) == set()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_is_wrapped(page: Path) -> None:
    """Tables, code and pictures cannot be wrapped."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)

    assert [line for line in prose.splitlines() if len(line) > WIDTH and not re.match(r"\||!\[| {4}", line)] == []


def test_no_text_names_a_package_of_ours_on_a_registry() -> None:
    """They are on none: whoever put something there under that name would be installed. A path is no such name."""
    ours = re.compile(r"pip\w* install\b[^\n]*?[ '\"=](sukusuku[-_\[a-z]*)(?![\w/]*\.(?:whl|py|toml)\b)")
    kinds = ("*.md", "*.py", "*.service", "*.toml", "*.html", "*.po", "Makefile", "*.yaml", "*.sh")
    folders = ("api", "bench", "collector", "dashboards", "docs", "edge", "firmware-sim", "tests", ".ci")
    files = [*ROOT.glob("*.*"), ROOT / "Makefile", *(p for f in folders for k in kinds for p in (ROOT / f).rglob(k))]
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files
        if path.is_file()
        for match in ours.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_route_of_the_api_is_described() -> None:
    paths = without_data().openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}

    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)`", page, re.MULTILINE)) == routes


def _required(path: str) -> dict[str, list[object]]:
    """Every requirement of a pyproject.toml: what runs, what of that is packaged, and what only development needs."""
    found = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))
    optional = found["project"].get("optional-dependencies", {})
    extras = [item for group in optional.values() for item in group]
    packaged = [item for name in ("notify", "reports") for item in optional.get(name, [])]
    groups = [item for group in found.get("dependency-groups", {}).values() for item in group if isinstance(item, str)]
    base = found["project"]["dependencies"]
    return {"run": [*base, *extras], "server": [*base, *packaged], "develop": groups}


@pytest.mark.parametrize("pins", ["demo", "dev", "edge", "server"])
def test_every_dependency_is_pinned_with_hashes(pins: str) -> None:
    server, edge = _required("pyproject.toml"), _required("edge/pyproject.toml")
    wanted = edge["run"] + {"edge": [], "server": server["server"]}.get(pins, server["run"])
    wanted += server["develop"] if pins == "dev" else []

    text = (ROOT / f"requirements/{pins}.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==\S+ .*\\$", text, re.MULTILINE))

    assert {_name(item) for item in wanted} - pinned - {"sukusuku-edge"} == set(), "run: make requirements"


def test_resources_of_lwm2m_are_those_that_the_api_marks() -> None:
    schemas = without_data().openapi()["components"]["schemas"]
    marked = {
        (field["x-lwm2m"], f"outlook.{name}" if shape == "OutlookOut" else name)
        for shape in ("UnitOut", "OutlookOut")
        for name, field in schemas[shape]["properties"].items()
        if "x-lwm2m" in field
    }
    page = (ROOT / "docs/open-models.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (3435/\d+) \| [^|]+ \| `([\w.]+)`", page, re.MULTILINE)) == marked
