from pathlib import Path

import pytest

from sukusuku_server.access.records import Purpose
from sukusuku_server.access.rights import Role
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks
from tests.support.databases import operations

T0 = 1_800_000_000_000


@pytest.mark.parametrize("by_provider", [False, True])
def test_a_new_role_ends_links_that_were_made_for_less(tmp_path: Path, *, by_provider: bool) -> None:
    store = operations(tmp_path)
    grants, links = Grants(store), OneTimeLinks(store)
    ident = Accounts(store).add("suzuki@example.jp", "鈴木 花子", T0, "start").id
    grants.renew(ident, {(Role.STAFF, "tobu")}, T0)
    token = links.make(Purpose.INVITATION, ident, T0, "a manager of tobu")
    grants.renew(ident, {(Role.STAFF, "tobu")}, T0 + 1)
    assert links.look(token, T0 + 1) is not None, "nothing is new"

    if by_provider:
        grants.renew(ident, {(Role.ADMIN, None)}, T0 + 2)
    else:
        grants.give(Role.ADMIN, None, T0 + 2, "start", account=ident)

    assert links.use(token, T0 + 2) is None
    store.close()
