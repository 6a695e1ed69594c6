"""A change of a quota that waits for its manager, and a part of a quota that one colleague took on and one refused."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from salesmgmt.lib.periods import Period
from targets.models import Offer, Redistribution
from targets.selectors import Landing, quota_of
from targets.services import (
    accept_offer,
    agree_to_redistribution,
    propose_changes,
    propose_redistribution,
    refuse_offer,
)
from teams.models import Person, User
from teams.services import change_posting

from .organisation import ZONE

GIVER, TAKES, REFUSES = "ben", "ana", "cleo"
PART_TIME = "E-112"
LANDS = {GIVER: Decimal("0.83"), TAKES: Decimal("1.14"), REFUSES: Decimal("1.09")}  # of the quota, as it looked then
AGO = timedelta(days=9)


def write_shares(*, today: date) -> None:
    """Judged by the original quota, nobody's pace moves; what is proposed does not count."""
    quarter = Period.of(today, "quarter")
    users = {user.username: user for user in User.objects.filter(username__in=[*LANDS, "maya", "vera"])}
    late = Person.objects.filter(external_id=PART_TIME).first()
    if Redistribution.objects.exists() or len(users) < len(LANDS) + 2 or late is None:
        return
    _part_time(late, quarter, today)
    people = {key: Person.objects.get(user=users[key]) for key in LANDS}
    quotas = quota_of(person_ids=[one.pk for one in people.values()], start=quarter.start, end=quarter.end)
    landings = {
        one.pk: Landing(quotas[one.pk], Decimal(0), (quotas[one.pk] * LANDS[key]).quantize(Decimal(1)))
        for key, one in people.items()
        if one.pk in quotas
    }
    if len(landings) < len(LANDS):
        return
    on = max(today - AGO, quarter.start)
    made = propose_redistribution(
        giver=people[GIVER],
        during=(quarter.start, quarter.end),
        landings=landings,
        reason="Two large tenders were put off to next year",
        by=users["vera"],
        at=_moment(on, 9),
        on=on,
    )
    agree_to_redistribution(redistribution=made, by=users["maya"], at=_moment(on, 11), on=on)
    for key, answer, hour in ((REFUSES, refuse_offer, 13), (TAKES, accept_offer, 14)):
        offer = Offer.objects.waiting().filter(candidate__person=people[key]).first()
        if offer is not None:
            answer(offer=offer, by=users[key], at=_moment(on, hour), on=on)


def _part_time(person: Person, quarter: Period, today: date) -> None:
    """From next Monday on four days a week: proposed to her manager."""
    monday = today + timedelta(days=7 - today.weekday())
    change_posting(person=person, on=monday if monday < quarter.end else today, by=None, fte=Decimal("0.8"))
    while propose_changes(at=_moment(today, 7), on=today):
        continue


def _moment(on: date, hour: int) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=ZoneInfo(ZONE))
