import string
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from sukusuku_server.db import Operations
from sukusuku_server.db.shared_secrets import renew, shared
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.signed_links import Action, Claim, ExpiredLinkError, Links
from tests.server.rounds.plan_cases import HOUR, MORNING
from tests.support import databases

KEY = b"k" * 32
LINKS = Links([KEY], "https://wall.example.jp/")
LETTERS = string.ascii_letters + string.digits + "-_"
CLAIM = Claim(run=7, stop=41, action=Action.DONE, person=1, expires=MORNING + HOUR)
CLAIMS = st.builds(
    Claim,
    run=st.integers(0, 2**63 - 1),
    stop=st.integers(0, 2**63 - 1),
    action=st.sampled_from(Action),
    person=st.integers(0, 2**63 - 1),
    expires=st.integers(1, 2**32 - 1).map(lambda seconds: seconds * 1000),
)


@given(CLAIMS)
def test_what_was_signed_is_read_back_until_it_expires(claim: Claim) -> None:
    token = LINKS.token(claim)

    assert LINKS.read(token, claim.expires - 1) == claim
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    with pytest.raises(ExpiredLinkError) as error:
        LINKS.read(token, claim.expires)
    assert error.value.claim == claim


@given(CLAIMS, st.integers(0, 200), st.characters() | st.sampled_from(LETTERS))
def test_one_other_character_and_it_is_refused(claim: Claim, place: int, other: str) -> None:
    token = LINKS.token(claim)
    place %= len(token)
    altered = token[:place] + other + token[place + 1 :]
    if altered == token:
        return

    with pytest.raises(ForgedLinkError):
        LINKS.read(altered, 0)


@pytest.mark.parametrize("place", [0, 5, -50, -44, -43, -1])
def test_a_link_has_one_spelling(place: int) -> None:
    token = LINKS.token(CLAIM)

    for other in [*LETTERS, ".", "=", " ", "\n", "あ"]:
        for altered in (token[:place] + other + token[place:], f"{token}{other}", f"{other}{token}"):
            with pytest.raises(ForgedLinkError):
                LINKS.read(altered, 0)
        altered = token[:place] + other + token[place:][1:]
        if altered != token:
            with pytest.raises(ForgedLinkError):
                LINKS.read(altered, 0)


@given(CLAIMS, CLAIMS)
def test_the_signature_of_one_claim_does_not_fit_another(one: Claim, other: Claim) -> None:
    if one == other:
        return
    first, second = LINKS.token(one), LINKS.token(other)

    with pytest.raises(ForgedLinkError):
        LINKS.read(first[:-43] + second[-43:], 0)


@given(st.text(max_size=80))
def test_no_other_text_is_a_link(text: str) -> None:
    with pytest.raises(ForgedLinkError):
        LINKS.read(text, 0)


@given(st.text(LETTERS, min_size=24, max_size=60), st.text(LETTERS, min_size=42, max_size=42))
def test_no_text_of_the_right_form_is_a_link(claim: str, signature: str) -> None:
    with pytest.raises(ForgedLinkError):
        LINKS.read(f"{claim}.{signature}A", 0)


def test_another_key_signs_other_links() -> None:
    with pytest.raises(ForgedLinkError):
        Links([b"l" * 32], "").read(LINKS.token(CLAIM), MORNING)


def test_the_last_key_signs_and_the_one_before_is_believed() -> None:
    both = Links([KEY, b"l" * 32], "")

    assert both.read(LINKS.token(CLAIM), MORNING) == CLAIM
    assert Links([b"l" * 32], "").read(both.token(CLAIM), MORNING) == CLAIM
    with pytest.raises(ForgedLinkError):
        LINKS.read(both.token(CLAIM), MORNING)


@pytest.mark.parametrize("salt", ["another purpose", "itsdangerous"])
def test_what_was_signed_for_another_purpose_is_no_link(salt: str) -> None:
    other = URLSafeSerializer(KEY, salt=salt, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256})

    with pytest.raises(ForgedLinkError):
        LINKS.read(other.dumps([7, 41, Action.DONE, -1, CLAIM.expires // 1000]), MORNING)


def test_a_link_that_names_a_place_in_a_list_is_believed_and_is_nobodys() -> None:
    signer = URLSafeSerializer(
        [KEY], salt="sukusuku round link", signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
    )
    older = signer.dumps([7, 41, Action.DONE, 1, CLAIM.expires // 1000])

    assert LINKS.read(str(older), MORNING) == replace(CLAIM, person=0)


@pytest.mark.parametrize("said", [[7, 41, 99, 1, 2**32], [7, 41, 2, 1], [1, 7, 41, 2, 1, 2**32]])
def test_what_another_version_has_signed_is_no_link(said: list[int]) -> None:
    signed = URLSafeSerializer(
        KEY, salt="sukusuku round link", signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
    )

    with pytest.raises(ForgedLinkError):
        LINKS.read(signed.dumps(said), MORNING)


def test_a_link_stands_under_the_address_that_people_use() -> None:
    assert LINKS.url(CLAIM) == f"https://wall.example.jp/r/{LINKS.token(CLAIM)}"


def test_actions_are_answers_or_about_the_round() -> None:
    assert {action.answer for action in Action} - {None} == set(Answer)
    assert [action for action in Action if action.answer is None] == [Action.ROUND, Action.ACCEPT, Action.DECLINE]


def test_the_first_who_needs_the_key_makes_it_and_all_have_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'operations.db'}"

    def one(_: int) -> tuple[bytes, ...]:
        operations = Operations(url)
        try:
            return shared(operations, "round-links")
        finally:
            operations.close()

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(one, range(4)))
    assert len(keys) == 1
    assert [len(key) for key in keys.pop()] == [32]


def test_a_new_key_comes_after_the_one_before_and_the_third_ends_the_first(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    [first] = shared(operations, "round-links")
    renew(operations, "round-links")
    before, second = shared(operations, "round-links")
    renew(operations, "round-links")
    last = shared(operations, "round-links")

    assert before == first
    assert last[0] == second
    assert len({first, second, last[1]}) == 3
