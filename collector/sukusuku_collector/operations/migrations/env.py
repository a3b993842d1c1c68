"""Runs the migrations on the connection that `operations.migrate` hands over, inside its transaction."""

from alembic import context

from sukusuku_collector.operations import collection_tables, room_tables  # noqa: F401 - their tables join the metadata
from sukusuku_collector.operations.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
