"""Writes the plan of the next quarter as it is being made: two scenarios, a hedge, commitments, ratings of skills."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from salesmgmt.lib.periods import Period
from targets.models import Commitment, Plan, RampProfile
from targets.selectors import company_results
from targets.services import copy_plan, make_plan, open_positions, propose_allocation, set_hedge, shape_plan
from teams.models import Leadership, Person, Skill, SkillRating, User

from .loading import Moments
from .organisation import ZONE

SKILLS = ("Discovery", "Negotiation", "Knowledge of the plants")
GROWTH = Decimal("1.06")
MARKET = "Plants put off new lines, and extend what they have: retrofits grow by a tenth a year, new lines stand still."
COMPETITION = "Two rivals cut list prices by 5%; neither calibrates on site."
REASONS = (
    "Two renewals are signed, one large retrofit is decided in the second month.",
    "The same accounts as this quarter; the frame contract ends.",
    "A new plant opens in my patch; half of it is quoted.",
)


def write_scenarios(*, seed: int, today: date) -> None:
    """A draft for the next quarter and a bolder copy of it, open for commitments; nothing that counts is changed."""
    vera = User.objects.filter(username="vera").first()
    quarter = Period.of(today, "quarter").shift(1)
    if vera is None or Plan.objects.filter(period=quarter.key).exists():
        return
    random = np.random.default_rng([seed, today.toordinal(), 6])
    moments = Moments(today, ZONE, earliest=-200, latest=60)
    at = moments.moment(-6, 9 * 60 + 40)
    _write_skills(random, at)
    last = quarter.shift(-2)
    (brought,) = company_results("bookings", [(last.start, last.end)])
    amount = max((brought * GROWTH).quantize(Decimal("1E4")), Decimal(10_000))
    plan = make_plan(
        name=f"Plan {quarter.label}",
        period=quarter,
        amount=amount,
        by=vera,
        at=at,
        strategy="Retrofits first; every quote names who decides.",
        market=MARKET,
        competition=COMPETITION,
    )
    weights = {"weight_past": 60, "weight_pipeline": 15, "weight_territory": 10, "weight_capability": 10}
    shaped = shape_plan(plan=plan, by=vera, at=at, quarter_weights=[4, 3, 2, 1], weight_equal=5, **weights)
    propose_allocation(plan=shaped, by=vera, at=at, on=today)
    bold = copy_plan(plan=shaped, name=f"{plan.name}, with the trend", by=vera, at=at + timedelta(minutes=25))
    bold = shape_plan(plan=bold, by=vera, at=at, follows_trend=True, amount=(amount * GROWTH).quantize(Decimal("1E4")))
    propose_allocation(plan=bold, by=vera, at=at, on=today)
    team = plan.allocations.filter(person=None, team__leaderships__person__user__username="maya").first()
    if team is not None:
        hedge = (team.amount * 3 / 100).quantize(Decimal("1E3"))
        set_hedge(allocation=team, amount=hedge, reason="One seat may fall vacant in summer.", by=vera, at=at)
        open_positions(
            team=team.team, opens_on=quarter.months()[1].start, count=1, plan=plan, by=vera, at=at,
            ramp=RampProfile.objects.order_by("pk").first(), reason="The retrofits of two plants want one more.",
        )  # fmt: skip
    Plan.objects.filter(pk=plan.pk).update(asks_commitments=True)
    lines = plan.allocations.filter(person__user__isnull=False).select_related("person__user").order_by("pk")
    Commitment.objects.bulk_create(
        Commitment(
            plan=plan,
            team_id=line.team_id,
            person=line.person,
            amount=(line.amount * Decimal(int(random.integers(88, 106))) / 100).quantize(Decimal("1E3")),
            reason=REASONS[place % len(REASONS)],
            at=at + timedelta(days=1, hours=place),
            by=line.person.user,
        )
        for place, line in enumerate(lines)
        if line.person is not None and line.person.user is not None
    )


def _write_skills(random: np.random.Generator, at: datetime) -> None:
    """Who leads a team rates those in it on most skills; some say how they see it themselves."""
    skills = [Skill.objects.get_or_create(name=name)[0] for name in SKILLS]
    leaders = {row.team_id: row.person.user for row in Leadership.objects.on(at.date()).select_related("person__user")}
    ratings = []
    for person in Person.objects.active(at.date()).filter(postings__role="rep").distinct().order_by("pk"):
        posting = person.postings.on(at.date()).first()
        by = leaders.get(posting.team_id) if posting else None
        for skill in skills:
            score = int(np.clip(round(random.normal(3.4, 0.8)), 1, 5))
            if by is not None and random.random() < 0.9:
                ratings.append(SkillRating(person=person, skill=skill, is_own=False, score=score, at=at, by=by))
            if person.user is not None:
                own = min(score + int(random.integers(0, 2)), 5)
                ratings.append(SkillRating(person=person, skill=skill, is_own=True, score=own, at=at, by=person.user))
    SkillRating.objects.bulk_create(ratings)
