"""Runs the migrations on the connection that `operations.migrate` hands over, inside its transaction."""

from alembic import context

from sukusuku_server.db import (  # noqa: F401 - their tables join the metadata
    tables_access,
    tables_collection,
    tables_doors,
    tables_nodes,
    tables_reports,
    tables_rooms,
)
from sukusuku_server.db.tables_alerts import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
