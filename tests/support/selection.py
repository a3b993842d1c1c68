"""Which tests run, and in which order."""

import re
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # the library has no types

TESTS = Path(__file__).parents[1]
SLOWEST_FIRST = ("integration", "faults", "dashboards", "demo", "sparkplug", "packaging", "collector", "api")
"""Folders whose tests wait for servers: begun last, the whole run would wait for them."""
SHARED = ("tests/sparkplug",)
"""Folders whose tests look at recordings that are made once in a process."""
SERVERS = re.compile(
    r"^(from|import) (subprocess|tests\.api\.http_server"
    r"|tests\.support\.(broker|browser|demo|glewlwyd|influx_v2|influxd|postgres|smtp_server))\b",
    re.MULTILINE,
)
"""A test module that takes something from one of these starts a server, a browser or another program."""
SERVER_PATHS = (
    "integration/", "faults/", "demo/", "sparkplug/", "packaging/", "bench/", "dashboards/",
    "api/reports/", "api/web/rooms/test_page.py", "api/test_room_use.py", "server/rounds/test_sketch.py",
    "collector/dispatch/test_send.py", "sim/test_history.py", "core/test_delivery_model.py", "edge/test_readable.py",
)  # fmt: skip
"""Tests whose programs are started elsewhere, such as the browser that draws charts; and long simulations."""
SERVER_FIXTURES = {"broker", "browser", "influx", "postgres"}


class WholeModules(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Gives each module to one process; a folder whose tests look at the same recordings goes to one as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", 1)[0]
        return next((folder for folder in SHARED if module.startswith(f"{folder}/")), module)


def rank(item: pytest.Item) -> int:
    """Return where a test stands in the order of the run; 0 first."""
    folder = item.path.relative_to(TESTS).parts[0]
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)


def starts_servers(path: Path) -> bool:
    """Tell whether a folder or a module of tests starts servers, a browser or other programs.

    Its text says so: to import what is then left out would take longer than many tests.
    """
    place = path.relative_to(TESTS).as_posix() + "/" * path.is_dir()
    if place.startswith(SERVER_PATHS):
        return True
    return path.match("test_*.py") and SERVERS.search(path.read_text(encoding="utf-8")) is not None
