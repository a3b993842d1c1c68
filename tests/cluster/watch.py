"""What somebody sees of the cluster who looks at both APIs four times a second."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

import httpx

EVERY = 0.25
"""Seconds between two looks."""
ANSWERS = 2.0
"""Seconds after which an answer does not count."""
FRESH = 5.0
"""Seconds: the age of the newest reading while nothing is wrong."""


@dataclass
class Watch:
    """The newest look, and the worst since `begin`."""

    addresses: Mapping[str, str]
    lease: dict[str, Any] | None = None
    unanswered: float = 0.0
    """The longest time (s) in which no API answered."""
    age: float = 0.0
    """The age (s) of the newest reading at its worst, on the API that has it newest."""
    _answered: dict[str, float] = field(default_factory=dict)
    _newest: float = 0.0

    def begin(self) -> None:
        """Look for the worst from now on."""
        self.unanswered = self.age = 0.0

    def missing(self) -> str | None:
        """Return which API does not answer, or that readings are not fresh; None when all is well."""
        now = time.time()
        for name in self.addresses:
            if now - self._answered.get(name, 0.0) > ANSWERS:
                return f"{name} does not answer"
        return None if now - self._newest < FRESH else f"the newest reading is {now - self._newest:.1f} s old"

    async def run(self) -> NoReturn:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, address in self.addresses.items():
                group.create_task(self._ask(name, address))
            while True:
                await asyncio.sleep(EVERY)
                now = time.time()
                if self._answered:
                    self.unanswered = max(self.unanswered, now - max(self._answered.values()))
                    self.age = max(self.age, now - self._newest)

    async def _ask(self, name: str, address: str) -> NoReturn:
        while True:
            begun = time.monotonic()
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(ANSWERS), httpx.AsyncClient(base_url=address, trust_env=False) as client:
                    units = (await client.get("/api/v1/units")).raise_for_status().json()["units"]
                    health = (await client.get("/api/v1/health")).raise_for_status().json()
                times = [datetime.fromisoformat(unit["last"]["time"]).timestamp() for unit in units if unit["last"]]
                self._answered[name] = time.time()
                self._newest = max([self._newest, *times])
                self.lease = health["lease"]
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - begun)))
