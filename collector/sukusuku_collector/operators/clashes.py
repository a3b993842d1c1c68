"""What two operators of one collector may not share: each has its own ids on the broker and its own data. Pure."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sukusuku_core.errors import Mistake
from sukusuku_server.settings import Facility


class Claim(NamedTuple):
    """Something that one operator has for itself. `key` is where its document says so."""

    key: str
    what: Hashable


def claims(facility: Facility, *, leads: bool = True) -> Iterator[Claim]:
    """Yield what an operator has for itself, or one of its shards; the one that leads has what they share."""
    yield Claim("operator.id", facility.operator.id)
    yield Claim("host_id", (facility.broker.host, facility.broker.port, facility.host_id))
    if leads:
        key = "operations.schema" if facility.operations.shared else "operations.url"
        yield Claim(key, facility.operations.address)
    if facility.store.kind == "postgres":
        yield Claim("store.postgres.schema", (facility.store.postgres.url, facility.store.postgres.schema))
    else:
        yield Claim("store.path", facility.store.path)


def clashes(own: Iterable[Claim], taken: Mapping[Claim, str]) -> Iterator[Mistake]:
    """Yield what an operator may not have. `taken` are the claims of others, and the document of each."""
    for claim in own:
        if claim in taken:
            yield Mistake(claim.key, f"found the same as in {taken[claim]}; each operator needs another one")
