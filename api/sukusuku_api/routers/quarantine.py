"""What was received but could not be stored as readings, and why."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from sukusuku_api.dependencies import DevicesContext
from sukusuku_api.problems import documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import health as out
from sukusuku_core.time import japan_time

router = resource("/quarantine", "health")


@router.get("", summary="The quarantine", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))
def quarantine(
    context: DevicesContext,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Maximum number, the newest first")] = 100,
) -> out.QuarantineOut:
    """List messages or metrics that could not be stored as readings, the newest first, without their content."""
    found = context.store.history.quarantine(limit)
    return out.QuarantineOut(
        time=japan_time(context.clock()),
        messages=[
            out.QuarantinedOut(
                received=japan_time(item.received), topic=item.topic, reason=item.reason, detail=item.detail
            )
            for item in found
        ],
    )
