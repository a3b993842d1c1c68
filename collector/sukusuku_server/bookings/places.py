"""Which room a row means, by ids and names in the settings. Pure."""

from sukusuku_server.bookings.cells import plain
from sukusuku_server.bookings.problems import CellError
from sukusuku_server.i18n import N_
from sukusuku_server.settings import Facility


def _key(text: str) -> str:
    return plain(text).replace(" ", "").casefold()


class Places:
    """The rooms of a facility by what people call them. `room` is meant where a row names none."""

    def __init__(self, facility: Facility, room: str | None = None) -> None:
        found = [(site, item) for site in facility.site for item in site.room]
        self._default = found[0][1].id if room is None and len(found) == 1 else room
        self._rooms: dict[tuple[str, str], str] = {}
        self._by_name: dict[str, set[str]] = {}
        self._of_site: dict[str, set[str]] = {}
        for site, item in found:
            for centre in (site.id, site.name.ja, site.name.en):
                self._of_site.setdefault(_key(centre), set()).add(item.id)
                for name in (item.id, item.name.ja, item.name.en):
                    self._rooms[_key(centre), _key(name)] = item.id
            for name in (item.id, item.name.ja, item.name.en):
                self._by_name.setdefault(_key(name), set()).add(item.id)

    def find(self, centre: str, room: str) -> str:
        """Return the id of the room. Raises CellError when there is none, or more than one."""
        if not centre and not room:
            if self._default is not None:
                return self._default
            raise CellError("room", N_("no room: name it in a column `room`, by its id or its name"), "")
        if centre and room:
            found = {self._rooms[key]} if (key := (_key(centre), _key(room))) in self._rooms else set()
        else:
            found = (self._of_site if centre else self._by_name).get(_key(centre or room), set())
        if len(found) == 1:
            return next(iter(found))
        text = (
            N_("`%(found)s` means several rooms; add a column `site`, or use the room's id")
            if found
            else N_("`%(found)s` is no room or centre of the settings")
        )
        raise CellError("room", text, room or centre)
