"""Development plans that both sign, goals, mentors who agree, and the first weeks of a newcomer."""

from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction

from coaching.models import Course, DevelopmentPlan, Goal, GrowthStep, Mentorship, OnboardingStep, OnboardingTick
from coaching.selectors import may_develop
from performance.selectors import catalogue
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person, Role, Skill, User, access_of
from teams.selectors import manager_of, person_of

from .edges import tell

SAYS = ("aim", "aim_role", "path", "review_on")


def _address(person: Person) -> str:
    return f"/development/{person.pk}/"


def _party(by: User, person: Person) -> bool:
    """Whether `by` is the person (True) or coaches them (False); else it is refused."""
    access = access_of(by)
    if access.person_id == person.pk:
        return True
    if may_develop(access, person):
        return False
    raise Refused(f"Only {person.name} and who leads them write this plan.")


@transaction.atomic
def save_development_plan(
    *, person: Person, aim: str, review_on: date, by: User, at: datetime, on: date, version: int | None = None,
    aim_role: str = "", path: str = "",
) -> DevelopmentPlan:  # fmt: skip
    """Write the plan that stands, or the first one. A change takes both signatures back."""
    is_own = _party(by, person)
    if not aim.strip():
        raise Refused("Say which role or level is next.", field="aim")
    if aim_role and aim_role not in Role.values:
        raise Refused(f"“{aim_role}” is no role; there are {', '.join(Role.values)}.", field="aim_role")
    Person.objects.select_for_update().get(pk=person.pk)
    plan = DevelopmentPlan.objects.select_for_update(of=("self",)).filter(person=person, closed_at=None).first()
    said = {"aim": aim.strip(), "aim_role": aim_role, "path": path.strip(), "review_on": review_on}
    if plan is not None and all(getattr(plan, name) == value for name, value in said.items()):
        return plan
    if review_on < on:
        raise Refused(f"It is looked at again on a day to come, not on {review_on:%d %b %Y}.", field="review_on")
    if plan is None:
        plan = DevelopmentPlan.objects.create(person=person, made_at=at, made_by=by, **said)
    else:
        _current(plan, version)
        for name, value in said.items():
            setattr(plan, name, value)
        _unsign(plan)
        plan.save()
    other = manager_of(person, on) if is_own else person
    if other is not None:
        tell(other, f"The development plan of {person.name} was written; it waits for both to sign.",
             _address(person), at)  # fmt: skip
    return plan


def _current(plan: DevelopmentPlan, version: int | None) -> None:
    if plan.closed_at is not None:
        raise Refused("This plan is closed; write a new one.")
    if version is not None and version != plan.version:
        raise Stale("This plan was changed meanwhile; look at it again, your text is kept below.")


def _unsign(plan: DevelopmentPlan) -> None:
    plan.person_signed_at = plan.manager_signed_at = plan.manager = None
    plan.version += 1


def _locked(plan: DevelopmentPlan) -> DevelopmentPlan:
    return DevelopmentPlan.objects.select_for_update(of=("self",)).select_related("person").get(pk=plan.pk)


@transaction.atomic
def sign_development_plan(*, plan: DevelopmentPlan, by: User, at: datetime, version: int) -> DevelopmentPlan:
    """Stand by what it says: the person, and who leads them, each for themselves."""
    plan = _locked(plan)
    _current(plan, version)
    if _party(by, plan.person):
        plan.person_signed_at = plan.person_signed_at or at
    elif plan.manager_signed_at is None:
        plan.manager_signed_at, plan.manager = at, person_of(by)
    plan.save(update_fields=["person_signed_at", "manager_signed_at", "manager"])
    return plan


@transaction.atomic
def close_development_plan(*, plan: DevelopmentPlan, by: User, at: datetime) -> DevelopmentPlan:
    """It is done, or another takes its place."""
    plan = _locked(plan)
    _party(by, plan.person)
    if plan.closed_at is None:
        plan.closed_at = at
        plan.save(update_fields=["closed_at"])
    return plan


