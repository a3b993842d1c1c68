"""The documents of several operators: a folder in which each operator has a folder with its `facility.toml`."""

from collections.abc import Mapping
from pathlib import Path

from sukusuku_core.errors import TransientError
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.mail import facility_checks
from sukusuku_server.settings.facility_checks import Checks

FILE = "facility.toml"


class FacilityFolder:
    """See `source.FacilitySources`. An operator is called as its folder is. `more` is as with `FacilityFile`."""

    def __init__(self, folder: Path, more: Checks = facility_checks.mistakes) -> None:
        self._folder = folder
        self._more = more

    @property
    def name(self) -> str:
        """See `source.FacilitySources`."""
        return str(self._folder)

    def operators(self) -> Mapping[str, FacilityFile]:
        """See `source.FacilitySources`."""
        try:
            folders = [path for path in sorted(self._folder.iterdir()) if (path / FILE).is_file()]
        except OSError as error:
            raise TransientError(f"{self._folder}: cannot be read: {error}") from error
        return {path.name: FacilityFile(path / FILE, self._more) for path in folders}
