import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from sukusuku_core import profile
from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import Area, ModbusProfile
from sukusuku_edge.events import Cleared, Event, Failure, Rejected, Sample
from sukusuku_edge.sources import modbus
from sukusuku_edge.sources.modbus import ModbusDevice
from sukusuku_edge.sources.modbus_lines import TcpLine
from sukusuku_sim.server import ModbusServers, Place, SimulatedDevice
from tests.edge import edge_settings, modbus_devices
from tests.edge.modbus_devices import Board
from tests.support.patience import PATIENCE

ALL = (
    "fill_percent", "cycle_counter", "state", "fault_code", "film_remaining", "motor_power", "temperature", "serial",
    "firmware", "lid_open",
)  # fmt: skip
METRICS = (
    "Fill/Percent", "Cycles/Total", "State", "Fault/Code", "Film/Remaining", "Motor/Power", "Temperature",
    "Info/Serial", "Info/Firmware", "Lid/Open",
)  # fmt: skip
T = 1_760_000_000_000


def laser(port: int, timeout: float) -> ModbusDevice:
    """A device that has one register and no serial number: function 3, address 0x34."""
    text = edge_settings.HEAD + edge_settings.BOARD.replace("502", str(port)).replace("0.5", str(timeout))
    text = text.replace("sukusuku-retrofit-board", "dfrobot-sen0492")
    text += '[[asset]]\nid = "unit"\nkind = "unit"\n'
    text += '[[asset.binding]]\nmetric = "Fill/Distance"\ndevice = "board"\npoint = "distance"\n'
    return modbus.sources(edge_settings.edge(text), lambda: T)[0]


def sources(*ports: int, points: tuple[str, ...] = ALL, timeout: float = 2.0) -> list[ModbusDevice]:
    text = edge_settings.HEAD
    for n, port in enumerate(ports):
        text += (
            edge_settings.BOARD.replace('"board"', f'"board-{n}"')
            .replace("502", str(port))
            .replace("0.5", str(timeout))
        )
        text += f'[[asset]]\nid = "unit-{n}"\nkind = "unit"\n'
        for metric, point in zip(METRICS, ALL, strict=True):
            if point in points:
                text += f'[[asset.binding]]\nmetric = "{metric}"\ndevice = "board-{n}"\npoint = "{point}"\n'
    return list(modbus.sources(edge_settings.edge(text), lambda: T))


@contextlib.asynccontextmanager
async def polling(device: Board, **options: Any) -> AsyncIterator[ModbusDevice]:
    async with modbus_devices.serve(device) as port:
        source = sources(port, **options)[0]
        try:
            yield source
        finally:
            source.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


def values(event: Event) -> dict[str, Value | None]:
    assert isinstance(event, Sample)
    return {name: decoded.value for name, decoded in event.values.items()}


def test_a_poll_is_one_sample_of_all_bound_points_with_one_time() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        async with polling(device) as source:
            events = await source.poll()

        assert len(events) == 1
        assert values(events[0]) == {name: modbus_devices.VALUES[name] for name in ALL}
        assert isinstance(events[0], Sample)
        assert events[0].time == T
        assert device.requests == [(Area.INPUT, 16, 16), (Area.DISCRETE, 0, 1), (Area.INPUT, 0, 9)]

    run(work())


def test_only_bound_points_are_asked_for_and_who_it_is() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        async with polling(device, points=("state",)) as source:
            (first,), (second,) = await source.poll(), await source.poll()
        assert values(first) == values(second) == {"state": 1}
        assert isinstance(first, Sample)
        assert first.identity == "SK-0001"
        assert device.requests == [(Area.INPUT, 16, 16), (Area.INPUT, 4, 1), (Area.INPUT, 4, 1)]

    run(work())


def test_a_device_without_bindings_is_not_asked() -> None:
    assert modbus.sources(edge_settings.edge(edge_settings.HEAD + edge_settings.BOARD), lambda: T) == []


def test_no_reading_of_the_device_is_bad() -> None:
    async def work() -> None:
        async with polling(modbus_devices.board(fill_percent=None), points=("fill_percent", "state")) as source:
            (event,) = await source.poll()
        assert isinstance(event, Sample)
        assert event.values["fill_percent"].quality is Quality.BAD
        assert event.values["state"].quality is Quality.GOOD

    run(work())


def test_nobody_listening_is_said_in_words_and_only_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def work() -> None:
        with socket.socket() as taken:  # bound, not listening: nobody else can take the port meanwhile
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            source = sources(port)[0]
            events = [await source.poll() for _ in range(4)]
        why = f"no connection to 127.0.0.1:{port} within 2 s: check power, cable, address"
        assert events == [[Failure("board-0", T, why)]] * 4
        assert [record.message for record in caplog.records] == [f"board-0: {why}"]

        async with modbus_devices.serve(modbus_devices.board(), port):
            assert values((await source.poll())[0])["state"] == 1
            source.close()
        assert caplog.records[-1].message == f"board-0: 127.0.0.1:{port} unit 1 answers again"
        assert caplog.records[-1].levelname == "INFO"

    run(work())


