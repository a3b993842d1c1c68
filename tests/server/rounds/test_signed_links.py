import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.db import Operations
from sukusuku_server.db.shared_secrets import shared
from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.signed_links import Action, Claim, ExpiredLinkError, ForgedLinkError, Links
from tests.server.rounds.plan_cases import HOUR, MORNING

LINKS = Links(b"k" * 32, "https://wall.example.jp/")
CLAIM = Claim(run=7, stop=41, action=Action.DONE, recipient=1, expires=MORNING + HOUR)
CLAIMS = st.builds(
    Claim,
    run=st.integers(0, 2**63 - 1),
    stop=st.integers(0, 2**63 - 1),
    action=st.sampled_from(Action),
    recipient=st.integers(0, 65_535),
    expires=st.integers(1, 2**32 - 1).map(lambda seconds: seconds * 1000),
)


@given(CLAIMS)
def test_what_was_signed_is_read_back_until_it_expires(claim: Claim) -> None:
    token = LINKS.token(claim)

    assert LINKS.read(token, claim.expires - 1) == claim
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    with pytest.raises(ExpiredLinkError) as error:
        LINKS.read(token, claim.expires)
    assert error.value.claim == claim


@given(CLAIMS, st.integers(0, 51), st.characters())
def test_one_other_character_and_it_is_refused(claim: Claim, place: int, other: str) -> None:
    token = LINKS.token(claim)
    altered = token[:place] + other + token[place + 1 :]
    if altered == token:
        return

    with pytest.raises(ForgedLinkError):
        LINKS.read(altered, 0)


@given(CLAIMS, CLAIMS)
def test_the_signature_of_one_claim_does_not_fit_another(one: Claim, other: Claim) -> None:
    if one == other:
        return
    first, second = LINKS.token(one), LINKS.token(other)

    with pytest.raises(ForgedLinkError):
        LINKS.read(first[:31] + second[31:], 0)


@given(st.text(max_size=80))
def test_no_other_text_is_a_link(text: str) -> None:
    with pytest.raises(ForgedLinkError):
        LINKS.read(text, 0)


@given(st.text(string.ascii_letters + string.digits + "-_", min_size=52, max_size=52))
def test_no_text_of_the_right_form_is_a_link(text: str) -> None:
    with pytest.raises(ForgedLinkError):
        LINKS.read(text, 0)


def test_another_key_signs_other_links() -> None:
    with pytest.raises(ForgedLinkError):
        Links(b"l" * 32, "").read(LINKS.token(CLAIM), MORNING)


def test_a_link_stands_under_the_address_that_people_use() -> None:
    assert LINKS.url(CLAIM) == f"https://wall.example.jp/r/{LINKS.token(CLAIM)}"


def test_actions_are_answers_or_about_the_round() -> None:
    assert {action.answer for action in Action} - {None} == set(Answer)
    assert [action for action in Action if action.answer is None] == [Action.ROUND, Action.ACCEPT, Action.DECLINE]


def test_the_first_who_needs_the_key_makes_it_and_all_have_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'operations.db'}"

    def one(_: int) -> bytes:
        operations = Operations(url)
        try:
            return shared(operations, "round-links")
        finally:
            operations.close()

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(one, range(4)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
