"""The database role of web and worker."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from salesmgmt.desk.roles import grant


@pytest.fixture
def ledger(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE a_ledger (id bigint GENERATED ALWAYS AS IDENTITY, amount numeric)")
    with override_settings(APPEND_ONLY_TABLES=["a_ledger", "a_table_to_come"]):
        grant(connection)


def as_application(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        cursor.execute(sql)
        cursor.execute("RESET ROLE")


def test_the_application_adds_to_a_ledger_and_reads_it(ledger: None) -> None:
    as_application("INSERT INTO a_ledger (amount) VALUES (1)")
    as_application("SELECT amount FROM a_ledger")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a_ledger SET amount = 2",
        "DELETE FROM a_ledger",
        "TRUNCATE a_ledger",
        "TRUNCATE django_session",
        "DROP TABLE django_session",
        "CREATE TABLE mine (id int)",
    ],
)
def test_the_application_can_neither_rewrite_a_ledger_nor_change_tables(ledger: None, sql: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
        as_application(sql)


def test_the_application_works_with_other_rows(ledger: None) -> None:
    as_application("DELETE FROM django_session")
