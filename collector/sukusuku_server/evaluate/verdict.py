"""The verdict on a history, in words for somebody who buys sensors or reads reports. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any

from sukusuku_server.evaluate.evaluation import Evaluation
from sukusuku_server.i18n import N_
from sukusuku_server.model.collection import Method

OFTEN, SELDOM = 35.0, 215.0
"""Minutes between readings up to which emptyings are seen as they happen, and up to which they can be told apart."""
A_WORKING_DAY = 600.0
FOUND, FALSE = 0.95, 0.03
"""Shares from and up to which emptyings can be relied on."""
ENOUGH = 30
"""Forecasts below which their figures say little."""
BETTER = 0.15
INSIDE = (0.70, 0.90)
CALLED_WRONGLY = 0.02
SHORT_DAYS = 28
_HOURS = 120.0
"""Minutes from which on people say hours."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: an English message id with places for `values`. `minutes` is said as a length of time."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)
    minutes: float | None = None

    def told(self, texts: NullTranslations) -> str:
        """Return it in the language of the reader."""
        values = self.values
        if self.minutes is not None:
            values = values | {"pace": _length(self.minutes, texts)}
        return texts.gettext(self.text) % values


def verdict(found: Evaluation) -> Iterator[Sentence]:
    """Yield what such readings are good for."""
    if found.days < SHORT_DAYS:
        yield Sentence(
            N_("The history is only %(days)d days long; four weeks and more say more."), {"days": round(found.days)}
        )
    yield _emptyings(found)
    yield _alerts(found)
    yield from _forecasts(found)


def _emptyings(evaluation: Evaluation) -> Sentence:
    told = evaluation.tally
    if told is None or not told.true:
        values = {"n": len(evaluation.emptyings)}
        if evaluation.pace <= OFTEN:
            text = N_(
                "With a reading every %(pace)s, emptyings are seen: %(n)d were found. Compare them with your records."
            )
        elif evaluation.pace <= SELDOM:
            text = N_(
                "With a reading every %(pace)s, most emptyings are seen, afterwards: %(n)d were found. "
                "Compare them with your records."
            )
        else:
            text = N_(
                "A reading every %(pace)s is too seldom for emptyings: whole bags come and go in between. "
                "%(n)d were found."
            )
        return Sentence(text, values, evaluation.pace)
    values = {"found": told.found, "true": told.true, "false": told.false}
    if told.share >= FOUND and told.wrong <= FALSE:
        text = N_(
            "With a reading every %(pace)s, emptyings are found: %(found)d of %(true)d, and %(false)d that were none."
        )
    elif evaluation.pace > SELDOM:
        text = N_(
            "A reading every %(pace)s is too seldom for emptyings: %(found)d of %(true)d were found, "
            "and %(false)d that were none."
        )
    else:
        text = N_(
            "With a reading every %(pace)s, emptyings are not found reliably: %(found)d of %(true)d, and %(false)d "
            "that were none. A lid or bag contact, or readings every ten minutes, would help."
        )
    return Sentence(text, values, evaluation.pace)


def _alerts(evaluation: Evaluation) -> Sentence:
    if evaluation.called and evaluation.low > CALLED_WRONGLY * evaluation.called:
        share = 100 * evaluation.low / evaluation.called
        text = N_(
            "%(share).0f %% of the hours that are said to be at 85 %% or more would be false: look at the sensor."
        )
        return Sentence(text, {"share": share})
    if evaluation.pace <= OFTEN:
        return Sentence(N_("A full bag is told within %(pace)s."), {}, evaluation.pace)
    if evaluation.pace <= A_WORKING_DAY:
        return Sentence(N_("A full bag is told up to %(pace)s late."), {}, evaluation.pace)
    return Sentence(
        N_("A reading every %(pace)s is too seldom to tell of a full bag on the same day."), {}, evaluation.pace
    )


def _forecasts(evaluation: Evaluation) -> Iterator[Sentence]:
    mine = evaluation.error(Method.MODEL)
    if evaluation.better is None or mine is None or evaluation.judged < ENOUGH:
        yield Sentence(N_("There are too few bags to judge the forecast."))
        return
    values = {"better": 100 * abs(evaluation.better), "hours": mine, "n": evaluation.judged}
    if evaluation.better >= BETTER:
        text = N_(
            "The forecast of when a bag is full was off by %(hours).1f hours on average, %(better).0f %% less than the "
            "better simple rule (%(n)d forecasts)."
        )
    elif evaluation.better > -BETTER:
        text = N_(
            "The forecast of when a bag is full was off by %(hours).1f hours on average, about as much as the better "
            "simple rule (%(n)d forecasts)."
        )
    else:
        text = N_(
            "The forecast of when a bag is full was off by %(hours).1f hours on average, %(better).0f %% more than the "
            "better simple rule (%(n)d forecasts): do not plan by it with such readings."
        )
    yield Sentence(text, values)
    inside = evaluation.inside
    if inside is not None and evaluation.watched.judged - evaluation.watched.censored >= ENOUGH:
        yield _range(inside, evaluation.watched.inside)


def _range(came: float, seen: float) -> Sentence:
    """Return what the two judgements of the range say: by what came in, and by the bags that were watched."""
    values = {"came": 100 * came, "seen": 100 * seen}
    low, high = INSIDE
    match sum(low <= share <= high for share in (came, seen)):
        case 2:
            text = N_(
                "Its range holds: %(came).0f %% of the bags were full within it by all that came in, %(seen).0f %% of "
                "those that were watched (80 %% should be)."
            )
        case 1:
            text = N_(
                "Whether its range holds is in doubt: %(came).0f %% of the bags were full within it by all that came "
                "in, %(seen).0f %% of those that were watched (80 %% should be)."
            )
        case _:
            text = N_(
                "Its range does not hold: %(came).0f %% of the bags were full within it by all that came in, "
                "%(seen).0f %% of those that were watched (80 %% should be)."
            )
    return Sentence(text, values)


def _length(minutes: float, texts: NullTranslations) -> str:
    if minutes < _HOURS:
        return texts.gettext("%(minutes)d min") % {"minutes": round(minutes)}
    return texts.gettext("%(hours).1f h") % {"hours": minutes / 60}
