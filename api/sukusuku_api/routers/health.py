"""Whether the parts are there and data is coming."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from sukusuku_api import present
from sukusuku_api.context import Context, ContextDep
from sukusuku_api.times import local
from sukusuku_collector.store import Latest, LatestByAsset, twins_key
from sukusuku_core import __version__, loss
from sukusuku_core.errors import SukusukuError

router = APIRouter(tags=["health"])

DUPLICATE_MS = 120_000


@router.get("/health", summary="Health")
async def health(context: ContextDep) -> present.HealthOut:
    """Whether readings and alerts can be read, how old the newest reading is, and which edge nodes were heard.

    The status is 200 as long as this process can answer; look at `status`.
    """
    now = context.clock()
    latest: LatestByAsset | None
    try:
        latest = context.store.latest()
    except SukusukuError:
        latest = None
    operations = await run_in_threadpool(_readable, context)
    return present.HealthOut(
        status="ok" if latest is not None and operations else "degraded",
        version=__version__,
        time=local(now),
        store=latest is not None,
        operations=operations,
        newest=present.last(_newest(*(latest or {}).values()), now),
        edges=_edges(context, latest or {}, now),
    )


def _readable(context: Context) -> bool:
    try:
        context.operations.alerts(open_only=True, limit=1)
    except SukusukuError:
        return False
    return True


def _newest(*assets: Mapping[str, Latest]) -> int | None:
    return max((item.time for metrics in assets for item in metrics.values()), default=None)


def _edges(context: Context, latest: LatestByAsset, now: int) -> list[present.EdgeOut]:
    assets = list(context.facility.assets())
    found = []
    for edge in dict.fromkeys(asset.edge for asset in assets):
        own = latest.get(edge, {})
        heard = _newest(own, *(latest.get(asset.id, {}) for asset in assets if asset.edge == edge))
        clock = own.get("Clock/Synced")
        found.append(
            present.EdgeOut(
                id=edge,
                last=present.last(heard, now),
                waiting=_count(own, "Buffer/Rows"),
                dropped=_count(own, loss.DROPPED) or 0,
                last_loss=_loss(own.get(loss.DROPPED_RANGE)),
                clock_set=clock.value if clock is not None and isinstance(clock.value, bool) else None,
                duplicate=_duplicate(context, edge, now),
            )
        )
    return found


def _count(own: Mapping[str, Latest], metric: str) -> int | None:
    item = own.get(metric)
    return int(item.value) if item is not None and isinstance(item.value, int) else None


def _loss(item: Latest | None) -> present.LossOut | None:
    found = loss.decode(item.value) if item is not None and isinstance(item.value, str) else None
    if item is None or found is None:
        return None
    try:
        told, start, end = local(item.time), local(found.start), local(found.end)
    except (ValueError, OverflowError, OSError):  # a time that no calendar knows
        return None
    return present.LossOut(told=told, start=start, end=end, assets=[*found.assets], more=found.more)


def _duplicate(context: Context, edge: str, now: int) -> bool:
    """The collector notes every sign of a second edge node; it forgets after a quiet minute, we after two."""
    try:
        noted = context.store.noted(twins_key(edge))
    except SukusukuError:
        return False
    return noted is not None and now - noted < DUPLICATE_MS
