"""Writes who looked at whose figures in the last two weeks, and what reps are paid."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from performance.models import Flag
from salesmgmt.lib.ranges import half_open
from teams.models import Leadership, Look, Organisation, Pay, Posting, Role
from teams.services import note_looks

from .organisation import ZONE

DAYS = 14
PAID = (54_000, 57_500, 55_000, 59_000, 56_200)
PAID_LESS = {"E-104": 44_000}  # of whom the manager is told that comparable people are paid more
EVERY = 5  # how many days lie between two looks at the same person


def write_looks(*, today: date) -> None:
    """Who leads a team looks at its people in turn, and at the flags about them."""
    flagged = set(Flag.objects.open().values_list("person_id", flat=True))
    leaders = Leadership.objects.on(today).filter(person__user__isnull=False).select_related("person__user", "team")
    for led in leaders.order_by("team"):
        people = (
            Posting.objects.on(today).filter(team=led.team).exclude(person=led.person).values_list("person", flat=True)
        )
        for ago in range(1, DAYS):
            on = today - timedelta(days=ago)
            if on.isoweekday() > 5:
                continue
            at = datetime.combine(on, time(8 + ago % 9, 7 * ago % 60), ZoneInfo(ZONE))
            seen = {pk for pk in people if (pk + ago) % EVERY == 0}
            by = led.person.user
            assert by is not None
            for page, ids in ((Look.Page.PERSON, seen), (Look.Page.FLAG, seen & flagged)):
                note_looks(viewer=by, person_ids=ids, page=page, at=at, on=on)


def write_pay(*, today: date) -> None:
    """What HR has entered of the reps of the organisation's own country, as of this year."""
    reps = Posting.objects.on(today).filter(role=Role.REP, holiday_region="").select_related("person")
    currency, since = Organisation.get().currency, half_open(today.replace(month=1, day=1))
    Pay.objects.bulk_create(
        Pay(
            person=seat.person, yearly=PAID_LESS.get(seat.person.external_id or "", PAID[place % len(PAID)]),
            currency=currency, during=since,
        )
        for place, seat in enumerate(reps.order_by("person__external_id", "person"))
    )  # fmt: skip
