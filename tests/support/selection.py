"""Which tests run, and in which order."""

from pathlib import Path
from types import ModuleType

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # the library has no types

TESTS = Path(__file__).parents[1]
SLOWEST_FIRST = ("integration", "faults", "dashboards", "demo", "sparkplug", "packaging", "collector", "api")
"""Folders whose tests wait for servers: begun last, the whole run would wait for them."""
SHARED = ("tests/sparkplug",)
"""Folders whose tests look at recordings that are made once in a process."""
SERVERS = {
    "subprocess", "tests.api.http_server",
    *(f"tests.support.{name}" for name in ("broker", "browser", "demo", "influx_v2", "influxd", "smtp_server")),
}  # fmt: skip
"""A test module that takes something from one of these starts a server, a browser or another program.

They stand here by name: the process that hands out the tests imports none of what they need.
"""
SERVER_PATHS = (
    "integration/", "faults/", "demo/", "sparkplug/", "packaging/", "bench/", "dashboards/",
    "api/reports/", "api/web/rooms/test_page.py", "api/test_room_use.py", "server/rounds/test_sketch.py",
    "collector/dispatch/test_send.py", "sim/test_history.py", "core/test_delivery_model.py", "edge/test_readable.py",
)  # fmt: skip
"""Tests whose programs are started elsewhere, such as the browser that draws charts; and long simulations."""
SERVER_FIXTURES = {"broker", "browser", "influx"}


class WholeModules(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Gives each module to one process; a folder whose tests look at the same recordings goes to one as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", 1)[0]
        return next((folder for folder in SHARED if module.startswith(f"{folder}/")), module)


def rank(item: pytest.Item) -> int:
    """Return where a test stands in the order of the run; 0 first."""
    folder = item.path.relative_to(TESTS).parts[0]
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)


def starts_a_server(item: pytest.Function) -> bool:
    """Tell whether a test starts a server, a browser or another program of its own."""
    path = item.path.relative_to(TESTS).as_posix()
    if path.startswith(SERVER_PATHS) or SERVER_FIXTURES & {*item.fixturenames}:
        return True
    return any(_module(value) in SERVERS for value in vars(item.module).values())


def _module(value: object) -> str | None:
    return value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
