"""The national tables of floor area and staff, read from `standards.toml` beside this module."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from sukusuku_server.settings.rooms import AGES, Age, Standards


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a table comes from and for whom it was written."""

    source: str
    applies: str
    m2: Mapping[str, float] = {}
    children: Mapping[Age, float] = {}


class National(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both tables; `read` is the day on which their sources were read."""

    read: date
    area: Table
    staff: Table

    def m2(self, age: Age, own: Standards) -> float:
        """Square metres that a child of this age needs in a room."""
        kind = own.under_2 if AGES.index(age) < _NURSERY_FROM else "nursery"
        return own.m2.get(age, self.area.m2[kind])

    def children_per_staff(self, age: Age, own: Standards) -> float:
        """Children of this age whom one member of staff may look after."""
        return own.children_per_staff.get(age, self.staff.children[age])


_NURSERY_FROM = 2


@cache
def national() -> National:
    """Return the tables of this version."""
    return msgspec.toml.decode((files(__package__) / "standards.toml").read_bytes(), type=National)
