"""What may be said to each question. Each raises ValueError that says what is allowed."""

import re
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from sukusuku_cli.init.bindings import suitable
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import AnyProfile, JsonProfile, find
from sukusuku_core.settings import LAST_PORT
from sukusuku_core.topics import ID_PATTERN
from sukusuku_edge import target
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import MailAddress
from sukusuku_server.settings.base import Latitude, Longitude, Name
from sukusuku_server.settings.opening import Slot

MOST = 99
"""Units or rooms of a centre."""
NO = frozenset({"", "-", "none", "なし"})
_CLOSED = frozenset({"closed", "休み", "休館"})
_SECURITY = ("none", "starttls", "tls")
T = TypeVar("T")


class Checks:
    """All of them, with their words in one language."""

    def __init__(self, translate: Translate) -> None:
        self._ = translate

    def identifier(self, text: str) -> str:
        """Return an id."""
        if re.match(ID_PATTERN, text) is None:
            raise ValueError(self._("an id has letters, digits, `_`, `.`, `-`; at most 63; a letter or digit first"))
        return text

    def name(self, text: str) -> str:
        """Return a name for people."""
        return self._as(text, Name, self._("a name has 1 to 80 characters on one line"))

    def count(self, text: str) -> int:
        """Return how many."""
        if not text.isdecimal() or not 0 <= int(text) <= MOST:
            raise ValueError(self._("a whole number from 0 to %(most)d") % {"most": MOST})
        return int(text)

    def port(self, text: str) -> int:
        """Return a port."""
        if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
            raise ValueError(self._("a port is a whole number from 1 to %(last)d") % {"last": LAST_PORT})
        return int(text)

    def host(self, text: str) -> str:
        """Return a host, empty for none."""
        if text.lower() in NO:
            return ""
        if re.fullmatch(r"[^\s/@]{1,255}", text) is None:
            raise ValueError(self._("a host is a name or an address, without port and `//`"))
        return text

    def hours(self, text: str) -> tuple[str, ...]:
        """Return the slots of a day; none: closed."""
        if text.lower() in {*NO, *_CLOSED}:
            return ()
        slots = tuple(piece.strip() for piece in re.split(r"[,、]", text))
        for slot in slots:
            self._as(slot, Slot, self._("hours are like 09:00-12:00,13:00-18:00, or `closed`"))
        return slots

    def place(self, text: str) -> tuple[float, float] | None:
        """Return latitude and longitude; None: not known."""
        if text.lower() in NO:
            return None
        wrong = self._("latitude and longitude, such as 35.7296, 139.7276")
        pieces = re.split(r"[,\s]+", text)
        try:
            lat, lon = (float(piece) for piece in pieces)
        except ValueError:
            raise ValueError(wrong) from None
        return self._as(lat, Latitude, wrong), self._as(lon, Longitude, wrong)

    def mail(self, text: str) -> str:
        """Return a mail address."""
        return MailAddress(text)

    def security(self, text: str) -> str:
        """Return how the mail server is spoken to."""
        if text not in _SECURITY:
            raise ValueError(self._("allowed: %(choices)s") % {"choices": ", ".join(_SECURITY)})
        return text

    def words(self, text: str) -> tuple[str, ...]:
        """Return ids that stand side by side; none at all is allowed."""
        if text.lower() in NO:
            return ()
        return tuple(self.identifier(word) for word in re.split(r"[,、\s]+", text))

    def text(self, text: str) -> str:
        """Return whatever was said, on one line."""
        return "" if text.lower() in NO else " ".join(text.split())

    def sensors(self, kind: Literal["unit", "room"]) -> Callable[[str], tuple[AnyProfile, ...]]:
        """Return the check for profiles of devices that can say something of a unit or room."""

        def check(text: str) -> tuple[AnyProfile, ...]:
            found = tuple(self._profile(word) for word in self.words(text))
            for profile in found:
                if not suitable(kind, profile):
                    raise ValueError(
                        self._("`%(profile)s` measures nothing of this; `?` lists what does")
                        % {"profile": profile.profile}
                    )
            return found

        return check

    def at(self, profile: AnyProfile) -> Callable[[str], target.Target | str]:
        """Return the check for where a device is."""

        def check(text: str) -> target.Target | str:
            if isinstance(profile, JsonProfile):
                if re.fullmatch(r"[^+#\x00-\x1f]{1,1024}", text) is None:
                    raise ValueError(self._("one MQTT topic, without `+` and `#`"))
                return text
            try:
                return target.parse(profile, text)
            except ConfigError as error:
                raise ValueError(str(error)) from error

        return check

    def _profile(self, name: str) -> AnyProfile:
        try:
            return find(name)
        except ConfigError as error:
            raise ValueError(
                self._("there is no profile `%(name)s`; `?` lists those that there are") % {"name": name}
            ) from error

    @staticmethod
    def _as(value: object, kind: type[T], wrong: str) -> T:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            raise ValueError(wrong) from None
