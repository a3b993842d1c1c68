"""The guard of the hot paths: it counts instructions, so no machine is too slow for it."""

from bench import hot_paths


def test_no_hot_path_has_become_a_quarter_dearer_for_a_reading() -> None:
    """Look at `python -m bench.hot_paths`. Where the change is worth it, change `BASELINE` and say why."""
    assert list(hot_paths.strayed(hot_paths.measure())) == []


def test_the_guard_tells_of_both_directions() -> None:
    found = dict(hot_paths.BASELINE)
    assert list(hot_paths.strayed(found)) == []

    found |= {"encode": found["encode"] * 1.26, "decode": found["decode"] / 1.26}

    assert [told.split()[0] for told in hot_paths.strayed(found)] == ["encode", "decode"]
