import pytest

from sukusuku_core.enrolment import Code, new_nonce
from sukusuku_core.proof import same


def test_a_code_is_read_as_people_type_it() -> None:
    code = Code.new("tobu-pi")
    assert Code.read(code.text) == code
    assert Code.read(f" tobu-pi/{code.secret.lower()}\n") == code
    assert Code("a", "0" * 20) == Code.read("a/OOOOO-00000 ooooo-00000")
    assert code.secret not in repr(code)


_SECRET = "7KQ2M-8RT4X-7KQ2M-8RT4X"


@pytest.mark.parametrize(
    "text", ["", "tobu-pi", "tobu-pi/", f"/{_SECRET}", f"tobu pi/{_SECRET}", f"東部/{_SECRET}", f"a/{_SECRET[:-1]}"]
)
def test_what_is_no_code_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="not a code") as error:
        Code.read(text)
    assert "8RT4X" not in str(error.value)


def test_both_sides_make_the_same_key_and_only_with_code_and_exchange() -> None:
    code, challenge, nonce = Code.new("tobu-pi"), new_nonce(), new_nonce()
    key = Code.read(code.text).key(challenge, nonce)
    assert key == code.key(challenge, nonce)
    others = [Code.new("tobu-pi").key(challenge, nonce), Code("seibu-pi", code.secret).key(challenge, nonce)]
    others += [code.key(new_nonce(), nonce), code.key(challenge, new_nonce())]
    assert key not in others
    assert len({*(one.text for one in others)}) == 4


def test_a_proof_is_of_one_thing_only() -> None:
    code, challenge = Code.new("tobu-pi"), new_nonce()
    proofs = [code.request(challenge), code.answered(challenge, b""), code.broker_password(), code.request(new_nonce())]
    assert len({proof[:40] for proof in proofs}) == 4
    assert not same(code.answered(challenge, b"x"), code.answered(challenge, b"y"))
