"""What reports say. Message ids are English; `locale/ja.po` has the rest."""

from sukusuku_api.reports.rooms import columns
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.rooms.suppression import SMALLEST_TOLD

DEFINITIONS: tuple[tuple[str, str, str], ...] = (
    *((figure.heading, figure.formula, figure.unit) for figure in columns.ALL),
    (N_("Zone share"), N_("Person-hours of the zone / person-hours of all zones x 100, adults included"), "%"),
    (
        N_("Change"),
        N_(
            "Mean daily average after the change minus that before it, matching weekdays. With 95 % confidence it lies "
            "between `at least` and `at most`; if 0 lies between them, it may be chance."
        ),
        N_("people"),
    ),
    (
        N_("Planned demand, planned supply"),
        N_("Child-visits of the fiscal year (April to March) in the plan of the ward"),
        N_("persons"),
    ),
)
"""Name, formula and unit of every figure, in the order of the tables."""


def notes(translate: Translate, *, outward: bool, unprotected: int) -> list[str]:
    """Return what holds for the whole report."""
    lines = [
        translate("All figures cover opening hours."),
        translate("Sensors count anonymously: the number of different children is not known."),
    ]
    if outward:
        lines.append(
            translate("Counts of 1 to %(n)s are withheld, and so are counts from which they could be computed.")
            % {"n": SMALLEST_TOLD - 1}
        )
        if unprotected:
            lines.append(
                translate("Later readings: %(n)s small counts can be computed with the help of earlier reports.")
                % {"n": unprotected}
            )
    else:
        lines.append(translate("For staff only: small counts are not withheld. Do not pass it on."))
    return lines
