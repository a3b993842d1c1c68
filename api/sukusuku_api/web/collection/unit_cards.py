"""Reads what the card of a unit says."""

from collections.abc import Sequence

from sukusuku_api.dependencies import Context
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import view_model
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.live.views import UnitView


def cards(context: Context, views: Sequence[UnitView], reader: Locale) -> list[view_model.UnitCard]:
    """Return the card of each unit, in the order of the views."""
    derived = context.store.live.derived_latest()
    findings = Findings(context.operations).open()
    asked = {request.asset: request.who for request in reversed(Requests(context.operations).standing())}
    coming = context.next_visits(reader.now)
    emptied = Emptyings(context.operations).last_times([view.id for view in views], reader.now)
    shown = []
    for view in views:
        own = [finding for finding in findings if finding.asset == view.id]
        site, unit = context.index.units[view.id]
        series = derived.get(view.id, {})
        shown.append(
            view_model.card(
                site, unit, view, series, emptied.get(view.id), own, asked.get(view.id), coming.get(view.id), reader
            )
        )
    return shown
