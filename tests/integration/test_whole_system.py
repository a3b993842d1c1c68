"""The whole system over real sockets: simulator, edge agents, Mosquitto, collector, InfluxDB, API, browser, mail.

`sukusuku demo` as a user would start it. The truth log of the simulator is the judge.
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import expect

from sukusuku_demo import influxd
from tests.support.browser import chromium, visit
from tests.support.demo import children, demo
from tests.support.influxd import started
from tests.support.patience import PATIENCE, until
from tests.support.ports import free_port

ENOUGH = 100
"""Readings that a run has accepted before it is ended."""


def test_a_run_of_the_demo_loses_nothing_and_is_seen_on_the_wall(tmp_path: Path) -> None:
    with demo(tmp_path, "--json", "--weeks", "1", "--store", "influx") as run:
        with chromium() as browser, visit(browser, f"{run.web}/wall") as wall:
            number = wall.page.locator("#tobu-unit-1 .number")
            wall.page.evaluate("window.loadedOnce = true")
            before = str(number.text_content())
            expect(number).not_to_have_text(before)
            expect(wall.page.locator(".alerts li").first).to_be_visible()

            assert wall.page.evaluate("window.loadedOnce") is True, "the page changed without being loaded again"
            assert wall.hosts() == {run.web.removeprefix("http://")}
            assert wall.complaints == []
            assert wall.page.locator("p.simulated").first.inner_text() == "模擬データ"

        with httpx.Client(base_url=f"{run.web}/api/v1") as api:
            past = api.get(
                "/readings", params={"asset": "seibu-unit-1", "metric": "Fill/Percent", "resolution": "hour"}
            ).json()
            units = api.get("/units").json()["units"]
        until(lambda: httpx.get(f"{run.mailbox}/mails/1").is_success, "no mail came")
        until(lambda: accepted(tmp_path) > ENOUGH, "the edge agents accepted too little")
        run.process.send_signal(signal.SIGINT)
        assert run.process.stdout is not None
        report = json.loads(run.process.stdout.read())

    assert len(past["points"]) >= 20, "history is there at once"
    assert [unit["simulated"] for unit in units] == [True] * 4
    said = "".join(run.said)
    assert [report[name] for name in ("lost", "duplicates", "influx_lost", "influx_duplicates")] == [0, 0, 0, 0], said
    assert report["accepted"] == report["stored"] > ENOUGH
    assert report["produced"] > 20
    assert report["mails"] >= 1
    assert report["alerts"] >= 1
    assert run.process.wait(PATIENCE) == 0
    assert children(tmp_path) == []

    assert report["influx_stored"] > 5_000 + report["stored"]
    assert "influx -host 127.0.0.1 -port" in said
    with contextlib.closing(sqlite3.connect(tmp_path / "readings.db")) as store:
        assets = {
            asset
            for (asset,) in store.execute("SELECT DISTINCT asset FROM series WHERE id IN (SELECT series FROM reading)")
        }
    with served(tmp_path / "influxdb") as port:
        points = influxd.ask(port, 'SELECT * FROM "sukusuku"."raw"."reading"')
        kinds = {(row["asset"], row["kind"], row["site"]) for row in points}
        hours = influxd.ask(
            port, 'SELECT count("mean") FROM "sukusuku"."daily"."hourly" WHERE "metric" = \'Fill/Percent\''
        )
    assert ("tobu-unit-1", "unit", "tobu") in kinds
    assert ("seibu-room", "room", "seibu") in kinds
    assert {asset for asset, _, _ in kinds} == assets
    assert int(str(hours[0]["count"])) >= 4 * 7 * 8


def test_a_run_for_a_time_ends_by_itself_with_every_process(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "3", "--json", "--weeks", "0") as run:
        assert len(children(tmp_path)) >= 5
        assert run.process.stdout is not None
        report = json.loads(run.process.stdout.read())

        assert run.process.wait(PATIENCE) == 0
    assert children(tmp_path) == []
    assert set(report) == {
        "produced", "accepted", "stored", "lost", "duplicates", "alerts", "mails", "seconds_to_first_mail",
    }  # fmt: skip
    assert (report["lost"], report["duplicates"]) == (0, 0), "".join(run.said)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[int]:
    """The data of a run that is over, served once more."""
    port = free_port()
    process = subprocess.Popen(influxd.command(influxd.find(), folder, port, free_port()), stderr=subprocess.DEVNULL)
    try:
        assert started(process, port)
        yield port
    finally:
        process.kill()
        process.wait()


def accepted(folder: Path) -> int:
    return sum(len(log.read_bytes().splitlines()) for log in folder.glob("accepted-*.jsonl"))
