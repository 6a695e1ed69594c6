"""How content customers are: answers, scores and complaints, within what somebody may see."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Count, F, Q, QuerySet, Sum

from sales.models import Account, Complaint, Contract, Feedback, FeedbackRequest
from salesmgmt.desk.tokens import digest
from salesmgmt.lib.money import to_cents
from teams.models import Person, Team, Viewer

ENOUGH = 10  # answers before a person's score shows (R23)
ANSWER_WITHIN = timedelta(days=2)
RESOLVE_WITHIN = timedelta(days=14)

SUMS = {
    "csat_sum": Sum("score", filter=Q(kind="csat"), default=0),
    "csat_count": Count("pk", filter=Q(kind="csat")),
    "promoters": Count("pk", filter=Q(kind="nps", score__gte=9)),
    "passives": Count("pk", filter=Q(kind="nps", score__in=(7, 8))),
    "detractors": Count("pk", filter=Q(kind="nps", score__lte=6)),
}


# The same in SQL, of the answers `f`.
OF_CUSTOMERS = (
    "NOT f.owner_had_link"
    " AND NOT EXISTS (SELECT FROM teams_person p WHERE p.id = f.owner_id AND p.user_id = f.recorded_by_id)"
)


def of_customers(found: QuerySet[Feedback]) -> QuerySet[Feedback]:
    """Without what people typed in about themselves, or had the link for: it counts for no score of theirs."""
    return found.filter(owner_had_link=False).exclude(recorded_by__isnull=False, recorded_by=F("owner__user"))


@dataclass(frozen=True, slots=True)
class Scores:
    """What adds up of many answers; the scores are made from it on reading (R23). Unknown without an answer."""

    csat_sum: int = 0
    csat_count: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    least: int = 1

    @property
    def nps_count(self) -> int:
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> int | None:
        """Percent of promoters less percent of detractors, −100 to 100."""
        if self.nps_count < self.least:
            return None
        return int(to_cents(Decimal(self.promoters - self.detractors) / self.nps_count).scaleb(2))

    @property
    def csat(self) -> Decimal | None:
        """The mean, from 1 to 5, to two places."""
        return to_cents(Decimal(self.csat_sum) / self.csat_count) if self.csat_count >= self.least else None

    @property
    def count(self) -> int:
        return self.csat_count + self.nps_count


def feedback(
    user: Viewer,
    *,
    account: int | None = None,
    owner: int | None = None,
    kind: str = "",
    start: date | None = None,
    end: date | None = None,
) -> QuerySet[Feedback]:
    """Answers somebody may see, of days in `[start, end)`."""
    found = Feedback.objects.visible_to(user).select_related("account", "contact", "order", "owner", "recorded_by")
    asked = {"account": account, "owner": owner, "kind": kind, "given_on__gte": start, "given_on__lt": end}
    return found.filter(**{name: value for name, value in asked.items() if value})


def scores(found: QuerySet[Feedback], *, of_one: bool = False) -> Scores:
    """What answers come to. Those about one person: from ten on, without what they typed in themselves (R23)."""
    if not of_one:
        return Scores(**found.aggregate(**SUMS))
    return Scores(**of_customers(found).aggregate(**SUMS), least=ENOUGH)


def scores_of_people(user: Viewer, *, start: date, end: date) -> list[tuple[Person, Scores]]:
    """Each person one sees with their answers; what they typed in about themselves counts for nothing."""
    people = Person.objects.visible_to(user)
    found = Feedback.objects.present().filter(given_on__gte=start, given_on__lt=end, owner__in=people)
    sums = of_customers(found).order_by().values_list("owner").annotate(**SUMS).values_list("owner", *SUMS)
    rows = {owner: dict(zip(SUMS, values, strict=True)) for owner, *values in sums}
    named = people.filter(pk__in=rows).order_by("name", "pk")
    return [(person, Scores(**rows[person.pk], least=ENOUGH)) for person in named]


def csat_of_people(person_ids: Iterable[int], *, start: date, end: date) -> dict[int, Decimal]:
    """Mean satisfaction with each of these people, of those with enough answers; not what they typed in themselves."""
    found = Feedback.objects.present().filter(
        kind="csat", given_on__gte=start, given_on__lt=end, owner__in=list(person_ids)
    )
    sums = of_customers(found).order_by().values_list("owner").annotate(Sum("score"), Count("pk"))
    return {owner: to_cents(Decimal(total) / count) for owner, total, count in sums if count >= ENOUGH}


def scores_of_teams(teams: QuerySet[Team], *, start: date, end: date) -> list[tuple[Team, Scores]]:
    """Each team with the answers about whoever was posted in it, or below it, on the day of the answer.

    Answers about one of them alone are that person's score, and show from ten on.
    """
    found = Feedback.objects.present().filter(
        given_on__gte=start, given_on__lt=end, owner__postings__during__contains=F("given_on")
    )
    sums: dict[int, Counter[str]] = {}
    people: dict[int, set[int]] = {}
    rows = of_customers(found).order_by().values_list("owner__postings__team__path", "owner")
    for path, owner, *values in rows.annotate(**SUMS).values_list("owner__postings__team__path", "owner", *SUMS):
        for team_id in path:  # what adds up for a team does for those above it
            sums.setdefault(team_id, Counter()).update(dict(zip(SUMS, values, strict=True)))
            people.setdefault(team_id, set()).add(owner)
    least = {team_id: ENOUGH if len(known) == 1 else 1 for team_id, known in people.items()}
    found_teams = teams.order_by("path")
    return [(team, Scores(**sums[team.pk], least=least[team.pk])) for team in found_teams if team.pk in sums]


def signer() -> Signer:
    """Signs secrets of feedback links, so that an invented one is refused without looking it up."""
    return Signer(salt="sales.feedback", sep=".")


def feedback_request(secret: str, *, at: datetime) -> FeedbackRequest | None:
    """What a feedback link stands for, while it works."""
    try:
        signer().unsign(secret)
    except BadSignature:
        return None
    asked = FeedbackRequest.objects.select_related("account", "order")
    return asked.filter(digest=digest(secret), used_at=None, expires_at__gt=at).first()


# ── Complaints ──────────────────────────────────────────────────────────────────────────────────────────────────


def overdue_complaints(day: date) -> Q:
    """Unanswered for two days, or unresolved for two weeks."""
    unanswered = Q(answered_on=None, received_on__lt=day - ANSWER_WITHIN)
    return Q(resolved_on=None) & (unanswered | Q(received_on__lt=day - RESOLVE_WITHIN))


def complaints(
    user: Viewer, *, state: str = "open", day: date, account: int | None = None, owner: int | None = None
) -> QuerySet[Complaint]:
    """Complaints somebody may see: open, overdue, resolved or all."""
    found = Complaint.objects.visible_to(user).select_related("account", "order", "owner", "contact")
    states = {"open": Q(resolved_on=None), "overdue": overdue_complaints(day), "resolved": Q(resolved_on__isnull=False)}
    asked = {"account": account, "owner": owner}
    found = found.filter(**{name: value for name, value in asked.items() if value})
    return found.filter(states[state]) if state in states else found


def is_overdue(complaint: Complaint, day: date) -> bool:
    """Has a complaint waited too long?"""
    if complaint.resolved_on is not None:
        return False
    waited = day - complaint.received_on
    return waited > (RESOLVE_WITHIN if complaint.answered_on else ANSWER_WITHIN)


def after_sales(user: Viewer, account: Account, day: date) -> dict[str, Any]:
    """What an account's page says of the time after the order: complaints, answers, contracts."""
    answers = Feedback.objects.visible_to(user).filter(account=account)
    waiting = list(complaints(user, account=account.pk, day=day).select_related(None).order_by("received_on", "pk")[:5])
    running = Contract.objects.visible_to(user).filter(account=account).order_by("-starts_on", "-pk")
    return {
        "complaints": [(complaint, is_overdue(complaint, day)) for complaint in waiting],
        "answers": answers.order_by("-given_on", "-pk")[:3],
        "scores": scores(answers),
        "contracts": running[:3],
    }
