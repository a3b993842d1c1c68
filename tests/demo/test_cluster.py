"""A demo as a cluster: what it writes, and what it says where a program is missing. `make cluster` runs it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_demo import files
from sukusuku_demo.__main__ import main
from sukusuku_demo.cluster import programs
from sukusuku_demo.cluster.programs import Programs
from sukusuku_demo.cluster.servers import Cluster
from sukusuku_demo.settings import Ports
from sukusuku_edge.settings import read as read_edge
from sukusuku_server.settings import read

NOON = datetime(2026, 11, 25, 3, tzinfo=UTC)


def test_every_program_that_is_missing_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs, "_which", lambda _: None)
    monkeypatch.setattr(programs, "_POSTGRES", tmp_path)

    assert main(["--cluster", "--folder", str(tmp_path / "demo")]) == 2

    said = capsys.readouterr().err
    for needed in ("nats-server  ", "etcd         apt-get install etcd-server", "patroni  ", "postgres  "):
        assert f"\n  {needed}" in said
    assert not (tmp_path / "demo" / "facility.toml").exists()


def test_a_cluster_and_an_archive_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cluster", "--store", "influx"]) == 2
    assert "leave out --store" in capsys.readouterr().err


def test_everybody_is_told_of_all_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda: Programs("nats", "etcd", "patroni", "/bin", "mosquitto", None))
    ports = Ports()
    servers = Cluster(tmp_path, ports)

    files.write(tmp_path, ports, NOON, servers.values())

    facility = read(tmp_path / "facility.toml")
    edges = [read_edge(tmp_path / f"edge-{site}.toml").settings for site in files.SITES]
    assert facility.store.kind == "postgres"
    assert facility.store.postgres.url.count("127.0.0.1:") == 3
    assert facility.operations.url.count("host=127.0.0.1:") == 3
    for broker in (facility.broker, *(edge.broker for edge in edges)):
        assert [port for _, port in broker.addresses] == servers.brokers
    assert [edge.sensors and edge.sensors.port for edge in edges] == [ports.broker] * 2


def test_the_database_needs_folders_that_its_account_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(ConfigError, match=rf"runs as nobody, who may not enter {tmp_path}"):
        programs.reachable(tmp_path / "database", "nobody")
