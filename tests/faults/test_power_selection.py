"""A short selection of rows F2-F5, F14 and F16, and of the tools they stand on."""

import random
from pathlib import Path

import pytest

from tests.faults import counters, full_disk, fuzz, io
from tests.faults.power import control, images, trace
from tests.faults.power.commits import Commit, commits, safe, spread, told_apart
from tests.faults.power.disk import Cut, Disk
from tests.faults.power.trace import Announce, Create, Op, Rename, Sync, Truncate, Unlink, Write
from tests.faults.row import Outcome, Tier


def rng() -> random.Random:
    return random.Random(20_260_415)


def passed(outcome: Outcome) -> Outcome:
    assert outcome.passed, outcome.why
    assert outcome.injected > 0
    assert (outcome.lost, outcome.duplicates) == (0, 0)
    return outcome


def test_power_cuts_lose_nothing_that_was_announced() -> None:
    assert passed(images.power_cuts(Tier.PR, rng(), images=60, steps=40)).injected == 60


@pytest.mark.parametrize(("name", "careless"), [("outbox", False), ("damaged", True)])
def test_every_cut_of_the_control_shows_its_loss(name: str, careless: bool) -> None:  # noqa: FBT001
    recording = images.record(name, 71_280, steps=40, careless=careless)  # damaged in its second step, and later
    tally = images.Tally()

    for way in control.CARELESS[careless]:
        assert len(control.exposed(recording, way)) >= 30
        assert list(control.unseen(recording, way, rng(), tally)) == []

    cuts = control.POINTS * len(control.CARELESS[careless])
    assert tally.images == 2 * cuts
    assert sum(tally.verdicts.values()) == cuts


def test_a_control_that_sees_no_loss_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = images.record("outbox", 1, steps=20)
    monkeypatch.setattr(control, "record", lambda *_, **__: recording)
    monkeypatch.setattr(Disk, "honest", property(lambda _: True, lambda *_: None), raising=False)

    found = control.control(Tier.PR, rng(), ["outbox"])

    assert not found.passed
    assert "no loss is seen; so F2 shows nothing" in found.why


def test_a_control_without_power_says_so_and_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = images.record("outbox", 1, steps=control.POINTS - 1)
    seeds = []

    def record(_name: str, seed: int, *_: int, **__: bool) -> images.Recording:
        seeds.append(seed)
        return recording

    monkeypatch.setattr(control, "record", record)

    found = control.control(Tier.PR, rng(), ["outbox"])

    assert (found.passed, found.injected) == (False, 0)
    assert "no power" in found.why
    assert len(set(seeds)) == control.RECORDINGS * len(control.CARELESS)


def test_no_commit_of_a_careful_writer_is_exposed_on_an_honest_disk() -> None:
    recording = images.record("outbox", 1, steps=20)
    assert control.exposed(recording, control.Way.OFF) == []


def test_an_input_output_error_stops_cleanly_or_is_tried_again() -> None:
    passed(io.errors(Tier.PR, rng(), most=1))


def test_a_disk_that_cannot_be_read_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    seen = io.Seen()
    _, used = io.places("outbox", 71_280, tmp_path)

    io.run([io.Case(used, "pread64", "EIO", n, lasting=lasting) for n, lasting in ((31, True), (31, False))], seen)

    assert seen.injected == 2
    assert seen.faults == []


def test_a_full_disk_loses_nothing_and_stops_no_acknowledgement() -> None:
    passed(full_disk.full_disk(Tier.PR, rng(), rounds=1))


def test_totals_are_the_truth_in_hundreds_of_histories() -> None:
    passed(counters.counters(Tier.PR, rng(), histories=300))


def test_noise_at_every_door() -> None:
    passed(fuzz.fuzz(Tier.PR, rng(), seconds=0.1))


# ---------------------------------------------------------------- the tools


def after(*ops: Op, cut: Cut, folder: Path, during: Op | None = None) -> dict[str, bytes]:
    disk = Disk()
    for op in ops:
        disk.apply(op)
    disk.image(folder, cut, rng(), during)
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def test_a_disk_keeps_what_was_synced_and_may_forget_the_rest(tmp_path: Path) -> None:
    ops = (Create("a", 1), Sync(None), Write(1, 0, b"safe"), Sync(1), Write(1, 4, b"lost"), Truncate(1, 6))

    assert after(*ops, cut=Cut.BARE, folder=tmp_path) == {"a": b"safe"}
    assert after(*ops, cut=Cut.DROPPED, folder=tmp_path) == {"a": b"safe"}
    assert after(*ops, cut=Cut.KEPT, folder=tmp_path) == {"a": b"safelo"}


