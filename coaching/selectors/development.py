"""Questions about development plans, mentors and the first weeks of newcomers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import DateField, Max, Min, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce, Lower

from coaching.models import DevelopmentPlan, Enrolment, Goal, GrowthStep, Mentorship, OnboardingStep, OnboardingTick
from targets.models import RampProfile
from teams.models import Access, Person, Posting, SkillRating, User, access_of

from .reach import may_coach

AFTER = 4  # weeks that a path stays in sight behind its last step


def may_develop(access: Access, person: Person) -> bool:
    """Whether a user writes and signs plans of the person: who leads them, and executives; never the admin."""
    return access.role != "admin" and may_coach(access, person)


def plan_of(user: User, person: Person) -> DevelopmentPlan | None:
    """The plan that stands, as far as a user may read it."""
    goals = Prefetch("goals", Goal.objects.order_by("due_on", "pk"))
    plans = DevelopmentPlan.objects.visible_to(user).filter(person=person, closed_at=None)
    return plans.select_related("manager", "person").prefetch_related(goals).first()


def earlier_plans(user: User, person: Person) -> QuerySet[DevelopmentPlan]:
    plans = DevelopmentPlan.objects.visible_to(user).filter(person=person, closed_at__isnull=False)
    return plans.order_by("-closed_at")


def mentorships_of(user: User, person: Person) -> QuerySet[Mentorship]:
    """Who mentors somebody, was asked or has, the latest first."""
    return Mentorship.objects.visible_to(user).filter(person=person).select_related("mentor").order_by("-during")


def mentored_by(user: User) -> QuerySet[Mentorship]:
    """Whom the user mentors or is asked to."""
    me = access_of(user).person_id
    rows = Mentorship.objects.visible_to(user).filter(mentor=me, declined_at=None)
    return rows.select_related("person").order_by("-during")


def may_be_asked(person: Person, on: date) -> QuerySet[Person]:
    """Colleagues who can answer, by name."""
    here = Person.objects.present().active(on).filter(user__is_active=True).exclude(pk=person.pk)
    return here.filter(pk__in=Posting.objects.on(on).values("person")).order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """A step of the path to a role, and how far somebody is on it."""

    step: GrowthStep
    score: int | None
    """As who leads them sees the skill; nothing while it is contested."""
    goal: Goal | None
    has_passed: bool
    """The course."""

    @property
    def is_reached(self) -> bool:
        """By what is on record: the skill at its level, the course passed; of a plain step: the goal reached."""
        known = []
        if self.step.level is not None:
            known.append(self.score is not None and self.score >= self.step.level)
        if self.step.course_id is not None:
            known.append(self.has_passed)
        return all(known) if known else self.goal is not None and self.goal.state == Goal.State.REACHED


def growth_steps(user: User, *, role: str = "") -> QuerySet[GrowthStep]:
    """The paths to roles, step by step."""
    rows = GrowthStep.objects.visible_to(user).standing().select_related("skill", "course")
    return (rows.filter(role=role) if role else rows).order_by("role", "months", "pk")


def growth_of(user: User, plan: DevelopmentPlan) -> list[GrowthLine]:
    """The path of a plan: to the role it names. Three queries."""
    steps = list(growth_steps(user, role=plan.aim_role)) if plan.aim_role else []
    if not steps:
        return []
    ratings = SkillRating.objects.standing().filter(person=plan.person_id, is_own=False)
    scores = {row.skill_id: row.score for row in ratings if row.contested_at is None}
    passed = Enrolment.objects.standing().filter(person=plan.person_id, passed_at__isnull=False)
    courses = set(passed.values_list("course_id", flat=True))
    goals = {goal.step_id: goal for goal in plan.goals.all() if goal.state != Goal.State.DROPPED}
    return [
        GrowthLine(step, scores.get(step.skill_id or 0), goals.get(step.pk), step.course_id in courses)
        for step in steps
    ]  # fmt: skip


# ── Onboarding ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step with its days, and whether it is done."""

    step: OnboardingStep
    due_on: date
    """The last day of its week."""
    tick: OnboardingTick | None

    def is_late(self, day: date) -> bool:
        return self.tick is None and self.due_on < day


