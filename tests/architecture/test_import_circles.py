"""No folder and no module of ours is part of an import circle, at any depth."""

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

PACKAGES = (
    "sukusuku_core",
    "sukusuku_mqtt",
    "sukusuku_edge",
    "sukusuku_server",
    "sukusuku_collector",
    "sukusuku_api",
    "sukusuku_cli",
    "sukusuku_sim",
    "sukusuku_demo",
    "sukusuku_dashboards",
)

Arrows = dict[str, dict[str, set[str]]]
"""Folder -> child -> the children of the same folder that it imports. A child is a module or a folder as a whole."""


def arrows(graph: grimp.ImportGraph) -> Arrows:
    """Lift every import to the deepest folder that holds both ends. `__init__` is a child of its own folder."""
    lifted: Arrows = defaultdict(lambda: defaultdict(set))
    folders = {name for name in graph.modules if graph.find_children(name)}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            one, other = (
                [*name.split("."), "__init__"] if name in folders else name.split(".") for name in (importer, imported)
            )
            depth = next(at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
            lifted[".".join(one[:depth])][one[depth]].add(other[depth])
    return lifted


def circles(lifted: Arrows) -> dict[str, list[str]]:
    """Return one circle for each folder that has one."""
    met: dict[str, list[str]] = {}
    for folder, children in lifted.items():
        try:
            TopologicalSorter(children).prepare()
        except CycleError as error:
            met[folder] = error.args[1]
    return met


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def test_no_circle_anywhere(graph: grimp.ImportGraph) -> None:
    lifted = arrows(graph)

    assert len(lifted["sukusuku_server"]) > 5  # the graph was read
    assert circles(lifted) == {}


def test_a_circle_would_be_seen(graph: grimp.ImportGraph) -> None:
    graph.add_import(importer="sukusuku_server.settings.base", imported="sukusuku_server.live.views")

    assert set(circles(arrows(graph))) == {"sukusuku_server"}