@transaction.atomic
def add_goal(
    *, plan: DevelopmentPlan, text: str, due_on: date, by: User, at: datetime, on: date, measure: str = "",
    wanted: str = "",
) -> Goal:  # fmt: skip
    """A goal of the person's own; nobody sets it for them. Both sign again."""
    plan = _locked(plan)
    _current(plan, None)
    if not _party(by, plan.person):
        raise Refused(f"These are {plan.person.name}’s own goals; talk about them in a 1:1.")
    if not text.strip():
        raise Refused("Say what the goal is.", field="text")
    if measure and measure not in catalogue():
        raise Refused(f"There is no measure “{measure}”; choose one of the catalogue.", field="measure")
    if due_on < on:
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    if plan.goals.count() >= 20:
        raise Refused("A plan has at most 20 goals; close what is done with a new plan.")
    goal = Goal.objects.create(
        plan=plan, text=text.strip(), measure=measure, wanted=wanted.strip(), due_on=due_on, state_at=at
    )
    _unsign(plan)
    plan.save()
    return goal


@transaction.atomic
def take_growth_step(*, plan: DevelopmentPlan, step: GrowthStep, by: User, at: datetime, on: date) -> Goal:
    """Make a step of a path a goal of one's own, due after its months. Taken twice it is one goal."""
    plan = _locked(plan)
    standing = plan.goals.filter(step=step).exclude(state=Goal.State.DROPPED).first()
    if standing is not None:
        return standing
    if step.ended_at is not None:
        raise Refused("This step is no part of the path any more.")
    due_on = on + relativedelta(months=step.months)
    level = f"Level {step.level} of 5" if step.level else ""
    goal = add_goal(plan=plan, text=step.text, due_on=due_on, by=by, at=at, on=on, wanted=level)
    goal.step = step
    goal.save(update_fields=["step"])
    return goal


@transaction.atomic
def add_growth_step(
    *, role: str, months: int, text: str, by: User, skill: Skill | None = None, level: int | None = None,
    course: Course | None = None,
) -> GrowthStep:  # fmt: skip
    """A step of the path to a role."""
    _plans(by, "the paths to roles")
    if role not in Role.values:
        raise Refused(f"“{role}” is no role; there are {', '.join(Role.values)}.", field="role")
    if not 1 <= months <= 60:
        raise Refused(f"It takes 1 to 60 months, not {months}.", field="months")
    if not text.strip():
        raise Refused("Say what is learned or done.", field="text")
    if level is not None and skill is None:
        raise Refused("Say of which skill the level is.", field="skill")
    if level is not None and not 1 <= level <= 5:
        raise Refused(f"The level is from 1 to 5, not {level}.", field="level")
    try:
        with transaction.atomic():
            return GrowthStep.objects.create(
                role=role, months=months, text=text.strip(), skill=skill, level=level, course=course
            )
    except IntegrityError:
        raise Refused("This path has that step already.", field="text") from None


@transaction.atomic
def end_growth_step(*, step: GrowthStep, by: User, at: datetime) -> None:
    """No part of the path any more; goals taken from it stay."""
    _plans(by, "the paths to roles")
    GrowthStep.objects.filter(pk=step.pk, ended_at=None).update(ended_at=at)


@transaction.atomic
def mark_goal(*, goal: Goal, state: str, by: User, at: datetime, version: int | None = None) -> Goal:
    """Reached, dropped, or open again: said by whose goal it is."""
    goal = Goal.objects.select_for_update(of=("self",)).select_related("plan__person").get(pk=goal.pk)
    if not _party(by, goal.plan.person):
        raise Refused(f"{goal.plan.person.name} says how their own goals stand.")
    if state not in Goal.State.values:
        raise Refused(f"“{state}” is no state; there are {', '.join(Goal.State.values)}.", field="state")
    if version is not None and version != goal.version:
        raise Stale("This goal was changed meanwhile; look at it again.")
    if goal.state != state:
        goal.state, goal.state_at, goal.version = state, at, goal.version + 1
        goal.save(update_fields=["state", "state_at", "version"])
    return goal


