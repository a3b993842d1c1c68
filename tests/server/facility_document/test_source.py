"""What every source of a document promises: who changes it, who meanwhile, and what a wrong text does."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sukusuku_core.errors import WrongSettingsError
from sukusuku_server.facility_document import facility_database, version_folder
from sukusuku_server.facility_document.editing import Edit, Put, edited
from sukusuku_server.facility_document.source import Change, ChangedMeanwhileError, FacilitySource, Origin
from sukusuku_server.facility_document.watching import Right, Watch, Wrong
from tests.server.facility_document.sources import TEXT, Place

ANNA = Change("anna", " longer hours ")


def save(source: FacilitySource, edit: Edit, change: Change = ANNA) -> None:
    now = source.read()
    source.write(edited(now.text, [edit]), now.version, change)


def test_a_change_is_read_again_and_remembered_with_who_when_and_why(place: Place) -> None:
    source, _ = place
    source.notice()
    before = source.history()[0]
    assert before.version == source.read().version

    save(source, Put("site[east].name.en", "Est"))

    assert '"Est"' in source.read().text
    assert source.look() == source.read()
    newest = source.history()[0]
    told = (newest.number, newest.by, newest.why, newest.origin, newest.time)
    assert told == (before.number + 1, "anna", "longer hours", Origin.SAVED, 1000)
    assert newest.version == source.read().version
    assert (source.text_of(before.number), source.text_of(newest.number)) == (TEXT, source.read().text)
    for number in (0, newest.number + 1):
        with pytest.raises(KeyError):
            source.text_of(number)


def test_a_wrong_text_is_refused_with_all_mistakes_and_nothing_changes(place: Place) -> None:
    source, _ = place
    source.notice()
    history = source.history()
    wrong = TEXT.replace('id = "east"', 'id = "no id"').replace('en = "Town"', "en = 1")

    for call in (lambda: source.check(wrong), lambda: source.write(wrong, source.read().version, ANNA)):
        with pytest.raises(WrongSettingsError) as caught:
            call()
        assert [mistake.where for mistake in caught.value.mistakes] == ["operator.name.en", "site[0].id"]
        assert str(caught.value).startswith(f"{source.name}: ")

    assert source.read().text == TEXT
    assert source.history() == history


def test_what_was_changed_meanwhile_is_never_overwritten_unseen(place: Place) -> None:
    source, by_hand = place
    seen = source.read()
    save(source, Put("site[east].name.en", "Est"))
    changed = source.read().text.replace("# ours", "# ours, by hand")
    by_hand(changed)

    for version in (seen.version, "never there"):
        with pytest.raises(ChangedMeanwhileError) as caught:
            source.write(TEXT.replace("East", "Ost"), version, Change("ben"))
        assert caught.value.now.text == changed

    assert source.read().text == changed
    source.notice()
    newest = source.history()[0]
    assert (newest.by, newest.why, newest.origin) == (None, "", Origin.BY_HAND)
    assert source.notice() is None


def test_of_many_who_change_the_same_version_at_once_one_has_done_so(place: Place) -> None:
    source, _ = place
    seen = source.read()

    def save(number: int) -> bool:
        try:
            source.write(TEXT.replace("East", f"East {number}"), seen.version, Change(f"{number}"))
        except ChangedMeanwhileError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(save, range(12))) == 1
    newest = source.history()[0]
    assert f"East {newest.by}" in source.read().text


def test_the_same_text_again_is_no_version(place: Place) -> None:
    source, _ = place
    save(source, Put("host_id", "x"))
    count = len(source.history())
    source.write(source.read().text, source.read().version, ANNA)
    assert len(source.history()) == count


def test_the_oldest_versions_make_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (facility_database, version_folder):
        monkeypatch.setattr(module, "MOST_VERSIONS", 3)
    source, _ = place
    for number in range(5):
        save(source, Put("host_id", f"host-{number}"))

    numbers = [version.number for version in source.history()]
    assert len(numbers) == 3
    assert [f"host-{number}" in source.text_of(it) for number, it in zip((4, 3, 2), numbers, strict=True)] == [True] * 3
    with pytest.raises(KeyError):
        source.text_of(numbers[-1] - 1)


def test_a_watch_tells_what_is_right_and_what_is_wrong_once_each(place: Place) -> None:
    source, by_hand = place
    document, facility = source.begin()
    assert (document, facility.host_id) == (source.read(), "sukusuku")
    watch = Watch(source, document.version)

    def looks() -> list[Right | Wrong]:
        return [news for news in (watch.look() for _ in range(3)) if news is not None]

    assert looks() == []
    save(source, Put("host_id", "new"))
    (news,) = looks()
    assert isinstance(news, Right)
    assert news.facility.host_id == "new"
    right = source.read().text
    by_hand(right.replace('"east"', '"no id"'))
    (news,) = looks()
    assert isinstance(news, Wrong)
    assert [mistake.where for mistake in news.mistakes] == ["site[0].id"]
    by_hand(right)
    (news,) = looks()
    assert isinstance(news, Right)
