"""What is said of a server's clock that is in doubt."""

from sukusuku_core.time import SECOND_MS
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.clock import Cause, ClockDoubt

_CAUSES = {
    Cause.STEPPED: N_("it has jumped"),
    Cause.BEHIND: N_("it shows a time before readings that are stored already"),
    Cause.LONG_AWAY: N_("nobody confirms it after a long time without data"),
    Cause.NOT_SET: N_("it has never been set"),
    Cause.STARTING: N_("the server has just started"),
}
_LENGTHS = (
    (2 * 86_400, 86_400, N_("%(n)s days")),
    (2 * 3_600, 3_600, N_("%(n)s h")),
    (120, 60, N_("%(n)s min")),
    (0, 1, N_("%(n)s s")),
)


def warning(doubt: ClockDoubt | None, translate: Translate) -> str:
    """Return what a page says of the clock; empty: it is believed."""
    if doubt is None:
        return ""
    text = translate(
        "The server's clock may be wrong: %(why)s. Alerts, mails and forecasts wait. Please tell the administrator."
    )
    return text % {"why": _why(doubt, translate)}


def _why(doubt: ClockDoubt, translate: Translate) -> str:
    if not doubt.against or doubt.offset is None:
        return translate(_CAUSES.get(doubt.cause, _CAUSES[Cause.STEPPED]))
    text = translate("%(length)s ahead of %(edges)s") if doubt.offset > 0 else translate("%(length)s behind %(edges)s")
    edges = translate(", ").join(edge for edge, _ in doubt.against)
    return text % {"length": _length(doubt.offset, translate), "edges": edges}


def _length(ms: int, translate: Translate) -> str:
    seconds = abs(ms) // SECOND_MS
    size, text = next((size, text) for least, size, text in _LENGTHS if seconds >= least)
    return translate(text) % {"n": round(seconds / size)}