# ── Mentors ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def ask_mentor(
    *, person: Person, mentor: Person, focus: str, starts_on: date, by: User, at: datetime, until: date | None = None
) -> Mentorship:
    """Ask somebody to mentor; it begins once they agree."""
    _party(by, person)
    if mentor.pk == person.pk:
        raise Refused("Nobody mentors themselves; choose a colleague.", field="mentor")
    if mentor.user_id is None or (mentor.left_on is not None and mentor.left_on <= starts_on):
        raise Refused(f"{mentor.name} can't answer here; choose a colleague with a login.", field="mentor")
    if until is not None and until <= starts_on:
        raise Refused("It ends after it starts.", field="until")
    if not focus.strip():
        raise Refused("Say what it is about.", field="focus")
    try:
        with transaction.atomic():
            made = Mentorship.objects.create(
                person=person, mentor=mentor, focus=focus.strip(), during=half_open(starts_on, until), asked_at=at,
                asked_by=by,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(f"{mentor.name} is asked already for that time.", field="mentor") from None
    tell(mentor, f"{person.name} would like you as a mentor.", "/development/", at)
    return made


@transaction.atomic
def answer_mentorship(*, mentorship: Mentorship, agrees: bool, by: User, at: datetime) -> Mentorship:
    """Yes or no, by the mentor alone."""
    found = _mentorship(mentorship)
    if access_of(by).person_id != found.mentor_id:
        raise Refused(f"Only {found.mentor.name} agrees or declines.")
    if found.agreed_at is not None or found.declined_at is not None:
        raise Refused("This is answered already.")
    field = "agreed_at" if agrees else "declined_at"
    setattr(found, field, at)
    found.save(update_fields=[field])
    said = "agreed to mentor you" if agrees else "can't mentor you just now"
    tell(found.person, f"{found.mentor.name} {said}.", _address(found.person), at)
    return found


@transaction.atomic
def end_mentorship(*, mentorship: Mentorship, by: User, at: datetime, on: date) -> Mentorship:
    """From today on no longer; one that has not begun is taken back."""
    found = _mentorship(mentorship)
    if access_of(by).person_id != found.mentor_id:
        _party(by, found.person)
    if found.declined_at is not None or (found.until is not None and found.until <= on):
        return found
    if found.agreed_at is None or found.starts_on >= on:
        found.agreed_at, found.declined_at = None, at
    else:
        found.during = half_open(found.starts_on, on)
    found.save(update_fields=["during", "agreed_at", "declined_at"])
    return found


def _mentorship(mentorship: Mentorship) -> Mentorship:
    return Mentorship.objects.select_for_update(of=("self",)).select_related("person", "mentor").get(pk=mentorship.pk)


# ── Onboarding ──────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def add_onboarding_step(*, role: str, week: int, text: str, by: User, course: Course | None = None) -> OnboardingStep:
    """A step of everybody who starts in a role."""
    _plans(by)
    if role not in Role.values:
        raise Refused(f"“{role}” is no role; there are {', '.join(Role.values)}.", field="role")
    if not 1 <= week <= 104:
        raise Refused(f"The week is from 1 to 104, not {week}.", field="week")
    if not text.strip():
        raise Refused("Say what is to be done.", field="text")
    return OnboardingStep.objects.create(role=role, week=week, text=text.strip(), course=course)


@transaction.atomic
def end_onboarding_step(*, step: OnboardingStep, by: User, at: datetime) -> None:
    """No step any more of those who start; what was ticked stays."""
    _plans(by)
    OnboardingStep.objects.filter(pk=step.pk, ended_at=None).update(ended_at=at)


def _plans(by: User, what: str = "the path of newcomers") -> None:
    if not access_of(by).sees_all:
        raise Refused(f"Executives, operations and the admin write {what}.")


@transaction.atomic
def tick_onboarding_step(
    *, person: Person, step: OnboardingStep, is_done: bool, by: User, at: datetime
) -> OnboardingTick | None:
    """Done, or not yet after all: said by the newcomer or who leads them."""
    _party(by, person)
    if not is_done:
        OnboardingTick.objects.filter(person=person, step=step).delete()
        return None
    values: dict[str, Any] = {"done_at": at, "by": by}
    return OnboardingTick.objects.get_or_create(person=person, step=step, defaults=values)[0]
