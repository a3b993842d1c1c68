"""Alerts and their acknowledgement."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from sukusuku_api.dependencies import AcknowledgingContext, Context, UnitsContext, known_site
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas import live
from sukusuku_api.schemas.collection import Asked
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertStateError, UnknownAlertError

router = APIRouter(prefix="/alerts", tags=["alerts"])

AlertId = Annotated[int, Path(description="Id of an alert", ge=0, lt=2**63, examples=[17])]


class Acknowledgement(Asked):
    """Who takes care of an alert, or takes that back."""

    note: str = Field("", max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$", description="What they say about it")


@router.get("", summary="Alerts", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def alerts(
    context: UnitsContext,
    only_open: Annotated[bool, Query(alias="open", description="Only those that are not resolved")] = False,  # noqa: FBT002 - a query parameter
    site: Annotated[str | None, Query(description="Only those of one centre", examples=["tobu"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number")] = 200,
) -> live.AlertsOut:
    """List alerts, the newest first."""
    if site is not None:
        known_site(context, site)
    found = await run_in_threadpool(
        context.operations.alerts, open_only=only_open, site=site, about=context.seen, limit=limit
    )
    return live.AlertsOut(
        time=japan_time(context.clock()),
        alerts=[live.alert(context.index, alert) for alert in found],
    )


@router.get(
    "/{alert_id}",
    summary="One alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def alert(context: UnitsContext, alert_id: AlertId) -> live.AlertOut:
    """Return an alert, open or resolved."""
    return live.alert(context.index, await _known(context, alert_id))


@router.post(
    "/{alert_id}/acknowledge",
    summary="Acknowledge an alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def acknowledge(context: AcknowledgingContext, alert_id: AlertId, body: Acknowledgement) -> live.AlertOut:
    """Record who takes care of it. A second call changes nothing: the first name stays.

    409 when the alert is resolved.
    """
    await _known(context, alert_id)
    try:
        found = await run_in_threadpool(
            context.operations.acknowledge, alert_id, context.name(body.by), context.clock(), body.note
        )
    except UnknownAlertError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.") from error
    except AlertStateError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return live.alert(context.index, found)


@router.post(
    "/{alert_id}/acknowledge/withdraw",
    summary="Take an acknowledgement back",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def release(context: AcknowledgingContext, alert_id: AlertId, body: Acknowledgement) -> live.AlertOut:
    """Record that nobody takes care of it after all: mails go on where they stopped. A second call changes nothing.

    409 when the alert is resolved.
    """
    await _known(context, alert_id)
    try:
        found = await run_in_threadpool(context.operations.release, alert_id, context.name(body.by), context.clock())
    except UnknownAlertError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.") from error
    except AlertStateError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return live.alert(context.index, found)


async def _known(context: Context, alert_id: int) -> Alert:
    found = await run_in_threadpool(context.operations.alert, alert_id)
    if found is None or not context.sees(found.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.")
    return found
