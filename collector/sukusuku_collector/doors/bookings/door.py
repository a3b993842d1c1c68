"""Looks into the folder and asks the feeds; what they say is stored as an upload is.

Nothing of a file but counts stays: what was taken is deleted. A file that cannot be read stays where it is, with a note
beside it that says why; the log says which lines, never what stands in them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from sukusuku_collector.doors.bookings import feeds
from sukusuku_collector.doors.protocol import World
from sukusuku_core.errors import TransientError
from sukusuku_core.supervision import repeat
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.bookings import file
from sukusuku_server.bookings.problems import BookingsError, Problem
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.i18n import N_, texts
from sukusuku_server.model import doors
from sukusuku_server.model.doors import BOOKINGS, FOLDER
from sukusuku_server.settings import BookingSettings, Feed
from sukusuku_server.threads import unbroken

LOOK_SECONDS = 10.0
NOTE = ".errors.txt"
"""What is added to the name of a file that cannot be read."""
KINDS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".ics"})

_log = logging.getLogger(__name__)


def open_door(world: World) -> Callable[[], Awaitable[None]] | None:
    """See `protocol.Door`."""
    settings = world.index.facility.bookings
    if settings is None or (settings.folder is None and not settings.feed):
        return None
    importer = Importer(world, settings)
    look = partial(unbroken, importer.look, importer.stop)
    return lambda: repeat("bookings", look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), world.sure)


class Importer:
    """One look after another. `look` raises TransientError when the database does not answer."""

    def __init__(self, world: World, settings: BookingSettings) -> None:
        self._world = world
        self._settings = settings
        self._records = BookingRecords(world.operations)
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._refused: dict[Path, tuple[int, int]] = {}
        self._taken: dict[Path, tuple[int, int]] = {}
        self._asked: dict[str, int] = {}
        self._ways = {feed.id: feeds.exchange(feed) for feed in settings.feed}
        self._noted: dict[str, str] = {}
        self._doors = DoorRecords(world.operations)
        self._problems = TransitionLog(_log)

    def look(self) -> None:
        """Take what lies in the folder, and ask each feed whose turn it is."""
        if self._settings.folder is not None:
            self._look_into(Path(self._settings.folder))
        now = self._world.clock()
        due = [feed for feed in self._settings.feed if now - self._asked.get(feed.id, 0) >= feed.every * 1000]
        if not due:
            return
        with ThreadPoolExecutor(len(due)) as pool:  # all at once: a slow one takes no time of the others
            answers = {pool.submit(feeds.fetch, feed, self._ways[feed.id]): feed for feed in due}
            for answer in as_completed(answers):
                feed = answers[answer]
                self._asked[feed.id] = now
                self._ask(feed, answer.result)

    def stop(self) -> None:
        """End a look: no feed is waited for."""
        for way in self._ways.values():
            way.stop()

    def _look_into(self, folder: Path) -> None:
        try:
            found = sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file())
            sizes = {path: _size(path) for path in found}
        except OSError as error:
            self._problems.problem("folder of bookings", "cannot be read, retrying", error)
            self._wrong(FOLDER, f"the folder cannot be read: {type(error).__name__}")
            return
        self._problems.recovered("folder of bookings", "can be read again")
        if all(path.name.endswith(NOTE) for path in found):
            self._well(FOLDER)
        stuck = False
        for path, size in sizes.items():
            written = self._sizes.get(path) == size  # twice the same: nobody is writing it any more
            if written and not path.name.endswith(NOTE) and self._refused.get(path) != size:
                stuck = not self._take(path, size) or stuck
        self._sizes = sizes
        if not stuck:
            self._problems.recovered("file of bookings", "none is stuck any more")

    def _take(self, path: Path, size: tuple[int, int]) -> bool:
        """Return whether the file is done with, taken or refused."""
        try:
            if self._taken.get(path) != size:
                with path.open("rb") as opened:
                    content = opened.read(file.LARGEST + 1)  # more is refused, however large
                self._keep(content, "folder", self._settings.folder_room)
                self._doors.taken(BOOKINGS, FOLDER, self._world.clock())
                self._taken[path] = size
            if path.exists() and _size(path) == size:  # another file of this name may have come meanwhile
                path.unlink()
            _note(path).unlink(missing_ok=True)
        except TransientError:
            raise
        except OSError as error:
            said = "cannot be deleted" if self._taken.get(path) == size else "cannot be read"
            self._problems.problem("file of bookings", f"{said}, retrying", type(error).__name__)
            self._wrong(FOLDER, f"a file {said}: {type(error).__name__}")
            return False
        except BookingsError as error:
            self._refuse(path, size, error)
        except Exception as error:  # noqa: BLE001 - one file must not keep the others and the feeds from being read
            self._refuse(path, size, _unforeseen(error))
        self._taken.pop(path, None)
        return True

    def _refuse(self, path: Path, size: tuple[int, int], error: BookingsError) -> None:
        self._refused[path] = size
        self._wrong(FOLDER, f"a file is refused; the note beside it says why: {error}")
        _log.error("a file of bookings is refused; the note beside it says why: %s", error)
        lines = [line for language in ("ja", "en") for line in error.told(texts("sukusuku_server", language))]
        try:
            _note(path).write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
        except OSError as failed:
            _log.error("the note beside a file of bookings cannot be written: %s", type(failed).__name__)

    def _ask(self, feed: Feed, answer: Callable[[], bytes]) -> None:
        name = f"feed {feed.id} of bookings"
        way = self._ways[feed.id]
        try:
            self._keep(answer(), "url", feed.room, feed.id)
        except TransientError as error:
            if way.stopped:
                return
            self._problems.problem(name, "does not answer, retrying", error)
            self._wrong(doors.feed(feed.id), f"does not answer: {error}")
        except BookingsError as error:
            self._unreadable(feed, error)
        except Exception as error:  # noqa: BLE001 - one feed must not keep the others from being asked
            self._unreadable(feed, _unforeseen(error))
        else:
            self._doors.taken(BOOKINGS, doors.feed(feed.id), self._world.clock())
            self._well(doors.feed(feed.id))
            self._problems.recovered(name, "can be read again")

    def _unreadable(self, feed: Feed, error: BookingsError) -> None:
        self._problems.problem(f"feed {feed.id} of bookings", "cannot be read, retrying", error)
        self._wrong(doors.feed(feed.id), f"cannot be read: {error}")

    def _wrong(self, source: str, reason: str) -> None:
        if self._noted.get(source) != reason:
            self._doors.failed(BOOKINGS, source, self._world.clock(), reason)
            self._noted[source] = reason

    def _well(self, source: str) -> None:
        if self._noted.get(source) != "":
            self._doors.well(BOOKINGS, source)
            self._noted[source] = ""

    def _keep(self, content: bytes, source: str, room: str | None, feed: str = "") -> None:
        now = self._world.clock()
        told = file.read(content, self._world.index.facility, now, room, may_be_empty=bool(feed))
        kept = self._records.take(told, source, feed or source, now, feed, self._settings.keep_days)
        if kept is not None:
            _log.info("bookings from %s: %d rows, %d cancelled", feed or source, told.rows, told.skipped)


def _size(path: Path) -> tuple[int, int]:
    """Return what tells one state of a file from another."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _note(path: Path) -> Path:
    return path.with_name(path.name + NOTE)


def _unforeseen(error: Exception) -> BookingsError:
    """Return an error of the readers as one of the file. It shows no more than its kind: its text may hold names."""
    return BookingsError([Problem(0, type(error).__name__, N_("The file cannot be read, for a reason unknown so far"))])
