"""What a collector says and does again while there is nothing to do, or work cannot begin: documents are played."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from sukusuku_collector.operators import served, service
from sukusuku_collector.operators.served import Served
from sukusuku_collector.operators.shared import Shared
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Document, FacilitySource
from sukusuku_server.settings import Facility
from tests.collector.operators.towns import town
from tests.collector.running_collector import run
from tests.support.patience import PATIENCE


@dataclass
class Nobody:
    """See `FacilitySources`. It sets `stop` at the third look."""

    stop: asyncio.Event
    loop: asyncio.AbstractEventLoop
    name: str = "the documents"
    looks: int = 0

    def operators(self) -> Mapping[str, FacilitySource]:
        self.looks += 1
        if self.looks == 3:
            self.loop.call_soon_threadsafe(self.stop.set)
        return {}


def test_that_there_is_no_operator_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.01)
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        stop = asyncio.Event()
        await service.run(Nobody(stop, asyncio.get_running_loop()), stop)

    run(scenario())
    told = [record.getMessage() for record in caplog.records if "the documents" in record.getMessage()]
    assert told == ["the documents: no document of any operator in it, so there is nothing to do"]


@dataclass
class WrongNow(FacilityFile):
    """A document whose newest text is wrong, so that work begins with another one. `begun`: looks before each."""

    path: Path
    begun: list[int] = field(default_factory=list)
    looks: int = 0
    enough: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        super().__init__(self.path)

    def look(self) -> Document:
        self.looks += 1
        return Document.of("broken [")

    def begin(self) -> tuple[Document, Facility]:
        self.begun.append(self.looks)
        if len(self.begun) == 2:
            self.enough.set()
        return super().begin()


def test_work_that_cannot_begin_waits_although_the_newest_text_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LOOK_SECONDS", 0.01), ("FIRST_PAUSE", 0.1), ("LONGEST_PAUSE", 0.1)):
        monkeypatch.setattr(served, name, seconds)
    file = town(tmp_path, "town", 1)
    (tmp_path / "town" / "readings.db").mkdir()  # so the store cannot be opened
    source = WrongNow(file)
    work = Served("town", source, Shared())
    work.start()
    try:
        assert source.enough.wait(PATIENCE)
    finally:
        work.end()
        work.join()
    assert source.begun[1] - source.begun[0] > 5
