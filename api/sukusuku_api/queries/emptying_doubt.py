"""The question whether a bag was changed: asked where a level fell that was not taken for an emptying, and answered."""

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.unit_levels import estimate_before
from sukusuku_core.errors import SukusukuError
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.model.collection import Emptying, Finding, FindingName
from sukusuku_server.units.findings import ASKED_MS


class NobodyAsksError(SukusukuError):
    """It is not asked of this unit, or is settled already."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"nobody asks whether the bag of {unit} was changed; enter an emptying instead, or reject one")


def asked(operations: Operations) -> dict[str, Finding]:
    """Return what raised the question, by unit. Raises TransientError."""
    return {it.asset: it for it in Findings(operations).open() if it.name is FindingName.EMPTYING_UNSURE}


def answer(context: Context, unit_id: str, who: str, *, changed: bool) -> Emptying:
    """Keep the answer about a known unit: an emptying when its level fell, or a rejected one, so that none is detected.

    Withdrawing it has the question asked again. Raises NobodyAsksError, and EmptyingClashError when one that counts is
    within half an hour.
    """
    question = asked(context.operations).get(unit_id)
    if question is None:
        raise NobodyAsksError(unit_id)
    now, fell = context.clock(), question.since - ASKED_MS
    percent = estimate_before(context, unit_id, fell)
    nappies = percent / 100 * context.index.units[unit_id][1].collection.nappies_per_bag
    book = Emptyings(context.operations)
    if changed:
        return book.enter(unit_id, fell, who, now, percent=percent, nappies=nappies)
    return book.deny(unit_id, who, now, percent=percent, nappies=nappies)
