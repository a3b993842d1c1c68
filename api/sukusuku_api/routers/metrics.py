"""Health for Prometheus, which sends an access key with each question (`authorization` in its settings)."""

from fastapi import APIRouter, Response

from sukusuku_api.dependencies import DevicesContext
from sukusuku_api.health import health
from sukusuku_core.errors import SukusukuError
from sukusuku_server.model.series import SeriesOwner

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(context: DevicesContext) -> Response:
    """Answer with every figure of health, in the text format of Prometheus."""
    from sukusuku_api.exposition import MEDIA_TYPE, exposition  # noqa: PLC0415 - only where somebody asks

    own = SeriesOwner.HOST.named(context.facility.host_id)
    try:
        points = context.store.live.derived_latest().get(own, {})
    except SukusukuError:
        points = {}
    figures = {metric: float(point.value) for metric, point in points.items() if isinstance(point.value, int | float)}
    return Response(exposition(health(context), figures), media_type=MEDIA_TYPE)
