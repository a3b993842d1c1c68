"""Which sums may not be told again, because what was told of them before would give a withheld count away. Pure.

Later readings and other settings change counts. Whoever has both reports takes one from the other. The difference of a
sum tells nothing new only if it is that of its parts that were told both times.
"""

from collections.abc import Iterator, Mapping

from sukusuku_server.model.withheld import Content, CountKey, Decision

ALL = "all"
_NOTHING = Content(0)


def changed(kept: Decision, now: Mapping[CountKey, Content]) -> frozenset[CountKey]:
    """Return the counts that were told once, and are others by now."""
    return frozenset(cell for cell, content in kept.contents.items() if now.get(cell, _NOTHING) != content)


def unexplained(
    kept: Decision, decided: Decision, now: Mapping[CountKey, Content], site_of: Mapping[str, str]
) -> frozenset[CountKey]:
    """Return the sums of `decided` whose difference to what was told before is not that of parts told both times."""
    explained: dict[tuple[CountKey, bool], int] = {}
    for cell in now.keys() | kept.contents.keys():
        told_before = cell in kept.contents or cell not in kept.withheld
        told_now = cell in decided.told or cell not in now
        for whole in _wholes(cell, site_of):
            if told_before and told_now:
                explained[whole] = explained.get(whole, 0) + _rise(cell, kept, now)
            else:
                explained.setdefault(whole, 0)
    sums = {
        whole
        for (whole, _), rise in explained.items()
        if whole in kept.contents and whole in decided.told and rise != _rise(whole, kept, now)
    }
    lost = {
        cell
        for cell, content in kept.contents.items()
        if cell in decided.told and content.rooms - now.get(cell, _NOTHING).rooms
    }
    return frozenset(sums | lost)


def with_years(unsure: frozenset[CountKey], year: int) -> frozenset[CountKey]:
    """Add the year of each month: the sum of what has changed in several months can be small too."""
    return unsure | {(who, f"fy{year}") for who, part in unsure if _is_month(part)}


def _rise(cell: CountKey, kept: Decision, now: Mapping[CountKey, Content]) -> int:
    return now.get(cell, _NOTHING).count - kept.contents.get(cell, _NOTHING).count


def _wholes(cell: CountKey, site_of: Mapping[str, str]) -> Iterator[tuple[CountKey, bool]]:
    """Yield the sums that a count is part of, and whether they are sums over rooms."""
    who, part = cell
    level, _, name = who.partition("/")
    if _is_month(part):
        first = int(part[:4]) - (part[5:] < "04")
        yield (who, f"fy{first}"), False
    elif not part.startswith("fy"):
        yield (who, part[:7]), False
        return
    if level == "room" and name in site_of:
        yield (f"site/{site_of[name]}", part), True
    elif level == "site":
        yield (ALL, part), True


def _is_month(part: str) -> bool:
    return len(part) == len("2026-04") and not part.startswith("fy")
