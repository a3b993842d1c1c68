"""What it costs a request to be signed in: processor time of the same request by a visitor, a session and a key.

    python -m bench.sign_in [--requests 400]

The application answers in process, over real databases with fifty accounts, twenty of them of a partner. The kinds of
requests take turns; of each the median is told. A visitor proves nothing and is not looked up: theirs is the yardstick.
`looked up` are requests for which nothing was kept of a second ago: of a page that is opened and asks twenty times, one
is. Exits with 1 when a signed-in request costs more than a millisecond more than a visitor's, or one that is looked up
more than 2.2 times as much. Takes about ten seconds.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from tests.api import two_centres
from tests.api.applications import create_app, office

from bench.in_process import ask
from bench.results import at_most, conclude
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.access.records import KeyKind
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sessions import Limits, Sessions

GOAL_MS = 1.0
GOAL_RATIO = 2.2
ACCOUNTS, OF_A_PARTNER = 50, 20
PATH = "/api/v1/units"
WARM = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, tell, and return 1 when the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=400, help="of each kind")
    rounds = options.parse_args(argv).requests
    with tempfile.TemporaryDirectory() as name, _application(Path(name)) as (app, callers):
        medians = asyncio.run(_measured(app, callers, rounds))
    visitor = medians["visitor"]
    for kind, median in medians.items():
        print(f"{kind:20} {median:6.3f} ms  {median - visitor:+.3f} ms  x {median / visitor:.2f}")
    most = max(median - visitor for kind, median in medians.items() if kind in {"session", "key"})
    ratio = max(medians.values()) / visitor
    beside = f"a visitor: {visitor:.2f} ms"
    return conclude(
        (
            at_most("a request costs more when somebody is signed in", most, GOAL_MS, "ms", beside),
            at_most("the same when it is looked up again", ratio, GOAL_RATIO, "x", beside),
        )
    )


Caller = tuple[list[tuple[bytes, bytes]], bool]
"""Headers, and whether whoever sends them is looked up anew."""


@contextmanager
def _application(folder: Path) -> Iterator[tuple[FastAPI, Mapping[str, Caller]]]:
    world = two_centres.make(folder)
    world.commit(*two_centres.troubled(now_ms()))
    session, key = _people(world.operations)
    store = LazyStore(world.path)
    cookie, bearer = [(b"cookie", f"sukusuku={session}".encode())], [(b"authorization", f"Bearer {key}".encode())]
    callers: dict[str, Caller] = {
        "visitor": ([], False),
        "session": (cookie, False),
        "session, looked up": (cookie, True),
        "key": (bearer, False),
        "key, looked up": (bearer, True),
    }
    yield create_app(world.facility, store, world.operations, visitor=office), callers
    store.close()
    world.close()


def _people(operations: Operations) -> tuple[str, str]:
    """Make accounts, partner and key; return the tokens of a session and of the key, which see all that visitors do."""
    accounts, grants, now = Accounts(operations), Grants(operations), now_ms()
    partner = accounts.add_organisation("partner", now, "start").id
    grants.give(Role.VIEWER, None, now, "start", organisation=partner)
    made = [
        accounts.add(f"{n}@example.jp", str(n), now, "start", organisation=partner if n < OF_A_PARTNER else None).id
        for n in range(ACCOUNTS)
    ]
    for account in made:
        for site in ("tobu", "seibu"):
            grants.give(Role.STAFF, site, now, "start", account=account)
    _, session = Sessions(operations, Limits()).begin(now_ms(), "127.0.0.1", "a browser", account=made[0])
    key, token = AccessKeys(operations).make(KeyKind.API, "statistics", now, "start")
    grants.give(Role.VIEWER, None, now, "start", key=key.id)
    return session, token


async def _measured(app: FastAPI, callers: Mapping[str, Caller], rounds: int) -> dict[str, float]:
    """Return the median of the processor time of each kind of request in ms."""
    forget: Callable[[], None] = app.state.authentication.forget
    found: dict[str, list[float]] = {kind: [] for kind in callers}
    for n in range(-WARM, rounds):
        for kind, (headers, anew) in callers.items():
            if anew:
                forget()
            else:
                await _ask(app, headers)
            begun = time.process_time()
            await _ask(app, headers)
            if n >= 0:
                found[kind].append((time.process_time() - begun) * 1000)
    return {kind: statistics.median(times) for kind, times in found.items()}


async def _ask(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> None:
    await ask(app, urlsplit(app.state.context.facility.web.url).netloc, PATH, headers=headers)


if __name__ == "__main__":
    sys.exit(main())
