"""Which pages each kind of work needs, and what they are for. Message ids are English."""

from dataclasses import dataclass

from sukusuku_server.access.rights import Act
from sukusuku_server.i18n import N_


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work. Whoever has the right `act` does it; its `pages` are addresses, each with what is done there."""

    name: str
    act: Act
    pages: tuple[tuple[str, str], ...]


WORKS = (
    Work(
        N_("In the office"),
        Act.ISSUE_REPORTS,
        (
            ("/collection", N_("When bags will be full, the next round, and what planning saves")),
            ("/reports", N_("Use of rooms and collection of a month or fiscal year as Excel, PDF and CSV")),
            ("/people", N_("Who may see and do what")),
        ),
    ),
    Work(
        N_("In a centre"),
        Act.ENTER_COUNTS,
        (
            ("/wall", N_("Everything as it is now, also for a large display")),
            ("/rooms", N_("How many children are in and how many may be; enter a count")),
            ("/alerts", N_("What needs somebody, and who takes care of it")),
            ("/bookings", N_("Bring in how many children are booked")),
        ),
    ),
    Work(
        N_("On a round"),
        Act.ANSWER_STOPS,
        (
            ("/rounds", N_("Where to go today and in which order; say what was collected")),
            ("/collection", N_("The fill level of each bag")),
        ),
    ),
    Work(
        N_("For technicians"),
        Act.EDIT_SETTINGS,
        (("/settings", N_("Centres, units, rooms, opening hours, contacts, and new devices")),),
    ),
)
"""Kinds of work; a page may serve several."""
VACANCY = ("/vacancy", N_("What parents see: vacancies, ages, how to book"))
