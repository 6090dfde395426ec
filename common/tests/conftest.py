"""Tables of our own, for packages that have models have none to lend: `common` stands alone."""

import base64
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState
from django.test.utils import isolate_apps

from common import partitions
from common.keyring import keyring
from common.operations import CreatePartitionedModel
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField

TABLE = "common_sample"


def key_text(kid: str, fill: int) -> str:
    return f"{kid}:{base64.b64encode(bytes([fill]) * 64).decode()}"


@pytest.fixture
def sealed_model(db: None) -> Iterator[Any]:
    """A model with one field of each sealed kind, and its table."""
    with isolate_apps("common"):

        class Secret(models.Model):
            number = PhoneNumberField(unique=True)
            alias = SealedTextField(max_length=8, null=True, blank=True)
            body = SealedBodyField(null=True)

            class Meta:
                app_label = "common"

        with connection.schema_editor() as editor:
            editor.create_model(Secret)
        yield Secret


@pytest.fixture
def two_keys(settings: Any) -> Iterator[None]:
    """Put a new key in front of the tests' own."""
    settings.MASKLINE_DATA_KEY = f"{key_text('new', 7)},{settings.MASKLINE_DATA_KEY}"
    assert len(keyring().fingerprints()) == 2
    yield


class Operations:
    """Runs migration operations against the database, outside any app's migrations."""

    def __init__(self) -> None:
        self.state = ProjectState()

    def run(self, operation: migrations.operations.base.Operation) -> None:
        before = self.state.clone()
        operation.state_forwards("common", self.state)
        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards("common", editor, before, self.state)

    def revert(self, operation: migrations.operations.base.Operation) -> None:
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("common", editor, self.state, self.state)

    def create(self, table: str = TABLE) -> None:
        """Create a partitioned table (id, note, other_id -> a plain table, deferred)."""
        name = table.removeprefix("common_").capitalize()
        self.run(
            migrations.CreateModel(f"{name}Owner", [("id", models.BigAutoField(primary_key=True))]),
        )
        self.run(
            CreatePartitionedModel(
                name,
                [
                    ("id", models.UUIDField(primary_key=True)),
                    ("note", models.CharField(max_length=20, db_index=True)),
                    ("owner", models.ForeignKey(f"common.{name}Owner", models.CASCADE, null=True)),
                ],
            )
        )

    def drop(self, table: str = TABLE) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {table}, {table}owner CASCADE")


@pytest.fixture
def operations(db: None) -> Operations:
    partitions.forget()
    return Operations()


@pytest.fixture
def partitioned(operations: Operations) -> str:
    """A table partitioned by time id, without any partition; gone with the test's transaction."""
    operations.create()
    return TABLE


@pytest.fixture
def committed(transactional_db: None) -> Iterator[str]:
    """The same, committed, for tests with several sessions."""
    partitions.forget()
    operations = Operations()
    operations.drop()
    operations.create()
    yield TABLE
    operations.drop()
    partitions.forget()


def insert(table: str, id: UUID, owner: int | None = None, *, pending: bool = False) -> None:
    """Insert a row; `pending` leaves the check of its foreign key to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (id, note, owner_id) VALUES (%s, %s, %s)", [id, "", owner])
        if not pending:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])
