"""How a command line says where documents are: a file, a folder of several, or the database that machines share."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_server import settings
from sukusuku_server.facility_document.facility_database import ADDRESS, PREFIX, FacilityDatabase
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.facility_folder import FacilityFolder
from sukusuku_server.facility_document.source import FacilitySource, FacilitySources
from sukusuku_server.mail import facility_checks
from sukusuku_server.settings import Facility
from sukusuku_server.settings.facility_checks import Checks, no_more
from sukusuku_server.settings.operations import in_schema

FOLDER = "SUKUSUKU_FOLDER"
"""The variable with the folder that relative paths in documents of the database start from, in one of the operator."""
ONE = f"the operator's settings, a file or {PREFIX}OPERATOR · 施設の設定（ファイル、または {PREFIX}運営者）"
SEVERAL = (
    f"the operator's settings, a file or {PREFIX}OPERATOR; or a folder with a folder of each operator, or {PREFIX} for "
    f"all in the database · 施設の設定（ファイル、または {PREFIX}運営者）。"
    f"運営者（自治体）ごとのフォルダーを収めたフォルダー、または {PREFIX}（データベース内のすべて）も可"
)
"""What helps say about the argument."""


@contextlib.contextmanager
def one(place: Path, more: Checks = facility_checks.mistakes) -> Iterator[FacilitySource]:
    """Provide the document at a place. Raises ConfigError when it names several, or the database has no address."""
    operator = _in_database(place)
    if operator is None:
        yield FacilityFile(place, more)
        return
    with _database(more) as database:
        if not operator:
            raise ConfigError(
                f"{PREFIX} names all operators; name one of them, as {PREFIX}OPERATOR: "
                f"found {', '.join(database.operators()) or 'none'}"
            )
        yield database.operator(operator)


@contextlib.contextmanager
def several(place: Path, more: Checks = facility_checks.mistakes) -> Iterator[FacilitySources | None]:
    """Provide the documents at a place; None: it names a single one. Raises ConfigError as `one`."""
    if _in_database(place) == "":
        with _database(more) as database:
            yield database
    else:
        yield FacilityFolder(place, more) if place.is_dir() else None


def read(place: Path, more: Checks = no_more) -> Facility:
    """Return what the document at a place says. Raises WrongSettingsError with all mistakes, and as `one`."""
    if not is_in_database(place):
        return settings.read(place, more)
    with one(place, more) as source:
        return source.check(source.read().text)


def is_in_database(place: Path) -> bool:
    """Whether the document is in the database."""
    return _in_database(place) is not None


def _in_database(place: Path) -> str | None:
    """Return the operator whose document in the database is named, empty for all; None: another place."""
    return str(place).removeprefix(PREFIX) if str(place).startswith(PREFIX) else None


@contextlib.contextmanager
def _database(more: Checks) -> Iterator[FacilityDatabase]:
    url = os.environ.get(ADDRESS, "")
    if not url.startswith("postgresql"):
        raise ConfigError(
            f"{PREFIX} needs the address of the database in the environment: {ADDRESS} is "
            f"{'another one' if url else 'not set'}; for example postgresql+psycopg://sukusuku:PASSWORD@db/sukusuku"
        )
    # In `public`, as the leases: an account with a schema of its name would look there first.
    address = url if "options=" in url else in_schema(url, "public")
    with contextlib.closing(
        FacilityDatabase(address, Path(os.environ.get(FOLDER, "/var/lib/sukusuku")), more)
    ) as found:
        yield found
