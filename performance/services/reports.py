"""Monthly reports: made for each team once a month is over, commented, sent up the line and frozen as sent."""

from datetime import date, datetime, timedelta

import pgtrigger
import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from salesmgmt.desk.digests import SIGNER, is_mail_set_up
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.models import Delivery, Notice
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leadership, Organisation, Person, User, access_of

from ..models import Report, ReportRecipient
from ..selectors import reports as selectors

logger = structlog.get_logger(__name__)

LATE = timedelta(days=2)  # a report made after its day still waits so long


@transaction.atomic
def make_reports(*, on: date, at: datetime) -> int:
    """A draft for each team that sells, of the month that is over, once; whoever leads the team is told."""
    organisation = Organisation.get()
    period = Period.of(on, "month", organisation.calendar).shift(-1)
    due_on = max(period.end + selectors.WAITS, on + LATE)
    known = set(Report.objects.filter(period=period.key).values_list("team", flat=True))
    teams = [team for team in selectors.teams_to_report(on) if team.pk not in known]
    Report.objects.bulk_create(
        [
            Report(
                team=team, period=period.key, starts_on=period.start, until=period.end, made_at=at, due_on=due_on
            )
            for team in teams
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    made = {report.team_id: report for report in Report.objects.filter(period=period.key, team__in=teams, made_at=at)}
    leaders = (
        Leadership.objects.on(on).filter(team__in=made, person__user__is_active=True).select_related("person__user")
    )
    Notice.objects.bulk_create(
        Notice(
            user=row.person.user,
            text=f"The report of {made[row.team_id].team.name} for {period.label} waits for your comment; "
            f"it goes out on {due_on:%-d %b}.",
            link=reverse("report", args=[made[row.team_id].pk]),
            at=at,
        )
        for row in leaders
    )
    return len(made)


def _waiting(report: Report) -> Report:
    locked = Report.objects.select_for_update(of=("self",)).select_related("team").get(pk=report.pk)
    if locked.is_sent:
        raise Refused("This report is sent; it stays as it was.")
    return locked


@transaction.atomic
def comment_report(*, report: Report, comment: str, version: int, by: User, at: datetime, on: date) -> Report:
    """Say what is behind the figures, before the report is sent."""
    report = _waiting(report)
    if not selectors.may_comment(report, access_of(by), on):
        raise Refused(f"Who leads {report.team} comments its report.")
    if report.version != version:
        raise Stale("Somebody changed the comment meanwhile: look at it again.")
    report.comment, report.commented_by, report.commented_at = comment.strip(), by, at
    report.version += 1
    report.save(update_fields=["comment", "commented_by", "commented_at", "version"])
    return report


@transaction.atomic
def send_report(*, report: Report, by: User | None, at: datetime, on: date) -> Report:
    """Freeze the figures of the day and send them up the line; nobody gets a report twice. `by` None: the schedule."""
    report = _waiting(report)
    if by is not None and not selectors.may_comment(report, access_of(by), on):
        raise Refused(f"Who leads {report.team} sends its report.")
    organisation = Organisation.get()
    period = report.month(organisation.calendar)
    said = selectors.contents_of(team=report.team, period=period, as_of=on, organisation=organisation)
    report.figures, report.sentence = said.to_json(), selectors.sentence_of(report.team, period, said)
    report.as_of, report.sent_at, report.sent_by = on, at, by
    report.version += 1
    report.save(update_fields=["figures", "sentence", "as_of", "sent_at", "sent_by", "version"])
    _tell(report, period, at, on)
    return report


def _tell(report: Report, period: Period, at: datetime, on: date) -> None:
    people = list(selectors.report_line(report, on))
    ReportRecipient.objects.bulk_create(ReportRecipient(report=report, person=person, at=at) for person in people)
    link = reverse("report", args=[report.pk])
    Notice.objects.bulk_create(
        Notice(user=person.user, text=report.sentence[:300], link=link, at=at) for person in people
    )
    if not is_mail_set_up():
        return
    mails = []
    for person in people:
        if person.user is None or not person.user.email:
            continue
        stop_url = settings.BASE_URL + reverse("unsubscribe", args=[SIGNER.sign(str(person.user_id))])
        said = {"report": report, "period": period, "url": settings.BASE_URL + link, "stop_url": stop_url}
        mails.append(
            Delivery(
                key=f"report-{report.pk}-{person.user_id}", user=person.user, due_at=at, stop_url=stop_url,
                subject=f"{report.team.name}: report for {period.label}"[:200],
                text=render_to_string("performance/report_mail.txt", said),
                html=render_to_string("performance/report_mail.html", said),
            )
        )  # fmt: skip
    Delivery.objects.bulk_create(mails, ignore_conflicts=True)


def forget_in_reports(*, person: Person) -> Forgotten:
    """Take the name of somebody out of the tables of reports that were sent; what they brought stays."""
    forgotten = Forgotten()
    named = Report.objects.filter(figures__people__contains=[{"pk": person.pk}])
    with pgtrigger.ignore("performance.Report:append_only_once_sent"):
        for report in named.select_for_update():
            for part in report.figures["people"]:
                if part["pk"] == person.pk:
                    part["name"] = f"Erased person {person.pk}"
            forgotten.blank(Report.objects.filter(pk=report.pk), figures=report.figures)
    return forgotten


def send_due_reports(*, at: datetime, on: date) -> int:
    """Send what nobody has sent by its day; each in a transaction of its own."""
    due = list(Report.objects.waiting().filter(due_on__lte=on).order_by("pk"))
    sent = 0
    for report in due:
        try:
            send_report(report=report, by=None, at=at, on=on)
        except Refused:  # its manager was quicker
            continue
        except Exception:  # one that can't be made keeps none of the others
            logger.exception("report_not_sent", report=report.pk)
            continue
        sent += 1
    return sent
