"""JSON sensor messages: what is read, what is refused, and that no bytes can do harm."""

import json
import math
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import jsonmap
from sukusuku_core.catalogue import Role
from sukusuku_core.errors import ConfigError, DecodeError
from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import JsonProfile, find
from sukusuku_core.registers import Decoded
from tests.core.json_profiles import NO_READING, point, profile, value


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ("int", 5, 5),
        ("int", "7", 7),
        ("int", 4.6, 5),
        ("float", " 21.5 ", 21.5),
        ("float", 0, 0.0),
        ("bool", True, True),
        ("bool", 1, True),
        ("bool", 0, False),
        ("bool", "Occupied", True),
        ("bool", "vacant", False),
        ("bool", " ON ", True),
        ("int", "12 人", 12),
        ("float", "525,5", 525.5),
        ("text", "left_enter", "left_enter"),
        ("text", '{"a": 1}', '{"a": 1}'),
        ("text", 5, "5"),
    ],
)
def test_one_idea_comes_in_many_forms(kind: str, sent: Any, read: Value) -> None:
    assert value(kind, sent) == Decoded(read, Quality.GOOD, sent)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("int", "many"), ("int", ""), ("int", True), ("int", [1]), ("int", {"a": 1}), ("float", "NaN"),
        ("float", "inf"), ("int", "nan"), ("int", "-Infinity"), ("float", False), ("bool", "unknown"), ("bool", 2),
        ("bool", []), ("text", ["a"]), ("text", "x" * 1025),
    ],
)  # fmt: skip
def test_what_is_no_value_is_no_reading(kind: str, sent: Any) -> None:
    assert value(kind, sent) == NO_READING


