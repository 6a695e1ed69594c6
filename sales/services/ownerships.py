"""Who an account belongs to, dated. `Account.owner` is a copy of the row in force today; this makes the two agree."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction

from teams.models import User

# An account agrees where the row in force on the day is its owner's and goes on without end. In each statement only
# those that don't are touched, so that calling it twice does nothing.
DIFFERENT = """
    SELECT a.id, a.owner_id FROM sales_account a
     WHERE a.id = ANY(%(ids)s)
       AND NOT EXISTS (SELECT FROM sales_accountownership o
                        WHERE o.account_id = a.id AND o.owner_id = a.owner_id
                          AND o.during @> %(on)s AND upper_inf(o.during))
       AND (a.owner_id IS NOT NULL OR EXISTS (SELECT FROM sales_accountownership o
                                               WHERE o.account_id = a.id AND NOT o.during << daterange(%(on)s, NULL)))
"""
STATEMENTS = (
    # What was to hold from the day on, or later, does not.
    """DELETE FROM sales_accountownership WHERE account_id = ANY(%(found)s) AND lower(during) >= %(on)s""",
    # What holds on the day goes on if it is the owner's, and ends if not.
    """UPDATE sales_accountownership o
          SET during = daterange(lower(o.during), CASE WHEN o.owner_id = a.owner_id THEN NULL ELSE %(on)s END)
         FROM sales_account a WHERE a.id = o.account_id AND a.id = ANY(%(found)s) AND o.during @> %(on)s""",
    """INSERT INTO sales_accountownership (account_id, owner_id, during, by_id, reason)
       SELECT a.id, a.owner_id, daterange(%(since)s, NULL), %(by)s, %(reason)s FROM sales_account a
        WHERE a.id = ANY(%(found)s) AND a.owner_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM sales_accountownership o WHERE o.account_id = a.id)""",
    """INSERT INTO sales_accountownership (account_id, owner_id, during, by_id, reason)
       SELECT a.id, a.owner_id, daterange(%(on)s, NULL), %(by)s, %(reason)s FROM sales_account a
        WHERE a.id = ANY(%(found)s) AND a.owner_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM sales_accountownership o WHERE o.account_id = a.id AND o.during @> %(on)s)""",
)


@transaction.atomic
def follow_owners(
    *, account_ids: Iterable[int], on: date, by: User | None, reason: str = "", since: date | None = None
) -> int:
    """Make ownership say from a day on what `Account.owner` says; answers how many accounts it changed.

    Set-based, and a second call changes nothing. An account without any history gets it from `since` (default: the
    day): what comes from elsewhere has mostly belonged to its owner for longer than anybody tells.
    """
    said: dict[str, Any] = {
        "ids": sorted(account_ids),
        "on": on,
        "since": since or on,
        "by": by and by.pk,
        "reason": reason[:200],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sales_account WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE", said)
        cursor.execute(DIFFERENT, said)
        said["found"] = [row[0] for row in cursor.fetchall()]
        for statement in STATEMENTS if said["found"] else ():
            cursor.execute(statement, said)
    return len(said["found"])
