"""Which of two collectors with one host id goes on."""

import itertools

import msgspec
import pytest

from sukusuku_collector.host import claim as tenure
from sukusuku_collector.host.claim import (
    CLAIM_EVERY,
    CONTEST_WINDOW,
    CONTESTS,
    PATIENCE,
    Claim,
    Heard,
    HostClaim,
    RivalError,
)
from sukusuku_collector.lease import SupersededError
from sukusuku_core.errors import DecodeError
from sukusuku_core.proof import ProofKey

NOW = 1_800_000_000_000
SECRET = ProofKey(bytes(range(32)))


def collector(instance: str, since: int | None = None) -> HostClaim:
    made = HostClaim("sukusuku", instance, f"process {instance}")
    if since is not None:
        made.begin(since)
    return made


def with_secret(instance: str, since: int | None = None, secret: ProofKey = SECRET) -> HostClaim:
    made = HostClaim("sukusuku", instance, f"process {instance}", f"challenge of {instance}", lambda: secret)
    if since is not None:
        made.begin(since)
    return made


def claim_of(made: HostClaim) -> Claim:
    claim = made.claim(NOW, at_once=True)
    assert claim is not None
    return claim


def test_a_claim_travels() -> None:
    claim = claim_of(collector("a", NOW))
    assert tenure.decode(claim.encode()) == claim


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'{"instance":1}', b"\xff", b'{"instance":"a","since":1,"name":"' + b"x" * 300 + b'"}']
)
def test_what_is_no_claim_is_an_error(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        tenure.decode(payload)


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.permutations([("a", NOW), ("b", NOW), ("c", NOW + 1), ("d", NOW - 1)], 2))
)
def test_of_two_that_are_online_exactly_one_ends_whoever_hears_first(
    first: tuple[str, int], second: tuple[str, int]
) -> None:
    older, younger = sorted((first, second), key=lambda item: (item[1], item[0]))
    assert collector(*older).heard(claim_of(collector(*younger))) is Heard.YOUNGER
    with pytest.raises(RivalError, match=rf"process {older[0]}.*process {younger[0]}"):
        collector(*younger).heard(claim_of(collector(*older)))


def test_one_that_comes_anew_says_nothing_and_ends_when_it_hears_another() -> None:
    new = collector("a")
    assert new.claim(NOW, at_once=True) is None
    with pytest.raises(RivalError, match="in use by another collector"):
        new.heard(Claim("b", NOW + 1_000_000, "process b"))


def test_ones_own_words_are_nothing_new() -> None:
    made = collector("a", NOW)
    assert made.heard(claim_of(made)) is Heard.OURSELVES


def test_words_are_repeated_every_few_seconds() -> None:
    made = collector("a", NOW)
    said = [made.claim(NOW + n * 500) is not None for n in range(9)]
    assert said.count(True) == 1 + 8 * 500 // CLAIM_EVERY
    assert made.claim(NOW - 1_000_000) is not None  # also when the clock steps back


def test_an_interruption_of_our_own_making_does_not_make_us_younger_a_lost_broker_does() -> None:
    made = collector("a", NOW)
    made.begin(NOW + 5_000)
    assert made.since == NOW
    made.lost()
    made.begin(NOW + 9_000)
    assert made.since == NOW + 9_000


def test_a_foreign_state_is_answered_after_a_moment_once() -> None:
    made = collector("a", NOW)
    assert not made.must_answer(NOW)
    assert made.contested(NOW)
    assert not made.contested(NOW + 500)
    assert not made.must_answer(NOW + PATIENCE - 1)
    assert made.must_answer(NOW + PATIENCE)
    assert not made.must_answer(NOW + PATIENCE)


def test_a_foreign_state_that_keeps_coming_back_ends_us_a_rare_one_does_not() -> None:
    made = collector("a", NOW)
    for n in range(10):
        made.contested(NOW + n * CONTEST_WINDOW)
        assert made.must_answer(NOW + n * CONTEST_WINDOW + PATIENCE)
    made = collector("a", NOW)
    for n in range(CONTESTS):
        made.contested(NOW + n * 2_000)
        assert made.must_answer(NOW + n * 2_000 + PATIENCE)
    with pytest.raises(RivalError, match="not a collector"):
        made.contested(NOW + CONTESTS * 2_000)


# -------------------------------------------------------------------- with a secret


