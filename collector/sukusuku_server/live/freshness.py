"""When an asset, and what matters most of it, was last heard. Pure."""

from collections.abc import Mapping

from sukusuku_core.model import Quality
from sukusuku_server.model.series import Latest
from sukusuku_server.settings import Room, Unit


def last_time(latest: Mapping[str, Latest]) -> int | None:
    """When anything was last measured at an asset, with a GOOD value.

    What the edge node tells from its settings (`Info/...`) does not count: that keeps coming when the device behind
    the asset is dead.
    """
    newest = None
    for name, item in latest.items():  # a loop, because it is asked for every message
        time = item.time if item.quality is Quality.GOOD else item.good_before
        if time is not None and (newest is None or time > newest) and not name.startswith("Info/"):
            newest = time
    return newest


def was_measured(latest: Mapping[str, Latest], metric: str) -> bool:
    """Whether an asset has ever had a GOOD value of this metric."""
    item = latest.get(metric)
    return item is not None and item.last_good is not None


def key_metrics(asset: Unit | Room, latest: Mapping[str, Latest]) -> tuple[str, ...]:
    """Return the metrics without which nobody knows how an asset stands, of those it has ever had.

    The counts of the zones are among them where a room is counted by its zones only.
    """
    names = ["Fill/Percent"]
    if isinstance(asset, Room):
        names = ["Occupancy/Children", "Occupancy/Count", "Presence"]
        for kind in ("Children", "Count"):
            if not was_measured(latest, f"Occupancy/{kind}"):
                names += [f"Zones/{zone.id}/{kind}" for zone in asset.zone]
    return tuple(name for name in names if was_measured(latest, name))


def turns(latest: Mapping[str, Latest], silent_after: float) -> list[int]:
    """Return the moments (UTC ms) at which values of an asset become too old if nothing new comes."""
    patience = round(silent_after * 1000) + 1
    times = {item.time for item in latest.values()}  # what came in one message is one moment
    times.update(item.good_before for item in latest.values() if item.good_before is not None)
    return [time + patience for time in times]


def lost_metrics(asset: Unit | Room, latest: Mapping[str, Latest], silent_after: float, now: int) -> dict[str, int]:
    """Key metrics of which no GOOD value has come for `silent_after` seconds, and when the last one was measured."""
    times = {name: latest[name].last_good or 0 for name in key_metrics(asset, latest)}
    return {name: time for name, time in times.items() if now - time > silent_after * 1000}
