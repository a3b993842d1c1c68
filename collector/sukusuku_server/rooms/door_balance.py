"""Whether as many people go out by the counted door as come in, day by day. Pure.

Miscounts go both ways: 2 % of them leave a day off by one or two. When on most days far more people leave than come, or
come than leave, nobody has miscounted: there is another door, children are carried in, or one direction is overlooked.
"""

from dataclasses import dataclass, replace

from sukusuku_server.model.collection import FindingName

DAYS = 7
"""Days with movements that are looked back on."""
MOST, FEW = 5, 2
"""It is said when so many of them lean to one side and none to the other, and no more when only so many do."""
LEAST = 3
"""People by which a day leans, and"""
SHARE = 0.1
"""this share of those who came or left, whichever are more."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Who has come and left since the day began, the days before, and what they tell."""

    came: int = 0
    left: int = 0
    days: tuple[tuple[int, int], ...] = ()
    told: FindingName | None = None

    @property
    def figures(self) -> str:
        """Return one English line for the finding."""
        came, left = (sum(day[side] for day in self.days) for side in (0, 1))
        return f"{came} came, {left} left on {len(self.days)} days"


def passed(balance: Balance, people: int, *, inward: bool) -> Balance:
    """Return the balance after people have passed."""
    if inward:
        return replace(balance, came=balance.came + people)
    return replace(balance, left=balance.left + people)


def day_over(balance: Balance) -> Balance:
    """Return the balance at the end of a day. A day on which nobody passed tells nothing."""
    if not balance.came and not balance.left:
        return balance
    days = (*balance.days, (balance.came, balance.left))[-DAYS:]
    leans = [lean(*day) for day in days]
    out, in_ = leans.count(-1), leans.count(1)
    told = balance.told
    if out >= MOST and not in_:
        told = FindingName.MORE_LEAVE
    elif in_ >= MOST and not out:
        told = FindingName.MORE_COME
    elif max(out, in_) <= FEW:
        told = None
    return Balance(days=days, told=told)


def lean(came: int, left: int) -> int:
    """Return 1: more came, -1: more left, 0: neither."""
    off = came - left
    if abs(off) < max(LEAST, SHARE * max(came, left)):
        return 0
    return 1 if off > 0 else -1
