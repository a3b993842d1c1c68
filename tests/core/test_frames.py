"""Which bytes count as the answer to a request."""

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from sukusuku_core import frames
from sukusuku_core.frames import Request

ONE = Request(unit=0x50, function=3, count=1, transaction=7)
KNOWN = bytes.fromhex("50 03 02 07 0B 06 7F")
"""From the manual of the SEN0492: 1803 mm."""


def rtu(data: bytes) -> bytes:
    return data + frames.checksum(data)


def tcp(data: bytes, transaction: int = 7) -> bytes:
    return transaction.to_bytes(2, "big") + b"\0\0" + len(data).to_bytes(2, "big") + data


requests = st.builds(
    Request, st.integers(1, 247), st.sampled_from([1, 2, 3, 4]), st.integers(1, 125), st.integers(1, 65_000)
)


@given(requests, st.data())
def test_a_fitting_answer_is_found_in_any_noise_and_split_anywhere(request: Request, data: st.DataObject) -> None:
    payload = data.draw(st.binary(min_size=request.payload, max_size=request.payload))
    body = bytes((request.unit, request.function, request.payload)) + payload
    noise = data.draw(st.binary(max_size=20))

    assert frames.from_serial(request, noise + rtu(body) + noise).frame == rtu(body)
    assert frames.from_tcp(request, tcp(body, request.transaction)).frame == tcp(body, request.transaction)
    cut = data.draw(st.integers(0, len(body) - 1))
    assert frames.from_serial(request, rtu(body)[:cut]).frame == b""
    assert frames.from_tcp(request, tcp(body, request.transaction)[:cut]) == frames.Heard()


@given(requests, st.binary(max_size=300))
def test_noise_is_no_answer_and_no_exception(request: Request, noise: bytes) -> None:
    for heard in (frames.from_serial(request, noise), frames.from_tcp(request, noise)):
        assert not (heard.frame and heard.wrong)
    found = frames.from_serial(request, noise).frame
    assert found == b"" or frames.checksum(found[:-2]) == found[-2:]


@given(requests, requests)
def test_an_answer_to_another_request_is_never_taken(asked: Request, answered: Request) -> None:
    body = bytes((answered.unit, answered.function, answered.payload)) + bytes(answered.payload)
    alike = (asked.unit, asked.function, asked.payload) == (answered.unit, answered.function, answered.payload)

    assert bool(frames.from_serial(asked, rtu(body)).frame) == alike
    heard = frames.from_tcp(asked, tcp(body, answered.transaction))
    assert bool(heard.frame) == (alike and asked.transaction == answered.transaction)
    assert bool(heard.wrong) != bool(heard.frame)


def test_the_frame_of_the_manual_fits() -> None:
    assert frames.from_serial(ONE, KNOWN) == frames.Heard(KNOWN)


@given(st.binary(min_size=1, max_size=256))
def test_the_checksum_is_that_of_the_standard(data: bytes) -> None:
    assert frames.checksum(data) == FramerRTU.compute_CRC(data).to_bytes(2, "big")


def test_an_exception_is_an_answer() -> None:
    assert frames.from_serial(ONE, rtu(b"\x50\x83\x02")).frame == rtu(b"\x50\x83\x02")
    assert frames.from_tcp(ONE, tcp(b"\x50\x83\x02")).frame == tcp(b"\x50\x83\x02")
