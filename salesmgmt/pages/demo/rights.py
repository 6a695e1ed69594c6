"""Writes who looked at whose figures in the last two weeks, as the pages would have noted it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from performance.models import Flag
from teams.models import Leadership, Look, Posting
from teams.services import note_looks

from .organisation import ZONE

DAYS = 14
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
