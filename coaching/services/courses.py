"""Write, publish and retire courses, and say who is given them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F, Max

from coaching.models import (
    Course,
    CourseRule,
    CourseSkill,
    CourseVersion,
    Enrolment,
    Lesson,
    QuizChoice,
    QuizQuestion,
)
from coaching.selectors import may_edit_course
from performance.selectors import catalogue
from sales.models import Product, Task
from sales.services.contracts import looked_through
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Role, Skill, User, access_of
from teams.selectors import person_of

MOST_LESSONS, MOST_QUESTIONS, MOST_CHOICES = 50, 50, 8
SAYS = ("title", "summary", "measure", "due_days", "renew_months")


@transaction.atomic
def add_course(*, title: str, by: User, at: datetime, skills: Collection[Skill] = (), **said: Any) -> Course:
    """A course, with a first draft of what it says."""
    access = access_of(by)
    if not (access.sees_all or access.leads):
        raise Refused("Who leads people, executives, operations and the admin write courses.")
    course = Course(author=person_of(by), made_at=at)
    _take(course, {"title": title} | said)
    try:
        with transaction.atomic():
            course.save()
    except IntegrityError:
        raise Refused(f"There is a course called “{course.title}” already.", field="title") from None
    _teach(course, skills)
    CourseVersion.objects.create(course=course, number=1, made_at=at)
    return course


@transaction.atomic
def change_course(
    *, course: Course, by: User, edition: int | None = None, skills: Collection[Skill] | None = None, **said: Any
) -> Course:
    """What it is called, which measure and skills it is for, by when it is done and how long it holds."""
    course = _locked(course, by, edition)
    _take(course, said)
    course.edition += 1
    course.save()
    if skills is not None:
        _teach(course, skills)
    return course


def _take(course: Course, said: dict[str, Any]) -> None:
    unknown = said.keys() - {*SAYS}
    if unknown:
        raise TypeError(f"A course has no {', '.join(sorted(unknown))} to change here.")
    for name, value in said.items():
        setattr(course, name, value.strip() if isinstance(value, str) else value)
    if not course.title:
        raise Refused("A course has a title.", field="title")
    if Course.objects.filter(title__iexact=course.title).exclude(pk=course.pk).exists():
        raise Refused(f"There is a course called “{course.title}” already.", field="title")
    if course.measure and course.measure not in catalogue():
        raise Refused(f"There is no measure “{course.measure}”; choose one of the catalogue.", field="measure")
    if not 1 <= course.due_days <= 730:
        raise Refused(f"It is due in 1 to 730 days, not {course.due_days}.", field="due_days")
    if course.renew_months is not None and not 1 <= course.renew_months <= 120:
        raise Refused(f"It is renewed after 1 to 120 months, not {course.renew_months}.", field="renew_months")


def _teach(course: Course, skills: Collection[Skill]) -> None:
    wanted = {skill.pk for skill in skills}
    course.teaches.exclude(skill__in=wanted).delete()
    had = set(course.teaches.values_list("skill_id", flat=True))
    CourseSkill.objects.bulk_create(CourseSkill(course=course, skill_id=pk) for pk in sorted(wanted - had))


def _locked(course: Course, by: User, edition: int | None = None) -> Course:
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    if not may_edit_course(access_of(by), course):
        raise Refused("Only its author, executives, operations and the admin change a course.")
    if edition is not None and edition != course.edition:
        raise Stale("This course was changed meanwhile; look at it again, your text is kept below.")
    return course


# ── What it says ────────────────────────────────────────────────────────────────────────────────────────────────


def _draft(course: Course) -> CourseVersion:
    found = course.versions.filter(published_at=None).first()
    if found is None:
        raise Refused("What is published never changes; begin a new version first.")
    return found


@transaction.atomic
def draft_course(*, course: Course, by: User, at: datetime) -> CourseVersion:
    """Begin the next version as a copy of the latest; the published one is taught until then. Twice is once."""
    course = _locked(course, by)
    standing = course.versions.filter(published_at=None).first()
    if standing is not None:
        return standing
    latest = course.versions.order_by("-number").first()
    made = CourseVersion.objects.create(course=course, number=latest.number + 1 if latest else 1, made_at=at)
    for lesson in latest.lessons.order_by("position") if latest else ():
        questions = list(lesson.questions.order_by("position").prefetch_related("choices"))
        lesson.pk, lesson._state.adding, lesson.version = None, True, made
        lesson.save(force_insert=True)
        for question in questions:
            choices = list(question.choices.all())
            question.pk, question._state.adding, question.lesson = None, True, lesson
            question.save(force_insert=True)
            QuizChoice.objects.bulk_create(
                QuizChoice(question=question, position=one.position, text=one.text, is_right=one.is_right)
                for one in choices
            )
    return made


@transaction.atomic
def add_lesson(
    *, course: Course, title: str, by: User, kind: str = Lesson.Kind.TEXT, file: File | None = None, **said: Any
) -> Lesson:
    """A further lesson at the end of the draft."""
    version = _draft(_locked(course, by))
    last = version.lessons.aggregate(last=Max("position"))["last"] or 0
    if last >= MOST_LESSONS:
        raise Refused(f"A course has at most {MOST_LESSONS} lessons; make two of it.")
    lesson = Lesson(version=version, position=last + 1)
    _say(lesson, {"title": title, "kind": kind} | said, file)
    lesson.save()
    return lesson


@transaction.atomic
def change_lesson(*, lesson: Lesson, by: User, file: File | None = None, **said: Any) -> Lesson:
    """Other words in a draft's lesson."""
    lesson = _open_lesson(lesson, by)
    _say(lesson, said, file)
    lesson.save()
    return lesson


