import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sukusuku_server.rounds.osrm import measured
from sukusuku_server.rounds.travel_matrix import Matrix, Spot, estimated
from sukusuku_server.settings import Pair, Routing

SPOTS = (Spot("yard", 35.73, 139.71), Spot("tobu", 35.74, 139.72), Spot("seibu", 35.72, 139.69))
TABLE: dict[str, Any] = {
    "code": "Ok",
    "durations": [[0, 301.4, 422.6], [310.1, 0, 800], [430, 812.5, 0]],
    "distances": [[0, 1501.2, 2400], [1550, 0, 4100], [2450, 4200, 0]],
    "sources": [{"hint": "", "distance": 4.2, "name": "道", "location": [139.71, 35.73]}],
    "destinations": [{"hint": "", "distance": 4.2, "name": "道", "location": [139.71, 35.73]}],
}


@contextmanager
def server(body: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike; gives its address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}", asked
        finally:
            http.shutdown()
            thread.join()


def answered(body: object, status: int = 200, **routing: Any) -> Matrix:
    with server(json.dumps(body).encode(), status) as (url, _):
        return measured(SPOTS, Routing(osrm_url=url, **routing))


def test_the_table_of_the_server_is_the_matrix() -> None:
    with server(json.dumps(TABLE).encode()) as (url, asked):
        matrix = measured(SPOTS, Routing(osrm_url=f"{url}/"))

    places = "139.710000,35.730000;139.720000,35.740000;139.690000,35.720000"
    assert asked == [f"/table/v1/driving/{places}?annotations=duration,distance"]
    assert [*matrix.seconds] == [(0, 301, 423), (310, 0, 800), (430, 812, 0)]
    assert [*matrix.km[1]] == [1.55, 0, 4.1]
    assert matrix.source == "OSRM"


def test_a_pair_of_the_settings_is_stronger_than_the_server() -> None:
    matrix = answered(TABLE, pair=(Pair(between=("yard", "tobu"), km=9, minutes=10),))

    assert matrix.seconds[0][1] == matrix.seconds[1][0] == 600
    assert matrix.seconds[0][2] == 423


def test_where_no_road_leads_the_estimate_stands() -> None:
    durations = [[0, None, 422.6], *TABLE["durations"][1:]]
    matrix = answered(TABLE | {"durations": durations})

    assert [*matrix.seconds[0]] == [0, estimated(SPOTS, Routing()).seconds[0][1], 423]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"code": "TooBig", "message": "Too many table coordinates"}, 400, "status 400"),
        (TABLE | {"code": "NoTable"}, 200, "Invalid"),
        (TABLE | {"durations": [[0, 1], [1, 0]]}, 200, "the table has not 3 rows and columns"),
        (TABLE | {"durations": [[0, -1, 2], [1, 0, 2], [1, 2, 0]]}, 200, "Expected"),
        ({"code": "Ok"}, 200, "missing required field"),
        ("no table at all", 200, "Expected"),
    ],
)
def test_a_wrong_answer_leaves_the_estimate_and_says_why(body: object, status: int, why: str) -> None:
    matrix = answered(body, status)

    assert matrix.seconds == estimated(SPOTS, Routing()).seconds
    assert matrix.source.startswith("great circle x 1.35 at 22 km/h (OSRM: ")
    assert why in matrix.source


def test_no_json_leaves_the_estimate() -> None:
    with server(b"<html>") as (url, _):
        assert "(OSRM: " in measured(SPOTS, Routing(osrm_url=url)).source


def test_a_server_that_is_not_there_leaves_the_estimate() -> None:
    with server(b"") as (url, _):
        pass

    assert "(OSRM: " in measured(SPOTS, Routing(osrm_url=url)).source


def test_without_a_server_nobody_is_asked() -> None:
    assert measured(SPOTS, Routing()) == estimated(SPOTS, Routing())