def test_names_need_a_sync_of_the_directory(tmp_path: Path) -> None:
    seen = set()
    for seed in range(30):
        disk = Disk()
        for op in (
            Create("a", 1),
            Create("b", 2),
            Sync(None),
            Write(2, 0, b"2"),
            Sync(2),
            Rename("b", "c"),
            Unlink("a"),
        ):
            disk.apply(op)
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk.image(folder, Cut.DROPPED, random.Random(seed), None)
        seen.add(tuple(sorted(entry.name for entry in folder.iterdir())))

    assert seen == {("a", "b"), ("a", "c"), ("c",)}


def test_the_least_that_a_disk_keeps_is_what_was_synced(tmp_path: Path) -> None:
    ops = (Create("a", 1), Sync(None), Write(1, 0, b"1"), Sync(1), Rename("a", "b"), Create("c", 2), Write(2, 0, b"2"))

    assert after(*ops, Sync(2), cut=Cut.BARE, folder=tmp_path) == {"a": b"1"}


def test_a_commit_reaches_from_one_announcement_to_the_next() -> None:
    ops: list[Op] = [Write(1, 0, b"1"), Sync(1), Announce(1), Announce(2), Write(1, 1, b"2")]
    assert list(commits(ops)) == [Commit(1, 0, 3), Commit(2, 3, 4)]


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([Write(1, 0, b"1"), Sync(1)], True),
        ([Write(1, 0, b"1"), Sync(2), Sync(None)], False),
        ([Sync(1), Write(1, 0, b"1")], False),
        ([Rename("a", "b"), Sync(None)], True),
    ],
)
def test_safe_is_what_a_sync_has_followed(ops: list[Op], expected: bool) -> None:  # noqa: FBT001
    assert safe(ops) is expected


def test_a_loss_shows_when_the_state_was_never_seen_before() -> None:
    digests = ["a", "b", "b", "a", "c"]
    assert [told_apart(digests, step) for step in range(1, 5)] == [True, False, False, True]


def test_cuts_are_spread_evenly() -> None:
    found = [Commit(step, step, step + 1) for step in range(10)]
    assert [commit.step for commit in spread(found, 4)] == [0, 2, 5, 7]
    assert spread(found, 20) == found
    assert spread([], 3) == []


def test_a_torn_write_ends_at_a_sector(tmp_path: Path) -> None:
    data = bytes(range(1, 256)) * 10
    lengths = set()
    for seed in range(60):
        disk = Disk()
        disk.apply(Create("a", 1))
        disk.apply(Sync(None))
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk.image(folder, Cut.TORN, random.Random(seed), Write(1, 100, data))
        found = (folder / "a").read_bytes()
        assert found == (bytes(100) + data)[: len(found)]
        lengths.add(len(found))

    assert lengths == {0, 512, 1024, 1536, 2048, 2560, len(data) + 100}


def test_a_trace_tells_what_was_done_to_the_files_of_a_folder() -> None:
    def text(value: str) -> str:
        return '"' + "".join(f"\\x{byte:02x}" for byte in value.encode()) + '"'

    lines = [
        f"1 openat(AT_FDCWD, {text('/d/a')}, O_RDWR|O_CREAT, 0644) = 5",
        f"1 openat(AT_FDCWD, {text('/elsewhere')}, O_RDWR) = 6",
        f"1 pwrite64(5, {text('abc')}, 3, 10 <unfinished ...>",
        f"2 write(6, {text('x')}, 1) = 1",
        "1 <... pwrite64 resumed>) = 3",
        "1 fdatasync(5) = 0",
        f"1 openat(AT_FDCWD, {text('/d')}, O_RDONLY|O_CLOEXEC) = 7",
        "1 fsync(7) = 0",
        f"1 write(1, {text('1')}, 1) = 1",
        f"1 unlink({text('/d/none')}) = -1 ENOENT (No such file or directory)",
        f"1 rename({text('/d/a')}, {text('/d/b')}) = 0",
        "1 close(5) = 0",
        f"1 write(5, {text('x')}, 1) = 1",
    ]

    assert list(trace.Reader(Path("/d")).read(lines)) == [
        Create("a", 1), Write(1, 10, b"abc"), Sync(1), Sync(None), Announce(1), Rename("a", "b"),
    ]  # fmt: skip
