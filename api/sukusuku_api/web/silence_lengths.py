"""How long mails about something can be silenced on a page."""

from datetime import timedelta
from http import HTTPStatus

from sukusuku_api.problems import ProblemError
from sukusuku_core.time import HOUR_MS, day_start, local_day

LENGTHS = {"hour": HOUR_MS, "hours": 4 * HOUR_MS, "day": 0}
"""Names of a form's choices; `day`: until the next morning."""


def end(length: str, now: int) -> int:
    """Return when a silence that begins now is over (UTC ms). Raises ProblemError (422) for an unknown length."""
    if length not in LENGTHS:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"`lasts` must be one of {', '.join(LENGTHS)}.")
    return now + LENGTHS[length] if LENGTHS[length] else day_start(local_day(now) + timedelta(days=1))
