"""The vacancy board."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from sukusuku_api.dependencies import PublicContext
from sukusuku_api.problems import documented
from sukusuku_api.queries.room_use import vacancy
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_api.schemas.names import NameOut
from sukusuku_core.time import japan_time
from sukusuku_server.rooms.vacancy import Sign

router = resource(tag="rooms")

LONGEST_DAYS = 31


class BandOut(collection.Shape):
    """A time slot of a day."""

    start: datetime
    end: datetime
    free: int | None = Field(description="Vacancies: 0, or 5 and more; null: fewer than 5, or not known")
    booked: bool = Field(description="It follows from bookings; false: from what is usual, which promises no place")


class DayOut(collection.Shape):
    """A day of a centre."""

    day: date
    sign: Sign = Field(
        description="`free`: vacancies in every time slot, `some`: some slots are full, `full`: all are, `outside`: "
        "cannot be booked now, `closed`, `unknown`"
    )
    booked: bool = Field(description="All of it follows from bookings; false: it tells how busy the day will be")
    symbol: str = Field(description="○ △ × where bookings are known, else 余裕 やや混 混雑; − 休 ？", examples=["○"])
    bands: list[BandOut]


class CentreOut(collection.Shape):
    """The coming days of a centre."""

    site: str
    name: NameOut
    days: list[DayOut]


class VacancyOut(collection.Shape):
    """The board."""

    time: datetime
    centres: list[CentreOut]


@router.get("/vacancy", summary="Vacancy board", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))
def board(context: PublicContext, days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 14) -> VacancyOut:
    """Return the coming days of each centre, today first, from limits and bookings, or else from usual use."""
    centres = [
        CentreOut(
            site=site.id,
            name=NameOut(ja=site.name.ja, en=site.name.en),
            days=[
                DayOut(
                    day=day.day,
                    sign=day.sign,
                    booked=day.booked,
                    symbol=day.symbol,
                    bands=[
                        BandOut(
                            start=japan_time(band.start),
                            end=japan_time(band.end),
                            free=band.at_least,
                            booked=band.booked,
                        )
                        for band in day.bands
                    ],
                )
                for day in found
            ],
        )
        for site, found in vacancy(context, days)
    ]
    return VacancyOut(time=japan_time(context.clock()), centres=centres)
