"""Whether the parts are there and data is coming."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from sukusuku_api import present
from sukusuku_api.context import Context, ContextDep
from sukusuku_api.times import local
from sukusuku_collector.store import Latest, LatestByAsset
from sukusuku_core import __version__
from sukusuku_core.errors import SukusukuError

router = APIRouter(tags=["health"])


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
        rows = own.get("Buffer/Rows")
        waiting = int(rows.value) if rows is not None and isinstance(rows.value, int) else None
        found.append(present.EdgeOut(id=edge, last=present.last(heard, now), waiting=waiting))
    return found
