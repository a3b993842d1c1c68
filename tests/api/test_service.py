"""The API as a process of its own."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sukusuku_api.__main__ import main
from sukusuku_core.clock import now_ms
from sukusuku_server.access.records import KeyKind
from sukusuku_server.access.rights import Role
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.grants import Grants
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import two_centres as worlds
from tests.support import databases
from tests.support.patience import PATIENCE
from tests.support.ports import free_port
from tests.support.stores import commit


def _settings(folder: Path, port: int) -> Path:
    path = folder / "facility.toml"
    head, tail = worlds.FACILITY.split("[[site]]", 1)
    path.write_text(f"{head}[web]\nport = {port}\n[[site]]{tail}", encoding="utf-8")
    return path


def _key(folder: Path) -> str:
    operations = databases.operations(folder)
    made, token = AccessKeys(operations).make(KeyKind.API, "monitoring", now_ms(), "鈴木")
    Grants(operations).give(Role.ADMIN, None, now_ms(), "鈴木", key=made.id)
    return token


@contextmanager
def _running(settings: Path) -> Iterator[subprocess.Popen[str]]:
    """The process, once it has said that it is ready."""
    command = [sys.executable, "-m", "sukusuku_api", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any(" ready " in line for line in process.stderr), "the process ended early"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_although_somebody_listens_to_the_stream(tmp_path: Path, stop: signal.Signals) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        _running(_settings(tmp_path, port)) as process,
        httpx.Client(base_url=url, headers={"authorization": f"Bearer {_key(tmp_path)}"}) as api,
        api.stream("GET", "/api/v1/stream") as stream,
        api.stream("GET", "/wall/stream") as wall,
    ):
        assert (stream.status_code, wall.status_code) == (200, 200)
        process.send_signal(stop)

        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_nobody_gets_in_before_the_first_account_and_its_link_is_printed_at_the_start(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "sukusuku_api", str(_settings(tmp_path, port))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            link = next(found[0] for line in process.stderr if (found := re.search(r"/welcome/[\w-]{43}", line)))
            assert any(" ready " in line for line in process.stderr)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as api:
                assert api.get("/api/v1/units").status_code == 401
                assert api.get(link).status_code == 200
        finally:
            process.kill()


def test_it_starts_before_the_collector_and_finds_its_data_later(tmp_path: Path) -> None:
    port = free_port()
    with _running(_settings(tmp_path, port)):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as api:
            api.headers["authorization"] = f"Bearer {_key(tmp_path)}"
            assert api.get("/api/v1/health").json()["newest"] is None
            assert api.get("/api/v1/units/tobu-unit-1").json()["condition"] == "silent"

            store = SqliteStore.open(tmp_path / "readings.db")
            commit(store, list(worlds.unit("tobu-unit-1", now_ms())), now_ms())

            assert api.get("/api/v1/units/tobu-unit-1").json()["level"] == 42.0
        store.close()


def test_a_taken_port_is_named_with_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = main([str(_settings(tmp_path, port))])

    assert status == 2
    error = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in error
    assert "web.port" in error


def test_an_address_of_another_machine_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = _settings(tmp_path, 0)
    text = settings.read_text(encoding="utf-8").replace("[web]", '[web]\nhost = "192.0.2.1"')
    settings.write_text(text, encoding="utf-8")

    assert main([str(settings)]) == 2
    assert "web.host" in capsys.readouterr().err


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "facility.toml"
    settings.write_text("[operator]\nid = 5\n", encoding="utf-8")

    assert main([str(settings)]) == 2
    error = capsys.readouterr().err
    assert "operator" in error
    assert "Traceback" not in error


def test_help_teaches_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "Serves the REST API and the wall" in text
    assert "提供します" in text
