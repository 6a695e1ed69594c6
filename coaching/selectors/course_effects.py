"""What a course does to the measure it is for: those who took it beside comparable people who did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from coaching.analysis.effect import LEAST_AFTER, Effect
from coaching.models import CoachingPlan, Course, Enrolment
from salesmgmt.lib.groups import SMALLEST_GROUP

from .effects import LONGEST, WEEK, comparison, pooled, usable_measures

MOST = 40  # of those who took it, the latest: each costs a look at everybody of their role
TAKES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CourseEffectFound:
    """Over how many people it was looked for, and what was found."""

    people: int
    effect: Effect | None
    verdict: str


def find_effect(course: Course, *, as_of: date) -> CourseEffectFound:
    """The effect of everybody's course together; each of them beside people who had not begun it yet.

    As with plans of coaching it is difference in differences, with a range from comparisons in which nobody was helped.
    """
    measure = usable_measures().get(course.measure)
    if measure is None:
        return CourseEffectFound(0, None, "its measure can't be told week by week" if course.measure else "no measure")
    begun = dict(
        Enrolment.objects.standing()
        .filter(course=course, started_at__isnull=False)
        .order_by("-started_at")
        .values_list("person_id", "started_at__date")
    )  # of somebody who took it twice the first time stands: it is the last one written here
    taken = (
        Enrolment.objects.standing()
        .filter(course=course, passed_at__isnull=False, renews=None)
        .filter(started_at__date__lte=as_of - LEAST_AFTER * WEEK)
        .select_related("person")
        .order_by("-started_at", "pk")[:MOST]
    )
    helps: list[CoachingPlan] = []
    for row in taken:
        assert row.started_at is not None
        assert row.passed_at is not None
        starts_on = row.started_at.date()
        takers = [pk for pk, on in begun.items() if on < starts_on + LONGEST * WEEK]
        peers, _, _ = comparison(person=row.person, measure=measure, starts_on=starts_on, without=takers)
        if len(peers) >= SMALLEST_GROUP:
            helps.append(
                CoachingPlan(
                    person=row.person, kind=CoachingPlan.Kind.COURSE, measure=measure.key, starts_on=starts_on,
                    until=row.passed_at.date() + TAKES, peers=peers,
                )
            )  # fmt: skip
    people = len({plan.person_id for plan in helps})
    if people < SMALLEST_GROUP:
        return CourseEffectFound(people, None, "too little to tell")
    effect, verdict = pooled(helps, measure=measure, as_of=as_of)
    return CourseEffectFound(people, effect, verdict)


def courses_with_a_measure() -> Sequence[Course]:
    return list(Course.objects.exclude(measure="").order_by("pk"))
