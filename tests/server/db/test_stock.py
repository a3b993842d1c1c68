from pathlib import Path

from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.model.collection import Entry
from tests.collector.alerts.alert_cases import HOUR, T0
from tests.support.databases import operations


def test_countings_and_deliveries_are_kept_in_order_with_who_did_them(tmp_path: Path) -> None:
    store = operations(tmp_path)
    stock = Stock(store)
    stock.deliver("tobu", StockKind.FILM, 6, "佐藤", T0 + HOUR)
    stock.count("tobu", StockKind.FILM, 4, "鈴木", T0)
    stock.count("tobu", StockKind.BAG, 40, "鈴木", T0)
    stock.count("seibu", StockKind.FILM, 1, "田中", T0)

    assert stock.entries("tobu", StockKind.FILM) == [Entry(T0, 4, counted=True), Entry(T0 + HOUR, 6, counted=False)]
    assert stock.entries("seibu", StockKind.BAG) == []
    assert [(entry.who, entry.action, entry.target) for entry in store.audit()][-2:] == [
        ("鈴木", "stock.count", "tobu/film: 4"),
        ("佐藤", "stock.deliver", "tobu/film: 6"),
    ]
