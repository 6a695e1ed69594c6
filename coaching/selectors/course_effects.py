"""What a course does to the measure it is for: those who began it beside comparable people who had not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from coaching.analysis.effect import SHARE, Effect
from coaching.models import CoachingPlan, Course, Enrolment
from performance.analysis.works import beyond_chance
from salesmgmt.lib.groups import SMALLEST_GROUP
from teams.models import Posting

from .effects import AFTER, UNCLEAR, WEEK, Field, Span, comparable, field_of, monday, pooled, usable_measures

MOST = 40  # of those who began it, the latest


@dataclass(frozen=True, slots=True)
class CourseEffectFound:
    """Over how many people it was looked for, and what was found."""

    people: int
    effect: Effect | None
    verdict: str


def find_effects(courses: Sequence[Course], *, as_of: date) -> dict[int, CourseEffectFound]:
    """The effect of each course; of many some stand out by chance, which is no effect yet."""
    fields: dict[tuple[str, str, date], Field] = {}
    found = {course.pk: find_effect(course, as_of=as_of, fields=fields) for course in courses}
    chances = {pk: one.effect.chance for pk, one in found.items() if one.effect is not None}
    for pk, stands in zip(chances, beyond_chance([*chances.values()], share=1 - SHARE), strict=True):
        if not stands and found[pk].verdict in {"better", "worse"}:
            found[pk] = replace(found[pk], verdict=UNCLEAR)
    return found


def find_effect(
    course: Course, *, as_of: date, fields: dict[tuple[str, str, date], Field] | None = None
) -> CourseEffectFound:
    """The effect on everybody who began it, whether they came to its end or not, so that giving up doesn't hide it.

    As with plans of coaching it is difference in differences, with a range from comparisons in which nobody was helped,
    of those whose weeks to count are over. `fields` keeps what courses share.
    """
    fields = {} if fields is None else fields
    measure = usable_measures().get(course.measure)
    if measure is None:
        return CourseEffectFound(0, None, "its measure can't be told week by week" if course.measure else "no measure")
    rows = list(
        Enrolment.objects.standing()
        .filter(course=course, started_at__isnull=False)
        .select_related("person")
        .order_by("-started_at", "pk")
    )
    begun = {row.person_id: monday(row.started_at.date()) for row in rows if row.started_at}  # the first time stands
    helped: list[Span] = [(pk, on, on + AFTER * WEEK) for pk, on in begun.items()]
    over = [
        row
        for row in rows
        if row.renews_id is None and row.started_at and begun[row.person_id] == monday(row.started_at.date())
        and begun[row.person_id] + AFTER * WEEK <= as_of
    ][:MOST]  # fmt: skip
    helps: dict[int, CoachingPlan] = {}
    roles: dict[date, dict[int, str]] = {}
    for row in over:
        starts_on = begun[row.person_id]
        if starts_on not in roles:
            asked = [one.person_id for one in over]
            postings = Posting.objects.on(starts_on).filter(person__in=asked)
            roles[starts_on] = dict(postings.values_list("person_id", "role"))
        role = roles[starts_on].get(row.person_id)
        if role is None:
            continue
        key = role, measure.key, starts_on
        if key not in fields:
            fields[key] = field_of(role=role, measure=measure, starts_on=starts_on)
        takers = [pk for pk, on in begun.items() if on < starts_on + AFTER * WEEK]
        peers = comparable(row.person_id, fields[key], without=takers)
        if len(peers) >= SMALLEST_GROUP:
            helps[row.person_id] = CoachingPlan(
                person=row.person, kind=CoachingPlan.Kind.COURSE, measure=measure.key, starts_on=starts_on,
                until=starts_on + AFTER * WEEK, peers=peers,
            )  # fmt: skip
    if len(helps) < SMALLEST_GROUP:
        return CourseEffectFound(len(helps), None, UNCLEAR)
    effect, verdict = pooled(list(helps.values()), measure=measure, as_of=as_of, helped=helped)
    return CourseEffectFound(len(helps), effect, verdict)


def courses_with_a_measure() -> Sequence[Course]:
    return list(Course.objects.exclude(measure="").order_by("pk"))
