"""Whether as many people go out by the counted door as come in, and whether it counts them, day by day. Pure.

Miscounts go both ways: 2 % of them leave a day off by one or two. When on most days far more people leave than come, or
come than leave, nobody has miscounted: there is another door, children are carried in, or one direction is overlooked.
Where it goes both ways, but what is known at times (counts by staff, an empty room) differs by far more than miscounts
on most days, the counter does not see many who pass: its door is held open, or something stands before it.
"""

from dataclasses import dataclass, replace

from sukusuku_server.model.collection import FindingName

DAYS = 7
"""Days with movements that are looked back on."""
MOST, FEW = 5, 2
"""It is said when so many of them lean to one side and none to the other, and no more when only so many do."""
MANY, HARDLY = 4, 1
"""That many are missed is said when it was so on so many of these days, and no more when on only so many."""
LEAST = 3
"""People by which a day leans, and"""
SHARE = 0.1
"""this share of those who came or left, whichever are more."""
MISSED = 0.08
"""On a day many are missed when they are this share of those who passed, and `LEAST` at least. 2 % miscounts, and what
staff miscount, are half of that on the worst days."""

Day = tuple[int, int, int]
"""How many came, left, and were missed."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Who has come, left and been missed since the day began, the days before, and what they tell."""

    came: int = 0
    left: int = 0
    missed: int = 0
    days: tuple[Day, ...] = ()
    told: FindingName | None = None

    @property
    def figures(self) -> str:
        """Return one English line for the finding."""
        came, left, missed = (sum(day[side] for day in self.days) for side in range(3))
        return f"{came} came, {left} left, {missed} missed on {len(self.days)} days"


def passed(balance: Balance, people: int, *, inward: bool) -> Balance:
    """Return the balance after people have passed."""
    if inward:
        return replace(balance, came=balance.came + people)
    return replace(balance, left=balance.left + people)


def missed(balance: Balance, people: int) -> Balance:
    """Return the balance after people turned out to have been missed; below 0: they had not been, after all."""
    return replace(balance, missed=balance.missed + people)


def day_over(balance: Balance) -> Balance:
    """Return the balance at the end of a day. A day on which nobody passed tells nothing."""
    if not balance.came and not balance.left:
        return replace(balance, missed=0)
    days = (*balance.days, (balance.came, balance.left, balance.missed))[-DAYS:]
    return Balance(days=days, told=_told(days, balance.told))


def _told(days: tuple[Day, ...], before: FindingName | None) -> FindingName | None:
    leans = [lean(came, left) for came, left, _ in days]
    out, in_ = leans.count(-1), leans.count(1)
    if out >= MOST and not in_:
        return FindingName.MORE_LEAVE
    if in_ >= MOST and not out:
        return FindingName.MORE_COME
    if before in {FindingName.MORE_LEAVE, FindingName.MORE_COME} and max(out, in_) > FEW:
        return before
    many = sum(missed >= max(LEAST, MISSED * (came + left)) for came, left, missed in days)
    explained = max(out, in_) >= MANY and not min(out, in_)
    if (many >= MANY and not explained) or (before is FindingName.MANY_MISSED and many > HARDLY):
        return FindingName.MANY_MISSED
    return None


def lean(came: int, left: int) -> int:
    """Return 1: more came, -1: more left, 0: neither."""
    off = came - left
    if abs(off) < max(LEAST, SHARE * max(came, left)):
        return 0
    return 1 if off > 0 else -1
