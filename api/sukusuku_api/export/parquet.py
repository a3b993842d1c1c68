"""A table as Parquet: the one file that knows `pyarrow`."""

import io
from collections.abc import Iterator

from sukusuku_api.export.files import grouped
from sukusuku_api.export.tables import Kind, Pieces, Table
from sukusuku_core.errors import ConfigError
from sukusuku_server.extras import how_to_install

ZONE = "Asia/Tokyo"


class MissingError(ConfigError):
    """What writes Parquet is not installed."""


def parquet_file(table: Table, pieces: Pieces) -> Iterator[bytes]:
    """Yield the parts of a file with a row group for every portion of rows. Raises MissingError at once."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415 - large, and only for those who ask for it
        import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise MissingError(f"Parquet needs pyarrow; or ask for csv; {how_to_install('export')}") from error
    types = {
        Kind.TIME: pa.timestamp("ms", ZONE),
        Kind.TEXT: pa.string(),
        Kind.NUMBER: pa.float64(),
        Kind.INTEGER: pa.int64(),
        Kind.FLAG: pa.bool_(),
    }
    schema = pa.schema(
        [pa.field(it.name, types[it.kind], metadata={"description": it.meaning}) for it in table.columns],
        metadata={"description": table.meaning},
    )

    def parts() -> Iterator[bytes]:
        sink = _Sink()
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for rows in grouped(pieces):
                columns = list(zip(*rows, strict=True))
                arrays = [pa.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
                yield sink.taken()
        yield sink.taken()

    return parts()


class _Sink(io.RawIOBase):
    """Holds what was written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override] # narrower than any buffer
        """Take some bytes."""
        self._parts.append(bytes(data))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._length

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found
