"""Migration operations: a table partitioned by its time id, and a table nobody may change."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

REFUSAL = """
CREATE OR REPLACE FUNCTION maskline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added, never changed: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$
"""
GUARD_ROWS = """
CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION maskline_append_only()
"""
GUARD_TRUNCATE = """
CREATE TRIGGER {trigger} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION maskline_append_only()
"""
# Row triggers of a partitioned table reach its partitions by themselves, these do not.
WITH_PARTITIONS = """
SELECT c.oid::regclass::text, c.relname FROM pg_class c
WHERE c.oid = to_regclass(%(table)s)
   OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%(table)s))
"""


def rows_trigger(table: str) -> str:
    """Return the name of the trigger that refuses UPDATE and DELETE."""
    return f"{table}_append_only"


def truncate_trigger(table: str) -> str:
    """Return the name of the trigger that refuses TRUNCATE."""
    return f"{table}_append_only_truncate"


class CreatePartitionedModel(migrations.CreateModel):
    """Create a model's table with PARTITION BY RANGE (id); `common.partitions` adds the partitions.

    Only the CREATE TABLE differs: state, foreign keys and indexes stay Django's, so
    `makemigrations` sees an ordinary model.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain


class AppendOnly(migrations.operations.base.Operation):
    """Refuse UPDATE, DELETE and TRUNCATE of a table, its partitions included.

    The database answers with restrict_violation, which Django raises as IntegrityError.
    Dropping a partition stays possible: that is how retention ends.
    """

    reversible = True
    reduces_to_sql = False

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing changes for the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        quote = schema_editor.quote_name
        schema_editor.execute(REFUSAL, params=None)
        rows = GUARD_ROWS.format(trigger=quote(rows_trigger(self.table)), table=quote(self.table))
        schema_editor.execute(rows, params=None)
        for table, name in self._tables(schema_editor):
            trigger = quote(truncate_trigger(name))
            schema_editor.execute(GUARD_TRUNCATE.format(trigger=trigger, table=table), params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        # The function stays: other tables may use it, and the next AppendOnly replaces it.
        quote = schema_editor.quote_name
        for table, name in self._tables(schema_editor):
            trigger = quote(truncate_trigger(name))
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}", params=None)
        rows = quote(rows_trigger(self.table))
        schema_editor.execute(f"DROP TRIGGER {rows} ON {quote(self.table)}", params=None)

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.table}_append_only"

    def _tables(self, schema_editor: BaseDatabaseSchemaEditor) -> list[tuple[str, str]]:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(WITH_PARTITIONS, {"table": schema_editor.quote_name(self.table)})
            return list(cursor.fetchall())
