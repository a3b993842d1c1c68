"""All tables of the operations data: a module of tables joins the metadata when it is imported, so here each one is."""

from sukusuku_server.db import (  # noqa: F401 - their tables join the metadata
    tables_access,
    tables_collection,
    tables_document,
    tables_doors,
    tables_lease,
    tables_nodes,
    tables_reports,
    tables_rooms,
)
from sukusuku_server.db.tables_alerts import metadata

__all__ = ["metadata"]
