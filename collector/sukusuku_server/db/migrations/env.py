"""Runs the migrations on the connection that `operations.migrate` hands over, inside its transaction."""

from alembic import context

from sukusuku_server.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
