"""The first table of the report on collection: its figures beside those of earlier periods. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from sukusuku_api.reports import frame
from sukusuku_api.reports.collection.accounts import Accounts, cells
from sukusuku_api.reports.collection.columns import columns
from sukusuku_api.reports.collection.values import of_headlines, of_kpi
from sukusuku_api.reports.model import Table
from sukusuku_api.reports.rules import Linked
from sukusuku_core.time import local_day

_HEADLINES = (
    *("emptyings", "kg", "most_kg", "days_at_limit", "needed", "on_time", "missed", "needless", "level", "full"),
    *("availability", "km", "co2", "travel_yen", "fee_yen", "error"),
)
_LINKS = {
    **dict.fromkeys(
        ("emptyings", "kg", "fee_yen", "most_kg", "days_at_limit", "level", "full", "availability"), "centres"
    ),
    **dict.fromkeys(("needed", "on_time", "missed", "needless"), "visits"),
}
"""In which sheet the totals are that the summary repeats."""
_NEARLY_ALL = 99.0
"""Percent of the open hours."""


def summary(accounts: Accounts) -> Table:
    """Return the figures of the period beside those of earlier ones."""
    heads = [
        replace(column, follows=Linked(_LINKS[column.key], column.key) if column.key in _LINKS else None, total=None)
        for column in columns(*_HEADLINES, translate=accounts.asked.translate)
    ]
    told = [(item.period, of_headlines(item)) for item in (accounts.told, *accounts.earlier)]
    rows = [(period, cells(values, _HEADLINES)) for period, values in told]
    return frame.summary(accounts.asked, heads, rows, _known(accounts))


def _known(accounts: Accounts) -> Iterator[str]:
    """Yield how much of the time is known, where that is not nearly all of it."""
    for told in (accounts.told, *accounts.earlier):
        length = (local_day(told.total.end - 1) - told.period.first).days + 1
        if 0 < told.days < length:
            text = accounts.asked.translate("%(period)s: there are data of %(n)d of %(days)d days.")
            yield text % {"period": told.period.short_name(accounts.asked.language), "n": told.days, "days": length}
    share = of_kpi(accounts.told.total).get("known_share")
    if isinstance(share, float) and share < _NEARLY_ALL:
        text = accounts.asked.translate(
            "The fill level was known in %(n)s %% of the open hours. Full while open and the comparison with fixed "
            "rounds rest on these hours only."
        )
        yield text % {"n": f"{share:.1f}"}
