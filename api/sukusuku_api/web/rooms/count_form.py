"""The form in which staff say how many are in now: what was filled in, and in words what is wrong with it."""

from pydantic import BaseModel, ConfigDict

from sukusuku_api.dependencies import Context
from sukusuku_api.web import forms
from sukusuku_api.web.forms import Line
from sukusuku_server.db.rooms import MOST, RoomRecords, UnknownCountError, doubtful
from sukusuku_server.i18n import Translate
from sukusuku_server.model.collection import Calibration

LONGEST_NAME = 80
LONGEST_NOTE = 200


class EntryError(Exception):
    """A form that cannot be taken, in the reader's words. `doubtful`: it can be, when it is sent once more."""

    def __init__(self, text: str, *, doubtful: bool = False) -> None:
        super().__init__(text)
        self.doubtful = doubtful


class Entry(BaseModel):
    """The fields as they were filled in: nothing is refused here, so that the page can show it with what is wrong."""

    model_config = ConfigDict(frozen=True)

    children: Line = ""
    staff: Line = ""
    by: Line = ""
    note: Line = ""
    sure: Line = ""


def enter(context: Context, room: str, entry: Entry, translate: Translate) -> None:
    """Keep the count. Raises EntryError."""
    now = context.clock()
    children, staff = _number(entry.children), _number(entry.staff)
    if children is None:
        raise EntryError(
            translate("Please enter the number of children: a number from 0 to %(most)s.") % {"most": MOST}
        )
    if entry.staff and staff is None:
        raise EntryError(translate("Please enter the number of staff: a number from 0 to %(most)s.") % {"most": MOST})
    by = _by(context, entry, translate)
    if len(entry.note) > LONGEST_NOTE:
        raise EntryError(translate("Please shorten the note to at most %(n)s characters.") % {"n": LONGEST_NOTE})
    capacity = context.index.schedules[room].capacity(now)
    if doubtful(children, capacity) and not entry.sure:
        text = translate("%(n)s children, and the room has %(places)s places. Is that right? If so, save it once more.")
        raise EntryError(text % {"n": children, "places": capacity}, doubtful=True)
    RoomRecords(context.operations).enter(Calibration(room, now, children, staff, by, entry.note), now)


def withdraw(context: Context, room: str, count: int, entry: Entry, translate: Translate) -> None:
    """Take a count back. Raises EntryError."""
    by = _by(context, entry, translate)
    try:
        RoomRecords(context.operations).withdraw(room, count, by, context.clock())
    except UnknownCountError as error:
        raise EntryError(translate("There is no such count.")) from error


def _by(context: Context, entry: Entry, translate: Translate) -> str:
    by = forms.by(context, entry.by)
    if not by or len(by) > LONGEST_NAME:
        raise EntryError(translate("Please enter who counted, in at most %(n)s characters.") % {"n": LONGEST_NAME})
    return by


def _number(text: str) -> int | None:
    """Return a number of people, in digits of whatever width a keyboard gives."""
    if not text.isdecimal() or len(text) > len(str(MOST)) or int(text) > MOST:
        return None
    return int(text)