@pytest.mark.parametrize(
    ("kind", "sent", "told"),
    [
        ("float", "77.9 °F", "a number in mm, found '77.9 °F' at `v`"), ("int", "many", "of the form 'aaaa'"),
        ("int", True, "found True"), ("int", [5], "found a list"), ("float", {"mac": 5}, "found an object at"),
        ("bool", "open", "one of True, true, on, .*, found a text of the form 'aaaa'"),
        ("float", "x" * 60, "of the form '" + "a" * 40),
        ("float", None, ""), ("float", "", ""), ("int", "NaN", ""), ("float", "Unavailable", ""), ("int", "--", ""),
        ("int", "Err", ""), ("bool", "unknown", ""),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_told_and_one_that_means_nothing_is_not(kind: str, sent: Any, told: str) -> None:
    more = 'optional = true\nunit = "mm"\ninvalid = ["Err"]'
    own = profile(point(kind, more=more), point("int", "w").replace('"v"', '"w"', 1))

    found = jsonmap.decode(own, json.dumps({"v": sent, "w": 1}).encode())

    assert found.values.get("v") in {None, NO_READING}
    assert found.values["w"].value == 1
    assert re.search(told, found.wrong) if told else not found.wrong


def test_scale_range_and_invalid_values_apply() -> None:
    more = "scale = 0.1\noffset = -40\nvalid = [-20, 60]\ninvalid = [65535]\n"
    assert value("float", 603, more) == Decoded(20.3, Quality.GOOD, 603)
    assert value("float", 1_200, more) == Decoded(80.0, Quality.BAD, 1_200)
    assert value("float", 65_535, more) == NO_READING
    assert value("float", "65535", more) == NO_READING


@pytest.mark.parametrize(
    ("sent", "percent"),
    [
        ("525 mm", 525), ("525", 525), ("525,5", 525.5), ("1752 mm", 1752), ("52.5 cm", 525), ("1,752.5 mm", 1752.5),
        ("1,752", None), ("Invalid Reading", None), ("No Sensor", None), ("52 %", None),
    ],
)  # fmt: skip
def test_a_distance_with_its_unit_is_read(sent: str, percent: float | None) -> None:
    own = profile(point("float", "Distance"))
    own = msgspec.structs.replace(own, point=(msgspec.structs.replace(own.point[0], role=Role.LEVEL_DISTANCE),))
    body = {"Bat": 3.5, "Distance": sent}

    assert jsonmap.decode(own, json.dumps(body).encode()).values["v"].value == percent


def test_what_names_its_unit_needs_no_scale() -> None:
    more = 'scale = 10\nunit = "mm"\n'
    assert value("float", 52.5, more) == Decoded(525.0, Quality.GOOD, 52.5)
    assert value("float", "52.5", more) == Decoded(525.0, Quality.GOOD, "52.5")
    assert value("float", "52.5 cm", more) == Decoded(525.0, Quality.GOOD, "52.5 cm")
    assert value("float", "525 mm", more) == Decoded(525.0, Quality.GOOD, "525 mm")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"v": 525}\0', b'\xef\xbb\xbf{"v": 525}', b' \r\n{"v": 525}\r\n', b'{"v": 525}\0\0garbage\xff',
        b'\0{"v": 525}',
        b'{"v": 525,}', b'{"v": 525, "w": nan}', b'{"v": 525, "w": -inf}', b'{"v": 525, "w": NaN, "list": [1,]}',
        b'{"v": 525, "w": "\xff"}', b'{"v": 525, "w": "a\tb"}', b'{"v": 525, "w": 1e999}', b'"{\\"v\\": 525}"',
        b"{'v': 525, 'w': None}", b"{v: 525, w: --}", b'{"v": 0525, "w": 1.#QNAN}', b'{"v": +525, "w": ovf}',
        b'{"v": 525., "w":}', b'{"v": 525, "w": -nan(ind)}', b'{"v": 525, "w": ****, "x": [1, 2,3, 4]}',
        b'\x02{"v": 525}\x03', '\ufeff{"v": 525}'.encode("utf-16-le"), '{"v": 525, "name": "ソ"}'.encode("cp932"),
    ],
)  # fmt: skip
def test_a_blemish_costs_nothing_but_itself(payload: bytes) -> None:
    own = profile(point("int"), point("float", "w").replace('"v"', '"w"', 1))

    found = jsonmap.decode(own, payload).values

    assert found["v"].value == 525
    assert found.get("w") in {None, NO_READING}


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        (b"{'v': .5, 'ok': True}", 0.5), (b'{"v": 1,5, "w": 2}', 1.5), (b'{"v": 1,752}', None), (b'{"v": -,5}', "json"),
        (b'{"v": 12:30}', "json"), (b'{"v": 5} {"v": 6}', "json"),
    ],
)  # fmt: skip
def test_a_blemish_is_mended_only_where_nobody_could_read_it_otherwise(
    payload: bytes, read: float | str | None
) -> None:
    try:
        found: object = jsonmap.decode(profile(point("float")), payload).values["v"].value
    except DecodeError as error:
        found = error.reason

    assert found == read


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp932"])
def test_a_degree_sign_is_read_in_any_encoding(encoding: str) -> None:
    sign = "℃" if encoding == "cp932" else "°C"
    own = profile(point("float", more='unit = "Cel"'))
    assert jsonmap.decode(own, f'{{"v": "21,5 {sign}"}}'.encode(encoding)).values["v"].value == 21.5

    text = profile('name = "v"\ntopic = "t"\ntype = "float"\nunit = "Cel"', head='payload = "text"')
    assert jsonmap.decode(text, f"21.5 {sign}".encode(encoding), "t").values["v"].value == 21.5


def test_messages_that_have_a_line_each_are_several() -> None:
    found = jsonmap.decode_all(profile(point("int")), b'{"v": 1}\r\n{"v": 2}\n\n{"v": 3}\n')

    assert [sample.values["v"].value for sample in found] == [1, 2, 3]


@pytest.mark.parametrize("payload", [b"\x81\xa1v\x05", b"\xa1avf\x05", b"\x1f\x8b\x08abc"])
def test_bytes_that_are_no_text_are_told_as_such(payload: bytes) -> None:
    with pytest.raises(DecodeError, match=f"no text .*0x{payload[0]:02x}.*Let the device send JSON"):
        jsonmap.decode(profile(point("int")), payload)


def test_a_text_without_an_end_is_given_up_at_once() -> None:
    """A search that begins again at each quote would take minutes."""
    ends = (
        b'\\"' * 30_000,
        b"\\",
        b'"' * 60_001,
        b'"' + b"}\n" * 30_000,
        b'"}' + b"\n" * 60_000 + b"x",
        b'":,' * 20_000,
    )
    for text in ends:
        with pytest.raises(DecodeError, match="json"):
            jsonmap.decode(profile(point("text")), b'{"v": "' + text)


def test_mending_leaves_texts_as_they_are() -> None:
    own = profile(point("text"))

    assert jsonmap.decode(own, b'{"v": "nan,} \\" inf ,]", "w": nan}').values["v"].value == 'nan,} " inf ,]'


