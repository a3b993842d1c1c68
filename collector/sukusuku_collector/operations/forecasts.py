"""Forecasts as they were issued, and what became of them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from sukusuku_collector.derive.forecast import HORIZON_MS
from sukusuku_collector.derive.model import Forecast, Method, Outcome
from sukusuku_collector.derive.rates import HOUR_MS
from sukusuku_collector.derive.score import Scored
from sukusuku_collector.operations.collection_tables import forecast
from sukusuku_collector.operations.database import Operations

_FORECAST = (
    forecast.c.asset,
    forecast.c.issued,
    forecast.c.method,
    forecast.c.percent,
    forecast.c.hours10,
    forecast.c.hours50,
    forecast.c.hours90,
)


class Forecasts:
    """The forecasts of all units that count for the score card.

    Methods raise TransientError when the database does not answer.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def replace(
        self, asset: str, after: int, until: int, issued: Sequence[Forecast], outcomes: Sequence[Outcome]
    ) -> None:
        """What was issued, and what outcomes became known, in after < time <= until (UTC ms) becomes this."""
        with self._operations.writing() as connection:
            own = forecast.c.asset == asset
            connection.execute(delete(forecast).where(own, forecast.c.issued > after, forecast.c.issued <= until))
            query = select(forecast.c.issued, forecast.c.outcome).where(own, forecast.c.issued <= after)
            query = query.where(forecast.c.issued >= after - HORIZON_MS)  # older ones were settled before
            for row in connection.execute(query.where(forecast.c.outcome.is_not(None)).distinct()).all():
                if after < row.issued + row.outcome * HOUR_MS <= until:
                    same = own & (forecast.c.issued == row.issued)
                    connection.execute(update(forecast).where(same).values(outcome=None))
            if issued:
                connection.execute(insert(forecast), [asdict(item) for item in issued])
            for outcome in outcomes:
                same = own & (forecast.c.issued == outcome.issued)
                connection.execute(update(forecast).where(same).values(outcome=outcome.hours))

    def scored(self, asset: str | None, start: int, end: int) -> list[Scored]:
        """Forecasts of start <= issued < end whose outcome is known, in order of their issue."""
        rows = self._select(asset, start, end, forecast.c.outcome.is_not(None))
        return [Scored(_to_forecast(row), row.outcome) for row in rows]

    def issued(self, asset: str | None, start: int, end: int) -> list[Forecast]:
        """All forecasts of start <= issued < end, in order of their issue."""
        return [_to_forecast(row) for row in self._select(asset, start, end)]

    def _select(
        self, asset: str | None, start: int, end: int, *more: ColumnElement[bool]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        query = select(*_FORECAST, forecast.c.outcome).where(forecast.c.issued >= start, forecast.c.issued < end, *more)
        if asset is not None:
            query = query.where(forecast.c.asset == asset)
        query = query.order_by(forecast.c.issued, forecast.c.asset, forecast.c.method)
        with self._operations.reading() as connection:
            return connection.execute(query).all()


def _to_forecast(row: Row[*tuple[Any, ...]]) -> Forecast:
    return Forecast(row.asset, row.issued, Method(row.method), row.percent, row.hours10, row.hours50, row.hours90)
