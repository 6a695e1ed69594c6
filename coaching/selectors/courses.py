"""Questions about courses: what is taught, who takes it, how far they are."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Prefetch, Q, QuerySet

from coaching.models import (
    Course,
    CourseRule,
    CourseVersion,
    Enrolment,
    Lesson,
    QuizAttempt,
    QuizQuestion,
)
from sales.selectors.contracts import TYPES
from salesmgmt.lib.ratios import ratio
from teams.models import Access, Leave, Person, Role, User, access_of


def may_edit_course(access: Access, course: Course) -> bool:
    """Its author while they lead, and who sees all."""
    return access.sees_all or (access.leads and course.author_id is not None and course.author_id == access.person_id)


def may_write_courses(access: Access) -> bool:
    return access.sees_all or access.leads


def taught() -> QuerySet[Course]:
    """Published and not retired."""
    published = CourseVersion.objects.filter(published_at__isnull=False)
    return Course.objects.filter(retired_at=None, pk__in=published.values("course"))


def taught_versions(course_ids: Collection[int]) -> dict[int, CourseVersion]:
    """The version of each course that is taught now; retired ones have none."""
    rows = CourseVersion.objects.filter(
        course__in=course_ids, published_at__isnull=False, course__retired_at=None
    ).order_by("course", "-number")
    return {row.course_id: row for row in rows.distinct("course")}


def courses_of(user: User) -> QuerySet[Course]:
    return Course.objects.visible_to(user).select_related("author")


def lessons_of(version: CourseVersion) -> list[Lesson]:
    return list(version.lessons.order_by("position").prefetch_related(_questions()))


def _questions() -> Prefetch:
    return Prefetch("questions", QuizQuestion.objects.order_by("position").prefetch_related("choices"))


def enrolments_of(person: Person) -> QuerySet[Enrolment]:
    """What somebody takes and has passed, the latest first; what was taken back is left out."""
    rows = Enrolment.objects.standing().filter(person=person).select_related("course", "version")
    return rows.order_by("-assigned_at", "-pk")


def enrolments_seen_by(user: User) -> QuerySet[Enrolment]:
    """Those that were not taken back."""
    return Enrolment.objects.visible_to(user).standing().select_related("person", "course", "version")


def reads_reasons(access: Access) -> bool:
    """Why somebody was given a course may be a coach's word: not for who only runs the installation."""
    return access.role not in {"admin", Role.OPERATIONS}


def attempts_of(enrolment: Enrolment, lesson: Lesson) -> list[QuizAttempt]:
    return list(QuizAttempt.objects.filter(enrolment=enrolment, lesson=lesson).order_by("at", "pk"))


def progress_of(enrolments: Iterable[Enrolment]) -> dict[int, tuple[int, int]]:
    """Lessons done, of how many, by number of the enrolment: two queries."""
    rows = list(enrolments)
    lessons = dict(
        Lesson.objects.filter(version__in={row.version_id for row in rows})
        .values_list("version_id")
        .annotate(count=Count("pk"))
    )
    done = dict(
        Enrolment.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk").annotate(through=Count("done"))
    )
    return {row.pk: (done.get(row.pk, 0), lessons.get(row.version_id, 0)) for row in rows}


def moved_by_leave(enrolments: Iterable[Enrolment]) -> dict[int, date]:
    """When each is due: the agreed day and as many later as the person is on leave that relieves them until then."""
    rows = list(enrolments)
    leaves: dict[int, list[tuple[date, date]]] = {}
    found = Leave.objects.filter(person__in={row.person_id for row in rows}, kind__relieves_quota=True)
    for person, during in found.order_by("during").values_list("person_id", "during"):
        leaves.setdefault(person, []).append((during.lower, during.upper))
    moved = {}
    for row in rows:
        due, begun = row.agreed_on, row.assigned_at.date()
        for start, until in leaves.get(row.person_id, ()):
            if start <= due and until > begun:
                due += timedelta(days=(until - max(start, begun)).days)
        moved[row.pk] = due
    return moved


def file_of(lesson: Lesson) -> tuple[bytes, str] | None:
    """A lesson's file as it was kept, and its type; one that is not the same any more is not given out."""
    if not lesson.file:
        return None
    try:
        with lesson.file.open("rb") as kept:
            content: bytes = kept.read()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != lesson.file_digest:
        return None
    return content, TYPES.get(str(lesson.file.name).rpartition(".")[2], "application/octet-stream")


# ── The report ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course in the report: whom it was given to, who has done it, who is late, and how quizzes went."""

    course: Course
    assigned: int
    done: int
    overdue: int
    tried: int
    passed: int

    @property
    def pass_rate(self) -> Decimal | None:
        """Attempts that passed ÷ attempts."""
        return ratio(self.passed, self.tried)


def course_lines(user: User, courses: Sequence[Course], *, on: date) -> list[CourseLine]:
    """The report's lines for these courses and the people a user sees: two queries."""
    ids = [course.pk for course in courses]
    seen = Enrolment.objects.visible_to(user).standing().filter(course__in=ids)
    counts: dict[int, Any] = {
        row["course"]: row
        for row in seen.order_by()
        .values("course")
        .annotate(
            assigned=Count("pk"),
            through=Count("pk", filter=Q(passed_at__isnull=False)),
            overdue=Count("pk", filter=Q(passed_at=None, due_on__lt=on)),
        )
    }
    attempts = QuizAttempt.objects.filter(enrolment__course__in=ids, enrolment__withdrawn_at=None)
    access = access_of(user)
    if not access.sees_all:
        attempts = attempts.filter(enrolment__person__in=access.people)
    tries: dict[int, Any] = {
        row["enrolment__course"]: row
        for row in attempts.order_by()
        .values("enrolment__course")
        .annotate(tried=Count("pk"), passed=Count("pk", filter=Q(is_passed=True)))
    }
    lines = []
    for course in courses:
        count: dict[str, int] = counts.get(course.pk, {})
        tried: dict[str, int] = tries.get(course.pk, {})
        lines.append(
            CourseLine(
                course, count.get("assigned", 0), count.get("through", 0), count.get("overdue", 0),
                tried.get("tried", 0), tried.get("passed", 0),
            )
        )  # fmt: skip
    return lines


def training_totals(user: User, *, on: date) -> dict[str, int]:
    """Open, done and overdue of all whom a user sees: one query."""
    seen = Enrolment.objects.visible_to(user).standing()
    found: dict[str, int] = seen.aggregate(
        open=Count("pk", filter=Q(passed_at=None)),
        overdue=Count("pk", filter=Q(passed_at=None, due_on__lt=on)),
        done=Count("pk", filter=Q(passed_at__isnull=False)),
        people=Count("person", distinct=True, filter=Q(passed_at=None, due_on__lt=on)),
    )
    return found


def rules_of(course: Course) -> QuerySet[CourseRule]:
    return course.rules.filter(ended_at=None).select_related("skill", "product").order_by("pk")


def latest_numbers(course_ids: Collection[int]) -> dict[int, int]:
    """The number of the latest published version of each course."""
    rows = CourseVersion.objects.filter(course__in=course_ids, published_at__isnull=False)
    return dict(rows.order_by().values_list("course_id").annotate(latest=Max("number")))
