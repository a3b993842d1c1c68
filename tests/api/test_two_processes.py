"""Two API processes over one PostgreSQL, as behind a load balancer: what one has done, the other knows."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from sukusuku_core.clock import now_ms
from sukusuku_server.access import passwords
from sukusuku_server.access.records import Purpose
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks
from sukusuku_server.db.sign_in_attempts import MOST_PER_LOGIN
from tests.api import two_centres as worlds
from tests.api.access.place import BROWSER, PASSWORD
from tests.support.patience import PATIENCE, until
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer

LOGIN = "suzuki@example.jp"


@contextmanager
def api(path: Path, host: str = "") -> Iterator[httpx.Client]:
    """A process of its own on a free port, once it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "sukusuku_api", str(path), "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any(" ready " in line for line in process.stderr), "the process ended early"
            headers = BROWSER | ({"host": host} if host else {})
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE) as client:
                yield client
        finally:
            process.kill()


@pytest.fixture(scope="module")
def operations(postgres: PostgresServer) -> Iterator[Operations]:
    found = Operations(postgres.operations())
    account = Accounts(found).add(LOGIN, "鈴木", now_ms(), "start")
    Accounts(found).set_password(account.id, passwords.hashed(PASSWORD), now_ms(), "start")
    Grants(found).give(Role.ADMIN, None, now_ms(), "start", account=account.id)
    yield found
    found.close()


@pytest.fixture(scope="module")
def processes(operations: Operations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[httpx.Client]]:
    folder = tmp_path_factory.mktemp("shared")
    worlds.make(folder).close()
    url = operations._engine.url.render_as_string(hide_password=False)
    head, tail = worlds.FACILITY.split("[[site]]", 1)
    path = folder / "facility.toml"
    path.write_text(f'{head}[operations]\nurl = "{url}"\n[[site]]{tail}', encoding="utf-8")
    with ExitStack() as stack:
        yield [stack.enter_context(api(path)) for _ in range(2)]


def sign_in(client: httpx.Client, password: str = PASSWORD, login: str = LOGIN) -> httpx.Response:
    return client.post("/sign-in", data={"login": login, "password": password})


def test_who_signs_in_at_one_is_known_to_the_other_and_out_of_both(processes: Sequence[httpx.Client]) -> None:
    one, other = processes
    assert sign_in(one).status_code == 303
    other.cookies.update(one.cookies)
    assert other.get("/wall").status_code == 200
    assert other.post("/sign-out").status_code == 303
    until(lambda: one.get("/wall").status_code == 303, "it still let in who had signed out")


def test_guesses_at_both_at_the_same_time_are_counted_together(processes: Sequence[httpx.Client]) -> None:
    def guess(number: int) -> bool:
        return "正しくありません" in sign_in(processes[number % 2], "wrong", "guessed@example.jp").text

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(guess, range(3 * MOST_PER_LOGIN))) == MOST_PER_LOGIN


def test_a_link_that_was_used_at_one_is_used_up_at_the_other(
    processes: Sequence[httpx.Client], operations: Operations
) -> None:
    one, other = processes
    account = Accounts(operations).add("sato@example.jp", "佐藤", now_ms(), "start")
    token = OneTimeLinks(operations).make(Purpose.INVITATION, account.id, now_ms(), "start")
    assert other.get(f"/welcome/{token}").status_code == 200
    form = {"password": PASSWORD, "again": PASSWORD}
    assert one.post(f"/welcome/{token}", data=form).status_code == 303
    assert other.get(f"/welcome/{token}").status_code == 404


def test_a_stream_that_goes_on_at_the_other_begins_with_the_whole_state(processes: Sequence[httpx.Client]) -> None:
    def first(client: httpx.Client, mark: str) -> tuple[str, str]:
        with client.stream("GET", "/api/v1/stream", headers={"last-event-id": mark} if mark else {}) as stream:
            found: dict[str, str] = {}
            for line in stream.iter_lines():
                key, _, value = line.partition(": ")
                found[key] = value
                if not line and {"event", "id"} <= found.keys():
                    return found["event"], found["id"]
        raise AssertionError("the stream ended")

    one, other = processes
    assert sign_in(one).status_code == 303
    other.cookies.update(one.cookies)
    kind, mark = first(one, "")
    assert kind == "state"
    again, elsewhere = first(other, mark)
    assert again == "state"
    assert elsewhere != mark
