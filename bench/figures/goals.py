"""What each figure may be off by at most, and the time that is simulated to find out."""

from dataclasses import dataclass
from datetime import date

FIRST = date(2025, 10, 1)
"""The first simulated day."""
MONTHS = 14
CHOSEN_ON = (7, 8)
"""Seeds on which the bounds of hours over full (`unit_month.FULL_FROM`, `FULL_UNTIL`) were chosen; others judge."""
SEEDS = (9, 10, 11, 12)


@dataclass(frozen=True, slots=True)
class Goal:
    """`most` is what a figure may be off by, in `unit`; `figure` its name in the tables, where it is in one."""

    name: str
    most: float
    unit: str = "%"
    figure: str = ""


CHILD_HOURS = Goal("child-hours, whole time", 0.5, figure="Child-hours")
WORST_MONTH = Goal("child-hours, worst month", 1.0)
VISITS = Goal("child-visits against their definition", 1.0, figure="Child-visits")
ARRIVALS = Goal("arrivals (estimate) against those who came", 3.0, figure="Arrivals (estimate)")
OVER_FULL = Goal("hours over full", 10.0, figure="Full while open")
KNOWN = Goal("known hours", 0.5, figure="Known hours")
WEIGHT = Goal("weight", 2.0, figure="Weight")
EMPTYINGS = Goal("emptyings not detected, or detected in vain", 1.0, figure="Emptyings")
STOPS = Goal("stops missed, late or needless, judged otherwise than in truth", 0.0, "", "Visits by kind")
DIFFERENCES = Goal("differences between the two implementations", 0.0, "")
TOLD = Goal("small counts that are told", 0.0, "")
OPEN = Goal("small counts that nothing protects", 0.0, "")
GOALS = (
    CHILD_HOURS,
    WORST_MONTH,
    VISITS,
    ARRIVALS,
    OVER_FULL,
    KNOWN,
    WEIGHT,
    EMPTYINGS,
    STOPS,
    DIFFERENCES,
    TOLD,
    OPEN,
)
