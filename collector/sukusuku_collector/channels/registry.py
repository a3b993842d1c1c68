"""Opens the channels that the settings name. A kind is a folder beside this file with a module `channel`."""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from sukusuku_collector import channels
from sukusuku_collector.channels.mail.channel import MailChannel
from sukusuku_collector.channels.protocol import Channel
from sukusuku_core.errors import ConfigError, Mistake
from sukusuku_server.extras import how_to_install
from sukusuku_server.settings import MAIL, Facility
from sukusuku_server.settings import Channel as Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def kinds() -> list[str]:
    """Return the kinds that there are, beside mail."""
    return sorted(found.name for found in pkgutil.iter_modules(channels.__path__) if found.ispkg and found.name != MAIL)


def opened(facility: Facility) -> dict[str, Channel]:
    """Return every channel of a facility by its id, mail among them. Raises ConfigError; nothing is sent yet."""
    found: dict[str, Channel] = {} if facility.mail is None else {MAIL: MailChannel(facility.mail)}
    return found | {settings.id: opened_one(settings) for settings in facility.channel}


def mistakes(facility: Facility) -> "Iterator[Mistake]":
    """Yield why channels of a facility cannot be used, each with its key path; nothing is sent."""
    for n, settings in enumerate(facility.channel):
        try:
            opened_one(settings)
        except ConfigError as error:
            yield Mistake(f"channel[{n}]", str(error))


def opened_one(settings: Settings) -> Channel:
    """Return one channel. Raises ConfigError that says what is wrong with its settings."""
    if settings.kind not in kinds():
        raise ConfigError(f"channel `{settings.id}`: kind: found `{settings.kind}`. Allowed: {', '.join(kinds())}")
    try:
        module = import_module(f"{channels.__name__}.{settings.kind}.channel")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"channel `{settings.id}`: kind `{settings.kind}` needs the package {error.name}; "
            f"{how_to_install('notify')}"
        ) from error
    open_channel: Callable[[Settings], Channel] = module.open_channel
    return open_channel(settings)
