"""What of a facility cannot stand in a mail, found now rather than when something is wrong."""

from collections.abc import Iterator

from sukusuku_core.errors import ConfigError, Mistake
from sukusuku_server.mail.message import HeaderError, header_text
from sukusuku_server.settings import Facility, Language, Text

LANGUAGES: tuple[Language, ...] = ("ja", "en")


def check(facility: Facility) -> None:
    """Raise ConfigError that names every name of a facility that cannot stand in a header, and where it is."""
    if found := list(mistakes(facility)):
        raise ConfigError("\n".join(map(str, found)))


def mistakes(facility: Facility) -> Iterator[Mistake]:
    """Yield them, each with its key path. A facility without `[mail]` and channels writes no mail."""
    if facility.mail is None and not facility.channel:
        return
    for where, name in _names(facility):
        for language in LANGUAGES:
            try:
                header_text(language, name[language])
            except HeaderError as error:
                yield Mistake(f"{where}.name.{language}", f"{error.problem}; a mail header cannot carry it")
    if not facility.web.url.startswith(("http://", "https://")):
        yield Mistake("web.url", f"links in mails start with it, so it must be http(s), found {facility.web.url!r}")


def _names(facility: Facility) -> Iterator[tuple[str, Text]]:
    for n, settings in enumerate(facility.round):
        yield f"round[{n}]", settings.name
    for s, site in enumerate(facility.site):
        yield f"site[{s}]", site.name
        for n, unit in enumerate(site.unit):
            yield f"site[{s}].unit[{n}]", unit.name
        for r, room in enumerate(site.room):
            yield f"site[{s}].room[{r}]", room.name
