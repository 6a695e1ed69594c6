"""Audit by the database: statement-level triggers keep what rows held, and who changed them (house §14)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pgtrigger
from django.db import connection


def audited(*hidden: str) -> list[pgtrigger.Trigger]:
    """Triggers for a model's `Meta.triggers`: each updated or deleted row leaves an AuditEntry without `hidden`."""
    less = "".join(f" - '{field}'" for field in hidden)
    entry = 'INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)'
    who = "now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting('paceline.user_id', true), '')::bigint"
    return [
        pgtrigger.Trigger(
            name="audit_update",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
            func=f"""
                {entry}
                SELECT {who}, to_jsonb(o){less}, to_jsonb(n){less}
                  FROM old_rows o JOIN new_rows n USING (id)
                 WHERE to_jsonb(o){less} IS DISTINCT FROM to_jsonb(n){less};
                RETURN NULL;
            """,
        ),
        pgtrigger.Trigger(
            name="audit_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_rows"),
            func=f"{entry} SELECT {who}, to_jsonb(o){less}, NULL FROM old_rows o; RETURN NULL;",
        ),
    ]


@contextmanager
def acting_as(user_id: Callable[[], int | None]) -> Iterator[None]:
    """What is changed inside is audited as this user's; at no further round trip, never beyond the transaction."""

    def name(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not many and isinstance(sql, str) and sql.lstrip()[:6].upper() in {"UPDATE", "DELETE", "INSERT", "WITH"}:
            sql = f"SELECT set_config('paceline.user_id', '{int(user_id() or 0) or ''}', true); {sql}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(name):
        yield
