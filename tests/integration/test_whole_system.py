"""The whole system over real sockets: simulator, edge agents, Mosquitto, collector, API, browser, mail.

One run of `sukusuku demo` as a user would start it. The truth log of the simulator is the judge.
"""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.support.browser import chromium, visit
from tests.support.demo import children, demo
from tests.support.patience import PATIENCE

ENOUGH = 100
"""Readings that a run has accepted before it is ended."""


def until(what: Callable[[], bool], otherwise: str) -> None:
    """Look again and again until that is true; a busy machine is no reason to fail."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def test_a_run_of_the_demo_loses_nothing_and_is_seen_on_the_wall(tmp_path: Path) -> None:
    with demo(tmp_path, "--json", "--weeks", "2") as run:
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
    assert set(report) == {
        "produced", "accepted", "stored", "lost", "duplicates", "alerts", "mails", "seconds_to_first_mail",
    }  # fmt: skip
    assert (report["lost"], report["duplicates"]) == (0, 0), "".join(run.said)
    assert report["accepted"] == report["stored"] > ENOUGH
    assert report["produced"] > 50
    assert report["mails"] >= 1
    assert report["alerts"] >= 1
    assert run.process.wait(PATIENCE) == 0
    assert children(tmp_path) == []


def accepted(folder: Path) -> int:
    return sum(len(log.read_bytes().splitlines()) for log in folder.glob("accepted-*.jsonl"))


def test_sigterm_ends_every_process_as_ctrl_c_does(tmp_path: Path) -> None:
    with demo(tmp_path, "--weeks", "0") as run:
        assert len(children(tmp_path)) >= 5

        run.process.send_signal(signal.SIGTERM)

        assert run.process.wait(PATIENCE) == 0
    assert children(tmp_path) == []
