"""Every profile that comes along: what a device shows is what is read back."""

import json
from collections.abc import Iterator

import pytest

from sukusuku_core import jsonmap, registers
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import FaultCode, Quality, UnitState, Value
from sukusuku_core.profile import (
    Area,
    JsonProfile,
    ModbusPoint,
    ModbusProfile,
    RegisterType,
    builtin,
    find,
    parse_profile,
)
from sukusuku_core.registers import Decoded

MODBUS = [profile for profile in builtin().values() if isinstance(profile, ModbusProfile)]
JSON = [profile for profile in builtin().values() if isinstance(profile, JsonProfile)]

BOUNDS: dict[RegisterType, tuple[Value, ...]] = {
    RegisterType.BOOL: (False, True),
    RegisterType.U16: (0, 1, 0x7FFF, 0x8000, 0xFFFF),
    RegisterType.S16: (-0x8000, -1, 0, 1, 0x7FFF),
    RegisterType.U32: (0, 1, 0xFFFF, 0x10000, 0x1234_5678, 0xFFFF_FFFF),
    RegisterType.S32: (-(1 << 31), -1, 0, 0x1_0000, (1 << 31) - 1),
    RegisterType.U64: (0, 1, (1 << 63) + 1, (1 << 64) - 1),
    RegisterType.S64: (-(1 << 63), -1, 0, 1, (1 << 63) - 1),
    RegisterType.F64: (0.0, -1.5, 229.75, 2.0**1000),
    RegisterType.F32: (0.0, -1.5, 229.75, 2.0**100),
    RegisterType.STRING: ("A", "SK-0001", "基板"),
}


def read(profile: ModbusProfile, values: dict[str, Value | None]) -> dict[str, Decoded]:
    """The points as the edge reads them from a device that shows the values; other addresses read as 0."""
    tables = registers.image(profile, values)
    found: dict[str, Decoded] = {}
    for block in registers.plan(profile):
        table = tables.get(block.area, {})
        words = [table.get(block.start + n, 0) for n in range(block.count)]
        found |= registers.decode_block(profile, block, words)
    return found


def cases(profile: ModbusProfile) -> Iterator[tuple[ModbusPoint, Value, Decoded]]:
    for point in profile.point:
        for raw in BOUNDS[point.type]:
            if raw not in point.invalid:
                yield point, raw, registers.scaled(point, raw)


@pytest.mark.parametrize("profile", MODBUS, ids=lambda profile: profile.profile)
def test_every_boundary_value_is_read_back(profile: ModbusProfile) -> None:
    for point, raw, shown in cases(profile):
        decoded = read(profile, {point.name: shown.value})[point.name]
        assert decoded == shown, (point.name, raw)
        assert type(decoded.value) is type(shown.value)
        assert decoded.raw == raw


@pytest.mark.parametrize("profile", MODBUS, ids=lambda profile: profile.profile)
def test_all_points_together_do_not_overlap(profile: ModbusProfile) -> None:
    shown = {point.name: registers.scaled(point, BOUNDS[point.type][1]).value for point in profile.point}
    decoded = read(profile, dict(shown))
    assert {name: item.value for name, item in decoded.items()} == shown
    addresses = [
        (profile.area(point), profile.address(point) + n) for point in profile.point for n in range(point.registers)
    ]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("profile", MODBUS, ids=lambda profile: profile.profile)
def test_no_reading_is_bad_and_empty(profile: ModbusProfile) -> None:
    for point in profile.point:
        for raw in point.invalid:
            words = registers.encode(point, None, profile.words(point))
            assert registers.decode(point, words, profile.words(point)).quality is Quality.BAD
            shown = raw if isinstance(raw, str) else raw * point.scale + point.offset
            decoded = read(profile, {point.name: shown})[point.name]
            assert (decoded.value, decoded.quality, decoded.raw) == (None, Quality.BAD, raw)


@pytest.mark.parametrize("profile", MODBUS, ids=lambda profile: profile.profile)
def test_requests_keep_the_limits_of_the_device(profile: ModbusProfile) -> None:
    blocks = registers.plan(profile)
    assert sorted(point.name for block in blocks for point in block.points) == sorted(p.name for p in profile.point)
    assert all(block.count <= profile.defaults.max_read for block in blocks)
    used = {(profile.area(p), profile.address(p) + n) for p in profile.point for n in range(p.registers)}
    if profile.defaults.max_gap == 0:
        asked = {(block.area, block.start + n) for block in blocks for n in range(block.count)}
        assert asked == used


@pytest.mark.parametrize("profile", builtin().values(), ids=list(builtin()))
def test_every_profile_says_where_its_facts_come_from(profile: ModbusProfile | JsonProfile) -> None:
    assert profile.source
    assert profile.status != "partial" or profile.note
    assert all(point.ja and point.en for point in profile.point)
    assert find(profile.profile) is profile


