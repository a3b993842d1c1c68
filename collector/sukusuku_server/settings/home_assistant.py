"""`[home_assistant]`: entities in Home Assistant, by its MQTT discovery."""

from typing import Annotated

import msgspec

from sukusuku_core.settings import Settings
from sukusuku_server.settings.base import Language


class HomeAssistant(Settings, frozen=True, kw_only=True):
    """Home Assistant must be connected to the broker of `[broker]`. Nothing listens to what it publishes."""

    prefix: Annotated[
        str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", description="a topic without wildcards")
    ] = "homeassistant"
    """Its discovery prefix."""
    language: Language = "ja"
    """Language of the names."""
    remove: bool = False
    """true: take all entities of this operator away again, for instance before this table is deleted."""
