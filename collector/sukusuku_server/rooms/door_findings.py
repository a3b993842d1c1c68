"""Findings about the door of a room: its counter faces the other way, or there is another way in or out. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from sukusuku_server.model.collection import Finding, FindingName
from sukusuku_server.rooms.door_counter import Flow

Open = Mapping[FindingName, Finding]


def look(known: Open, asset: str, flows: tuple[Flow, ...], now: int) -> tuple[Open, tuple[Finding, ...]]:
    """Return the findings that hold now, and those that have just ended. The first flow that tells one is told."""
    holds = {flow.balance.told: flow.balance.figures for flow in reversed(flows) if flow.balance.told is not None}
    if any(flow.turned for flow in flows):
        holds[FindingName.DOOR_REVERSED] = ""
    if not known and not holds:
        return known, ()
    found = {
        name: replace(known[name], detail=detail) if name in known else Finding(asset, name, now, None, detail)
        for name, detail in holds.items()
    }
    return found, tuple(replace(item, until=now) for name, item in known.items() if name not in holds)