@pytest.mark.parametrize("since", [NOW + 1_000, None])
def test_an_older_collector_with_the_same_secret_answers_the_challenge_and_the_other_ends(since: int | None) -> None:
    older, other = with_secret("a", NOW), with_secret("b", since)
    assert other.heard(claim_of(older)) is Heard.UNPROVED
    question = other.question()
    assert older.heard(question) is Heard.YOUNGER
    answer = older.claim(NOW, at_once=True, to=question)
    assert answer is not None
    with pytest.raises(RivalError, match=r"process a.*process b"):
        other.heard(answer)


def test_nobody_ends_a_collector_without_a_proof_that_is_made_for_it() -> None:
    ours, older = with_secret("b", NOW + 1_000), with_secret("a", NOW)
    forged = Claim("00000000", 0, "x")
    answer_to_another = older.claim(NOW, at_once=True, to=with_secret("c").question())
    false = with_secret("a", NOW, ProofKey(bytes(32))).claim(NOW, at_once=True, to=ours.question())
    assert answer_to_another is not None
    assert false is not None
    for heard in (forged, answer_to_another, false, msgspec.structs.replace(false, answers="")):
        assert ours.heard(heard) is Heard.UNPROVED
    assert ours.unproved == 4


def test_an_answer_that_is_changed_proves_nothing() -> None:
    ours, older = with_secret("b", NOW + 1_000), with_secret("a", NOW)
    answer = older.claim(NOW, at_once=True, to=ours.question())
    assert answer is not None
    for field, value in (("since", NOW - 1), ("instance", "0"), ("name", "other"), ("challenge", "other")):
        assert ours.heard(msgspec.structs.replace(answer, **{field: value})) is Heard.UNPROVED


def test_two_that_are_not_online_yet_do_not_end_each_other() -> None:
    assert with_secret("a").heard(with_secret("b").question()) is Heard.OURSELVES


def test_a_foreign_state_that_keeps_coming_back_is_only_counted() -> None:
    made = with_secret("a", NOW)
    news = 0
    for n in range(100):
        news += made.contested(NOW + n * 100)
        made.must_answer(NOW + n * 100 + PATIENCE)
    assert news == CONTESTS
    assert made.contests == 100
    assert not made.follows(NOW + 10_000)
    assert made.follows(NOW + 2 * CONTEST_WINDOW)


# ---------------------------------------------------------------- leases


def leased(instance: str, epoch: int, since: int | None = None, secret: ProofKey | None = None) -> HostClaim:
    made = HostClaim("sukusuku", instance, f"process {instance}", f"challenge of {instance}", lambda: secret, epoch)
    if since is not None:
        made.begin(since)
    return made


def test_the_newer_lease_wins_however_long_the_other_one_is_online() -> None:
    old, new = leased("old", 7, NOW - 1_000_000), leased("new", 8, NOW)
    assert new.heard(claim_of(old)) is Heard.YOUNGER
    with pytest.raises(SupersededError, match="process new"):
        old.heard(claim_of(new))


def test_one_that_is_not_online_yet_does_not_end_for_an_older_lease() -> None:
    assert leased("new", 8).heard(claim_of(leased("old", 7, NOW))) is Heard.YOUNGER
    with pytest.raises(SupersededError):
        leased("late", 6).heard(claim_of(leased("old", 7, NOW)))


@pytest.mark.parametrize(("first", "second"), [(0, 8), (8, 0), (8, 8)])
def test_where_leases_do_not_decide_the_one_that_is_longer_online_goes_on(first: int, second: int) -> None:
    """One of them has no lease, or they are of two databases."""
    older, younger = leased("b", first, NOW), leased("a", second, NOW + 1)
    assert older.heard(claim_of(younger)) is Heard.YOUNGER
    with pytest.raises(RivalError, match="in use by another collector"):
        younger.heard(claim_of(older))


def test_a_newer_lease_must_be_proved_where_there_is_a_secret() -> None:
    old, new = leased("old", 7, NOW, SECRET), leased("new", 8, NOW, SECRET)
    assert old.heard(claim_of(new)) is Heard.UNPROVED
    answer = new.claim(NOW, at_once=True, to=old.question())
    assert answer is not None
    assert old.heard(msgspec.structs.replace(answer, epoch=9)) is Heard.UNPROVED  # somebody has changed it
    with pytest.raises(SupersededError):
        old.heard(answer)
