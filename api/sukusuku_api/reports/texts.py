"""What reports say. Message ids are English; `locale/ja.po` has the rest."""

from sukusuku_api.reports import era
from sukusuku_core.time import local_day
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.rooms.suppression import SMALLEST_TOLD

DEFINITIONS: tuple[tuple[str, str, str], ...] = (
    (
        N_("Child-visits"),
        N_("Rises of the number of children that stay for at least 5 minutes, added up; corrections do not count."),
        N_("visits"),
    ),
    (
        N_("Child-hours"),
        N_("Sum of number of children x time, over the time that is known; gaps are not filled."),
        N_("child-hours"),
    ),
    (N_("Average children"), N_("Child-hours / known open hours"), N_("children")),
    (N_("Average when used"), N_("Child-hours / hours with at least one child"), N_("children")),
    (
        N_("Most at once"),
        N_("The highest number of children at one time (the highest of all rooms where rooms are together)"),
        N_("children"),
    ),
    (N_("Average utilisation"), N_("Average over the known seconds of children / capacity of the room x 100"), "%"),
    (N_("Peak utilisation"), N_("Highest value of children / capacity of the room x 100"), "%"),
    (N_("Time used"), N_("Seconds with at least one child / known seconds x 100"), "%"),
    (N_("Length of use"), N_("Time with at least one child / number of such stretches"), N_("min")),
    (N_("Under target"), N_("Time below 60 % utilisation / known time x 100"), "%"),
    (N_("On target"), N_("Time from 60 % to 100 % utilisation / known time x 100"), "%"),
    (N_("Over target"), N_("Time above 100 % utilisation / known time x 100"), "%"),
    (N_("Hours used"), N_("Hours with at least 10 minutes of use / hours of which something is known x 100"), "%"),
    (N_("Zone share"), N_("Person-hours of the zone / person-hours of all zones x 100; people, staff included"), "%"),
    (
        N_("Change"),
        N_(
            "Mean of the averages of days after, less that of days before, like weekdays compared. With 95 % certainty "
            "it lies between `at least` and `at most`; where 0 lies between them, it may be chance."
        ),
        N_("people"),
    ),
    (
        N_("Completeness"),
        N_("Samples received / samples expected x 100, weighted with open time; closed time does not count"),
        "%",
    ),
    (
        N_("Planned demand, planned supply"),
        N_("Child-visits of the fiscal year (April to March) in the plan of the ward"),
        N_("visits"),
    ),
)
"""Name, formula and unit of every figure, in the order of the tables."""


def notes(translate: Translate, now: int, language: str, *, outward: bool, simulated: bool, running: bool) -> list[str]:
    """What holds for the whole report."""
    found = []
    if simulated:
        found.append(translate("Simulated data: no real device stands behind some of these figures."))
    if running:
        day = era.full(local_day(now)) if language == "ja" else local_day(now).isoformat()
        found.append(translate("The period has not ended: figures until %(day)s.") % {"day": day})
    found += [
        translate("All figures are of opening hours. Gaps in the data stay empty; they are not 0."),
        translate("Sensors count anonymously: how many different children came is not known."),
    ]
    if outward:
        found.append(
            translate("Counts of 1 to %(n)s are withheld, and those from which they could be computed.")
            % {"n": SMALLEST_TOLD - 1}
        )
    else:
        found.append(translate("For staff only: small counts are not withheld. Not to be passed on."))
    return found
