"""Run the migrations on the connection that :func:`store.migrations.run` hands over."""

from __future__ import annotations

from alembic import context

from store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller's transaction and lock cover everything, also on SQLite.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