def test_silence_closes_the_connection_and_is_said_in_words() -> None:
    async def work() -> None:
        async with modbus_devices.scripted({}) as (port, closed):
            source = sources(port, timeout=0.2)[0]
            events = await source.poll()
            await closed.wait()
        why = f"no answer from 127.0.0.1:{port} unit 1 within 0.2 s: check power, cable, address"
        assert events == [Failure("board-0", T, why)]

    run(work())


def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    async def work() -> None:
        late = b"{tid}\0\0\0\5\1\3\2\0\x77"
        async with modbus_devices.scripted({0: late, 1: None, 2: late}) as (port, closed):
            source = laser(port, 1.0)
            assert values((await source.poll())[0]) == {"distance": 0x77}
            assert isinstance((await source.poll())[0], Failure)
            await closed.wait()
            assert values((await source.poll())[0]) == {"distance": 0x77}
            source.close()

    run(work())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "something that is not Modbus TCP"),
        (b"{tid}\0\0\0\5\1\x55\2\0\7", "2 bytes of function 85 where 2 bytes of function 3 were asked for"),
        (b"{tid}\0\0\0\5\1\4\2\0\7", "2 bytes of function 4 where 2 bytes of function 3 were asked for"),
        (b"{tid}\0\0\0\7\1\3\4\0\7\0\7", "4 bytes of function 3 where 2 bytes of function 3 were asked for"),
        (b"{tid}\0\0\0\5\1\3\4\0\7", "2 bytes of function 3 where"),
        (b"{tid}\0\0\0\5\2\3\2\0\7", "a frame of unit 2 where unit 1 was asked: is `unit` right?"),
        (b"\x77\x77\0\0\0\5\1\3\2\0\7", "a frame of another request (transaction id 30583 where "),
        (b"{tid}\0\0", "no answer"),
    ],
    ids=["http", "function", "other-table", "too-many", "byte-count", "other-unit", "other-transaction", "cut-off"],
)
def test_an_answer_that_does_not_fit_is_refused(answer: bytes, expected: str) -> None:
    async def work() -> None:
        async with modbus_devices.scripted({0: answer}) as (port, closed):
            source = laser(port, 0.3)
            (event,) = await source.poll()
            await closed.wait()
        assert isinstance(event, Failure)
        assert expected in event.why

    run(work())


def test_a_device_behind_the_gateway_that_is_gone_is_a_failure() -> None:
    async def work() -> None:
        for code, words in ((10, "the gateway has no path to unit 1"), (11, "unit 1 does not answer the gateway")):
            device = modbus_devices.board()
            device.refusals = {4: code}
            async with polling(device, points=("state",)) as source:
                (event,) = await source.poll()
            assert isinstance(event, Failure)
            assert f"(exception {code}): {words}" in event.why

    run(work())


def test_busy_leaves_the_points_out_and_is_tried_again() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        device.refusals = {16: 6}
        async with polling(device, points=("state", "serial")) as source:
            rejected, sample = await source.poll()
            device.refusals = {}
            cleared, after = await source.poll()
            (last,) = await source.poll()
        assert isinstance(rejected, Rejected)
        assert "refuses (exception 6): busy" in rejected.why
        assert values(sample) == {"state": 1}
        assert isinstance(cleared, Cleared)
        assert (cleared.about, rejected.about) == ("serial..firmware", "serial..firmware")
        assert values(after) == {"state": 1, "serial": "SK-0001"}
        assert values(last) == {"state": 1}

    run(work())


def test_a_failure_of_the_device_itself_makes_the_points_bad() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        device.refusals = {4: 4}
        async with polling(device, points=("state", "serial")) as source:
            rejected, sample = await source.poll()
        assert isinstance(rejected, Rejected)
        assert "the device reports a failure of its own" in rejected.why
        assert isinstance(sample, Sample)
        assert sample.values["state"].quality is Quality.BAD
        assert sample.values["serial"].quality is Quality.GOOD

    run(work())


def test_a_failure_that_stays_is_asked_for_point_by_point() -> None:
    """Some devices call an address that they do not know a failure of their own."""

    async def work() -> None:
        device = modbus_devices.board()
        device.refusals = {7: 4}
        async with polling(device) as source:
            polls = [await source.poll() for _ in range(modbus.PATIENCE)]
        assert [values(poll[-1])["temperature"] for poll in polls] == [None, None, -3.5]
        assert values(polls[-1][-1])["motor_power"] is None
        (told,) = (event for event in polls[-1] if isinstance(event, Rejected))
        assert told.about == "motor_power"

    run(work())


def test_bytes_after_an_answer_do_no_harm() -> None:
    async def work() -> None:
        answer = b"{tid}\0\0\0\5\1\3\2\0\x77\xff\xff"
        async with modbus_devices.scripted({0: answer, 1: answer}) as (port, _):
            source = laser(port, 1.0)
            assert [values((await source.poll())[0]) for _ in range(2)] == [{"distance": 0x77}] * 2
            source.close()

    run(work())


