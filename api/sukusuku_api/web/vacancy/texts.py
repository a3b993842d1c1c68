"""What the page of vacancies calls a day, a time slot, and why a centre is closed. Message ids are English."""

from sukusuku_server.calendar.opening_hours import Closed
from sukusuku_server.i18n import N_
from sukusuku_server.rooms.vacancy import SYMBOLS, Sign

BOOKED = {
    Sign.FREE: (SYMBOLS[Sign.FREE], N_("Vacancies in every time slot")),
    Sign.SOME: (SYMBOLS[Sign.SOME], N_("Some time slots are full")),
    Sign.FULL: (SYMBOLS[Sign.FULL], N_("All time slots are full")),
}
"""What is shown of a day of which the bookings are known, and what that means."""

EXPECTED = {
    Sign.FREE: (N_("quiet"), N_("Usually not crowded. Whether you can book is not known here.")),
    Sign.SOME: (N_("partly busy"), N_("Busy in some time slots, as usual")),
    Sign.FULL: (N_("busy"), N_("Busy all day, as usual")),
}
"""What is shown where bookings are not known: how busy it will be, and no promise of a place."""

OTHERS = {
    Sign.OUTSIDE: (SYMBOLS[Sign.OUTSIDE], N_("Not open for booking")),
    Sign.CLOSED: (N_("Closed"), N_("Closed")),
    Sign.UNKNOWN: (SYMBOLS[Sign.UNKNOWN], N_("Not known")),
}

SLOTS = {
    (Sign.FREE, True): (SYMBOLS[Sign.FREE], N_("vacancies")),
    (Sign.FULL, True): (SYMBOLS[Sign.FULL], N_("no vacancies")),
    (Sign.FREE, False): (N_("quiet"), ""),
    (Sign.FULL, False): (N_("busy"), ""),
    (Sign.UNKNOWN, False): (SYMBOLS[Sign.UNKNOWN], N_("Not known")),
}
"""What is shown of a time slot, by its sign and whether bookings are known."""

CLOSED = {
    Closed.SPECIAL: N_("closed for the day"),
    Closed.CLOSING_DAY: N_("closed for the day"),
    Closed.YEAR_END: N_("turn of the year"),
    Closed.MONTHLY: N_("regular closing day"),
    Closed.WEEKDAY: N_("regular closing day"),
}
"""Why a centre is closed; a holiday has its name."""
