"""The description of the API without a facility, from which clients are generated."""

import contextlib
from pathlib import Path
from typing import Any

from sukusuku_api.app import create_app
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.db import Operations
from sukusuku_server.settings import Facility
from sukusuku_server.settings.base import Text
from sukusuku_server.settings.facility import Operator


def document() -> dict[str, Any]:
    """Return what `/api/v1/openapi.json` says, which is the same for every facility."""
    nobody = Facility(operator=Operator(id="nobody", name=Text(ja="どこでもない", en="Nowhere")))
    with (
        contextlib.closing(LazyStore(Path("nowhere.db"))) as store,
        contextlib.closing(Operations("sqlite://")) as operations,
    ):
        return create_app(nobody, store, operations).openapi()
