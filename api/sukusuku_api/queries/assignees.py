"""Who can be asked to take care of an alert: whoever may see what it is about, and acknowledge it."""

from collections import defaultdict
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_server.access.records import Account, AccountKind
from sukusuku_server.access.rights import Act, Grant, Rights, rights
from sukusuku_server.db import Alert
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.settings import Room


@dataclass(frozen=True, slots=True)
class Assignees:
    """The people with an account of their own, and what each may do."""

    people: tuple[tuple[Account, Rights], ...]

    def of(self, context: Context, alert: Alert) -> list[Account]:
        """Return who can be asked to take care of an alert, by name."""
        asset = context.whole.assets.get(alert.asset)
        seen = Act.VIEW_ROOMS if asset is not None and isinstance(asset.settings, Room) else Act.VIEW_UNITS
        found = [
            account
            for account, held in self.people
            if held.may(seen, alert.site) and held.may(Act.ACKNOWLEDGE_ALERTS, alert.site)
        ]
        return sorted(found, key=lambda account: account.name)


def read(context: Context) -> Assignees:
    """Read everybody who can sign in, with their roles of now."""
    accounts = Accounts(context.operations)
    partners = {partner.id for partner in accounts.organisations() if partner.ended is None}
    own: dict[int, list[Grant]] = defaultdict(list)
    shared: dict[int, list[Grant]] = defaultdict(list)
    for grant in Grants(context.operations).all():
        if grant.account is not None:
            own[grant.account].append(grant)
        elif grant.organisation in partners:
            shared[grant.organisation].append(grant)
    now = context.clock()
    return Assignees(
        tuple(
            (account, rights([*own[account.id], *shared[account.organisation or 0]], now))
            for account in accounts.all()
            if account.kind is AccountKind.PERSON and account.disabled is None
        )
    )
