"""Changes of published figures: what a manager changes alone; and who has no figure yet, of which seats."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum

from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Plan, PlanMeasure, QuotaEntry, measure_of
from targets.selectors.entries import figures_within
from targets.selectors.letters import entries_of
from teams.models import Organisation, Person, Posting, Role, Team, User, access_of

Kind = QuotaEntry.Kind


def plan_holding(person_id: int, period: Period, measure: str) -> Plan | None:
    """The published plan that the figure of a person within a period belongs to."""
    figures = figures_within([person_id], period.start, period.end, measure)
    if not figures:
        return None
    days = half_open(min(one.start for one in figures), max(one.end for one in figures))
    plans = Plan.objects.filter(published_at__isnull=False, measure=measure, during__contains=days)
    return plans.order_by("-published_at", "-pk").first()


def is_beyond(plan: Plan, person_id: int, *, was: Decimal, amount: Decimal, by: User) -> bool:
    """Whether another figure than the published one is more than `by` may change alone: then the next one up decides.

    What they have changed about it before counts along, or small steps would go as far as they like.
    """
    if access_of(by).sees_all:
        return False
    mine = entries_of(plan).filter(person=person_id, kind=Kind.RELIEF, by=by)
    stood = was - (mine.aggregate(total=Sum("reporting_amount"))["total"] or Decimal(0))
    return abs(to_cents(amount) - stood) * 100 > stood * Organisation.get().free_change


# ── New seats ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FreeSeat:
    """A place in a team and a plan (or, where quotas were imported, a period) in which somebody holds nothing yet."""

    team: Team
    start: date
    end: date
    of: PlanMeasure
    plan: Plan | None
    usual: Decimal | None
    """What a full seat of the team, or else of the plan, comes to on average."""

    @property
    def key(self) -> str:
        return f"{self.of.key}:{self.start}:{self.end}:{self.team.pk}"


def free_seats(person: Person, period: Period, *, on: date) -> list[FreeSeat]:
    """What somebody who is posted now or later could be given a figure of, in the plans that touch a period."""
    postings = Posting.objects.overlapping(max(on, period.start), date.max).filter(person=person)
    postings = postings.filter(team__withdrawn_at=None).exclude(role__in=[Role.EXECUTIVE, Role.OPERATIONS, Role.HR])
    teams = {posting.team: posting for posting in postings.select_related("team").order_by("-during")}
    if not teams:
        return []
    spans: dict[tuple[str, date, date], Plan | None] = {}
    plans = Plan.objects.overlapping(period.start, period.end).filter(published_at__isnull=False)
    for one in plans.order_by("during", "pk"):
        spans[one.measure, one.starts_on, one.until or one.starts_on] = one
    imported = QuotaEntry.objects.filter(team__in=teams, during=half_open(period.start, period.end))
    for measure in imported.order_by("measure").values_list("measure", flat=True).distinct():
        if not any(measure == of and start < period.end and period.start < end for of, start, end in spans):
            spans[measure, period.start, period.end] = None
    if not spans:
        return []
    first, last = min(start for _, start, _ in spans), max(end for _, _, end in spans)
    held: dict[tuple[str, int | None], list[tuple[date, date]]] = defaultdict(list)
    for figure in figures_within([person.pk], first, last):
        held[figure.measure, figure.team_id].append((figure.start, figure.end))
    found = []
    for (measure, start, end), plan in spans.items():
        of, usual = measure_of(measure), _usual(measure, start, end)
        for team, posting in teams.items():
            is_there = posting.starts_on < end and (posting.until is None or start < posting.until)
            is_held = any(s < end and start < e for s, e in [*held[measure, team.pk], *held[measure, None]])
            if is_there and not is_held and bool(team.department) == of.is_support:
                found.append(FreeSeat(team, start, end, of, plan, usual.get(team.pk, usual.get(None))))
    return found


def _usual(measure: str, start: date, end: date) -> Mapping[int | None, Decimal]:
    """The mean base of a seat in each team, and of all."""
    bases = QuotaEntry.objects.filter(
        measure=measure, kind=Kind.BASE, during=half_open(start, end), person__isnull=False
    )
    rows = bases.values_list("team").annotate(total=Sum("reporting_amount"), people=Count("person", distinct=True))
    sums = {team: (total, people) for team, total, people in rows.order_by("team") if total > 0}
    usual: dict[int | None, Decimal] = {team: to_cents(total / people) for team, (total, people) in sums.items()}
    if sums:
        usual[None] = to_cents(sum(total for total, _ in sums.values()) / sum(people for _, people in sums.values()))
    return usual