def _say(lesson: Lesson, said: dict[str, Any], file: File | None) -> None:
    for name, value in said.items():
        if name not in {"title", "kind", "text", "video_url", "pass_percent"}:
            raise TypeError(f"A lesson has no {name} to set.")
        setattr(lesson, name, value.strip() if isinstance(value, str) else value)
    if lesson.kind not in Lesson.Kind.values:
        raise Refused(f"“{lesson.kind}” is no kind of lesson; there are {', '.join(Lesson.Kind.values)}.", field="kind")
    if not lesson.title:
        raise Refused("A lesson has a title.", field="title")
    if lesson.video_url and not lesson.video_url.startswith("https://"):
        raise Refused("A video's address begins with https://.", field="video_url")
    if not 1 <= lesson.pass_percent <= 100:
        raise Refused(f"The pass mark is from 1 to 100 percent, not {lesson.pass_percent}.", field="pass_percent")
    if file is not None:
        name, suffix, digest = looked_through(file)
        lesson.file.save(f"{uuid4().hex}.{suffix}", file, save=False)
        lesson.file_name, lesson.file_digest = name, digest


def _open_lesson(lesson: Lesson, by: User) -> Lesson:
    lesson = Lesson.objects.select_related("version__course").get(pk=lesson.pk)
    version = _draft(_locked(lesson.version.course, by))
    if lesson.version_id != version.pk:
        raise Refused("What is published never changes; begin a new version first.")
    return lesson


@transaction.atomic
def move_lesson(*, lesson: Lesson, by: User) -> None:
    """One place up in the draft."""
    lesson = _open_lesson(lesson, by)
    above = Lesson.objects.filter(version=lesson.version_id, position__lt=lesson.position).order_by("-position").first()
    if above is not None:
        Lesson.objects.filter(pk=above.pk).update(position=lesson.position)
        Lesson.objects.filter(pk=lesson.pk).update(position=above.position)


@transaction.atomic
def remove_lesson(*, lesson: Lesson, by: User) -> None:
    """Out of the draft; those behind it move up."""
    lesson = _open_lesson(lesson, by)
    behind = Lesson.objects.filter(version=lesson.version_id, position__gt=lesson.position)
    lesson.delete()
    behind.update(position=F("position") - 1)


@transaction.atomic
def add_question(
    *, lesson: Lesson, text: str, choices: Sequence[tuple[str, bool]], by: User, explanation: str = ""
) -> QuizQuestion:
    """A question of a draft's quiz with two to eight choices, at least one of them right."""
    lesson = _open_lesson(lesson, by)
    if lesson.kind != Lesson.Kind.QUIZ:
        raise Refused("Only a quiz has questions.", field="text")
    said = [(word.strip(), is_right) for word, is_right in choices if word.strip()]
    if not text.strip():
        raise Refused("Write the question.", field="text")
    if not 2 <= len(said) <= MOST_CHOICES:
        raise Refused(f"A question has 2 to {MOST_CHOICES} choices, not {len(said)}.", field="choices")
    if len({word.casefold() for word, _ in said}) < len(said):
        raise Refused("Two choices say the same.", field="choices")
    if not any(is_right for _, is_right in said) or all(is_right for _, is_right in said):
        raise Refused("Mark which choices are right: at least one, and not all.", field="choices")
    last = lesson.questions.aggregate(last=Max("position"))["last"] or 0
    if lesson.questions.count() >= MOST_QUESTIONS:
        raise Refused(f"A quiz has at most {MOST_QUESTIONS} questions.", field="text")
    question = QuizQuestion.objects.create(
        lesson=lesson, position=last + 1, text=text.strip(), explanation=explanation.strip()
    )
    QuizChoice.objects.bulk_create(
        QuizChoice(question=question, position=place, text=word, is_right=is_right)
        for place, (word, is_right) in enumerate(said, start=1)
    )
    return question