# -------------------------------------------------------------------- facts of single devices


def crc(frame: bytes) -> bytes:
    """The check sum of Modbus RTU, low byte first."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def test_the_frames_of_the_sen0492_manual_decode_to_1803_mm() -> None:
    request, answer = bytes.fromhex("5003003400 01C845"), bytes.fromhex("500302070B067F")
    assert crc(request[:-2]) == request[-2:]
    assert crc(answer[:-2]) == answer[-2:]
    profile = find("dfrobot-sen0492")
    assert isinstance(profile, ModbusProfile)
    (block,) = registers.plan(profile)
    assert profile.serial is not None
    asked = bytes([profile.serial.unit, 3]) + block.start.to_bytes(2, "big") + block.count.to_bytes(2, "big")
    assert block.area is Area.HOLDING  # function 3
    assert asked + crc(asked) == request
    words = [int.from_bytes(answer[3:5], "big")]
    assert registers.decode_block(profile, block, words)["distance"] == Decoded(1803, Quality.GOOD, 1803)


def test_the_sdm120_request_for_power_is_the_published_one() -> None:
    profile = find("eastron-sdm120")
    assert isinstance(profile, ModbusProfile)
    (power,) = [point for point in profile.point if point.name == "power"]
    (block,) = registers.plan(profile, [power])
    asked = bytes([1, 4]) + block.start.to_bytes(2, "big") + block.count.to_bytes(2, "big")
    assert (block.area, asked + crc(asked)) == (Area.INPUT, bytes.fromhex("0104000C0002B1C8"))


@pytest.mark.parametrize(("name", "point"), [("eastron-sdm230", "voltage"), ("eastron-sdm630", "voltage_l1")])
def test_the_frames_of_the_sdm_protocol_decode_to_230_volts(name: str, point: str) -> None:
    request, answer = bytes.fromhex("01040000000271CB"), bytes.fromhex("010404436633341B38")
    assert crc(request[:-2]) == request[-2:]
    assert crc(answer[:-2]) == answer[-2:]
    profile = find(name)
    assert isinstance(profile, ModbusProfile)
    (block,) = registers.plan(profile, [item for item in profile.point if item.name == point])
    asked = bytes([1, 4]) + block.start.to_bytes(2, "big") + block.count.to_bytes(2, "big")
    assert (block.area, asked + crc(asked)) == (Area.INPUT, request)
    words = [int.from_bytes(answer[at : at + 2], "big") for at in (3, 5)]
    assert registers.decode_block(profile, block, words)[point].value == pytest.approx(230.2)


@pytest.mark.parametrize(
    ("name", "point", "value", "area", "words"),
    [
        ("moxa-iologik-e1212", "counter1", 0x0001_0002, Area.INPUT, {0x12: 1, 0x13: 2}),
        ("peacefair-pzem-016", "power", 6553.8, Area.INPUT, {3: 2, 4: 1}),
        ("hardwario-gauger", "activations1", 65_535, Area.HOLDING, {5300: 65_535}),
        ("hardwario-gauger", "state4", 1, Area.HOLDING, {5311: 1}),
        ("sukusuku-retrofit-board", "temperature", -12.5, Area.INPUT, {8: 0x10000 - 125}),
        ("sukusuku-retrofit-board", "lid_open", True, Area.DISCRETE, {0: 1}),
        ("abb-b21", "energy_import", 655.38, Area.HOLDING, {0x5002: 1, 0x5003: 2}),
        ("carlo-gavazzi-em112", "power", -0.2, Area.HOLDING, {4: 0xFFFE, 5: 0xFFFF}),
        ("carlo-gavazzi-em340", "power", 6553.8, Area.HOLDING, {0x28: 2, 0x29: 1}),
        ("dfrobot-sen0519", "temperature", -12.5, Area.HOLDING, {6: 0x10000 - 125}),
        ("advantech-adam-6050", "counter1", 0x0001_0002, Area.HOLDING, {2: 2, 3: 1}),
        ("moxa-iologik-e1210", "counter15", 0x0001_0002, Area.INPUT, {0x2E: 1, 0x2F: 2}),
        ("moxa-iologik-e1214", "relay5", True, Area.COIL, {5: 1}),
        ("schneider-iem3155", "power", 1500.0, Area.HOLDING, {3059: 0x3FC0, 3060: 0}),
        ("wirenboard-wb-mcm8", "counter8", 0x0001_0002, Area.INPUT, {74: 1, 75: 2}),
    ],
)
def test_word_order_base_and_sign(name: str, point: str, value: Value, area: Area, words: dict[int, int]) -> None:
    profile = find(name)
    assert isinstance(profile, ModbusProfile)
    assert registers.image(profile, {point: value}) == {area: words}
    assert read(profile, {point: value})[point].value == value


@pytest.mark.parametrize(
    ("point", "wrap"),
    [("sukusuku-retrofit-board/cycle_counter", 1 << 32), ("hardwario-gauger/activations2", 1 << 16)],
)
def test_a_simulated_counter_wraps_where_the_device_does(point: str, wrap: int) -> None:
    name, _, counter = point.partition("/")
    profile = find(name)
    assert isinstance(profile, ModbusProfile)
    assert read(profile, {counter: wrap + 3})[counter].value == 3


def test_the_retrofit_board_speaks_the_language_of_the_model() -> None:
    profile = find("sukusuku-retrofit-board")
    assert isinstance(profile, ModbusProfile)
    meanings = {point.name: {item.value: item.name for item in point.enum} for point in profile.point}
    assert meanings["state"] == {item.value: item.name.lower() for item in UnitState}
    assert meanings["fault_code"] == {item.value: item.name.lower() for item in FaultCode}


# -------------------------------------------------------------------- JSON sensors


def message(profile: JsonProfile, fields: dict[str, Value], time: Value | None = None) -> bytes:
    """A message that carries the fields where the profile expects them."""
    body: dict[str, object] = dict(fields)
    for step in reversed(profile.body.split(".") if profile.body else []):
        body = {step: body}
    if time is not None:
        body[profile.time] = time
    return json.dumps(body).encode()


def test_the_sample_uplinks_of_the_vs133_decode_to_the_published_numbers() -> None:
    profile = find("milesight-vs133")
    assert isinstance(profile, JsonProfile)
    regions = bytes.fromhex("0FE302100709")[2:]  # as the network server's decoder does
    uplink = {f"region_{n}_count": count for n, count in enumerate(regions, 1)}
    sample = jsonmap.decode(profile, message(profile, dict(uplink), time="2026-05-01T09:30:00+09:00"))
    assert [sample.values[f"region_{n}_count"].value for n in (1, 2, 3, 4)] == [2, 16, 7, 9]
    assert sample.time == 1_777_595_400_000
    totals = {"line_1_total_in": 72, "line_1_total_out": 200, "line_4_total_in": 5300, "line_4_total_out": 6797}
    sample = jsonmap.decode(profile, message(profile, dict(totals)))
    assert {name: item.value for name, item in sample.values.items()} == totals
    assert sample.time is None


# -------------------------------------------------------------------- files of integrators

HEAD = 'profile = "own"\nmaker = "m"\nmodel = "x"\nja = "機"\nen = "d"\nstatus = "guess"\nsource = "none"\n'
POINT = '[[point]]\nname = "p"\nrole = "power"\nja = "電力"\nen = "power"\n'
MODBUS_HEAD = HEAD + 'transport = "modbus"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (HEAD, 'own.toml: transport: expected "modbus" or "mqtt": Object missing required field `transport`'),
        (HEAD + 'transport = "can"\n', "Invalid enum value 'can'"),
        ("x = ", "own.toml: not valid TOML: Invalid value (at end of document)"),
        (MODBUS_HEAD + "point = []\n", "own.toml: a profile needs at least one [[point]]"),
        (
            MODBUS_HEAD + 2 * (POINT + 'address = 0\ntype = "u16"\n'),
            "own.toml: point[1] (p): there is a point of this name above",
        ),
        (
            MODBUS_HEAD + "defaults = {base = 40001}\n" + POINT + 'address = 5\ntype = "u16"\n',
            "own.toml: point[0] (p): address 5 less base 40001 is -39996",
        ),
        (
            MODBUS_HEAD + POINT + 'address = 65535\ntype = "u32"\n',
            "own.toml: point[0] (p): address 65535 less base 0 is 65535",
        ),
        (
            MODBUS_HEAD + POINT + 'address = 0\ntype = "bool"\n',
            "own.toml: point[0] (p): type bool and a coil or discrete area go together",
        ),
        (
            MODBUS_HEAD + "defaults = {max_read = 4}\n" + POINT + 'address = 0\ntype = "string"\nlength = 5\n',
            "own.toml: point[0] (p): longer than max_read 4",
        ),
        (
            MODBUS_HEAD + POINT + 'address = 0\ntype = "u16"\nscal = 1\n',
            "own.toml: point[0]: unknown key `scal`; did you mean `scale`? Allowed: address,",
        ),
        (
            MODBUS_HEAD + POINT + 'address = 0\ntype = "u8"\n',
            "own.toml: point[0].type: found 'u8'. Allowed: bool,",
        ),
    ],
)
def test_a_wrong_profile_is_explained(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_profile(text, "own.toml")
    assert error in str(caught.value)
