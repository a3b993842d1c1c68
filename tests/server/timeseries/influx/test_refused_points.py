"""What InfluxDB refuses for good is put aside with its reason; everything else arrives, nothing twice."""

import contextlib
import json

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.timeseries.influx.buckets import REFUSED, TRIES
from sukusuku_server.timeseries.influx.writer import BusyError
from tests.server.timeseries.influx.shipping_rig import START, MakeRig, fills, lines_of, write
from tests.support.influx_v2 import Answer, Request
from tests.support.stores import commit


def test_a_point_that_is_refused_goes_to_the_quarantine_and_the_others_arrive(make_rig: MakeRig) -> None:
    rig = make_rig()
    write(rig, f"reading,asset=other text=1 {START}")  # a field of another type: our texts are refused, and only those
    rig.commit(
        *fills(range(START, START + 5_000, 10)), *(Reading("unit-1", "Info/Serial", START + n, "x") for n in (1, 2))
    )
    rig.now += MINUTE_MS
    rig.drain()
    found = rig.store.quarantine(9)
    assert {(it.reason, it.topic) for it in found} == {(REFUSED, f"influx/{rig.database}/raw")}
    assert all("field type conflict" in it.detail for it in found)
    assert sorted(it.payload.decode() for it in found) == [
        f'reading,asset=unit-1,kind=unit,metric=Info/Serial,site=tobu text="x" {START + n}' for n in (1, 2)
    ]
    assert rig.shipper.refused == 2
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)) == 500
    rig.drain()
    assert rig.shipper.refused == 2


BEFORE, SINCE = (
    "partial write: points beyond retention policy dropped=3689",
    "partial write: dropped 3689 points outside retention policy of duration 24h0m0s - oldest point at 2027-01-11",
)
"""What InfluxDB says of expired points: until 2.7.11, and since 2.7.12."""
SOMEDAY = "these 3689 points have fallen out of the back of the shard"
"""What none says yet."""


@pytest.mark.parametrize(
    ("status", "words"), [(400, BEFORE), (500, BEFORE), (422, SINCE), (503, SINCE), (400, SOMEDAY), (503, SOMEDAY)]
)
def test_points_beyond_the_retention_are_no_error_whatever_the_status_and_the_words(
    make_rig: MakeRig, status: int, words: str
) -> None:
    rig = make_rig(batch=400)
    fresh = START - DAY_MS
    rig.expected = {}

    def trouble(request: Request) -> Answer | None:
        """As a server does that keeps a day: it says so, and takes the rest or nothing."""
        old = any(int(line.split()[-1]) < fresh for line in lines_of(request))
        body = json.dumps({"code": "internal error", "message": words}).encode()
        return Answer(status, body=body) if old and request.query["bucket"].endswith("raw") else None

    commit(rig.store, fills(range(START - 3 * DAY_MS, START - 2 * DAY_MS, 600_000)), START)
    rig.commit(*fills(range(START - HOUR_MS, START, 10_000)))
    rig.server.adapter.trouble = trouble
    rig.server.adapter.writes.clear()
    for _ in range(TRIES):
        with contextlib.suppress(BusyError):
            rig.ship()

    assert rig.shipper.progress().done
    assert rig.store.quarantine(9) == []
    if words is SOMEDAY:
        found = rig.reader.raw("unit-1", "Fill/Percent", START - HOUR_MS, 1 << 62, 1_000)
        assert len(found) == 360, "those of the same batch that are young enough are all written"
        assert len(rig.server.adapter.writes) < 150, "not one by one"


@pytest.mark.parametrize(
    ("status", "text"), [(500, "field type conflict: input field"), (503, "max-values-per-tag limit")]
)
def test_a_refusal_for_good_is_known_by_its_words(make_rig: MakeRig, status: int, text: str) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)), Reading("unit-1", "Info/Serial", START, "x"))
    body = json.dumps({"code": "internal error", "message": text}).encode()
    rig.server.adapter.trouble = lambda request: (
        Answer(status, body=body) if any("Info/Serial" in line for line in lines_of(request)) else None
    )
    rig.ship()

    (aside,) = rig.store.quarantine(9)
    assert (aside.reason, aside.detail) == (REFUSED, text)
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)) == 100


def test_a_point_that_a_server_never_takes_is_found_whatever_it_says(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)), Reading("unit-1", "Info/Serial", START, "x"))
    answers = iter(range(10_000))
    rig.server.adapter.trouble = lambda request: (
        Answer(500, body=f'{{"error": "panic in shard {next(answers)}"}}'.encode())
        if any("Info/Serial" in line for line in lines_of(request))
        else None
    )
    rig.now += MINUTE_MS
    for _ in range(TRIES - 1):
        with pytest.raises(BusyError, match="panic in shard"):
            rig.drain()
    assert rig.store.quarantine(9) == []

    rig.drain()

    (aside,) = rig.store.quarantine(9)
    assert aside.reason == REFUSED
    assert aside.detail.startswith("500: panic in shard ")
    assert aside.detail.endswith("(again and again, while other points were taken)")
    assert "Info/Serial" in aside.payload.decode()
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)) == 100
    assert rig.store.shipped_before() > START


def test_a_batch_that_is_only_too_much_at_once_is_written_by_halves(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    rig.server.adapter.trouble = lambda request: (
        Answer(502, body=b"bad gateway") if len(lines_of(request)) > 30 else None
    )
    rig.now += MINUTE_MS
    for _ in range(TRIES - 1):
        with pytest.raises(BusyError, match="bad gateway"):
            rig.drain()
    rig.drain()
    rig.check()
    assert rig.store.quarantine(9) == []


def test_a_bucket_that_takes_nothing_puts_nothing_into_the_quarantine(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 1_000, 10)))
    nothing = Answer(400, body=b'{"code": "invalid", "message": "Please provide either orgID or org"}')
    rig.server.adapter.trouble = lambda _: nothing
    with pytest.raises(BusyError, match="raw takes nothing: Please provide either orgID or org"):
        rig.ship()
    rig.server.adapter.trouble = None
    rig.shipper.step()
    rig.server.adapter.trouble = lambda _: nothing  # from one moment to the next
    rig.commit(*fills(range(START + 2_000, START + 3_000, 10)))
    with pytest.raises(BusyError, match="raw takes nothing"):
        rig.drain()
    rig.server.adapter.trouble = None
    rig.ship()
    rig.check()
    assert rig.store.quarantine(9) == []
