"""What the matrix asks of every route: the requests, with what they are about, and what they answer when allowed.

`{...}` stands for an id of a centre (`Things.path`). A request that names none is about everything that is seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sukusuku_server.access.rights import Act


@dataclass(frozen=True, slots=True)
class Row:
    """A request to a route. With `ok` it answers whoever has the right that the route needs; `unknown`: it names what
    is not there.

    `also`: what it is about needs this right as well; `whole`: and for the whole operator; who lacks it gets `else_`.
    `dear`: it takes long, and who sees the same is answered the same: one of them is asked.
    """

    route: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    content: str | None = None
    file: str | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    ok: int = 200
    unknown: tuple[int, ...] = (404,)
    also: Act | None = None
    whole: Act | None = None
    else_: int = 404
    dear: bool = False


PUBLIC = {
    "GET /api/v1/openapi.json": "what can be asked is the same everywhere",
    "GET /api/v1/export": "names and meanings of columns, no data",
    "GET /api/v1/vacancy": "for parents: signs, no count below five",
    "POST /api/v1/enrolments/{node}": "a one-time code is its own proof",
    "POST /api/v1/enrolments/{node}/certificate": "the key of the node is its own proof",
    "GET /vacancy": "for parents: signs, no count below five",
    "GET /": "leads everybody to their pages",
    "GET /design": "the parts of pages, no data",
    "GET /r/{token}": "the link of a round mail is its own proof",
    "POST /r/{token}": "the link of a round mail is its own proof",
    "GET /r/{token}/live": "the link of a round mail is its own proof",
    "GET /r/{token}/stream": "the link of a round mail is its own proof",
    "GET /r/{token}/way.gpx": "the link of a round mail is its own proof",
    "POST /r/{token}/answers": "the link of a round mail is its own proof",
    "GET /r/last": "leads on to what was opened on the same phone",
    "GET /worker.js": "a script, the same for all",
    "GET /apple-touch-icon.png": "icon of the application",
    "GET /manifest.webmanifest": "name and icon of the application",
    "GET /a/{token}": "the link of an alert mail is its own proof",
    "POST /a/{token}": "the link of an alert mail is its own proof",
    "POST /a/{token}/assign": "the link of an alert mail is its own proof",
    "POST /a/{token}/release": "the link of an alert mail is its own proof",
    "POST /a/{token}/silence": "the link of an alert mail is its own proof",
    "POST /a/{token}/silence/end": "the link of an alert mail is its own proof",
    "GET /sign-in": "the way in",
    "POST /sign-in": "the way in",
    "GET /sign-in/code": "the way in",
    "POST /sign-in/code": "the way in",
    "GET /sign-in/provider": "the way in",
    "GET /sign-in/provider/callback": "the way in",
    "POST /sign-out": "the way out",
    "GET /welcome/{token}": "a one-time link is its own proof",
    "POST /welcome/{token}": "a one-time link is its own proof",
    "GET /d/{token}": "the link of a display is its own proof",
}
"""Routes that need no right, and why."""

_UNIT = {"unit": "{unit_id}"}
_MONTH = {"month": "2026-10", "ending": "csv"}
_REPORT = {"kind": "rooms", "month": "2026-10", "ending": "zip"}
_NOTE = {"note": "x"}
_BOOKED = "date,slot,room,children\n2026-11-20,10:00-12:00,{room_id},3\n"
_WORD: Mapping[str, Any] = {}
KEY = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

ROWS = (
    Row("GET /api/v1/health"),
    Row("GET /metrics"),
    Row("GET /api/v1/quarantine"),
    Row("GET /api/v1/sites"),
    Row("GET /api/v1/sites/{site_id}"),
    Row("GET /api/v1/units"),
    Row("GET /api/v1/units/{unit_id}"),
    Row("GET /api/v1/rooms"),
    Row("GET /api/v1/rooms/{room_id}"),
    Row("GET /api/v1/readings", {"asset": "{unit_id}", "metric": "Fill/Percent"}),
    Row("GET /api/v1/readings", {"asset": "{unit_id}", "metric": "No/Such"}, ok=404),
    Row("GET /api/v1/readings", {"asset": "{room_id}", "metric": "Occupancy/Count"}, also=Act.VIEW_ROOMS),
    Row("GET /api/v1/readings", {"asset": "{site}-pi", "metric": "Buffer/Rows"}),
    Row("GET /api/v1/alerts"),
    Row("GET /api/v1/alerts", {"limit": 1}),
    Row("GET /api/v1/alerts", {"site": "{site}", "open": "true"}),
    Row("GET /api/v1/alerts/{alert_id}"),
    Row("GET /api/v1/alerts/{alert_id}", path={"alert_id": "{room_alert}"}, also=Act.VIEW_ROOMS),
    Row("POST /api/v1/alerts/{alert_id}/acknowledge", json=_WORD),
    Row(
        "POST /api/v1/alerts/{alert_id}/acknowledge",
        json=_WORD,
        path={"alert_id": "{room_alert}"},
        also=Act.VIEW_ROOMS,
    ),
    Row("POST /api/v1/alerts/{alert_id}/acknowledge/withdraw", json=_WORD),
    Row("GET /api/v1/alerts/{alert_id}/assignees"),
    Row("POST /api/v1/alerts/{alert_id}/assign", json=_WORD),
    Row("GET /api/v1/modes"),
    Row("GET /api/v1/modes", {"active": "false", "limit": 2}),
    Row("POST /api/v1/modes", json={"kind": "outbreak", "subject": "{site}"}),
    Row("POST /api/v1/modes", json={"kind": "silence", "subject": "{room_id}", "until": "2026-11-20"}),
    Row("POST /api/v1/modes", json={"kind": "retired", "subject": "{unit_id}", "metric": "Temperature"}),
    Row("POST /api/v1/modes", json={"kind": "vehicle_out", "subject": "van"}, whole=Act.SET_MODES, else_=404),
    Row("POST /api/v1/modes/{mode_id}/end", json=_WORD),
    Row("GET /api/v1/emptyings"),
    Row("GET /api/v1/emptyings", {"limit": 1}),
    Row("GET /api/v1/emptyings", _UNIT),
    Row("GET /api/v1/emptyings/{emptying_id}"),
    Row("POST /api/v1/emptyings", json={"unit": "{unit_id}", "time": "2026-11-18T09:00"}, ok=201),
    Row("POST /api/v1/emptyings/answer", json={"unit": "{unit_id}", "changed": True}, ok=409),
    Row("POST /api/v1/emptyings/{emptying_id}/confirm", json=_NOTE),
    Row("POST /api/v1/emptyings/{emptying_id}/correct", json={"time": "2026-11-16T14:00", "percent": 70}),
    Row("POST /api/v1/emptyings/{emptying_id}/reject", json=_NOTE),
    Row("POST /api/v1/emptyings/{emptying_id}/withdraw", json=_WORD),
    Row("GET /api/v1/findings"),
    Row("GET /api/v1/findings", _UNIT),
    Row("GET /api/v1/findings", {"room": "{room_id}", "open": "true"}, also=Act.VIEW_ROOMS),
    Row("GET /api/v1/forecasts"),
    Row("GET /api/v1/forecasts/{unit_id}"),
    Row("GET /api/v1/score"),
    Row("GET /api/v1/score", _UNIT),
    Row("GET /api/v1/rounds"),
    Row("GET /api/v1/rounds", {"limit": 1}),
    Row("GET /api/v1/rounds/{round_id}/{day}"),
    Row("GET /api/v1/rounds/{round_id}/{day}", path={"round_id": "main", "day": "2026-11-19"}),
    Row("GET /api/v1/rounds/{round_id}/{day}/preview"),
    Row("GET /api/v1/rounds/{round_id}/{day}/preview", path={"round_id": "main", "day": "2026-11-23"}),
    Row("GET /api/v1/requests"),
    Row("POST /api/v1/requests", json={"unit": "{site}-unit-2"}),
    Row("POST /api/v1/requests/{request_id}/withdraw"),
    Row("GET /api/v1/stops/{stop_id}"),
    Row("POST /api/v1/stops/{stop_id}/answer", json={"answer": "done"}),
    Row("GET /api/v1/stock"),
    Row("GET /api/v1/stock/entries"),
    Row("POST /api/v1/stock/count", json={"site": "{site}", "kind": "bag", "count": 9}),
    Row("POST /api/v1/stock/deliver", json={"site": "{site}", "kind": "bag", "count": 9}),
    Row("POST /api/v1/stock/entries/{entry_id}/withdraw", json=_WORD),
    Row("GET /api/v1/visits"),
    Row("GET /api/v1/visits", _UNIT),
    Row("GET /api/v1/kpi"),
    Row("GET /api/v1/counterfactual"),
    Row("GET /api/v1/rooms/{room_id}/occupancy"),
    Row("GET /api/v1/rooms/{room_id}/metrics", {"from": "2026-10-05", "to": "2026-10-12"}, dear=True),
    Row("GET /api/v1/rooms/{room_id}/effect", {"date": "2026-10-12"}, dear=True),
    Row("GET /api/v1/rooms/{room_id}/changes", dear=True),
    Row("GET /api/v1/rooms/{room_id}/outlook", dear=True),
    Row("GET /api/v1/rooms/{room_id}/limit"),
    Row("GET /api/v1/rooms/{room_id}/corrections"),
    Row("GET /api/v1/rooms/{room_id}/counts"),
    Row("POST /api/v1/rooms/{room_id}/counts", json={"children": 5}),
    Row("POST /api/v1/rooms/{room_id}/counts/{count_id}/withdraw", json=_WORD),
    Row("GET /api/v1/rooms/{room_id}/bookings"),
    Row("GET /api/v1/bookings/imports"),
    Row(
        "POST /api/v1/bookings/imports",
        content="date,slot,room,children\n2026-11-20,10:00-12:00,{room_id},3\n",
        unknown=(422,),
    ),
    Row(
        "POST /api/v1/bookings/imports", {"room": "{room_id}"}, content="date,slot,children\n2026-11-20,10:00-12:00,3\n"
    ),
    Row("POST /api/v1/bookings/imports/{import_id}/withdraw", json=_WORD),
    Row("GET /api/v1/reports/issued"),
    Row("POST /api/v1/reports/issued", json={"period": "2026-10", "site": "{site}", "replaces": "{number}"}, dear=True),
    Row("GET /api/v1/reports/issued/{number}/changes", dear=True),
    Row("GET /api/v1/reports/issued/{number}.{ending}", path={"ending": "csv"}),
    Row("GET /api/v1/reports/issued/{number}.{ending}", path={"ending": "pdf"}, ok=404),
    Row("GET /api/v1/reports/{kind}/month/{month}.{ending}", {"site": "{site}"}, path=_REPORT, dear=True),
    Row("GET /api/v1/reports/{kind}/month/{month}.{ending}", path=_REPORT, dear=True),
    Row(
        "GET /api/v1/reports/{kind}/month/{month}.{ending}",
        {"site": "{site}"},
        path=_REPORT | {"kind": "collection"},
        dear=True,
    ),
    Row(
        "GET /api/v1/reports/{kind}/year/{year}.{ending}",
        {"site": "{site}"},
        path={"kind": "rooms", "year": "2025", "ending": "zip"},
        dear=True,
    ),
    Row("GET /api/v1/export/{table}/{month}.{ending}", {"site": "{site}"}, path=_MONTH | {"table": "hours"}),
    *(
        Row(
            "GET /api/v1/export/{table}/{month}.{ending}",
            path=_MONTH | {"table": table, "month": month},
            dear=table == "room_days",
        )
        for table, month in (
            ("hours", "2026-11"),
            ("readings", "2026-11"),
            ("estimates", "2026-11"),
            ("emptyings", "2026-11"),
            ("room_days", "2026-10"),
        )
    ),
    Row("GET /api/v1/settings", ok=404),
    Row("GET /api/v1/settings/history", ok=404),
    Row("GET /api/v1/settings/unassigned"),
    Row("POST /api/v1/settings/edits", json={"version": "x", "edits": [{"op": "take_out", "path": "a"}]}, ok=404),
    Row("POST /api/v1/settings/undo", json={"version": "x", "number": 1}, ok=404),
    Row("POST /api/v1/settings/adopt", json={"version": "x", "edge": "e", "device": "d", "site": "{site}"}, ok=404),
    Row("GET /wall"),
    Row("GET /wall/{site}"),
    Row("GET /wall/{site}", {"lang": "en"}),
    Row("GET /alerts"),
    Row("GET /alerts", {"site": "{site}", "past": "true"}, unknown=(200,)),
    *(
        Row("POST /alerts/{alert_id}/{action}", form=_NOTE, path={"action": action}, ok=303)
        for action in ("acknowledge", "release")
    ),
    Row("POST /alerts/{alert_id}/silence/", form={"lasts": "hour"}, ok=303),
    Row("POST /alerts/{alert_id}/silence/{mode_id}/end", form=_NOTE, ok=303),
    Row("POST /alerts/silences/{mode_id}/end", form=_NOTE, ok=303),
    Row("GET /collection"),
    Row("POST /collection/emptyings", form={"confirm": "{emptying_id}"}, ok=303),
    Row("POST /collection/stock", form={"withdraw": "{entry_id}"}, ok=303),
    Row("GET /rounds"),
    *(
        Row(f"GET /rounds/{{run}}{part}", path={"run": run})
        for part in ("", "/live", "/way.gpx")
        for run in ("{run}", "{common_run}")
    ),
    Row("GET /rounds/{run}", {"action": "cannot", "stop": "{stop_id}"}),
    Row("POST /rounds/{run}", {"action": "done", "stop": "{stop_id}"}, form=_NOTE, ok=303),
    Row("POST /rounds/{run}", {"action": "accept"}, form=_NOTE, whole=Act.ANSWER_STOPS, else_=404, ok=303),
    Row("POST /rounds/{run}/answers", form={"stop": "{stop_id}", "answer": "done", "key": KEY}),
    Row("POST /rounds/vehicles/{vehicle}/out", path={"vehicle": "van"}, form=_NOTE, ok=303),
    Row("POST /rounds/vehicles/{mode}/back", path={"mode": "{mode_id}"}, form=_NOTE, ok=404),
    Row("GET /units/{unit_id}"),
    Row("POST /units/{unit_id}/emptied", form=_NOTE, ok=303),
    Row("POST /units/{unit_id}/doubt", form={"changed": "no"}, ok=422),
    Row("POST /units/{unit_id}/emptyings", form={"confirm": "{emptying_id}"}, ok=303),
    Row("POST /units/{unit_id}/visit", form=_NOTE, ok=303),
    Row("POST /units/{unit_id}/stock", form={**_NOTE, "kind": "bag", "number": "1"}, ok=303),
    Row("POST /units/{unit_id}/silence", form={**_NOTE, "lasts": "hour"}, ok=303),
    Row("POST /units/{unit_id}/outbreak", form=_NOTE, ok=303),
    Row("GET /rooms"),
    Row("GET /rooms", {"room": "{room_id}", "since": "2026-10-12"}, unknown=(200,)),
    Row("POST /rooms/{room_id}/counts", form={"children": "5"}, ok=303),
    Row("POST /rooms/{room_id}/counts/{count_id}/withdraw", form={"note": "x"}, ok=303),
    Row("GET /rooms/{room_id}", dear=True),
    Row("GET /sites/{site_id}", dear=True),
    Row("GET /bookings"),
    Row("POST /bookings", file=_BOOKED, ok=303),
    Row("POST /bookings/{import_id}/withdraw", form=_NOTE, ok=303),
    Row("GET /reports"),
    Row("GET /reports", {"changes": "{number}"}, unknown=(200,), dear=True),
    Row("POST /reports", form={"period": "2026-10", "site": "{site}"}, unknown=(422,), ok=303, dear=True),
    Row("GET /reports/file", {"kind": "rooms", "period": "2026-10", "ending": "zip", "site": "{site}"}, dear=True),
    Row("GET /account"),
    Row("POST /account/name", form={"name": "新しい名"}, ok=303),
    Row("POST /account/password", form={"present": "wrong"}, ok=422),
    Row("POST /account/second-factor", form=_NOTE),
    Row("POST /account/second-factor/off", form={"present": "wrong"}, ok=422),
    Row("POST /account/devices/end", ok=303),
    Row("GET /account/data.json"),
    Row("POST /account/provider", form={"present": "wrong"}, ok=404),
    Row("POST /account/provider/off", form={"present": "wrong"}, ok=422),
    Row("GET /people"),
    Row("POST /people", form={"name": "新人", "login": "new@example.jp", "role": "viewer", "site": "{site}"}),
    Row("POST /people", form={"name": "新人", "login": "new@example.jp", "partner": "{partner}"}),
    Row(
        "POST /people",
        form={"name": "新人", "login": "new@example.jp", "role": "viewer"},
        whole=Act.MANAGE_PEOPLE,
        else_=422,
    ),
    Row("POST /people/{account}/{action}", form={"role": "viewer", "site": "{site}"}, path={"action": "give"}, ok=303),
    Row("POST /people/{account}/{action}", form=_NOTE, path={"action": "link"}),
    *(
        Row("POST /people/{account}/{action}", form=_NOTE, path={"action": action}, ok=303)
        for action in ("disable", "enable", "second-factor-off", "erase")
    ),
    Row("POST /people/grants/{grant}/revoke/", ok=303),
    Row("POST /people/partners/", form={"name": "新しい機関", "role": "viewer", "site": "{site}"}, ok=303),
    Row("POST /people/partners/", form={"partner": "{partner}", "role": "viewer", "site": "{site}"}, ok=303),
    Row("POST /people/partners/{partner}/end/", ok=303),
    Row("POST /people/keys/{kind}/", form={"name": "壁", "site": "{site}"}, path={"kind": "display"}),
    Row(
        "POST /people/keys/{kind}/",
        form={"name": "統計", "role": "viewer", "site": "{site}"},
        path={"kind": "api"},
        whole=Act.MANAGE_KEYS,
        else_=422,
    ),
    Row("POST /people/keys/{key}/revoke/", ok=303),
    Row("GET /people/audit"),
    Row("GET /people/audit.csv"),
    Row("GET /people/security"),
    Row("GET /settings"),
    Row("GET /settings/history", ok=404),
    Row("POST /settings/history/{number}", path={"number": "2"}, form={"step": "check"}, ok=404),
    Row("GET /settings/devices"),
    Row("GET /settings/devices/adopt", query={"edge": "e", "device": "d"}, ok=404),
    Row("POST /settings/devices/adopt", form={"edge": "e", "device": "d", "site": "{site}"}, ok=404),
    Row("GET /settings/edit/{word}", path={"word": "opening"}, query={"of": "{site}"}, ok=404),
    Row("POST /settings/edit/{word}", path={"word": "opening"}, form={"of": "{site}", "step": "check"}, ok=404),
)
"""Every route that needs a right, at least once."""

ELSEWHERE = {
    "GET /api/v1/stream": "test_stream_rights.py",
    "GET /wall/stream": "test_stream_rights.py",
    "GET /rounds/{run}/stream": "tests/api/web/rounds/test_following.py",
}
"""Routes that are judged in another module: they have no end."""
