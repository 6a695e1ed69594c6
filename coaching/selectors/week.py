"""A week of somebody who leads, or of anybody: what is to be talked about, kept and looked at."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q

from coaching.models import ActionItem, Case, Meeting, OneOnOne
from performance.models import Flag
from salesmgmt.lib import clock
from teams.models import User, access_of

from .meetings import teams_of
from .rhythms import PulseCount, pulse_counts
from .talks import Kept, kept_under

SHOWN = 50  # of each part; beyond it the part says how many there are
LATELY = timedelta(days=28)  # for which missed talks are counted


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday; rows of each part as far as they are shown, and how many there are."""

    starts_on: date
    talks: list[OneOnOne]
    missed: list[OneOnOne]
    """One's own, of the last four weeks, that nobody has said took place."""
    promises: list[ActionItem]
    """One's own and those promised to one, due by the end of the week and not kept."""
    cases: list[Case]
    """One's own, due by the end of the week."""
    flags: list[Flag]
    """Raised since Monday about people one leads."""
    flag_count: int
    meetings: list[Meeting]
    kept: list[Kept]
    """Talks of those who lead below one, of the last four weeks: counts alone."""
    pulses: list[PulseCount]

    @property
    def ends_on(self) -> date:
        return self.starts_on + timedelta(days=6)


def week_of(user: User, *, day: date, today: date, zone: str) -> Week:
    """The week of a day, in a fixed number of queries however many people one leads."""
    monday = day - timedelta(days=day.weekday())
    begins = clock.close_of(monday - timedelta(days=1), zone)
    ends = clock.close_of(monday + timedelta(days=6), zone)
    began = clock.close_of(today - timedelta(days=1), zone)
    access = access_of(user)
    me, until = access.person_id, monday + timedelta(days=7)
    leads = bool(me) and (access.leads or access.role == "executive")
    mine = OneOnOne.objects.of_pair(user).select_related("person", "manager")
    talks = mine.filter(starts_at__gte=begins, starts_at__lt=ends).exclude(state=OneOnOne.State.CANCELLED)
    missed = mine.filter(manager=me).missed(began).filter(starts_at__gte=began - LATELY) if me else mine.none()
    promises = ActionItem.objects.visible_to(user).filter(done_at=None, due_on__lt=until)
    promises = promises.filter(Q(owner=me) | Q(coach=me)) if me else promises.none()
    cases = Case.objects.read_by(user).open().filter(due_on__lt=until)
    flags = Flag.objects.visible_to(user).open().filter(raised_on__gte=monday, raised_on__lt=until)
    flags = flags.exclude(person=me) if leads else flags.none()
    meetings = Meeting.objects.visible_to(user).filter(team__in=teams_of(user).values("pk"))
    meetings = meetings.filter(starts_at__gte=begins, starts_at__lt=ends).exclude(state=Meeting.State.CANCELLED)
    return Week(
        starts_on=monday,
        talks=list(talks.order_by("starts_at", "pk")[:SHOWN]),
        missed=list(missed.order_by("starts_at", "pk")[:SHOWN]),
        promises=list(promises.select_related("owner", "person").order_by("due_on", "pk")[:SHOWN]),
        cases=list(cases.filter(owner=me).select_related("person").order_by("due_on", "pk")[:SHOWN]) if me else [],
        flags=list(flags.select_related("person").order_by("-raised_on", "pk")[:SHOWN]),
        flag_count=flags.aggregate(count=Count("pk"))["count"] if leads else 0,
        meetings=list(meetings.select_related("team").order_by("starts_at", "pk")[:SHOWN]),
        kept=kept_under(user, since=began - LATELY, day_began=began)[:SHOWN] if leads else [],
        pulses=pulse_counts(user=user, on=today) if access.leads else [],
    )
