"""A facility with a round, and its mails, for the tests of what the crew gets."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from gettext import NullTranslations
from importlib.resources import files

from sukusuku_core.settings import parse
from sukusuku_server.i18n import translations
from sukusuku_server.model.rounds import Answer, Plan, Reason, Run, Stop, StopRecord
from sukusuku_server.rounds.mails import RoundComposer
from sukusuku_server.rounds.route_sheet import Sheet, sheet
from sukusuku_server.rounds.signed_links import Links
from sukusuku_server.settings import Facility, FacilityIndex, Language
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING, plan, stop

FACILITY = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima City"}
[web]
url = "https://wall.example.jp"
[mail]
sender = "sukusuku@example.jp"
[[depot]]
id = "depot"
name = {ja = "豊島清掃事務所", en = "Toshima waste office"}
lat = 35.7361
lon = 139.7155
[[vehicle]]
id = "truck"
name = {ja = "軽トラック1", en = "Small truck 1"}
depot = "depot"
bags = 40
kg = 300
[[round]]
id = "north"
name = {ja = "東部・西部ルート", en = "East-west round"}
vehicle = "truck"
days = ["mon", "wed", "fri"]
departs = "13:20"
returns = "17:20"
mail_at = "08:20"
answer_by = "11:00"
attach = ["png", "ics", "gpx", "geojson", "csv"]
[[round.crew]]
name = "鈴木"
mail = "suzuki@example.jp"
[[round.crew]]
name = "Sato"
mail = "sato@example.jp"
language = "en"
[[site]]
id = "tobu"
name = {ja = "東部子ども家庭支援センター", en = "East Child and Family Centre"}
place = {lat = 35.7295, lon = 139.7320}
[[site.unit]]
id = "tobu-unit-1"
name = {ja = "おむつ圧縮機1", en = "Nappy unit 1"}
edge = "tobu-pi"
[[site.unit]]
id = "tobu-unit-2"
name = {ja = "おむつ圧縮機2", en = "Nappy unit 2"}
edge = "tobu-pi"
[[site]]
id = "seibu"
name = {ja = "西部子ども家庭支援センター", en = "West Child and Family Centre"}
place = {lat = 35.7262, lon = 139.6890}
[[site.unit]]
id = "seibu-unit-1"
name = {ja = "おむつ圧縮機1", en = "Nappy unit 1"}
edge = "seibu-pi"
[[site.unit]]
id = "seibu-unit-2"
name = {ja = "おむつ圧縮機2", en = "Nappy unit 2"}
edge = "seibu-pi"
[[site]]
id = "minami"
name = {ja = "南児童館", en = "South Children's House"}
[[site.unit]]
id = "minami-unit-1"
name = {ja = "おむつ圧縮機", en = "Nappy unit"}
edge = "minami-pi"
[[contact]]
name = "子育て支援課"
mail = "office@example.jp"
[[contact]]
name = "West Centre"
mail = "seibu@example.jp"
language = "en"
sites = ["seibu"]
[[contact]]
name = "Repairs"
mail = "repairs@example.jp"
rules = ["unit_fault"]
"""
LINKS = Links([b"k" * 32], "https://wall.example.jp")
NEXT = DAY.replace(day=27)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
STOPS = (
    stop(
        "tobu-unit-1",
        position=1,
        reason=Reason.FULL,
        percent=96.4,
        percent_then=101.0,
        deadline=MORNING - 2 * HOUR,
        bags=2,
        kg=14.4,
        arrives=MORNING + 5 * HOUR + 12 * MINUTE,
    ),
    stop(
        "tobu-unit-2",
        position=2,
        reason=Reason.BEFORE_NEXT,
        percent=71.0,
        percent_then=78.2,
        deadline=MORNING + 26 * HOUR,
        kg=7.0,
        arrives=MORNING + 5 * HOUR + 20 * MINUTE,
    ),
    stop(
        "seibu-unit-1",
        position=3,
        reason=Reason.SILENT,
        percent=None,
        percent_then=None,
        deadline=None,
        confidence=0.0,
        kg=9.0,
        arrives=MORNING + 5 * HOUR + 47 * MINUTE,
    ),
    stop("seibu-unit-2", joined=False, percent=34.0, percent_then=38.0),
    stop("minami-unit-1", joined=False, reason=Reason.NO_PLACE, percent=88.0, percent_then=92.0),
)
PLAN = replace(plan(*STOPS), km=11.84, minutes=71.6)
NOTHING = replace(plan(*(replace(item, joined=False, position=None, reason=Reason.ENOUGH_ROOM) for item in STOPS[:2])))


@cache
def facility(text: str = FACILITY) -> Facility:
    return parse(text, Facility, "facility.toml")


def composer(text: str = FACILITY) -> RoundComposer:
    return RoundComposer(FacilityIndex(facility(text)), LINKS, lambda _: PICTURE)


def run(of: Plan = PLAN) -> Run:
    return Run(7, of)


def records(stops: Sequence[Stop]) -> list[StopRecord]:
    return [StopRecord(n, 7, item, Answer.NONE, None, None, "") for n, item in enumerate(stops, 40)]


def drawn(language: Language, of: Plan = PLAN, text: str = FACILITY, *, simulated: bool = False) -> Sheet:
    return sheet(
        FacilityIndex(facility(text)), run(of), records(of.stops), language, next_day=NEXT, simulated=simulated
    )


def texts(language: Language) -> NullTranslations:
    return translations(files("sukusuku_server") / "locale", language)
