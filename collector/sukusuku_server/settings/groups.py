"""`[[group]]`: sites of a large operator that a collector of their own works for."""

from typing import Annotated

import msgspec

from sukusuku_core.settings import Id, Settings


class SiteGroup(Settings, frozen=True, kw_only=True):
    """Some sites, for which a collector takes a lease of their own; those in no group are the operator's own.

    To the broker it is what an operator is: `id` is its Sparkplug group (`group` in edge.toml), `host_id` the host that
    its edge nodes wait for (`primary_host` there).
    """

    id: Id
    host_id: Id
    schema: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,62}\Z")]
    """Where its readings are, in the database of [store.postgres]; made when it is missing."""
    sites: tuple[Id, ...] = ()
