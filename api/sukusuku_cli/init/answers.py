"""What was said beforehand, by an answers file or by options. Whatever is left out is asked, or has a default.

What a value may be is checked where it is asked for (`checks.py`), so that a person and a file are told the same.
"""

from typing import Any

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import Settings
from sukusuku_server.settings.base import Language

_Count = int | None


class OperatorAnswers(Settings, frozen=True, kw_only=True):
    """Whose centres they are."""

    id: str | None = None
    name: str | None = None
    name_en: str | None = None


class BrokerAnswers(Settings, frozen=True, kw_only=True):
    """The MQTT broker. `edge_host` is its address as the edge nodes see it."""

    host: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    edge_host: str | None = None


class MailAnswers(Settings, frozen=True, kw_only=True):
    """The mail server; an empty `host` means no mails."""

    host: str | None = None
    port: int | None = None
    security: str | None = None
    sender: str | None = None
    username: str | None = None
    password: str | None = None


class SiteAnswers(Settings, frozen=True, kw_only=True):
    """One centre. Hours are `09:00-12:00,13:00-18:00`, or `closed`; `place` is `35.7296, 139.7276`."""

    id: str | None = None
    name: str | None = None
    name_en: str | None = None
    address: str | None = None
    place: str | None = None
    weekdays: str | None = None
    saturday: str | None = None
    sunday: str | None = None
    units: _Count = None
    rooms: _Count = None
    capacity: _Count = None
    staff: _Count = None
    zones: str | None = None
    """Ids of the zones of each room, with blanks between them; empty: none."""
    edge: str | None = None


class ContactAnswers(Settings, frozen=True, kw_only=True):
    """Who is told."""

    name: str | None = None
    mail: str | None = None
    language: Language | None = None


class Answers(Settings, frozen=True, kw_only=True):
    """The whole file. `sensors` has the profiles of each asset by its id, `at` where each device is."""

    operator: OperatorAnswers = OperatorAnswers()
    broker: BrokerAnswers = BrokerAnswers()
    mail: MailAnswers = MailAnswers()
    site: tuple[SiteAnswers, ...] = ()
    contact: tuple[ContactAnswers, ...] = ()
    sensors: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    at: dict[str, str] = msgspec.field(default_factory=dict)


def merged(given: Answers, options: dict[str, Any]) -> Answers:
    """Return the answers with what options say in their place. Raises ConfigError that names the option."""
    data = msgspec.to_builtins(given)
    for table, values in options.items():
        data[table] = {**data[table], **values} if isinstance(values, dict) else values
    try:
        return msgspec.convert(data, Answers, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"options: {error}") from error


def pairs(text: str, option: str) -> dict[str, str]:
    """Read `id=tobu; name=...; units=2`. Raises ConfigError."""
    found = {}
    for piece in filter(None, map(str.strip, text.split(";"))):
        key, equals, value = piece.partition("=")
        if not equals:
            raise ConfigError(f"{option}: found `{piece}`; write KEY=VALUE; KEY=VALUE; ...")
        found[key.strip()] = value.strip()
    return found


def pair(text: str, option: str) -> tuple[str, str]:
    """Read `ID=VALUE`. Raises ConfigError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise ConfigError(f"{option}: found `{text}`; write ID=VALUE")
    return key.strip(), value.strip()
