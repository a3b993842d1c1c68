"""About what no mails are sent, and until when, in words. Pure.

A silence that somebody began is forgotten, or was begun by somebody who should not: every page for staff shows it.
"""

from collections.abc import Collection, Sequence

from sukusuku_api.web.base import Locale
from sukusuku_core.time import japan_time
from sukusuku_server.db.modes import Mode
from sukusuku_server.settings import FacilityIndex


def told(index: FacilityIndex, sites: Collection[str], silences: Sequence[Mode], reader: Locale) -> str:
    """Return what is silent at some centres, with the end of each; empty when nothing is.

    Of several silences about one thing that which lasts longest counts.
    """
    ends: dict[str, int] = {}
    for mode in silences:
        if mode.until is not None and site_of(index, mode.subject) in sites:
            ends[mode.subject] = max(mode.until, ends.get(mode.subject, 0))
    if not ends:
        return ""
    parts = [
        reader.translate("%(what)s (until %(time)s)")
        % {"what": index.name(subject, reader.language), "time": moment(end, reader)}
        for subject, end in ends.items()
    ]
    return reader.translate("No mails about %(list)s") % {"list": reader.translate(", ").join(parts)}


def site_of(index: FacilityIndex, subject: str) -> str:
    """Return the centre of a unit or room, or the centre itself."""
    asset = index.assets.get(subject)
    return subject if asset is None else asset.site.id


def moment(time: int, reader: Locale) -> str:
    """Return a time with its date, unless that is today."""
    at = japan_time(time)
    return f"{at:%H:%M}" if at.date() == japan_time(reader.now).date() else f"{at.month}/{at.day} {at:%H:%M}"
