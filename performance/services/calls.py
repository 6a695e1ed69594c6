"""Acts on calls: the only code that writes them."""

from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leadership, Organisation, Person, Team, User, access_of

from .. import selectors
from ..models import Call


@transaction.atomic
def make_call(
    *,
    person: Person,
    period: Period,
    commit: Decimal,
    best_case: Decimal,
    by: User | None,
    at: datetime,
    on: date,
    team: Team | None = None,
    note: str = "",
    after: int | None = None,
) -> Call:
    """Stake a commit and a best case on a whole period; the same twice is one call.

    `after` is the number of the call that stood when the form was opened, 0 for none.
    """
    if by is not None and access_of(by).person_id != person.pk:
        raise Refused("A call is one's own; nobody makes it for somebody else.", field="person")
    if team is not None and not _leads(person, team, on):
        raise Refused(f"Only who leads {team} makes its call.", field="team")
    if on >= period.end:
        raise Refused(f"{period.label} is over; a call is made before it ends.", field="period")
    if commit < 0:
        raise Refused("A commit is not below zero.", field="commit")
    if best_case < commit:
        raise Refused("The best case is at least the commit.", field="best_case")
    organisation = Organisation.get()
    # One of two made at the same time waits, and sees the other.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7012, %s)", [person.pk % 2**31])
    standing = Call.objects.filter(person=person, team=team).of(period.key).standing().first()
    said = (on, commit, best_case, note.strip())
    if standing is not None and (standing.made_on, standing.commit, standing.best_case, standing.note) == said:
        return standing
    if after is not None and after != (standing.pk if standing else 0):
        raise Stale("You have called since this form was opened; look at that call first.", field="commit")
    people = selectors.rolled_up(team=team, period=period, as_of=on, with_own=False) if team else None
    return Call.objects.create(
        person=person,
        team=team,
        period=period.key,
        starts_on=period.start,
        until=period.end,
        commit=commit,
        best_case=best_case,
        currency=organisation.currency,
        note=note.strip(),
        made_on=on,
        made_at=at,
        by=by,
        people_commit=people.commit if people else None,
        people_best_case=people.best_case if people else None,
    )


def _leads(person: Person, team: Team, on: date) -> bool:
    return Leadership.objects.on(on).filter(person=person, team__in=team.path).exists()
