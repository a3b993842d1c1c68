"""The plan of a round as whoever asks may see it: their own stops, and nothing computed from those of others."""

from collections.abc import Sequence
from dataclasses import replace

from sukusuku_api.dependencies import Context
from sukusuku_server.model.rounds import Plan, Stop, StopRecord


def seen_plan(context: Context, plan: Plan) -> tuple[Plan, bool]:
    """Return a plan with the stops that are seen, and whether these are all of it.

    Their positions count among themselves: another one would tell how many stops come before.
    """
    stops = tuple(stop for stop in plan.stops if context.sees(stop.asset))
    if len(stops) == len(plan.stops):
        return plan, True
    order = {stop.asset: n for n, stop in enumerate(_on_the_way(stops), 1)}
    return replace(plan, stops=tuple(replace(stop, position=order.get(stop.asset)) for stop in stops)), False


def seen_records(context: Context, records: Sequence[StopRecord]) -> list[StopRecord]:
    """Return the stops of a run that are seen, as `seen_plan` does."""
    seen = [record for record in records if context.sees(record.stop.asset)]
    if len(seen) == len(records):
        return seen
    order = {stop.asset: n for n, stop in enumerate(_on_the_way([record.stop for record in seen]), 1)}
    return [replace(record, stop=replace(record.stop, position=order.get(record.stop.asset))) for record in seen]


def _on_the_way(stops: Sequence[Stop]) -> list[Stop]:
    return sorted((stop for stop in stops if stop.position is not None), key=lambda stop: stop.position or 0)
