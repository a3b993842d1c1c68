"""Changes of the settings, by whatever door they come: what a text would become, and saving that with who and why."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sukusuku_api.dependencies import Context
from sukusuku_api.problems import ProblemError
from sukusuku_core import toml_text
from sukusuku_server.access.rights import Act
from sukusuku_server.db import audit_entry
from sukusuku_server.facility_document.difference import difference
from sukusuku_server.facility_document.restart import held_back
from sukusuku_server.facility_document.source import (
    Change,
    ChangedMeanwhileError,
    Document,
    FacilitySource,
    Version,
)
from sukusuku_server.settings import Facility, Language

_OF_ACCOUNTS = ("oidc", "mail", "web", "operations", "backup")
"""Who signs in as what, by which way and to which address links to set a password go, where the accounts are and where
copies of them go."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A changed text that has no mistakes. `waiting` are the keys whose change would wait for a restart."""

    before: Document
    text: str
    facility: Facility
    waiting: tuple[str, ...]


def propose(context: Context, source: FacilitySource, version: str, make: Callable[[str], str]) -> Proposal:
    """Return what `make` makes of the text whose version was seen; nothing is written.

    Raises ChangedMeanwhileError, WrongSettingsError with all mistakes, what `make` raises, and ProblemError (403) where
    somebody would give themselves more rights.
    """
    now = source.read()
    if now.version != version:
        raise ChangedMeanwhileError(now)
    made = make(now.text)
    _refuse_of_accounts(context, now.text, made)
    facility = source.check(made)
    return Proposal(now, made, facility, held_back(context.whole.facility, facility)[1])


def save(context: Context, source: FacilitySource, proposal: Proposal, change: Change) -> Document:
    """Make a proposal the document, and note it in the audit log. Raises ChangedMeanwhileError, PermanentError."""
    saved = source.write(proposal.text, proposal.before.version, change)
    told = {"changes": difference(proposal.before.text, proposal.text, "en"), "why": change.why}
    with context.operations.writing() as connection:
        action = f"settings.{change.origin.value}"
        audit_entry.note(connection, context.clock(), change.by, action, saved.version[:12], after=told)
    return saved


@dataclass(frozen=True, slots=True)
class TracedVersion:
    """A version with what it changed, in words; None: what was there before it is not known any more."""

    version: Version
    changes: tuple[str, ...] | None


def traced(source: FacilitySource, most: int, language: Language) -> list[TracedVersion]:
    """Return the newest versions, the newest first. Each text is read once."""
    versions = source.history()
    texts = {it.number: source.text_of(it.number) for it in versions[: most + 1]}
    return [TracedVersion(it, _changes(texts, it.number, language)) for it in versions[:most]]


def _changes(texts: Mapping[int, str], number: int, language: Language) -> tuple[str, ...] | None:
    before = texts.get(number - 1)
    return None if before is None else tuple(difference(before, texts[number], language))


def _refuse_of_accounts(context: Context, before: str, after: str) -> None:
    """Raise ProblemError (403) for whoever would give themselves more rights by way of the settings."""
    if context.principal is None or context.principal.rights.may(Act.MANAGE_KEYS):
        return
    changed = [key for key in _OF_ACCOUNTS if _table(before).get(key) != _table(after).get(key)]
    if changed:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"Only an administrator may change {', '.join(changed)}.")


def _table(text: str) -> dict[str, Any]:
    try:
        return toml_text.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
