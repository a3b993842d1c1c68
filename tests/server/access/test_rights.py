import itertools

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.access.rights import ROLES, Act, Grant, Rights, Role, granting, rights

SITES = ("tobu", "seibu", "nanbu")
T0 = 1_800_000_000_000
DAY = 86_400_000
grants = st.lists(
    st.builds(
        Grant,
        id=st.integers(1, 99),
        role=st.sampled_from(Role),
        site=st.sampled_from((None, *SITES)),
        since=st.sampled_from((T0 - DAY, T0, T0 + DAY)),
        until=st.sampled_from((None, T0, T0 + 1, T0 + DAY)),
        given_by=st.just("鈴木"),
        revoked=st.sampled_from((None, T0 - 1, T0 + DAY)),
    ),
    max_size=6,
)


@given(grants)
def test_somebody_may_what_one_of_the_grants_that_hold_gives(given_: list[Grant]) -> None:
    found = rights(given_, T0)
    for act, site in itertools.product(Act, (None, *SITES)):
        wanted = any(
            act in ROLES[it.role] and it.site in {None, site}
            for it in given_
            if it.since <= T0 and (it.until is None or it.until > T0) and it.revoked is None
        )
        assert found.may(act, site) is wanted


@given(grants)
def test_the_sites_of_an_act_are_those_at_which_it_is_allowed(given_: list[Grant]) -> None:
    found = rights(given_, T0)
    for act in Act:
        assert found.sites(act, SITES) == {site for site in SITES if found.may(act, site)}
        assert found.somewhere(act) >= bool(found.sites(act, SITES))


def test_nobody_covers_more_than_they_have() -> None:
    manager = rights([Grant(1, Role.MANAGER, "tobu", T0, None, "鈴木")], T0)

    assert manager.covers(granting(Role.STAFF, "tobu"))
    assert not manager.covers(granting(Role.STAFF, "seibu"))
    assert not manager.covers(granting(Role.STAFF, None))
    assert not manager.covers(granting(Role.ADMIN, "tobu"))


def test_an_administrator_may_everything_and_a_display_only_looks() -> None:
    assert ROLES[Role.ADMIN] == set(Act)
    assert all(act.startswith("view_") for act in ROLES[Role.DISPLAY] | ROLES[Role.VIEWER])
    assert Rights().everywhere == frozenset()


def test_a_crew_learns_nothing_of_children() -> None:
    assert not ROLES[Role.CREW] & {Act.VIEW_ROOMS, Act.VIEW_REPORTS, Act.ENTER_COUNTS, Act.ENTER_BOOKINGS}