@transaction.atomic
def remove_question(*, question: QuizQuestion, by: User) -> None:
    _open_lesson(question.lesson, by)
    question.delete()


# ── Taught, and by whom it is taken ─────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def publish_course(*, course: Course, by: User, at: datetime) -> CourseVersion:
    """Teach the draft from now on. Who hasn't begun takes the new version; a certificate stays of the old one."""
    course = _locked(course, by)
    version = _draft(course)
    lessons = list(version.lessons.order_by("position").prefetch_related("questions"))
    if not lessons:
        raise Refused("Add a lesson first; a course without one teaches nothing.")
    for lesson in lessons:
        if (lacks := _lacks(lesson)) is not None:
            raise Refused(f"Lesson {lesson.position}, “{lesson.title}”, {lacks}.")
    version.published_at, version.published_by = at, by
    version.save(update_fields=["published_at", "published_by"])
    if course.retired_at is not None:
        _bring_back(course, at)
    Course.objects.filter(pk=course.pk).update(retired_at=None, edition=F("edition") + 1)
    course.enrolments.open().filter(started_at=None).update(version=version)
    return version


def _bring_back(course: Course, at: datetime) -> None:
    """Who had it open when it was retired has it again; what was taken back by hand stays so."""
    waiting = course.enrolments.filter(withdrawn_at=course.retired_at, passed_at=None)
    reasons = [f"enrolment:{pk}" for pk in waiting.values_list("pk", flat=True)]
    day = clock.day_of(at, Organisation.get().time_zone)
    due = day + timedelta(days=course.due_days)
    late = waiting.filter(due_on__lt=due)
    late.update(agreed_on=due, due_on=due, reminded_at=None, overdue_told_at=None)
    waiting.update(withdrawn_at=None)
    tasks = Task.objects.filter(reason__in=reasons, source="course", done_at=course.retired_at)
    tasks.filter(due_on__lt=due).update(due_on=due)
    tasks.update(done_at=None)


def _lacks(lesson: Lesson) -> str | None:
    match lesson.kind:
        case Lesson.Kind.TEXT:
            return None if lesson.text else "has no text yet"
        case Lesson.Kind.FILE:
            return None if lesson.file else "has no file yet"
        case Lesson.Kind.VIDEO:
            return None if lesson.video_url else "has no address of a video yet"
        case _:
            return None if lesson.questions.all() else "has no question yet"


@transaction.atomic
def retire_course(*, course: Course, by: User, at: datetime) -> Course:
    """Nobody is given it any more, and who hasn't passed need not; certificates stay. Publishing brings it back."""
    course = _locked(course, by)
    if course.retired_at is None:
        course.retired_at, course.edition = at, course.edition + 1
        course.save(update_fields=["retired_at", "edition"])
        waiting = list(course.enrolments.open().values_list("pk", flat=True))
        Enrolment.objects.filter(pk__in=waiting).update(withdrawn_at=at)
        Task.objects.filter(reason__in=[f"enrolment:{pk}" for pk in waiting], done_at=None).update(done_at=at)
    return course


@transaction.atomic
def add_rule(
    *,
    course: Course,
    kind: str,
    starts_on: date,
    by: User,
    at: datetime,
    role: str = "",
    skill: Skill | None = None,
    product: Product | None = None,
    due_days: int | None = None,
) -> CourseRule:
    """Give the course by itself: to a role, to newcomers, at a product's launch, or where a skill lacks."""
    course = _locked(course, by)
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin set rules for everybody; assign it to your own people.")
    if kind not in CourseRule.Kind.values:
        raise Refused(f"“{kind}” is no rule; there are {', '.join(CourseRule.Kind.values)}.", field="kind")
    if role and role not in Role.values:
        raise Refused(f"“{role}” is no role; there are {', '.join(Role.values)}.", field="role")
    if kind == CourseRule.Kind.GAP and skill is None:
        raise Refused("Say which skill lacks.", field="skill")
    if kind == CourseRule.Kind.LAUNCH and product is None:
        raise Refused("Say which product is launched.", field="product")
    if kind == CourseRule.Kind.ROLE and not role:
        raise Refused("Say which role takes it.", field="role")
    days = course.due_days if due_days is None else due_days
    if not 1 <= days <= 730:
        raise Refused(f"It is due in 1 to 730 days, not {days}.", field="due_days")
    return CourseRule.objects.create(
        course=course,
        kind=kind,
        role=role,
        skill=skill if kind == CourseRule.Kind.GAP else None,
        product=product if kind == CourseRule.Kind.LAUNCH else None,
        starts_on=starts_on,
        due_days=days,
        made_at=at,
    )


@transaction.atomic
def end_rule(*, rule: CourseRule, by: User, at: datetime) -> None:
    """Nobody more is given it by this rule; who was, keeps it."""
    _locked(rule.course, by)
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin set rules for everybody.")
    CourseRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=at)
