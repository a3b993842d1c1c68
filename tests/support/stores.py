"""A short way for tests and benches to fill stores."""

from collections.abc import Sequence

from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import AssetKind, Reading
from sukusuku_core.sparkplug import datatype_of
from sukusuku_server.model.series import Committed, Quarantined, Row
from sukusuku_server.timeseries.protocols import ReadingWriter


def commit(
    store: ReadingWriter, readings: Sequence[Reading], received: int, quarantined: Sequence[Quarantined] = ()
) -> Committed:
    """Store readings; the datatype of a new series follows from its first value."""
    rows: list[Row] = [
        (item.time, store.series(item.asset, item.metric, _datatype(item)), item.value, int(item.quality))
        for item in readings
    ]
    return store.commit_rows(rows, quarantined, received)


def _datatype(reading: Reading) -> DataType:
    """Of a null the catalogue tells the datatype, where it knows the metric."""
    if reading.value is None:
        for kind in AssetKind:
            metric = catalogue.find(kind, reading.metric)
            if metric is not None:
                return metric.datatype
    return datatype_of(reading.value)
