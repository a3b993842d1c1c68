import pytest

from sukusuku_server.access import passwords, second_factor, tokens
from sukusuku_server.access.passwords import Objection


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Objection.SHORT),
        ("kurz", Objection.SHORT),
        ("password12", Objection.COMMON),
        ("1234567890", Objection.COMMON),
        ("qwertyuiop", Objection.COMMON),
        ("aaaaaaaaaaaaaaaaaaaa", Objection.COMMON),
        ("hanako.suzuki", Objection.COMMON),
        ("x" * 129, Objection.LONG),
        ("correct horse battery staple", None),
        ("ふくろう 青い 自転車 七つ", None),
        ("v9K#mQ2zL!4t", None),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, why: Objection | None) -> None:
    assert passwords.objection(password, ("hanako.suzuki", "鈴木花子")) is why


def test_a_password_is_kept_as_argon2id_and_never_twice_alike() -> None:
    one, other = passwords.hashed("青い自転車と七つの鍵"), passwords.hashed("青い自転車と七つの鍵")

    assert one != other
    assert one.startswith("$argon2id$")
    assert passwords.verify("青い自転車と七つの鍵", one)
    assert not passwords.verify("青い自転車と七つの鍵 ", one)
    assert not passwords.verify("", None)
    assert not passwords.verify("anything", "plain text of an older system")


def test_tokens_are_long_and_only_their_digest_is_kept() -> None:
    made = {tokens.new() for _ in range(100)}

    assert len(made) == 100
    assert all(len(token) == 43 for token in made)
    assert all(token not in tokens.digest(token) for token in made)


def test_a_code_is_good_once_and_for_a_minute_and_a_half() -> None:
    """The codes are those of RFC 6238, appendix B, for its secret and SHA-1, of six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = 1_111_111_109_000

    step = second_factor.step(secret, "081 804", at, None)

    assert step == 1_111_111_109 // 30
    assert second_factor.step(secret, "081804", at, step) is None
    assert second_factor.step(secret, "081804", at + 30_000, None) == step
    assert second_factor.step(secret, "081804", at + 61_000, None) is None
    assert second_factor.step(secret, "081805", at, None) is None
    assert second_factor.step(secret, "", at, None) is None
