"""What the page of rooms says of corrections, sources of counts and parts of the limit. Message ids are English."""

from sukusuku_server.i18n import N_
from sukusuku_server.model.collection import CorrectionKind, FindingName

WHY = {
    CorrectionKind.RESET: N_("every day at %(clock)s"),
    CorrectionKind.EMPTY: N_("for %(empty)s min"),
    CorrectionKind.ENTERED: "",
    CorrectionKind.AGREED: N_("different for %(agree)s min"),
    CorrectionKind.TIMED_OUT: N_("more than %(stay)s h"),
    CorrectionKind.CLAMPED: "",
    CorrectionKind.RESTARTED: N_("%(counter)s counter"),
    CorrectionKind.REPLACED: N_("%(counter)s counter"),
    CorrectionKind.SWAPPED: "",
    CorrectionKind.FROZEN: "",
    CorrectionKind.SOURCE: "%(before)s → %(after)s",
}
"""What stands beside the kind of a correction; empty: the kind says it all."""

FINDINGS = {
    FindingName.DOOR_REVERSED: N_(
        "The door sensor faces the other way: entries are counted as exits. The count is corrected. "
        "Please mount the sensor the right way, or swap entries and exits in its settings."
    ),
    FindingName.MORE_LEAVE: N_(
        "Day after day, more people leave by the counted door than come in by it. Is there another door, or are "
        "children carried in? Please count the other door too, or enter the current count several times a day."
    ),
    FindingName.MORE_COME: N_(
        "Day after day, more people come in by the counted door than leave by it. Is there another door, or are "
        "children carried out? Please count the other door too, or enter the current count several times a day."
    ),
    FindingName.MANY_MISSED: N_(
        "Day after day, the door sensor overlooks many who pass. Is the door held open, or does something stand before "
        "the sensor? Please keep the door closed, or enter the current count several times a day."
    ),
}

COUNTERS = {"Entries": N_("entries"), "Exits": N_("exits")}

SOURCES = {
    "flow": N_("entries minus exits"),
    "count": N_("count of the whole room"),
    "zones": N_("sum of the zones"),
    "presence": N_("presence"),
    "people": N_("people minus staff"),
    "-": N_("none"),
}

CHANNELS = {"children": N_("Children"), "people": N_("People")}