@dataclass(frozen=True, slots=True)
class Path:
    """A newcomer's first weeks."""

    person: Person
    starts_on: date
    week: int
    """The one that runs, from 1."""
    steps: list[PathStep]
    ramp: int | None
    """Percent of a full quota asked this month; None: no ramp."""
    on: date

    @property
    def done(self) -> int:
        return sum(1 for step in self.steps if step.tick is not None)

    @property
    def late(self) -> list[PathStep]:
        return [step for step in self.steps if step.is_late(self.on)]

    @property
    def next(self) -> PathStep | None:
        return next((step for step in self.steps if step.tick is None), None)

    @property
    def expected(self) -> int:
        """Steps whose week is over."""
        return sum(1 for step in self.steps if step.due_on < self.on)


def newcomers(people: QuerySet[Person], *, on: date) -> QuerySet[Any]:
    """Who started so lately that a step of their role's path is still ahead, or was until four weeks ago."""
    last = dict(OnboardingStep.objects.filter(ended_at=None).values_list("role").annotate(last=Max("week")))
    first = Lower("postings__during", output_field=DateField())
    here = people.filter(Q(left_on=None) | Q(left_on__gt=on))
    begun = here.annotate(begun_on=Coalesce("hired_on", Min(first), output_field=DateField()))
    asked = Q(pk=None)
    for role, weeks in last.items():
        posted = Posting.objects.on(on).filter(role=role).values("person")
        asked |= Q(pk__in=posted, begun_on__gt=on - timedelta(weeks=weeks + AFTER), begun_on__lte=on)
    found: QuerySet[Any] = begun.filter(asked)
    return found


def paths(people: Iterable[Any], *, on: date) -> list[Path]:
    """The paths of newcomers (as `newcomers` gives them): a fixed number of queries."""
    rows = list(people)
    if not rows:
        return []
    ids = [person.pk for person in rows]
    postings = {row.person_id: row for row in Posting.objects.on(on).filter(person__in=ids)}
    steps: dict[str, list[OnboardingStep]] = {}
    for step in OnboardingStep.objects.filter(ended_at=None).select_related("course").order_by("week", "pk"):
        steps.setdefault(step.role, []).append(step)
    ticks = {
        (row.person_id, row.step_id): row for row in OnboardingTick.objects.filter(person__in=ids).select_related("by")
    }
    profiles = list(RampProfile.objects.prefetch_related("steps"))
    named = {profile.name: profile for profile in profiles}
    by_rule = {profile.role: profile for profile in profiles if profile.start == RampProfile.Start.NEW}
    found = []
    for person in rows:
        start: date = person.begun_on
        posting = postings.get(person.pk)
        role = posting.role if posting else ""
        profile = named.get(posting.ramp if posting else "") or by_rule.get(role) or by_rule.get("")
        found.append(
            Path(
                person=person,
                starts_on=start,
                week=(on - start).days // 7 + 1,
                steps=[
                    PathStep(step, start + timedelta(days=7 * step.week - 1), ticks.get((person.pk, step.pk)))
                    for step in steps.get(role, ())
                ],
                ramp=_percent(profile, start, on) if profile else None,
                on=on,
            )
        )
    return found


def _percent(profile: RampProfile, start: date, on: date) -> int:
    month = (on.year - start.year) * 12 + on.month - start.month + (on.day >= start.day)
    asked = {step.month: step.percent for step in profile.steps.all()}
    return int(asked.get(month, 100))


def path_of(user: User, person: Person, *, on: date) -> Path | None:
    """Somebody's path while they are new, if the user sees them."""
    return next(iter(paths(newcomers(Person.objects.visible_to(user).filter(pk=person.pk), on=on), on=on)), None)


def first_weeks(user: User, *, on: date, count: int = 6) -> list[Path]:
    """For a home: the paths of the newest one sees, oneself among them."""
    seen = newcomers(Person.objects.filter(pk__in=access_of(user).people), on=on)
    return paths(seen.order_by("-begun_on", "pk")[:count], on=on)
