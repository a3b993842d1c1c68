"""Forecasts as they were issued, and what became of them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from sukusuku_core.time import HOUR_MS
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import forecast
from sukusuku_server.model.collection import Forecast, Method, Outcome
from sukusuku_server.units.forecast import HORIZON_MS
from sukusuku_server.units.forecast_score import Scored

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
        """Replace the forecasts issued and the outcomes known in after < time <= until (UTC ms)."""
        own = forecast.c.asset == asset
        anew = own & (forecast.c.issued > after) & (forecast.c.issued <= until)
        open_again = self._settled(asset, after, until)
        if not (issued or outcomes or open_again or self._any(anew)):
            return
        with self._operations.writing() as connection:
            connection.execute(delete(forecast).where(anew))
            if open_again:
                connection.execute(update(forecast).where(own, forecast.c.issued.in_(open_again)).values(outcome=None))
            if issued:
                connection.execute(insert(forecast), [asdict(item) for item in issued])
            for outcome in outcomes:
                same = own & (forecast.c.issued == outcome.issued)
                connection.execute(update(forecast).where(same).values(outcome=outcome.hours))

    def _settled(self, asset: str, after: int, until: int) -> list[int]:
        """When forecasts from before a stretch were issued whose outcome lies in it."""
        columns = forecast.c
        query = select(columns.issued, columns.outcome).where(columns.asset == asset, columns.outcome.is_not(None))
        query = query.where(columns.issued <= after, columns.issued >= after - HORIZON_MS).distinct()
        with self._operations.reading() as connection:
            rows = connection.execute(query).all()
        return [row.issued for row in rows if after < row.issued + round(row.outcome * HOUR_MS) <= until]

    def _any(self, which: ColumnElement[bool]) -> bool:
        with self._operations.reading() as connection:
            return connection.execute(select(forecast.c.issued).where(which).limit(1)).first() is not None

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
