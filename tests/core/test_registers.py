"""Read plans and register values beyond the shipped profiles."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import registers
from sukusuku_core.catalogue import Role
from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import (
    Area,
    ModbusDefaults,
    ModbusPoint,
    ModbusProfile,
    RegisterType,
    Status,
    parse_profile,
)
from sukusuku_core.registers import Decoded
from sukusuku_core.word_order import WordOrder


def point(  # what a test does not name is plain
    name: str = "p",
    address: int = 0,
    type: RegisterType = RegisterType.U16,  # noqa: A002 - the field's name
    *,
    area: Area | None = None,
    length: int = 1,
    scale: float = 1.0,
    offset: float = 0.0,
    invalid: tuple[Value, ...] = (),
    valid: tuple[float, float] | None = None,
) -> ModbusPoint:
    return ModbusPoint(
        name=name, role=Role.POWER, ja="点", en="point", address=address, type=type, area=area, length=length,
        scale=scale, offset=offset, invalid=invalid, valid=valid,
    )  # fmt: skip


def profile(*points: ModbusPoint, max_read: int = 125, max_gap: int = 0) -> ModbusProfile:
    return ModbusProfile(
        profile="own", maker="m", model="x", ja="機", en="d", status=Status.GUESS, source="none", point=points,
        defaults=ModbusDefaults(max_read=max_read, max_gap=max_gap),
    )  # fmt: skip


def test_neighbours_are_read_together_and_gaps_only_as_far_as_allowed() -> None:
    points = (point("c", 6), point("a", 0, RegisterType.U32), point("b", 2), point("far", 100))
    spans = [(block.start, block.count) for block in registers.plan(profile(*points))]
    assert spans == [(0, 3), (6, 1), (100, 1)]
    spans = [(block.start, block.count) for block in registers.plan(profile(*points, max_gap=3))]
    assert spans == [(0, 7), (100, 1)]
    spans = [(block.start, block.count) for block in registers.plan(profile(*points, max_gap=200, max_read=6))]
    assert spans == [(0, 3), (6, 1), (100, 1)]


def test_tables_are_never_mixed_and_only_wanted_points_are_read() -> None:
    own = profile(point("a"), point("b", 1, area=Area.INPUT), point("c", 2))
    assert [block.area for block in registers.plan(own)] == [Area.HOLDING, Area.HOLDING, Area.INPUT]
    assert [block.points[0].name for block in registers.plan(own, own.point[2:])] == ["c"]
    assert registers.plan(own, ()) == ()


def test_points_that_share_a_register_are_read_once() -> None:
    own = profile(point("both", 0, RegisterType.U32), point("low", 1))
    (block,) = registers.plan(own)
    assert (block.start, block.count) == (0, 2)
    assert {name: item.value for name, item in registers.decode_block(own, block, [1, 2]).items()} == {
        "both": 65_538,
        "low": 2,
    }


def test_a_short_answer_is_an_error() -> None:
    own = profile(point("a", 5, RegisterType.U32))
    (block,) = registers.plan(own)
    with pytest.raises(ValueError, match="asked for 2 at holding 5, got 1"):
        registers.decode_block(own, block, [1])


NUMBERS = {
    RegisterType.U16: st.integers(0, 2**16 - 1),
    RegisterType.S16: st.integers(-(2**15), 2**15 - 1),
    RegisterType.U32: st.integers(0, 2**32 - 1),
    RegisterType.S32: st.integers(-(2**31), 2**31 - 1),
    RegisterType.U64: st.integers(0, 2**64 - 1),
    RegisterType.S64: st.integers(-(2**63), 2**63 - 1),
    RegisterType.F64: st.floats(allow_nan=False, allow_infinity=False),
    RegisterType.F32: st.floats(width=32, allow_nan=False, allow_infinity=False),
}


@given(st.data(), st.sampled_from(list(NUMBERS)), st.sampled_from(WordOrder))
def test_any_number_survives_encoding_in_every_order(data: st.DataObject, kind: RegisterType, order: WordOrder) -> None:
    own, value = point(type=kind), data.draw(NUMBERS[kind])
    words = registers.encode(own, value, order)
    assert registers.decode(own, words, order) == Decoded(value, Quality.GOOD, value)
    assert registers.encode(own, value, WordOrder.LOW_FIRST) == registers.encode(own, value, WordOrder.ABCD)[::-1]


@pytest.mark.parametrize(
    ("order", "short", "long", "longest"),
    [
        ("high_first", "0102", "01020304", "0102030405060708"),
        ("low_first", "0102", "03040102", "0708050603040102"),
        ("abcd", "0102", "01020304", "0102030405060708"),
        ("badc", "0201", "02010403", "0201040306050807"),
        ("cdab", "0102", "03040102", "0708050603040102"),
        ("dcba", "0201", "04030201", "0807060504030201"),
        ("cdabghef", "0102", "03040102", "0304010207080506"),
        ("dcbahgfe", "0201", "04030201", "0403020108070605"),
        ("efghabcd", "0102", "01020304", "0506070801020304"),
        ("fehgbadc", "0201", "02010403", "0605080702010403"),
        ("ghefcdab", "0102", "03040102", "0708050603040102"),
        ("hgfedcba", "0201", "04030201", "0807060504030201"),
    ],
)
def test_bytes_come_in_the_order_that_its_name_spells(order: str, short: str, long: str, longest: str) -> None:
    for kind, wire in ((RegisterType.U16, short), (RegisterType.U32, long), (RegisterType.U64, longest)):
        words = [int.from_bytes(bytes.fromhex(wire)[n : n + 2], "big") for n in range(0, len(wire) // 2, 2)]
        value = int.from_bytes(bytes(range(1, len(wire) // 2 + 1)), "big")
        assert registers.decode(point(type=kind), words, WordOrder(order)).value == value


@pytest.mark.parametrize(
    ("kind", "order", "words", "value"),
    [
        (RegisterType.F32, "dcba", [0x0000, 0x6643], 230.0),  # 230 V is 43 66 00 00
        (RegisterType.F64, "abcd", [0x406C, 0xC000, 0, 0], 230.0),
        (RegisterType.F64, "dcba", [0, 0, 0x00C0, 0x6C40], 230.0),
        (RegisterType.S64, "cdab", [0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF], -2),
    ],
)
def test_numbers_of_64_bits_and_of_meters(kind: RegisterType, order: str, words: list[int], value: Value) -> None:
    assert registers.decode(point(type=kind), words, WordOrder(order)) == Decoded(value, Quality.GOOD, value)


@pytest.mark.parametrize(("order", "swapped"), [("badc", True), ("dcba", True), ("cdab", False), ("low_first", False)])
def test_a_text_may_have_swapped_bytes(order: str, swapped: bool) -> None:  # noqa: FBT001 - a column of the table
    own = point(type=RegisterType.STRING, length=2)
    words = [0x4B53, 0x312D] if swapped else [0x534B, 0x2D31]

    assert registers.decode(own, words, WordOrder(order)).value == "SK-1"
    assert registers.encode(own, "SK-1", WordOrder(order)) == words


@given(st.integers(-(2**15), 2**15 - 1), st.sampled_from((0.1, 0.01, 0.001, 10.0, 0.5)), st.integers(-50, 50))
def test_a_scaled_value_names_its_raw_value(raw: int, scale: float, offset: int) -> None:
    own = point(type=RegisterType.S16, scale=scale, offset=offset)
    shown = registers.scaled(own, raw)
    assert (
        registers.decode(own, registers.encode(own, shown.value, WordOrder.HIGH_FIRST), WordOrder.HIGH_FIRST) == shown
    )


def test_scaling_leaves_no_binary_dust() -> None:
    assert registers.scaled(point(scale=0.1), 803).value == 80.3


@pytest.mark.parametrize("words", [[0x7FC0, 0], [0x7F80, 0], [0xFF80, 0]])
def test_a_float_that_is_no_number_is_no_reading(words: list[int]) -> None:
    own = point(type=RegisterType.F32)
    assert registers.decode(own, words, WordOrder.HIGH_FIRST) == Decoded(None, Quality.BAD)


@pytest.mark.parametrize("invalid", [-99.9, 3.4028235e38, 9.96921e36])
def test_a_float_of_32_bits_that_means_no_reading_is_known_by_the_digits_of_the_manual(invalid: float) -> None:
    own = point(type=RegisterType.F32, invalid=(invalid, 1e300))
    words = struct.unpack(">HH", struct.pack(">f", invalid))

    assert registers.decode(own, words, WordOrder.HIGH_FIRST) == Decoded(None, Quality.BAD)
    assert registers.decode(own, [0x4148, 0], WordOrder.HIGH_FIRST).value == 12.5


def test_an_implausible_value_is_kept_as_bad() -> None:
    own = point(valid=(10, 20))
    assert [registers.scaled(own, raw).quality for raw in (9, 10, 20, 21)] == [
        Quality.BAD,
        Quality.GOOD,
        Quality.GOOD,
        Quality.BAD,
    ]


@pytest.mark.parametrize(
    ("words", "text"),
    [([0x534B, 0x2D31], "SK-1"), ([0x4100, 0x4242], "A"), ([0x4120, 0x2020], "A"), ([0xFFFF, 0x4100], "\ufffd\ufffdA")],
)
def test_text_ends_at_the_first_zero_byte(words: list[int], text: str) -> None:
    own = point(type=RegisterType.STRING, length=2)
    assert registers.decode(own, words, WordOrder.HIGH_FIRST).value == text


def test_text_is_cut_at_a_whole_character() -> None:
    own = point(type=RegisterType.STRING, length=2)
    words = registers.encode(own, "基板", WordOrder.HIGH_FIRST)
    assert registers.decode(own, words, WordOrder.HIGH_FIRST).value == "基"


@pytest.mark.parametrize(
    ("own", "value", "error"),
    [
        (point(), 65_536, "p: 65536 does not fit u16"),
        (point(), -1, "p: -1 does not fit u16"),
        (point(), "full", "p: text 'full' for u16"),
        (point(), None, "p: the profile names no value for `no reading`"),
        (point(), math.inf, "p: inf does not fit u16"),
        (point(type=RegisterType.F32), 1e60, "p: 1e\\+60 does not fit f32"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error(own: ModbusPoint, value: Value | None, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        registers.encode(own, value, WordOrder.HIGH_FIRST)


@pytest.mark.parametrize(
    ("blank", "words", "good"),
    [
        ("[65535]", [0xFFFF, 0xFFFF], False),
        ("[0]", [0, 0], False),
        ("[0, 65535]", [0, 0], False),
        ("[65535]", [0, 0], True),
        ("[]", [0xFFFF, 0xFFFF], True),
        ("[65535]", [0xFFFF, 0xFFFE], True),
    ],
)
def test_an_answer_that_is_all_alike_is_no_reading_where_the_profile_says_so(
    blank: str,
    words: list[int],
    good: bool,  # noqa: FBT001 - a column of the table
) -> None:
    text = f"""
profile = "p"
transport = "modbus"
maker = "m"
model = "m"
ja = "m"
en = "m"
status = "guess"
source = "s"
defaults = {{blank = {blank}}}
"""
    for name, address in (("one", 0), ("two", 1)):
        text += f'[[point]]\nname = "{name}"\nrole = "power"\nja = "j"\nen = "e"\naddress = {address}\ntype = "u16"\n'
    own = parse_profile(text, "p.toml")
    assert isinstance(own, ModbusProfile)
    (block,) = registers.plan(own)

    found = registers.decode_block(own, block, words)

    assert {decoded.quality for decoded in found.values()} == {Quality.GOOD if good else Quality.BAD}
    (single,) = registers.plan(own, own.point[:1])
    assert registers.decode_block(own, single, words[:1])["one"].quality is Quality.GOOD
