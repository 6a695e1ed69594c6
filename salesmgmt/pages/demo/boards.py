"""Writes how the company looks at itself: scorecards with what customers say, two months of reports, a wall screen."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.functions import Mod

from performance.models import Report, Scorecard, ScorecardPart
from performance.services.reports import make_reports, send_report
from recognition.models import Screen
from recognition.services import tell_bests
from sales.models import Deal
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from teams.models import Leadership, Organisation, Team, User

from .organisation import ZONE

REP = [("pace", "50", "1"), ("win_rate", "20", "0.42"), ("activities", "15", "15"), ("sales_cycle", "15", "40")]
MANAGER = [("pace", "60", "1"), ("win_rate", "25", "0.42"), ("sales_cycle", "15", "40")]
COMMENTS = (
    "Calibration contracts carried the month; two new lines moved into the next quarter and are not lost.",
    "A quiet first half because of the trade fair, then the best two weeks since spring. Quotes are out for more.",
    "Behind, and we know why: three customers froze budgets. Their renewals are safe and dated.",
    "On plan. Delivery kept every date, which customers mentioned on their own.",
)
SCREEN = "demo-screen"
REFERRED = 4  # every fourth lost deal that was said to be referred was none


def write_boards(*, today: date) -> None:
    """Nothing here changes a booking, an outcome or a quota."""
    organisation, admin = Organisation.get(), User.objects.get(username="admin")
    quarter = Period.of(today, "quarter", organisation.calendar)
    olga = User.objects.filter(username="olga").first()
    for role, parts in (("rep", REP), ("manager", MANAGER)):
        _score(role, parts, since=quarter.shift(-2).start, by=olga)
    _tell_sources_apart()
    _report(today, organisation)
    tell_bests(as_of=today, at=datetime.combine(today, time(6), ZoneInfo(ZONE)))
    top = Team.objects.order_by("path").first()
    if top is not None:
        Screen.objects.create(
            name="Hall on the ground floor", team=top, boards=["ramped", "improvement", "attainment"], seconds=20,
            digest=digest(SCREEN), is_on=True, made_at=datetime.combine(today, time(6), ZoneInfo(ZONE)), made_by=admin,
        )  # fmt: skip


def _score(role: str, parts: list[tuple[str, str, str]], *, since: date, by: User | None) -> None:
    Scorecard.objects.filter(role=role).update(during=half_open(date(1900, 1, 1), since))
    made = Scorecard.objects.create(
        role=role, during=half_open(since), made_by=by, reason="Shorter cycles count too, as agreed in the spring",
        made_at=datetime.combine(since - timedelta(days=9), time(15), ZoneInfo(ZONE)),
    )  # fmt: skip
    ScorecardPart.objects.bulk_create(
        ScorecardPart(scorecard=made, measure=measure, weight=weight, goal=goal, position=place)
        for place, (measure, weight, goal) in enumerate(parts)
    )


def _tell_sources_apart() -> None:
    """Referred deals are won more often, as everywhere: of those lost some came by the website after all."""
    said = Deal.objects.filter(status="lost", source="Referral", leads=None)
    said.annotate(turn=Mod(F("pk"), REFERRED)).filter(turn=0).update(source="Website")


def _report(today: date, organisation: Organisation) -> None:
    """Last month's reports are drafts in their first days, sent with a comment afterwards; those before were sent."""
    month = Period.of(today, "month", organisation.calendar)
    for ago in (1, 0):
        on = month.shift(-ago).start + timedelta(days=1)
        make_reports(on=on, at=datetime.combine(on, time(4), ZoneInfo(ZONE)))
        sent_on = on + timedelta(days=3)
        if sent_on >= today:
            continue
        leaders = dict(Leadership.objects.on(sent_on).values_list("team", "person__user"))
        users = User.objects.in_bulk([pk for pk in leaders.values() if pk])
        waiting = list(Report.objects.waiting().select_related("team").order_by("team__path"))
        for place, report in enumerate(waiting):
            at = datetime.combine(sent_on, time(16, 10), ZoneInfo(ZONE)) + timedelta(minutes=7 * place)
            user = users.get(leaders.get(report.team_id) or 0)
            if user is not None and ago == 0 and user.username == "maya":
                Report.objects.filter(pk=report.pk).update(due_on=today + timedelta(days=2))
                continue  # one waits for its comment
            if user is not None and place % 5:
                report.comment, report.commented_by, report.commented_at = COMMENTS[place % len(COMMENTS)], user, at
                report.save(update_fields=["comment", "commented_by", "commented_at"])
            send_report(report=report, by=user, at=at, on=sent_on)
