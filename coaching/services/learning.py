"""Take a course: be given it, go through its lessons, pass it; and what happens to it every night."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import DateField, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from coaching.models import (
    Case,
    Course,
    CourseEffect,
    CourseRule,
    CourseVersion,
    Enrolment,
    Lesson,
    LessonDone,
    QuizAnswer,
    QuizAttempt,
)
from coaching.selectors import Gap, gaps, may_coach, moved_by_leave, taught_versions
from coaching.selectors.course_effects import courses_with_a_measure, find_effects
from sales.models import Task
from salesmgmt.desk.telling import tell_users
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Leave, Organisation, Person, Posting, User, access_of

from .edges import tell
from .plans import kept_shares

SOON = timedelta(days=7)  # before the due date comes a reminder
RENEWS = timedelta(days=30)  # before a certificate ends
NEW = timedelta(days=90)  # how long somebody counts as a newcomer
AGAIN = timedelta(days=90)  # from one course to the same again, where the gap it closes is back


@transaction.atomic
def enrol(
    *,
    person: Person,
    course: Course,
    due_on: date,
    reason: str,
    by: User,
    at: datetime,
    case: Case | None = None,
) -> Enrolment:
    """Give somebody a course. Who has it open already keeps that one."""
    access = access_of(by)
    is_own = access.person_id == person.pk
    if not (is_own or may_coach(access, person)):
        raise Refused(f"Only {person.name} and who leads them choose their courses.", field="person")
    today = _today(at)
    if due_on < today:
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    if case is not None and case.person_id != person.pk:
        raise Refused(f"That case isn't about {person.name}.", field="case")
    if not reason.strip():
        raise Refused("Say in a sentence what it is for.", field="reason")
    version = _taught(course)
    Person.objects.select_for_update().get(pk=person.pk)
    standing = Enrolment.objects.open().filter(person=person, course=course).first()
    if standing is not None:
        return standing
    (made,) = _give(
        [Enrolment(person=person, course=course, version=version, reason=reason.strip()[:300], case=case,
                   assigned_at=at, assigned_by=by, agreed_on=due_on, due_on=due_on)],
        at=at, quietly=is_own,
    )  # fmt: skip
    return made


def _taught(course: Course) -> CourseVersion:
    version = taught_versions([course.pk]).get(course.pk)
    if version is None:
        raise Refused(f"“{course}” isn't published; nobody can take it yet.", field="course")
    return version


def _today(at: datetime) -> date:
    return clock.day_of(at, Organisation.get().time_zone)


def _give(rows: Iterable[Enrolment], *, at: datetime, quietly: bool = False) -> list[Enrolment]:
    """Write enrolments with a task for each, and tell them. Whoever has the course open is left out."""
    made = Enrolment.objects.bulk_create(rows)
    Task.objects.bulk_create(
        Task(
            owner=row.person,
            text=f"Course: {row.course.title}"[:300],
            due_on=row.due_on,
            source="course",
            reason=f"enrolment:{row.pk}",
            link=f"/courses/{row.course_id}/",
        )
        for row in made
    )
    if not quietly:
        said = ((row, f"A course for you: {row.course.title}, by {row.due_on:%-d %b}.") for row in made)
        tell_users(((row.person.user_id, text, f"/courses/{row.course_id}/") for row, text in said), at=at)
    return made


@transaction.atomic
def move_enrolment(*, enrolment: Enrolment, due_on: date, by: User, at: datetime) -> Enrolment:
    """Another due date, said by who leads them; leave still moves it."""
    enrolment = _open(enrolment)
    if not may_coach(access_of(by), enrolment.person):
        raise Refused(f"Only who leads {enrolment.person.name} moves the due date.", field="due_on")
    if due_on < _today(at):
        raise Refused(f"The due date {due_on:%d %b %Y} is in the past; choose a later day.", field="due_on")
    enrolment.agreed_on = enrolment.due_on = due_on
    enrolment.reminded_at = enrolment.overdue_told_at = None
    enrolment.save(update_fields=["agreed_on", "due_on", "reminded_at", "overdue_told_at"])
    _tasks(enrolment).update(due_on=due_on)
    tell(enrolment.person, f"{enrolment.course} is now due on {due_on:%-d %b}.", f"/courses/{enrolment.course_id}/", at)
    return enrolment


@transaction.atomic
def withdraw_enrolment(*, enrolment: Enrolment, by: User, at: datetime) -> Enrolment:
    """It need not be done any more: said by who leads them, or by the person where they chose it themselves."""
    enrolment = _open(enrolment)
    chose_it = enrolment.assigned_by_id == by.pk and access_of(by).person_id == enrolment.person_id
    if not (chose_it or may_coach(access_of(by), enrolment.person)):
        raise Refused(f"Only who leads {enrolment.person.name} takes a course back.")
    enrolment.withdrawn_at = at
    enrolment.save(update_fields=["withdrawn_at"])
    _tasks(enrolment).update(done_at=at)
    return enrolment


def _open(enrolment: Enrolment) -> Enrolment:
    found = Enrolment.objects.select_for_update(of=("self",)).select_related("person", "course").get(pk=enrolment.pk)
    if found.withdrawn_at is not None:
        raise Refused("This course was taken back.")
    if found.passed_at is not None:
        raise Refused("This course is passed already.")
    return found


def _tasks(*enrolments: Enrolment) -> QuerySet[Task]:
    return Task.objects.filter(reason__in=[f"enrolment:{row.pk}" for row in enrolments], source="course", done_at=None)


# ── Lessons ─────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def finish_lesson(*, enrolment: Enrolment, lesson: Lesson, by: User, at: datetime) -> Enrolment:
    """Been through; a quiz is passed instead. Twice is once."""
    if lesson.kind == Lesson.Kind.QUIZ:
        raise Refused("A quiz is done once it is passed.")
    enrolment = _own(enrolment, lesson, by)
    if enrolment.passed_at is None:
        _note(enrolment, lesson, at)
    return enrolment


@transaction.atomic
def answer_quiz(
    *, enrolment: Enrolment, lesson: Lesson, chosen: Mapping[int, Collection[int]], by: User, at: datetime
) -> QuizAttempt:
    """Grade what was chosen for each question, keep the attempt, and note the lesson where it was enough."""
    enrolment = _own(enrolment, lesson, by)
    if lesson.kind != Lesson.Kind.QUIZ:
        raise Refused("This lesson has no questions.")
    passed = QuizAttempt.objects.filter(enrolment=enrolment, lesson=lesson, is_passed=True).first()
    if passed is not None:
        return passed
    questions = {one.pk: one for one in lesson.questions.prefetch_related("choices")}
    known = {pk: {choice.pk for choice in one.choices.all()} for pk, one in questions.items()}
    if any(pk not in known or not set(picked) <= known[pk] for pk, picked in chosen.items()):
        raise Refused("One of these answers isn't of this quiz; open it again.")
    if any(not chosen.get(pk) for pk in questions):
        raise Refused("Answer every question.")
    right = sum(
        1
        for pk, one in questions.items()
        if set(chosen[pk]) == {choice.pk for choice in one.choices.all() if choice.is_right}
    )
    attempt = QuizAttempt.objects.create(
        enrolment=enrolment,
        lesson=lesson,
        at=at,
        right=right,
        asked=len(questions),
        is_passed=100 * right >= lesson.pass_percent * len(questions),
    )
    QuizAnswer.objects.bulk_create(
        QuizAnswer(attempt=attempt, choice_id=choice) for picked in chosen.values() for choice in sorted(set(picked))
    )
    if attempt.is_passed:
        _note(enrolment, lesson, at)
    elif enrolment.started_at is None:
        Enrolment.objects.filter(pk=enrolment.pk).update(started_at=at)
    return attempt


def _own(enrolment: Enrolment, lesson: Lesson, by: User) -> Enrolment:
    found = Enrolment.objects.select_for_update(of=("self",)).select_related("course", "person").get(pk=enrolment.pk)
    if access_of(by).person_id != found.person_id:
        raise Refused("Everybody takes their own courses.")
    if lesson.version_id != found.version_id:
        raise Refused("This lesson isn't of the version you take; open the course again.")
    if found.withdrawn_at is not None:
        raise Refused("This course was taken back.")
    return found


def _note(enrolment: Enrolment, lesson: Lesson, at: datetime) -> None:
    """A lesson is done; with the last one the course is passed, and the certificate runs."""
    LessonDone.objects.get_or_create(enrolment=enrolment, lesson=lesson, defaults={"at": at})
    enrolment.started_at = enrolment.started_at or at
    left = Lesson.objects.filter(version=enrolment.version_id).exclude(
        pk__in=LessonDone.objects.filter(enrolment=enrolment).values("lesson")
    )
    if not left.exists():
        enrolment.passed_at = at
        months = enrolment.course.renew_months
        enrolment.valid_until = _today(at) + relativedelta(months=months) if months else None
        _tasks(enrolment).update(done_at=at)
    enrolment.save(update_fields=["started_at", "passed_at", "valid_until"])


def refresh_course_effects(*, on: date) -> int:
    """Work out anew what each course does to the measure it is for; long reading, short writing."""
    found = find_effects(courses_with_a_measure(), as_of=on)
    with transaction.atomic():
        CourseEffect.objects.exclude(course__in=found).delete()
        for pk, one in found.items():
            said = {"as_of": on, "people": one.people, "verdict": one.verdict} | kept_shares(one.effect)
            CourseEffect.objects.update_or_create(course_id=pk, defaults=said)
    return len(found)


# ── Every night ─────────────────────────────────────────────────────────────────────────────────────────────────


def keep_up_training(*, on: date, at: datetime) -> dict[str, int]:
    """Rules, renewals, leave and reminders; a second run the same day does nothing more."""
    return {
        "moved": move_for_leave(on=on),
        "assigned": assign_by_rules(on=on, at=at),
        "renewed": renew_certificates(on=on, at=at),
        "reminded": remind_of_courses(on=on, at=at),
    }


@transaction.atomic
def assign_by_rules(*, on: date, at: datetime) -> int:
    """Give each course to those its rules mean, once: who has ever had it, or is on protected leave, is left out.

    A gap that is rated anew after the course was done is another one.
    """
    rules = CourseRule.objects.filter(ended_at=None, course__retired_at=None, starts_on__lte=on)
    found = list(rules.select_related("course", "skill", "product").select_for_update(of=("self",)).order_by("pk"))
    versions = taught_versions([rule.course_id for rule in found])
    found = [rule for rule in found if rule.course_id in versions]
    if not found:
        return 0
    here = Person.objects.present().active(on)
    posted = {
        row.person_id: row
        for row in Posting.objects.on(on).filter(person__in=here.values("pk")).select_related("person")
    }
    away = set(Leave.objects.on(on).filter(kind__is_protected=True).values_list("person_id", flat=True))
    begun = _first_days(posted)
    had = {(row.person_id, row.course_id): row for row in Enrolment.objects.filter(course__in=versions).order_by("pk")}
    skills = {rule.skill_id for rule in found if rule.skill_id}
    lacking = {(gap.person_id, gap.skill_id): gap for gap in gaps(on=on, skill_ids=skills)} if skills else {}
    rows = []
    for rule in found:
        for person_id, posting in posted.items():
            if person_id in away or (rule.role and posting.role != rule.role):
                continue
            before, gap = had.get((person_id, rule.course_id)), None
            if rule.kind == CourseRule.Kind.GAP:
                gap = lacking.get((person_id, rule.skill_id or 0))
                if gap is None:
                    continue
            elif rule.kind == CourseRule.Kind.NEWCOMER and not max(rule.starts_on, on - NEW) <= begun[person_id] <= on:
                continue
            if before is not None and not (gap and _is_back(gap, before, at)):
                continue
            due = on + timedelta(days=rule.due_days)
            row = had[person_id, rule.course_id] = Enrolment(
                person=posting.person, course=rule.course, version=versions[rule.course_id], rule=rule,
                reason=_why(rule), assigned_at=at, agreed_on=due, due_on=due,
            )  # fmt: skip
            rows.append(row)
    return len(_give(rows, at=at))


def _first_days(posted: Mapping[int, Posting]) -> dict[int, date]:
    """When people started: as they were hired or, where nobody wrote that down, first posted."""
    found = {pk: row.person.hired_on for pk, row in posted.items() if row.person.hired_on}
    first = Posting.objects.filter(person__in=posted.keys() - found.keys()).order_by().values_list("person_id")
    return found | dict(first.annotate(begun=Min(Lower("during", output_field=DateField()))))


def _is_back(gap: Gap, before: Enrolment, at: datetime) -> bool:
    """The course was done, and somebody is rated below the level since."""
    done = before.passed_at
    return done is not None and before.withdrawn_at is None and done < gap.rated_at and done < at - AGAIN


def _why(rule: CourseRule) -> str:
    match rule.kind:
        case CourseRule.Kind.ROLE:
            return f"Part of the role of {rule.get_role_display().lower()}"
        case CourseRule.Kind.NEWCOMER:
            return "For everybody who starts here"
        case CourseRule.Kind.LAUNCH:
            return f"{rule.product} is launched"
        case _:
            return f"{rule.skill}: below the level of your role"


@transaction.atomic
def renew_certificates(*, on: date, at: datetime) -> int:
    """Thirty days before a certificate ends its course comes again, due on that day."""
    ending = (
        Enrolment.objects.standing()
        .filter(valid_until__lte=on + RENEWS, renewal=None, course__retired_at=None, passed_at__isnull=False)
        .filter(person__in=Person.objects.present().active(on).values("pk"))
        .filter(Q(rule=None) | Q(rule__ended_at=None))
        .select_for_update(of=("self",))
        .select_related("person", "course")
        .order_by("person", "course", "-passed_at")
    )
    newer = Enrolment.objects.standing().filter(
        person=OuterRef("person"), course=OuterRef("course"), passed_at__gt=OuterRef("passed_at")
    )
    ending = ending.exclude(Exists(newer))
    away = set(Leave.objects.on(on).filter(kind__is_protected=True).values_list("person_id", flat=True))
    rows = list(ending)
    open_now = set(
        Enrolment.objects.open()
        .filter(course__in={row.course_id for row in rows})
        .values_list("person_id", "course_id")
    )
    versions = taught_versions({row.course_id for row in rows})
    made = []
    for row in rows:
        key = row.person_id, row.course_id
        if key in open_now or row.person_id in away or row.course_id not in versions or row.valid_until is None:
            continue
        open_now.add(key)
        due = max(row.valid_until, on + SOON)
        made.append(
            Enrolment(
                person=row.person, course=row.course, version=versions[row.course_id], renews=row, rule=row.rule,
                reason="The certificate is to be renewed", assigned_at=at, agreed_on=due, due_on=due,
            )
        )  # fmt: skip
    return len(_give(made, at=at))


@transaction.atomic
def move_for_leave(*, on: date) -> int:
    """Due dates of who is on leave that relieves them move by its days; worked out anew from the date agreed."""
    absent = Leave.objects.filter(kind__relieves_quota=True).values("person")
    waiting = Enrolment.objects.open().filter(Q(person__in=absent) | Q(due_on__gt=F("agreed_on")))
    rows = list(waiting.select_for_update(of=("self",)))
    due = moved_by_leave(rows)
    changed = [row for row in rows if due[row.pk] != row.due_on]
    for row in changed:
        if due[row.pk] > row.due_on:
            row.reminded_at = row.overdue_told_at = None
        row.due_on = due[row.pk]
        row.save(update_fields=["due_on", "reminded_at", "overdue_told_at"])
        _tasks(row).update(due_on=row.due_on)
    return len(changed)


@transaction.atomic
def remind_of_courses(*, on: date, at: datetime) -> int:
    """A word a week before a course is due, and one once it is overdue; not while somebody is on leave."""
    away = Leave.objects.on(on).values("person")
    waiting = (
        Enrolment.objects.open()
        .exclude(person__in=away)
        .filter(person__in=Person.objects.present().active(on).values("pk"))
    )
    late = waiting.filter(due_on__lt=on, overdue_told_at=None)
    soon = waiting.filter(
        due_on__gte=on, due_on__lte=on + SOON, reminded_at=None, assigned_at__lt=at - timedelta(days=1)
    )
    told = 0
    for rows, field, said in ((late, "overdue_told_at", "was due on"), (soon, "reminded_at", "is due on")):
        found = list(rows.select_for_update(of=("self",)).select_related("person", "course"))
        texts = ((row, f"{row.course.title} {said} {row.due_on:%-d %b}.") for row in found)
        tell_users(((row.person.user_id, text, f"/courses/{row.course_id}/") for row, text in texts), at=at)
        Enrolment.objects.filter(pk__in=[row.pk for row in found]).update(**{field: at})
        told += len(found)
    return told