@pytest.mark.parametrize(
    "message",
    [
        {"applicationID": "1", "objectJSON": '{"distance": {"value": 525}}'},
        {"objectJSON": {"distance": '{"value": 525}'}},
        {"objectJSON": '{"distance": "{\\"value\\": 525}"}'},
        {"objectJSON": '{"distance": {"value": "525 mm"}}'},
    ],
)
def test_an_object_inside_a_text_is_read(message: object) -> None:
    own = profile(point("float", "distance.value", 'unit = "mm"'), head='body = "objectJSON"')

    assert jsonmap.decode(own, json.dumps(message).encode()).values["v"].value == 525


def test_fields_inside_a_text_that_could_identify_a_child_are_named_too() -> None:
    message = {"v": 1, "objectJSON": '{"list": [{"mac": "00:11"}]}'}

    assert jsonmap.decode(profile(point("int")), json.dumps(message).encode()).refused == ("mac",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("object", {"fCnt": 2}),
        ("object", {"fCnt": 2, "data": "", "object": None}),
        ("objectJSON", {"devEUI": "1", "fCnt": 2, "data": "", "objectJSON": ""}),
        ("uplink_message.decoded_payload", {"uplink_message": {"f_cnt": 2, "f_port": 0}}),
        ("DevEUI_uplink.payload", {"DevEUI_uplink": {"FCntUp": 2}}),
    ],
)
def test_an_uplink_without_payload_says_nothing(body: str, message: object) -> None:
    own = profile(point("int", more=""), head=f'body = "{body}"')

    assert jsonmap.decode(own, json.dumps(message).encode()).values == {}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"fCnt": 2, "data": "AQ=="}, "found NoneType beside `data`: switch on the device's decoder"),
        ({"fCnt": 2, "object": 5}, "found int$"),
        ({"fCnt": 2, "object": [5]}, "found list$"),
        ({"distance": 5}, "found NoneType$"),
    ],
)
def test_a_body_that_is_missing_otherwise_is_an_error(message: object, why: str) -> None:
    with pytest.raises(DecodeError, match=f"shape: expected an object at `object`, {why}"):
        jsonmap.decode(profile(point("int"), head='body = "object"'), json.dumps(message).encode())


def test_a_missing_field_is_told_beside_those_that_are_read() -> None:
    own = profile(point("int", more=""), point("int", "w", more="").replace('"v"', '"w"', 1))

    found = jsonmap.decode(own, b'{"v": 5}')

    assert found.values == {"v": Decoded(5, Quality.GOOD, 5)}
    assert found.wrong == "missing: the profile own expects a field `w`"


def test_one_bad_message_of_an_array_leaves_the_others() -> None:
    found = jsonmap.decode_all(profile(point("int")), b'[{"v": 1}, 5, "x", {"v": 2}]')

    assert [sample.values["v"].value for sample in found] == [1, 2]
    assert [sample.wrong for sample in found] == ["shape: expected an object at `top level`, found int", ""]


TS = 1_795_937_513_776


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ({"peopleCnt": 4}, [(4, None)]),
        ({"peopleCnt": "7"}, [(7, None)]),
        ({"ts": TS, "values": {"peopleCnt": 5}}, [(5, TS)]),
        ({"ts": TS, "peopleCnt": 5}, [(5, TS)]),
        ([{"ts": TS, "values": {"peopleCnt": 5}}], [(5, TS)]),
        (
            [{"ts": TS + 2000, "values": {"peopleCnt": 7}}, {"ts": TS, "values": {"peopleCnt": 5}}],
            [(5, TS), (7, TS + 2000)],
        ),
    ],
)
def test_thingsboards_own_forms_are_read_each_with_its_time(
    message: object, read: list[tuple[int, int | None]]
) -> None:
    own = find("thingsboard-people")
    assert isinstance(own, JsonProfile)

    found = jsonmap.decode_all(own, json.dumps(message).encode())

    assert [(sample.values["people"].value, sample.time) for sample in found] == read


def test_a_null_or_absent_field_lets_the_last_value_stand() -> None:
    assert value("int", None) is None
    assert jsonmap.decode(profile(point("int")), b"{}").values == {}


