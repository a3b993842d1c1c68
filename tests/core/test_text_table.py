from sukusuku_core import text_table


def test_columns_stand_below_each_other_also_in_japanese() -> None:
    text = text_table.columns([("device 機器", "state"), ("棚", "ok"), ("b", "応答なし")])

    assert text == "device 機器  state\n棚           ok\nb            応答なし"
    assert [
        text_table.width(line[: line.index(word)])
        for line, word in zip(text.split("\n"), ("state", "ok", "応"), strict=True)
    ] == [13, 13, 13]


def test_full_width_forms_take_two_places_and_half_width_ones_one() -> None:
    assert (text_table.width("ｱ"), text_table.width("Ａ"), text_table.width("é")) == (1, 2, 1)
    assert text_table.pad("空き", 6) == "空き  "
    assert text_table.pad("too long", 3) == "too long"


def test_no_rows_are_no_lines() -> None:
    assert text_table.columns([]) == ""
