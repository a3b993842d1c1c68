"""Health tells what is wrong, and what was not stored."""

import html
import threading
from pathlib import Path

import httpx
import msgspec
import pytest

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.certificates import Request
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.db import OutgoingMail
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.node_certificates import issue
from sukusuku_server.live import clock, watching
from sukusuku_server.live.clock import Cause, ClockDoubt
from sukusuku_server.model.passed_over import REASONS, passed_over_key
from sukusuku_server.model.proofs import CURES as CURES_OF_PROOFS
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.model.series import Quarantined, Unassigned
from sukusuku_server.model.unreadable import CURES, unreadable_key
from sukusuku_server.timeseries import THINNED_READINGS
from sukusuku_server.timeseries.shipping_queue import ORIGIN
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World, fire
from tests.support.patience import PATIENCE


@pytest.mark.parametrize("content", [None, b"rubbish that is no database" * 100])
def test_a_store_that_is_not_there_or_is_rubbish_is_not_called_well(
    world: World, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "elsewhere.db"
    if content is not None:
        path.write_bytes(content)
    store = LazyStore(path)
    with client(create_app(world.facility, store, world.operations)) as api:
        health = api.get("/api/v1/health").json()
    store.close()
    assert (health["status"], health["store"], health["operations"]) == ("degraded", False, True)


def test_a_store_that_is_there_is_well(api: httpx.Client) -> None:
    health = api.get("/api/v1/health").json()
    assert (health["status"], health["store"], health["operations"]) == ("ok", True, True)
    assert (health["quarantine"], health["unassigned"], health["unassigned_dropped"]) == ([], [], 0)
    assert health["mails"] == {"waiting": 0, "dead": 0}


def test_a_certificate_that_ends_soon_is_told_in_the_same_words_everywhere(world: World, api: httpx.Client) -> None:
    with world.operations.writing() as connection:
        issue(connection, "tobu-pi", Request.new("tobu-pi").text, 10, NOW, "test")
        issue(connection, "seibu-pi", Request.new("seibu-pi").text, 90, NOW, "test")
    health = api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    late = {(it["owner"], it["node"]): it for it in health["certificates"] if it["late"]}
    assert list(late) == [("node", "tobu-pi")]
    assert {it["owner"] for it in health["certificates"]} == {"node", "nodes_authority"}
    (found,) = late.values()
    assert found["text"].startswith("Certificate of edge node tobu-pi: holds until ")
    page = api.get("/people/security", params={"lang": "en"}).text
    assert f"{found['text']} {found['cure']}" in html.unescape(page)
    assert "エッジノード tobu-pi の証明書：有効期限は" in api.get("/people/security").text
    told = api.get("/metrics").text
    assert 'sukusuku_certificate_ends_timestamp_seconds{certificate="node/tobu-pi"}' in told


def test_while_the_collector_is_away_all_is_not_well(world: World, api: httpx.Client) -> None:
    watching.keep(world.store, NOW - watching.AWAY_MS - 1)
    health = api.get("/api/v1/health").json()
    assert (health["status"], health["collector"], health["store"]) == ("degraded", False, True)


def test_a_room_that_was_deleted_from_the_settings_is_named(world: World) -> None:
    """It is in no figure of the past any more; what only an edge node tells is no room."""
    world.commit(
        Reading("tobu-room", "Occupancy/Count", NOW - 5000, 3),
        Reading("seibu-room", "Occupancy/Count", NOW - 5000, 3),
        Reading("old-pi", "Buffer/Rows", NOW - 5000, 3),
    )
    alone = msgspec.structs.replace(world.facility, site=world.facility.site[:1])
    store = LazyStore(world.path)
    with client(create_app(alone, store, world.operations, lambda: NOW)) as api:
        health = api.get("/api/v1/health").json()
    store.close()
    assert health["left_out"] == [{"asset": "seibu-room", "last": "2026-11-18T20:06:35+09:00"}]
    assert health["status"] == "ok", "it may have been deleted on purpose"


def test_mails_that_wait_or_were_refused_are_counted(world: World, api: httpx.Client) -> None:
    alert = fire(world.operations, "collection", "tobu-unit-1", NOW, 90.0)
    with world.operations.change() as change:
        for n in range(3):
            mail = OutgoingMail("firing", "a@example.jp", f"{n}@example.jp", "ja", "full", f"<{n}@example.jp>", b"-")
            change.put_mail(alert.id, mail, NOW)
    first = world.operations.mails()[-1]
    MailQueue(world.operations).dead(first.id, "no such person")
    assert api.get("/api/v1/health").json()["mails"] == {"waiting": 2, "dead": 1}


def test_readings_that_wait_for_the_settings_degrade(world: World, api: httpx.Client) -> None:
    world.store.commit_rows(
        [], [], NOW, (),
        [
            Unassigned(NOW - 2000, "spBv1.0/toshima/DBIRTH/tobu-pi/unit-9", "unknown-asset", "no unit-9", b"x"),
            Unassigned(NOW - 1000, "spBv1.0/toshima/DDATA/tobu-pi/unit-9", "unknown-asset", "no unit-9", b"x"),
        ],
    )  # fmt: skip
    health = api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    assert health["unassigned"] == [
        {
            "edge": "tobu-pi",
            "asset": "unit-9",
            "reason": "unknown-asset",
            "count": 2,
            "first": "2026-11-18T20:06:38+09:00",
            "last": "2026-11-18T20:06:39+09:00",
        }
    ]


def test_a_gateway_that_cannot_be_read_is_named_with_the_cure(world: World, api: httpx.Client) -> None:
    world.store.note(unreadable_key("tobu-pi", "alias"), NOW - 30_000)
    world.store.note(unreadable_key("tobu-pi", "no-birth"), 0)
    health = api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    assert {edge["id"]: edge["unreadable"] for edge in health["edges"]} == {
        "tobu-pi": [{"reason": "alias", "since": "2026-11-18T20:06:10+09:00", "cure": CURES["alias"]}],
        "seibu-pi": [],
    }


def test_whether_a_node_believes_unproved_words_is_told_and_a_key_that_is_not_known_degrades(
    world: World, api: httpx.Client
) -> None:
    assert api.get("/api/v1/health").json()["edges"][0]["proofs"] is None
    world.commit(Reading("tobu-pi", "Refused/Acknowledgements", NOW - 5000, 7))
    for state, status in ((ProofState.NO_KEY, "ok"), (ProofState.PROVED, "ok"), (ProofState.UNKNOWN_KEY, "degraded")):
        world.store.note(proof_key("tobu-pi"), state)
        health = api.get("/api/v1/health").json()
        assert health["status"] == status
        assert health["edges"][0]["proofs"] == {
            "state": state.name.lower(),
            "refused": 7,
            "cure": CURES_OF_PROOFS.get(state, ""),
        }


def test_metrics_that_are_passed_over_are_counted_and_degrade_nothing(world: World, api: httpx.Client) -> None:
    world.store.note(passed_over_key("tobu-pi", "unmapped"), 12)
    health = api.get("/api/v1/health").json()
    assert health["status"] == "ok"
    assert health["edges"][0]["passed_over"] == [{"reason": "unmapped", "count": 12, "cure": REASONS["unmapped"]}]


def test_the_quarantine_is_counted_and_listed_without_its_content(world: World, api: httpx.Client) -> None:
    items = [Quarantined(NOW + n, f"topic/{n}", reason, f"detail {n}", b"secret") for n, reason in enumerate("aba")]
    world.store.commit_rows([], items, NOW)
    health = api.get("/api/v1/health").json()
    assert [(item["reason"], item["count"]) for item in health["quarantine"]] == [("a", 2), ("b", 1)]
    answer = api.get("/api/v1/quarantine?limit=2")
    assert "secret" not in answer.text
    assert [(item["topic"], item["reason"], item["detail"]) for item in answer.json()["messages"]] == [
        ("topic/2", "a", "detail 2"),
        ("topic/1", "b", "detail 1"),
    ]
    assert api.get("/api/v1/quarantine?limit=0").status_code == 422


class SlowStore(LazyStore):
    """A store whose history answers only when a test lets it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked, self.go_on = threading.Event(), threading.Event()

    @property
    def history(self) -> HistoryStore:
        self.asked.set()
        assert self.go_on.wait(PATIENCE)
        return super().history


def test_a_long_question_holds_up_nobody_else(world: World) -> None:
    world.commit(Reading("tobu-unit-1", "Fill/Percent", NOW - 1000, 42.0))
    store = SlowStore(world.path)
    answers: list[httpx.Response] = []
    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as api:
        url = "/api/v1/readings?asset=tobu-unit-1&metric=Fill/Percent"
        asking = threading.Thread(target=lambda: answers.append(api.get(url)))
        asking.start()
        assert store.asked.wait(PATIENCE)
        assert api.get("/api/v1/units/tobu-unit-1").json()["level"] == 42.0
        assert answers == []
        store.go_on.set()
        asking.join()
    store.close()
    assert [point["value"] for point in answers[0].json()["points"]] == [42.0]


def test_a_clock_in_doubt_degrades_and_says_who_contradicts_it(world: World, api: httpx.Client) -> None:
    edges = sorted({asset.edge for asset in world.facility.assets()})
    assert api.get("/api/v1/health").json()["clock"] == {
        "believed": True, "cause": None, "since": None, "ahead": None, "against": [],
    }  # fmt: skip
    doubt = ClockDoubt(Cause.OUTVOTED, NOW, -600_000, ((edges[0], 600_000),))
    clock.keep(world.store, doubt, edges)
    health = api.get("/api/v1/health").json()
    assert health["status"] == "degraded"
    assert health["clock"] == {
        "believed": False,
        "cause": "outvoted",
        "since": "2026-11-18T20:06:40+09:00",
        "ahead": -600.0,
        "against": [{"edge": edges[0], "seconds": 600.0}],
    }
    clock.keep(world.store, None, edges)
    assert api.get("/api/v1/health").json()["status"] == "ok"


def test_counts_of_rooms_that_influxdb_does_not_delete_degrade(world: World) -> None:
    store = LazyStore(world.path)
    archived = msgspec.structs.replace(world.facility.store, kind="influx")
    influx = msgspec.structs.replace(world.facility, store=archived)
    for facility, goal, begun, status in (
        (world.facility, 30, 0, "ok"),
        (influx, 1, 0, "ok"),
        (influx, 30, NOW - 2 * DAY_MS, "ok"),  # its first days: nothing could have been deleted yet
        (influx, 30, NOW - 2 * DAY_MS - 1, "degraded"),
    ):
        world.store.note(THINNED_READINGS, goal * DAY_MS)
        world.store.note(ORIGIN, begun)
        with client(create_app(facility, store, world.operations, lambda: NOW)) as api:
            found = api.get("/api/v1/health").json()
        assert found["status"] == status
        assert found["undeleted_before"] == (None if status == "ok" else "1970-01-31T09:00:00+09:00")
    store.close()
