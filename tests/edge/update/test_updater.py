"""An update, its way back, and what is left of it wherever it was ended."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_edge.update.updater import BEFORE, RETURNED
from sukusuku_edge.update_journal import Phase
from tests.edge.update.computers import Computer, PowerCut, steps

Make = Callable[..., Computer]


@pytest.fixture
def computer(tmp_path: Path) -> Make:
    """Makes computers, each with a folder of its own."""
    numbers = itertools.count()
    return lambda **kinds: Computer(tmp_path / str(next(numbers)), **kinds)


def test_a_new_version_that_reports_well_stays(computer: Make) -> None:
    it = computer()
    done = it.update()
    assert (it.version, done.phase, done.told) == ("0.2.0", Phase.RESTING, "0.2.0 is in use, after 0.1.0")
    assert it.clock >= 20, "it was watched"
    assert not (it.folder / BEFORE).exists()
    assert list(it.folder.glob("downloads/*")) == []
    it.update()
    assert it.installs == ["0.2.0"]


def test_one_that_does_not_goes_and_is_not_tried_again_by_itself(computer: Make) -> None:
    it = computer(ill=["0.2.0"])
    done = it.update()
    assert (it.version, it.installs) == ("0.1.0", ["0.2.0", "0.1.0"])
    assert done.told == "0.2.0 failed, 0.1.0 is back: after 10 minutes, no acknowledgement since its start"
    it.update()
    assert it.installs == ["0.2.0", "0.1.0"]
    it.ill = []
    it.update(again=True)
    assert it.version == "0.2.0"
    assert it.noted().failed == ()
    it.offered = ("0.1.0", "0.2.0", "0.3.0")
    it.update()
    assert it.version == "0.3.0"


def test_one_that_cannot_be_installed_goes_at_once(computer: Make) -> None:
    it = computer(uninstallable=["0.2.0"])
    assert "could not be installed: apt-get: E: 0.2.0 does not fit" in it.update().told
    assert (it.version, it.clock) == ("0.1.0", 0)


def test_one_process_must_be_well_for_a_while(computer: Make) -> None:
    it = computer()
    sleep = it.sleep

    def die(seconds: float) -> None:
        sleep(seconds)
        it.process += it.clock < 100

    it.sleep = die  # type: ignore[method-assign]
    it.update()
    assert it.version == "0.2.0"
    assert it.clock > 115


def test_one_that_is_started_again_and_again_goes(computer: Make) -> None:
    it = computer()
    sleep = it.sleep

    def die(seconds: float) -> None:
        sleep(seconds)
        it.process += 1

    it.sleep = die  # type: ignore[method-assign]
    assert it.update().told == "0.2.0 failed, 0.1.0 is back: after 10 minutes, it is started again and again"


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ({"version": None}, "was not installed as a Debian package"),
        ({"ill": ["0.1.0"]}, "0.2.0 is not tried now: no acknowledgement since its start"),
        ({"offered": ("0.2.0",)}, "add 0.1.0 to the repository too"),
    ],
)
def test_nothing_is_begun_that_could_not_be_judged_or_undone(
    kinds: dict[str, object], why: str, computer: Make
) -> None:
    it = computer(**kinds)
    with pytest.raises(PermanentError, match=why):
        it.update()
    assert it.installs == []
    assert it.noted().phase is Phase.RESTING


def test_outside_of_its_window_an_update_is_not_begun_but_finished(computer: Make) -> None:
    it = computer(ill=["0.2.0"])
    it.update(begin=False)
    assert it.installs == []
    it.cut_at = 8
    with pytest.raises(PowerCut):
        it.update()
    it.update(begin=False)
    assert it.version == "0.1.0"


@pytest.mark.parametrize("ill", [(), ("0.2.0",)], ids=["well", "ill"])
@pytest.mark.parametrize("systemd", [False, True], ids=["power cut", "killed"])
def test_ended_at_any_step_it_ends_as_if_it_had_not_been(
    ill: Sequence[str],
    systemd: bool,  # noqa: FBT001
    computer: Make,
) -> None:
    count = steps(lambda: computer(ill=ill))
    assert count > 15
    for step in range(1, count + 1):
        it = computer(ill=ill, cut_at=step)
        with pytest.raises(PowerCut):
            it.update()
        if systemd:
            it.put_back_by_systemd()
        done = it.update(again=systemd)
        assert (done.phase, it.version) == (Phase.RESTING, "0.1.0" if ill else "0.2.0"), step
        assert not (it.folder / BEFORE).exists(), step
        assert not (it.folder / RETURNED).exists(), step


def test_a_version_whose_program_cannot_even_run_is_put_back_by_systemd(computer: Make) -> None:
    it = computer(cut_at=8)
    with pytest.raises(PowerCut):
        it.update()
    assert it.version == "0.2.0", "and nothing of it works"
    it.put_back_by_systemd()
    done = it.update(begin=False)
    assert it.version == "0.1.0"
    assert done.told == "0.2.0 failed, 0.1.0 is back: the update was ended before the new version was well"
    it.update()
    assert it.version == "0.1.0", "it is not tried again by itself"


def test_when_the_way_back_is_refused_the_new_version_stays_and_that_is_said(computer: Make) -> None:
    it = computer(ill=["0.2.0"], uninstallable=["0.1.0"])
    done = it.update()
    assert it.version == "0.2.0"
    assert done.phase is Phase.RESTING
    assert "no way back: apt-get: E: 0.1.0 does not fit" in done.told


def test_a_way_back_that_fails_on_the_way_is_tried_again(computer: Make) -> None:
    it = computer(ill=["0.2.0"])
    install = it.install

    def full(package: Path) -> None:
        if package.name == BEFORE:
            it.version = None
            raise TransientError("No space left on device")
        install(package)

    it.install = full  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="No space"):
        it.update()
    it.install = install  # type: ignore[method-assign]
    it.update(begin=False)
    assert it.version == "0.1.0"


def test_two_at_once_do_not_disturb_each_other(computer: Make) -> None:
    it = computer()
    newest = it.newest

    def meanwhile() -> str:
        with pytest.raises(PermanentError, match="another update"):
            it.update()
        return newest()

    it.newest = meanwhile  # type: ignore[method-assign]
    it.update()
    assert it.version == "0.2.0"
