"""Each update and delete leaves what stood before, whoever made it and however."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, NotSupportedError

from sales.models import Activity
from sales.services import log_activity
from salesmgmt.desk.audit import acting_as
from salesmgmt.desk.models import AuditEntry
from teams.models import Person, Posting, User
from tests.cast import Cast


def test_a_bulk_update_leaves_an_entry_for_each_changed_row(cast: Cast) -> None:
    Person.objects.filter(pk__in=[cast.ana.pk, cast.ben.pk]).update(email="new@example.com")
    entries = AuditEntry.objects.filter(table="teams_person")
    assert {(entry.row_id, entry.before["email"], entry.after["email"]) for entry in entries} == {
        (cast.ana.pk, "ana@example.com", "new@example.com"),
        (cast.ben.pk, "ben@example.com", "new@example.com"),
    }


def test_an_update_that_changes_nothing_leaves_nothing(cast: Cast) -> None:
    cast.ana.save()
    assert not AuditEntry.objects.filter(table="teams_person").exists()


def test_a_delete_in_sql_keeps_what_was_deleted(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM teams_posting WHERE person_id = %s", [cast.ana.pk])
    entry = AuditEntry.objects.get(table="teams_posting")
    assert (entry.operation, entry.before["team_id"], entry.after) == ("DELETE", cast.north.pk, None)


def test_the_acting_user_is_named_also_after_a_rollback_and_only_while_acting(cast: Cast) -> None:
    assert cast.vera.user
    with acting_as(lambda: cast.vera.user_id):
        with transaction.atomic():
            Person.objects.filter(pk=cast.ana.pk).update(name="Lost")
            transaction.set_rollback(True)
        Person.objects.filter(pk=cast.ana.pk).update(name="Kept")
        Posting.objects.filter(person=cast.ana).delete()
    entries = AuditEntry.objects.exclude(table="teams_organisation")
    assert set(entries.values_list("table", "user_id")) == {
        ("teams_person", cast.vera.user_id),
        ("teams_posting", cast.vera.user_id),
    }


def test_a_password_is_never_kept_and_a_login_is_no_change(cast: Cast) -> None:
    assert cast.ana.user
    cast.ana.user.set_password("another-long-one")
    cast.ana.user.save()
    assert not AuditEntry.objects.filter(table="teams_user").exists()
    User.objects.filter(pk=cast.ana.user_id).update(is_superuser=True)
    entry = AuditEntry.objects.get(table="teams_user")
    assert "password" not in entry.before
    assert entry.after["is_superuser"] is True


def test_the_audit_itself_can_not_be_changed(cast: Cast) -> None:
    Person.objects.filter(pk=cast.ana.pk).update(name="Anna")
    for statement in ("UPDATE desk_auditentry SET user_id = 1", "DELETE FROM desk_auditentry"):
        with pytest.raises((InternalError, NotSupportedError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_records_of_sales_are_audited_too(cast: Cast) -> None:
    activity = log_activity(owner=cast.ana, kind="call", at=datetime(2026, 8, 20, 9, tzinfo=UTC), by=None)
    Activity.objects.filter(pk=activity.pk).update(notes="Rewritten in SQL")
    entry = AuditEntry.objects.get(table="sales_activity")
    assert (entry.before["notes"], entry.after["notes"]) == ("", "Rewritten in SQL")
