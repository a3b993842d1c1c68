"""A short way for tests and benches to ship what is in a store."""

from sukusuku_server.timeseries.influx.shipper import LAG_MS, Shipper


def drain(shipper: Shipper, now: int) -> None:
    """Ship everything that may be claimed at `now` (UTC ms). Raises TransientError."""
    while shipper.step() or (shipper.until() or 0) < now - LAG_MS:
        pass
