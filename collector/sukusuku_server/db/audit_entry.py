"""Adding an entry to the audit log: who did what to what, from where, with what was there before and after."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert

from sukusuku_server.db.tables_alerts import ACTOR, audit

if TYPE_CHECKING:
    from sukusuku_server.access.records import Actor


def note(
    connection: Connection,
    now: int,
    who: str,
    action: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry within the transaction that does what it tells of. The actor is that of the connection.

    Names of people stand in `who` only, from where they can be erased: everything else stays as it is written.
    """
    actor: Actor | None = connection.get_execution_options().get(ACTOR)
    entry = {"time": now, "who": who[:120], "action": action, "target": target[:120]}
    if actor is not None:
        entry |= {"actor": actor.reference, "address": actor.address[:64]}
    entry |= {key: _json(value) for key, value in (("before", before), ("after", after)) if value is not None}
    connection.execute(insert(audit).values(entry))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
