"""The proof of an acknowledgement: what it says, and what must not be mistaken for it."""

import pytest

from sukusuku_core import proof
from sukusuku_core.proof import ProofKey, Request

KEY = ProofKey(bytes(range(32)))
CHAIN = proof.chain(b"", ("spBv1.0/toshima/NBIRTH/tobu-pi", b"birth"))


def acknowledged(key: ProofKey = KEY, **other: object) -> str:
    said = {"group": "toshima", "node": "tobu-pi", "birth": 5, "count": 1, "chain": CHAIN, **other}
    return key.acknowledgement(**said)  # type: ignore[arg-type]  # the one that is other has its own type


def test_the_same_words_with_the_same_key_are_the_same_proof() -> None:
    assert proof.same(acknowledged(), acknowledged(ProofKey.read(KEY.text)))


@pytest.mark.parametrize(
    "other",
    [
        {"group": "toshim"},
        {"node": "seibu-pi"},
        {"group": "toshimat", "node": "obu-pi"},
        {"birth": 6},
        {"birth": 51, "count": 0},
        {"count": 2},
        {"chain": proof.chain(CHAIN, ("spBv1.0/toshima/DDATA/tobu-pi/unit-1", b""))},
        {"key": ProofKey(bytes(32))},
    ],
)
def test_every_word_of_it_counts(other: dict[str, object]) -> None:
    assert not proof.same(acknowledged(**other), acknowledged())  # type: ignore[arg-type]  # see above


def test_the_chain_tells_order_topic_and_payload() -> None:
    messages = [("a", b"bc"), ("ab", b"c"), ("a", b"b")]
    both = [proof.chain(proof.chain(b"", one), other) for one in messages for other in messages]
    assert len(set(both)) == len(both)


def test_a_claim_is_no_acknowledgement() -> None:
    parts = ("toshima", "tobu-pi", "5", "1", CHAIN.hex())
    assert KEY.claim(*parts) != acknowledged()


@pytest.mark.parametrize("given", [None, 1, True, "", "é", acknowledged()[:-1], acknowledged().upper()])
def test_what_is_not_exactly_the_proof_is_none(given: object) -> None:
    assert not proof.same(given, acknowledged())


@pytest.mark.parametrize("text", ["", "abc", "not base64!", "AAAA", ProofKey(bytes(32)).text + "A"])
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"Base64|bytes") as caught:
        ProofKey.read(text)
    assert not text or text not in str(caught.value)


def test_a_key_is_new_each_time_and_shows_its_id_only() -> None:
    one, other = ProofKey.new(), ProofKey.new()
    assert one != other
    assert one.ident != other.ident
    assert len(one.ident) == 8
    assert one.text not in repr(one)
    assert repr(one.value) not in repr(one)


@pytest.mark.parametrize("value", [None, 5, True, "", "no colon"])
def test_a_birth_without_a_request_has_none(value: object) -> None:
    assert Request.read(value) is None


def test_a_request_travels() -> None:
    request = Request(KEY.ident, proof.new_challenge())
    assert Request.read(str(request)) == request
