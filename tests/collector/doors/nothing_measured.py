"""A store in which nothing was ever measured, for doors that do not ask it."""

from sukusuku_server.model.series import DerivedByAsset, LatestByAsset


class NothingMeasured:
    """See `LiveReader`."""

    def latest(self) -> LatestByAsset:
        return {}

    def derived_latest(self) -> DerivedByAsset:
        return {}
