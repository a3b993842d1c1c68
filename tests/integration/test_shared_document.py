"""Two API processes and a collector with the documents of one PostgreSQL: all follow a change, none a wrong one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from sukusuku_core.clock import now_ms
from sukusuku_server.access import passwords
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.facility_document import places
from sukusuku_server.facility_document.facility_database import ADDRESS, NOTHING, FacilityDatabase
from sukusuku_server.facility_document.source import Change, Origin
from tests.api.access.place import PASSWORD
from tests.api.test_two_processes import LOGIN, api, sign_in
from tests.collector.operators.towns import FACILITY, OneDatabase
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE, until
from tests.support.postgres import PostgresServer

AT_ONCE = 5
"""Seconds within which a change must be in use."""
ALL = Path("postgres:")


@dataclass
class Machines:
    """What runs, and a way of its own to the documents."""

    apis: Sequence[httpx.Client]
    log: Path
    broker: int
    shared: OneDatabase
    documents: FacilityDatabase

    def put(self, town: str) -> None:
        self.documents.operator(town).write(self.text(town), NOTHING, Change("test"))

    def text(self, town: str) -> str:
        web = f'[web]\nurl = "http://{town}.example.jp"\n'
        return FACILITY.format(town=town, port=self.broker) + self.shared.settings(town) + web

    def write_by_sql(self, town: str, what: str) -> None:
        engine = create_engine(self.shared.url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO facility_document (operator, number, text, time) SELECT CAST(:town AS varchar),"
                    " max(number) + 1, :what, 0 FROM facility_document WHERE operator = :town"
                ),
                {"town": town, "what": what},
            )
        engine.dispose()

    def collector_says(self, what: str, count: int = 1, patience: float = PATIENCE) -> None:
        until(lambda: self.log.read_text().count(what) >= count, f"the collector did not say: {what}", patience)

    def each(self, seen: Callable[[httpx.Client], bool], failure: str, patience: float = PATIENCE) -> None:
        until(lambda: all(seen(it) for it in self.apis), failure, patience)


@contextmanager
def collector(log: Path) -> Iterator[None]:
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-m", "sukusuku_collector", str(ALL)], stderr=said)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def machines(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    shared = OneDatabase(postgres)
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setitem(os.environ, ADDRESS, shared.url)
        patch.setitem(os.environ, places.FOLDER, str(folder))
        documents = stack.enter_context(closing(FacilityDatabase(shared.url, folder)))
        found = Machines([], folder / "log", stack.enter_context(mosquitto()), shared, documents)
        found.put("nerima")
        stack.enter_context(collector(found.log))
        found.collector_says("[nerima] ready")
        facility = documents.operator("nerima").begin()[1]
        with closing(Operations(facility.operations.address)) as operations:
            account = Accounts(operations).add(LOGIN, "鈴木", now_ms(), "start")
            Accounts(operations).set_password(account.id, passwords.hashed(PASSWORD), now_ms(), "start")
            Grants(operations).give(Role.ADMIN, None, now_ms(), "start", account=account.id)
        found.apis = [stack.enter_context(api(ALL, "nerima.example.jp")) for _ in range(2)]
        for client in found.apis:
            until(lambda it=client: sign_in(it).status_code == 303, "the operator is not served")  # type: ignore[misc]
        yield found


def change(client: httpx.Client, name: str) -> httpx.Response:
    version = client.get("/api/v1/settings").json()["version"]
    edits = [{"op": "put", "path": "site[tobu].unit[unit-1].name.en", "value": name}]
    return client.post("/api/v1/settings/edits", json={"version": version, "edits": edits})


def unit(client: httpx.Client) -> str:
    return str(client.get("/api/v1/units").json()["units"][0]["name"]["en"])


def mistakes(client: httpx.Client) -> list[str]:
    return [it["where"] for it in client.get("/api/v1/health").json()["document"]["mistakes"]]


def test_a_change_at_one_is_in_use_everywhere_without_a_restart(machines: Machines) -> None:
    for turn, client in enumerate(machines.apis, 1):
        answer = change(client, f"Press {turn}")
        assert answer.status_code == 200, answer.text
        machines.each(lambda it, turn=turn: unit(it) == f"Press {turn}", "an API goes on as before", AT_ONCE)  # type: ignore[misc]
        machines.collector_says("the changed settings are in use", turn, AT_ONCE)


def test_a_wrong_one_is_refused_and_one_that_sql_has_written_changes_nothing_and_is_told(machines: Machines) -> None:
    one, other = machines.apis
    assert change(one, "Right").status_code == 200
    machines.each(lambda it: unit(it) == "Right", "an API goes on as before")
    document = machines.documents.operator("nerima")
    right, count = document.read().text, len(document.history())

    assert change(other, "").status_code == 422
    assert len(document.history()) == count

    machines.write_by_sql("nerima", right.replace('"unit-1"', '"no id"'))
    machines.each(lambda it: mistakes(it) == ["site[0].unit[0].id"], "an API does not tell")
    machines.collector_says("site[0].unit[0].id")
    assert [unit(it) for it in machines.apis] == ["Right", "Right"]

    machines.write_by_sql("nerima", right)
    machines.each(lambda it: mistakes(it) == [], "an API does not see that it is right again")
    assert document.history()[0].origin is Origin.BY_HAND


def test_operators_come_and_go(machines: Machines) -> None:
    def served(client: httpx.Client) -> int:
        return client.get("/sign-in", headers={"host": "toshima.example.jp"}).status_code

    machines.put("toshima")
    machines.collector_says("[toshima] ready")
    machines.each(lambda it: served(it) == 200, "a new operator is not served")
    document = machines.documents.operator("toshima")
    document.take_out(document.read().version, Change("test"))
    machines.collector_says("[toshima] stopped")
    machines.each(lambda it: served(it) == 421, "an operator that was taken out is served")
    assert all(unit(it) for it in machines.apis)
