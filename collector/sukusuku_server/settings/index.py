"""Finds everything in a facility by its id."""

from collections.abc import Mapping
from typing import Final

from sukusuku_server.settings.base import Language
from sukusuku_server.settings.facility import Asset, Facility, Site, Unit
from sukusuku_server.settings.rooms import Room
from sukusuku_server.settings.rounds import Round


class FacilityIndex:
    """A facility with what is in it by id, in the order of `facility.toml`. Never changes: make one and pass it on.

    Units and rooms come with their centre.
    """

    facility: Final[Facility]
    sites: Final[Mapping[str, Site]]
    assets: Final[Mapping[str, Asset]]
    units: Final[Mapping[str, tuple[Site, Unit]]]
    rooms: Final[Mapping[str, tuple[Site, Room]]]
    rounds: Final[Mapping[str, Round]]

    def __init__(self, facility: Facility) -> None:
        self.facility = facility
        self.sites = {site.id: site for site in facility.site}
        self.assets = {asset.id: asset for asset in facility.assets()}
        self.units = {unit.id: (site, unit) for site in facility.site for unit in site.unit}
        self.rooms = {room.id: (site, room) for site in facility.site for room in site.room}
        self.rounds = {round_.id: round_ for round_ in facility.round}

    def name(self, ident: str, language: Language) -> str:
        """Return what a unit, room or centre is called, with its centre; its id where the settings have it no more."""
        asset, site = self.assets.get(ident), self.sites.get(ident)
        if asset is not None:
            return f"{asset.site.name[language]} {asset.settings.name[language]}"
        return ident if site is None else site.name[language]