def test_an_address_that_does_not_exist_hides_no_neighbour_and_is_not_asked_again() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        device.refusals = {7: 2}
        async with polling(device) as source:
            first = await source.poll()
            device.requests.clear()
            second = await source.poll()
        rejected = [event for event in first if isinstance(event, Rejected)]
        assert ["not asked again for 600 s" in event.why for event in rejected] == [True]
        assert values(first[-1]) == {name: modbus_devices.VALUES[name] for name in ALL} | {"motor_power": None}
        assert values(second[-1]) | {"serial": "SK-0001", "firmware": "1.2"} == values(first[-1])
        assert len(second) == 1
        assert (Area.INPUT, 7, 1) not in device.requests

    run(work())


def test_a_dead_device_delays_no_other() -> None:
    async def work() -> None:
        dead, one, two = modbus_devices.board(), modbus_devices.board(state=2), modbus_devices.board(state=3)
        dead.talking.clear()
        async with modbus_devices.serve(dead) as a, modbus_devices.serve(one) as b, modbus_devices.serve(two) as c:
            counts = {"board-0": 0, "board-1": 0, "board-2": 0}
            enough = asyncio.Event()

            async def emit(event: Event) -> None:
                counts[event.device] += 1
                if min(counts["board-1"], counts["board-2"]) >= 5:
                    enough.set()

            # The dead one is asked with a patience longer than this test: it is waiting all the time.
            tasks = [asyncio.create_task(source.run(emit)) for source in sources(a, b, c, timeout=60)]
            await enough.wait()
            assert dead.requests
            assert counts["board-0"] == 0
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run(work())


def test_polling_stops_when_it_is_cancelled_together_with_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with polling(modbus_devices.board()) as source:
            polls: asyncio.Task[None]
            heard = TcpLine._trace

            def cancel_and_hear(line: TcpLine, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - pymodbus prescribes it
                if not sending:
                    polls.cancel()
                return heard(line, sending, data)

            async def emit(_: Event) -> None:
                pytest.fail("a poll goes on that was cancelled")

            monkeypatch.setattr(TcpLine, "_trace", cancel_and_hear)
            polls = asyncio.create_task(source.run(emit))
            with pytest.raises(asyncio.CancelledError):
                await polls

    run(work())


def test_a_dead_device_is_asked_less_and_less_often() -> None:
    source = sources(1)[0]
    pauses: list[float] = []
    for failures in range(40):
        source._failures = failures
        pauses.append(source._pause())

    assert pauses[:3] == [0.05] * 3
    assert all(0.08 <= pause <= 0.1 for pause in pauses[3:4])
    assert all(24 <= pause <= 30 for pause in pauses[15:])


def test_a_unit_that_is_missing_behind_a_gateway_does_not_close_the_way_to_the_others() -> None:
    async def work() -> None:
        text = edge_settings.HEAD
        async with ModbusServers({"one": lasers[0]}) as servers:
            port = servers.places["one"].port
        for device in lasers:
            device.place = Place("127.0.0.1", port, device.place.unit)
        for unit in (80, 81, 82):
            text += f'[[device]]\nid = "d{unit}"\nprofile = "dfrobot-sen0492"\nhost = "127.0.0.1"\nport = {port}\n'
            text += f'unit = {unit}\n[[asset]]\nid = "u{unit}"\nkind = "unit"\n'
            text += f'[[asset.binding]]\nmetric = "Fill/Distance"\ndevice = "d{unit}"\npoint = "distance"\n'
        first, second, missing = modbus.sources(edge_settings.edge(text), lambda: T)
        async with ModbusServers({str(device.place.unit): device for device in lasers}):
            assert values((await first.poll())[0]) == {"distance": 300}
            (failure,) = await missing.poll()
            assert values((await second.poll())[0]) == {"distance": 400}
            first.close()
        assert isinstance(failure, Failure)
        assert first._opening == second._opening == missing._opening == 1

    laser_profile = profile.find("dfrobot-sen0492")
    assert isinstance(laser_profile, ModbusProfile)
    lasers = [SimulatedDevice(laser_profile, Place("127.0.0.1", 0, unit)) for unit in (80, 81)]
    for device, distance in zip(lasers, (300, 400), strict=True):
        device.show({"distance": distance})
    run(work())


def test_a_busy_device_is_asked_more_slowly_until_it_answers() -> None:
    async def work() -> None:
        device = modbus_devices.board()
        device.refusals = {4: 6}
        async with polling(device, points=("state",)) as source:
            pauses = []
            for _ in range(3):
                await source.poll()
                pauses.append(source._pause())
            device.refusals = {}
            await source.poll()
            assert source._pause() == 0.05
        assert 0.08 <= pauses[0] <= 0.1 < pauses[1] < pauses[2] <= 0.4

    run(work())