def test_an_absent_field_that_is_not_optional_is_an_error() -> None:
    with pytest.raises(DecodeError, match="missing: the profile own expects a field `v`"):
        jsonmap.decode(profile(point("int", more="")), b'{"v": null}')


def test_paths_lead_through_objects_and_lists() -> None:
    own = profile(point("int", "zones.1.count"), head='body = "data.object"')
    message = {"data": {"object": {"zones": [{"count": 1}, {"count": 2}]}}}
    assert jsonmap.decode(own, json.dumps(message).encode()).values["v"].value == 2
    message["data"]["object"]["zones"].pop()
    assert jsonmap.decode(own, json.dumps(message).encode()).values == {}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"occupied", "json"),
        (b'{"v": 1 "w": 2}', "json"),
        (b'"{"', "shape"),
        (b"[" * 100_000 + b"]" * 100_000, "oversized"),
        (b"[" * 20_000 + b"]" * 20_000, "json"),
        (b'{"a":' * 11 + b"1" + b"}" * 11, "depth"),
        (b"[]", "shape"),
        (b"5", "shape"),
        (b'{"v": 1, "w": "' + b"x" * jsonmap.MAX_BYTES + b'"}', "oversized"),
    ],
)
def test_what_cannot_be_read_has_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        jsonmap.decode(profile(point("int")), payload)
    assert caught.value.reason == reason


def test_the_deepest_allowed_message_is_read() -> None:
    payload = b'{"v": 1, "a":' + b'{"a":' * (jsonmap.MAX_DEPTH - 1) + b"1" + b"}" * jsonmap.MAX_DEPTH
    assert jsonmap.decode(profile(point("int")), payload).values["v"].value == 1


@pytest.mark.parametrize("field", ["snapshot", "mac", "tracks", "Mac-Address", "macAddress", "name_tag", "FACE"])
def test_fields_that_could_identify_a_child_are_named_and_never_read(field: str) -> None:
    message = {"v": 1, "inner": {"list": [{field: {"deep": "secret"}}]}}
    sample = jsonmap.decode(profile(point("int")), json.dumps(message).encode())
    assert sample.refused == (field,)
    assert sample.values == {"v": Decoded(1, Quality.GOOD, 1)}


@pytest.mark.parametrize("path", ["inner.mac", "snapshot", "tracks.0"])
def test_a_profile_cannot_ask_for_a_refused_field(path: str) -> None:
    with pytest.raises(ConfigError, match=f"the field `{path}` could identify a child; such fields are never read"):
        profile(point("text", path))


def test_a_sum_that_no_number_can_hold_is_no_reading() -> None:
    own = profile(point("float", "v.*"))

    assert jsonmap.decode(own, json.dumps({"v": [0.5, 10**400]}).encode()).values["v"].value is None


_KEYS = st.sampled_from(["v", "a", "b", "t", "fCnt"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | _JSON.map(lambda item: json.dumps(item).encode()))
def test_no_bytes_raise_anything_but_a_decode_error(payload: bytes) -> None:
    fields = {"int": "v", "float": "a.v", "bool": "v.0", "text": "b"}
    points = [point(kind, path).replace('"v"', f'"{kind}"', 1) for kind, path in fields.items()]
    for head in ('time = "t"', 'body = "a"\nalso_body = ["b.v", ""]\neach = "v"\nsequence = "t"\nzone = "b"'):
        try:
            samples = jsonmap.decode_all(profile(*points, head=head), payload)
        except DecodeError:
            continue
        for item in (item for sample in samples for item in sample.values.values()):
            assert (item.value is None) <= (item.quality is Quality.BAD)
            assert not (isinstance(item.value, float) and math.isnan(item.value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("list.0.v", 1),
        ("list.-1.v", 3),
        ("list.[id=2].v", 2),
        ("list.[name=Line A].v", 3),
        ("list.*.v", 6),
        ("list.[id=9].v", None),
        ("list.9.v", None),
        ("list.-9.v", None),
        ("list.v", None),
        ("list.*.w", None),
        ("list.*.name", None),
    ],
)
def test_a_path_leads_through_lists(path: str, value: int | None) -> None:
    entries = [{"id": 1, "v": 1}, {"id": 2, "v": 2}, {"id": 3, "name": "Line A", "v": 3}]
    own = profile(point("int", path))

    found = jsonmap.decode(own, json.dumps({"list": entries}).encode()).values.get("v")

    assert (found.value if found else None) == value
