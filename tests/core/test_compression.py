"""Compressed payloads: both forms, bombs, and what is neither."""

import contextlib
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.compression import inflate
from sukusuku_core.errors import DecodeError
from sukusuku_core.sparkplug import Metric, Payload

INNER = Payload(5, (Metric("Fill/Percent", 41.5, 5, DataType.DOUBLE),), 7)


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


FORMS = [zlib.compress, gzip.compress, raw_deflate]


def envelope(body: bytes, algorithm: str | None = None, **fields: int) -> bytes:
    made = sparkplug.PayloadMessage(uuid=sparkplug.COMPRESSED, body=body, **fields)
    if algorithm is not None:
        made.metrics.add(name="algorithm", datatype=12, string_value=algorithm)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", [None, "DEFLATE", "GZIP"])
def test_a_compressed_payload_is_read_as_the_one_within(form: Callable[[bytes], bytes], algorithm: str | None) -> None:
    data = envelope(form(sparkplug.encode(INNER)), algorithm)
    assert sparkplug.decode(data) == INNER
    assert sparkplug.decode(sparkplug.plain(data)) == INNER


def test_seq_and_time_of_the_envelope_stand_in_for_those_that_the_inner_one_lacks() -> None:
    bare = zlib.compress(sparkplug.encode(Payload(None, INNER.metrics)))
    assert sparkplug.decode(envelope(bare, seq=9, timestamp=8)) == Payload(8, INNER.metrics, 9)
    assert sparkplug.decode(envelope(zlib.compress(sparkplug.encode(INNER)), seq=9, timestamp=8)) == INNER


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_is_stopped_at_the_limit(form: Callable[[bytes], bytes]) -> None:
    bomb = form(bytes(50_000_000))
    assert len(bomb) < sparkplug.MAX_PAYLOAD_BYTES
    with pytest.raises(DecodeError, match="inflates to more than") as caught:
        sparkplug.parse(envelope(bomb))
    assert caught.value.reason == "oversized"


@pytest.mark.parametrize(
    "body",
    [b"", b"rubbish", zlib.compress(b"x" * 999)[:-4], envelope(b"x")],
    ids=["nothing", "no deflate", "cut off", "not compressed"],
)
def test_what_cannot_be_inflated_names_the_setting(body: bytes) -> None:
    with pytest.raises(DecodeError, match="switch the compression of payloads off") as caught:
        sparkplug.parse(envelope(body, "LZ4"))
    assert caught.value.reason == "compression"


def test_an_envelope_in_an_envelope_is_refused() -> None:
    with pytest.raises(DecodeError, match="within a compressed payload"):
        sparkplug.parse(envelope(zlib.compress(envelope(zlib.compress(sparkplug.encode(INNER))))))


def test_a_payload_that_only_speaks_of_compression_is_left_alone() -> None:
    data = sparkplug.encode(Payload(1, (Metric("Remark", sparkplug.COMPRESSED, 1),), 0))
    assert sparkplug.plain(data) is data


@given(st.binary(max_size=400), st.sampled_from(FORMS))
def test_whatever_fits_comes_back(data: bytes, form: Callable[[bytes], bytes]) -> None:
    assert inflate(form(data), 400) == data


@given(st.binary(max_size=200))
def test_noise_raises_nothing_but_decode_errors(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert len(inflate(data, 100)) <= 100
