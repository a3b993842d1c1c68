"""Alerts and their acknowledgement."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from sukusuku_api.dependencies import AcknowledgingContext, Context, UnitsContext, invalid, known_site
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries import assignees, next_messages
from sukusuku_api.routes import resource
from sukusuku_api.schemas import alerts as out
from sukusuku_api.schemas.collection import Asked
from sukusuku_api.web.alerts import assigning
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertStateError, UnknownAlertError
from sukusuku_server.db.modes import Modes

router = resource("/alerts", "alerts")

AlertId = Annotated[int, Path(description="Id of an alert", ge=0, lt=2**63, examples=[17])]


class Acknowledgement(Asked):
    """Who takes care of an alert, or takes that back."""

    note: str = Field("", max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$", description="What they say about it")


class Assignment(Acknowledgement):
    """To whom an alert is assigned."""

    account: int | None = Field(
        None, ge=1, lt=2**63, description="One of its `assignees`; left out: whoever asks takes it on", examples=[3]
    )


@router.get("", summary="Alerts", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def alerts(
    context: UnitsContext,
    only_open: Annotated[bool, Query(alias="open", description="Only those that are not resolved")] = False,  # noqa: FBT002 - a query parameter
    site: Annotated[str | None, Query(description="Only those of one centre", examples=["tobu"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number")] = 200,
    mine: Annotated[bool, Query(description="Only those that are assigned to the account that asks")] = False,  # noqa: FBT002 - a query parameter
) -> out.AlertsOut:
    """List alerts, the newest first."""
    if site is not None:
        known_site(context, site)
    account = context.own_account
    if mine and account is None:
        raise invalid("query.mine", "only an account of one person has alerts of its own")
    stored = await run_in_threadpool(
        context.operations.alerts,
        open_only=only_open,
        site=site,
        about=context.seen,
        account=account if mine else None,
        limit=limit,
    )
    return out.AlertsOut(
        time=japan_time(context.clock()),
        alerts=[out.alert(context.index, alert) for alert in stored],
    )


@router.get(
    "/{alert_id}",
    summary="One alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def alert(context: UnitsContext, alert_id: AlertId) -> out.OneAlertOut:
    """Return an alert, open or resolved, with what people hear of it next."""
    return await run_in_threadpool(_one, context, await _known(context, alert_id))


def _one(context: Context, found: Alert) -> out.OneAlertOut:
    now = context.clock()
    due = next_messages.read(context, [found], Modes(context.operations).active(now), now)[found.id]
    names = context.contact_names
    return out.one_alert(context.index, found, due, names, away=context.is_collector_away(now))


@router.get(
    "/{alert_id}/assignees",
    summary="Who can take care of an alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def alert_assignees(context: AcknowledgingContext, alert_id: AlertId) -> out.AssigneesOut:
    """List the people to whom the alert can be assigned: who may see it and acknowledge it."""
    found = await _known(context, alert_id)
    people = (await run_in_threadpool(assignees.read, context)).of(context, found)
    return out.AssigneesOut(assignees=[out.AssigneeOut(account=it.id, name=it.name) for it in people])


@router.post(
    "/{alert_id}/assign",
    summary="Assign an alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def assign(context: AcknowledgingContext, alert_id: AlertId, body: Assignment) -> out.AlertOut:
    """Say who shall take care of it; to oneself it is acknowledged. Somebody else gets a mail with a link to do so.

    Until they do, mails about it go on. 409 when the alert is resolved.
    """
    found, by = await _known(context, alert_id), context.name(body.by)
    to = "" if body.account is None else str(body.account)
    try:
        found = await run_in_threadpool(assigning.assign, context, found, to, by, body.note, own=context.own_account)
    except AlertStateError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return out.alert(context.index, found)


@router.post(
    "/{alert_id}/acknowledge",
    summary="Acknowledge an alert",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def acknowledge(context: AcknowledgingContext, alert_id: AlertId, body: Acknowledgement) -> out.AlertOut:
    """Record who takes care of it. A second call changes nothing: the first name stays.

    409 when the alert is resolved.
    """
    await _known(context, alert_id)
    try:
        acknowledged = await run_in_threadpool(
            context.operations.acknowledge,
            alert_id,
            context.name(body.by),
            context.clock(),
            body.note,
            account=context.own_account,
        )
    except UnknownAlertError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.") from error
    except AlertStateError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return out.alert(context.index, acknowledged)


@router.post(
    "/{alert_id}/acknowledge/withdraw",
    summary="Take an acknowledgement back",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def release(context: AcknowledgingContext, alert_id: AlertId, body: Acknowledgement) -> out.AlertOut:
    """Record that nobody takes care of it after all, nor shall anybody in particular: mails go on where they stopped.

    A second call changes nothing.

    409 when the alert is resolved.
    """
    await _known(context, alert_id)
    try:
        found = await run_in_threadpool(context.operations.release, alert_id, context.name(body.by), context.clock())
    except UnknownAlertError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.") from error
    except AlertStateError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return out.alert(context.index, found)


async def _known(context: Context, alert_id: int) -> Alert:
    found = await run_in_threadpool(context.operations.alert, alert_id)
    if found is None or not context.sees(found.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.")
    return found
