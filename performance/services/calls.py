"""Acts on calls: the only code that writes them."""

from datetime import date, datetime
from decimal import Decimal
from functools import partial

from django.db import connection, transaction

from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leadership, Organisation, Person, Team, User, access_of
from teams.selectors import team_on

from .. import live, selectors
from ..models import Call
from ..selectors.calls import sellers


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

    `after` is the number of the call that stood when the form was opened, whoever made it, 0 for none.
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
    counted = team or team_on(person, on)
    if team is None and not (counted and person.pk in sellers([counted.pk], period, on)):
        raise Refused("Only who sells in the period calls a result of their own.", field="person")
    organisation = Organisation.get()
    # One of two made at the same time waits, and sees the other: of a person, or of all who lead a team.
    with connection.cursor() as cursor:
        key = [7013, team.pk % 2**31] if team else [7012, person.pk % 2**31]
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", key)
    rows = Call.objects.filter(team=team) if team else Call.objects.filter(person=person, team=None)
    standing = rows.of(period).order_by("-made_on", "-made_at", "-pk").first()
    said = (person.pk, on, commit, best_case, note.strip())
    if standing is not None and said == (
        standing.person_id, standing.made_on, standing.commit, standing.best_case, standing.note
    ):  # fmt: skip
        return standing
    if after is not None and after != (standing.pk if standing else 0):
        who = "You have" if standing and standing.person_id == person.pk else f"{standing and standing.person} has"
        raise Stale(f"{who} called since this form was opened; look at that call first.", field="commit")
    people = selectors.rolled_up(team=team, period=period, as_of=on, with_own=False) if team else None
    transaction.on_commit(partial(live.bump, people=[person.pk], teams=[counted.pk] if counted else []))
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
