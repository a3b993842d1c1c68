"""`sukusuku demo --store influx`: what it needs. `integration/test_whole_system.py` sees that everything arrives."""

import asyncio
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_demo import influxd
from sukusuku_demo.__main__ import main
from sukusuku_demo.archive import Archive
from sukusuku_demo.processes import Processes
from tests.support.ports import free_block


def test_without_influxd_it_is_told_what_to_install_and_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(influxd, "PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["--store", "influx", "--folder", str(tmp_path / "run")]) == 2

    assert "influxd is needed and was not found: install" in (said := capsys.readouterr().err)
    assert "apt-get install influxdb" in said
    assert list((tmp_path / "run").iterdir()) == []


def _saying(folder: Path, version: str) -> str:
    """A real influxd that says it is of this version."""
    program = folder / "influxd"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = version ]; then echo "{version}"; else exec {influxd.find()} "$@"; fi\n', "utf-8"
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("InfluxDB v1.6.7~rc0 (git: unknown unknown)", (1, 6)),
        ("InfluxDB v1.8.10 (git: 1.8 688e697c51fd)", (1, 8)),
        ("InfluxDB v1.11.8 (git: 1.11 0123)", (1, 11)),
    ],
)
def test_the_program_says_its_version(tmp_path: Path, said: str, found: tuple[int, int]) -> None:
    assert influxd.version(_saying(tmp_path, said)) == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("InfluxDB v2.7.11 (git: fbf5d4ab5e) build_date: 2024-12-02", "is InfluxDB 2.7, which this cannot set up"),
        ("influxdb3 3.0", "does not say which InfluxDB it is, but 'influxdb3 3.0"),
    ],
)
def test_another_influxdb_is_refused_in_words(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        influxd.version(_saying(tmp_path, said))


@pytest.mark.parametrize("version", ["1.6", "1.8"])
def test_only_an_old_influxdb_stands_behind_an_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    _saying(tmp_path, f"InfluxDB v{version}.0 (git: x)")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    port = free_block(3)

    async def run() -> str:
        processes = Processes(tmp_path / "logs")
        archive = Archive(tmp_path / "influxdb", port)
        try:
            said = await archive.start(processes)
            policies = influxd.ask(port, f'SHOW RETENTION POLICIES ON "{influxd.DATABASE}"')
            assert {it["name"] for it in policies} >= set(influxd.BUCKETS)
            return said
        finally:
            await processes.stop_all()
            archive.close()

    adapted = ", behind an adapter for /api/v2/write" if version == "1.6" else ""
    assert asyncio.run(run()) == f"{version} on 127.0.0.1:{port}{adapted}"
    assert not influxd.answers(port)
