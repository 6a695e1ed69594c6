"""Courses: the catalogue, a course and its lessons for who learns, the report, and certificates."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Course, CourseEffect, Enrolment, Lesson
from performance.selectors import catalogue
from salesmgmt.desk.edges import act, csv_answer, kept_file, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, access_of
from teams.selectors import organisation_of, person_of

from .certificate_pdf import write_certificate
from .shared import submit

HEADER = ("course", "assigned", "done", "overdue", "quiz_attempts", "quiz_passed", "pass_rate", "measure")
STATES = [("", "All"), ("open", "Open"), ("overdue", "Overdue"), ("done", "Passed")]
PEOPLE_HEADER = ("person", "course", "version", "reason", "assigned_at", "due_on", "passed_at", "valid_until")


def today_of(request: SignedIn) -> Any:
    return clock.today(organisation_of(request.user).time_zone)


@require_GET
def courses(request: SignedIn) -> HttpResponse:
    """What one takes, what one has passed, and what else is taught."""
    person, access, on = person_of(request.user), access_of(request.user), today_of(request)
    mine = list(selectors.enrolments_of(person)[:200]) if person else []
    waiting = sorted((row for row in mine if row.passed_at is None), key=lambda row: (row.due_on, row.pk))
    progress = selectors.progress_of(waiting)
    found = selectors.courses_of(request.user)
    page = keyset.page(
        found if selectors.may_write_courses(access) else found.filter(pk__in=selectors.taught().values("pk")),
        by="title",
        cursor=request.GET.get("cursor", ""),
    )
    published = selectors.latest_numbers([course.pk for course in page.rows])
    context = {
        "waiting": [(row, *progress[row.pk]) for row in waiting],
        "passed": [row for row in mine if row.passed_at is not None],
        "late": sum(1 for row in waiting if row.is_overdue(on)),
        "page": page,
        "rows": [(course, published.get(course.pk)) for course in page.rows],
        "writes": selectors.may_write_courses(access),
        "today": on,
    }
    return render(request, "coaching/courses.html", context)


def found_course(request: SignedIn, pk: int) -> Course:
    return get_object_or_404(selectors.courses_of(request.user), pk=pk)


def _mine(request: SignedIn, course: Course) -> Enrolment | None:
    """One's own enrolment: the open one, else the one passed last."""
    person = person_of(request.user)
    if person is None:
        return None
    rows = list(selectors.enrolments_of(person).filter(course=course)[:20])
    return next((row for row in rows if row.passed_at is None), rows[0] if rows else None)


@require_GET
def course(request: SignedIn, pk: int) -> HttpResponse:
    return course_page(request, pk)


def course_page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    """What it is, its lessons with one's own progress, and for who leads, whom it was given to."""
    found, access, on = found_course(request, pk), access_of(request.user), today_of(request)
    mine = _mine(request, found)
    taught = selectors.taught_versions([found.pk]).get(found.pk)
    version = mine.version if mine is not None else taught
    lessons = selectors.lessons_of(version) if version is not None else []
    done = set(mine.done.values_list("lesson_id", flat=True)) if mine else set()
    writes = selectors.may_write_courses(access)
    context: dict[str, Any] = {
        "course": found,
        "mine": mine,
        "version": version,
        "taught": taught,
        "lessons": [(lesson, lesson.pk in done) for lesson in lessons],
        "done": len([lesson for lesson in lessons if lesson.pk in done]),
        "next": next((lesson for lesson in lessons if lesson.pk not in done), None),
        "skills": [row.skill for row in found.teaches.select_related("skill").order_by("skill__name")],
        "measure": catalogue(hidden=True).get(found.measure),
        "edits": selectors.may_edit_course(access, found),
        "leads": writes,
        "today": on,
        "is_overdue": mine is not None and mine.is_overdue(on),
        "may_take": taught is not None
        and access.person_id is not None
        and (mine is None or mine.passed_at is not None),
    }
    if writes:
        context["effect"] = CourseEffect.objects.visible_to(request.user).filter(course=found).first()
        (context["line"],) = selectors.course_lines(request.user, [found], on=on)
        people = selectors.coached_by(request.user)
        if taught is not None and access.person_id is not None and people.exists():
            context["assign_form"] = forms.AssignForm(
                people=people, initial={"due_on": on + timedelta(days=found.due_days)}
            )
    return render(request, "coaching/course.html", context | bound, status=422 if bound else 200)


@require_POST
@keyed
def course_take(request: SignedIn, pk: int) -> HttpResponse:
    """Take it without being asked to."""
    found, person = found_course(request, pk), person_of(request.user)
    if person is None:
        raise Http404
    return act(
        request,
        lambda: services.enrol(
            person=person, course=found, due_on=today_of(request) + timedelta(days=found.due_days),
            reason="Chosen by themselves", by=request.user, at=clock.now(),
        ),
        said="It is yours; begin with the first lesson.",
        to=f"/courses/{pk}/",
    )  # fmt: skip


@require_POST
@keyed
def course_assign(request: SignedIn, pk: int) -> HttpResponse:
    found = found_course(request, pk)
    people = selectors.coached_by(request.user)
    if not people.exists():
        raise Http404
    form = forms.AssignForm(request.POST, people=people)
    return submit(
        request,
        course_page,
        pk,
        "assign_form",
        form,
        lambda: services.enrol(course=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Assigned.",
    )


# ── Lessons ─────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def lesson(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    """One lesson on a page. A POST notes that it was gone through, or answers its quiz."""
    found = found_course(request, pk)
    mine = _mine(request, found)
    is_writer = selectors.may_edit_course(access_of(request.user), found)
    here = get_object_or_404(Lesson.objects.visible_to(request.user).filter(version__course=found), pk=lesson_pk)
    if (mine is None or here.version_id != mine.version_id) and not is_writer:
        raise Http404
    is_mine = mine is not None and here.version_id == mine.version_id
    lessons = selectors.lessons_of(here.version)
    done = set(mine.done.values_list("lesson_id", flat=True)) if mine and is_mine else set()
    place = next(number for number, one in enumerate(lessons) if one.pk == here.pk)
    following = lessons[place + 1] if place + 1 < len(lessons) else None
    to = f"/courses/{pk}/lessons/{following.pk}/" if following else f"/courses/{pk}/"
    questions = list(lessons[place].questions.all())
    is_done = here.pk in done
    form = forms.QuizForm(request.POST or None, questions=questions) if here.kind == Lesson.Kind.QUIZ else None
    if request.method == "POST":
        if mine is None or not is_mine:
            raise Http404
        if form is None:
            return act(
                request,
                lambda: services.finish_lesson(enrolment=mine, lesson=here, by=request.user, at=clock.now()),
                said="Done." if following else "That was the last one.",
                to=to,
            )
        if form.is_valid():
            try:
                attempt = services.answer_quiz(
                    enrolment=mine, lesson=here, chosen=form.chosen, by=request.user, at=clock.now()
                )
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                said = f"{attempt.right} of {attempt.asked} right"
                if attempt.is_passed:
                    messages.success(request, f"Passed: {said}.")
                else:
                    messages.error(request, f"Not yet: {said}; {here.pass_percent} % are needed. Look again and retry.")
                return redirect(request.path)
    context = {
        "course": found,
        "lesson": here,
        "place": place + 1,
        "count": len(lessons),
        "before": lessons[place - 1] if place else None,
        "following": following,
        "form": form,
        "is_done": is_done,
        "is_mine": is_mine,
        "attempts": selectors.attempts_of(mine, here) if mine and is_mine and form is not None else [],
        # Which answers are right stands on the page only for who passed, and who writes the course.
        "answers": questions if form is not None and (is_done or is_writer) else [],
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "coaching/lesson.html", context, status=status)


@require_GET
def lesson_file(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    found = found_course(request, pk)
    here = get_object_or_404(Lesson.objects.visible_to(request.user).filter(version__course=found), pk=lesson_pk)
    kept = selectors.file_of(here)
    if kept is None:
        raise Http404
    return kept_file(*kept, name=here.file_name)


# ── Who takes it ────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def course_report(request: SignedIn) -> HttpResponseBase:
    """Every course: given to how many, done, overdue, and how its quizzes went; of the people one sees."""
    access, on = access_of(request.user), today_of(request)
    if not selectors.may_write_courses(access):
        raise Http404
    found = selectors.courses_of(request.user)
    labels = catalogue(hidden=True)
    if request.GET.get("export") == "csv":
        lines = selectors.course_lines(request.user, list(found.order_by("title")), on=on)
        return csv_answer(request, "course-report", HEADER, (
            (line.course.title, line.assigned, line.done, line.overdue, line.tried, line.passed, line.pass_rate,
             line.course.measure)
            for line in lines
        ))  # fmt: skip
    page = keyset.page(found, by="title", cursor=request.GET.get("cursor", ""), size=25)
    lines = selectors.course_lines(request.user, page.rows, on=on)
    effects = {
        one.course_id: one
        for one in CourseEffect.objects.visible_to(request.user).filter(course__in=[row.pk for row in page.rows])
    }
    context = {
        "page": page,
        "rows": [(line, labels.get(line.course.measure), effects.get(line.course.pk)) for line in lines],
        "totals": selectors.training_totals(request.user, on=on),
    }
    return render(request, "coaching/course_report.html", context)


@require_GET
def course_people(request: SignedIn, pk: int) -> HttpResponseBase:
    """Who takes a course, of the people one sees: by due date, with how far they are."""
    access, on, found = access_of(request.user), today_of(request), found_course(request, pk)
    if not selectors.may_write_courses(access):
        raise Http404
    rows = selectors.enrolments_seen_by(request.user).filter(course=found)
    reads = selectors.reads_reasons(access)
    state = request.GET.get("state", "")
    if state == "open":
        rows = rows.filter(passed_at=None)
    elif state == "overdue":
        rows = rows.filter(passed_at=None, due_on__lt=on)
    elif state == "done":
        rows = rows.filter(passed_at__isnull=False)
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"course-{pk}", PEOPLE_HEADER, (
            (row.person.external_id or row.person.name, row.course.title, row.version.number,
             row.reason if reads else "", row.assigned_at, row.due_on, row.passed_at, row.valid_until)
            for row in rows.order_by("pk").iterator(2000)
        ))  # fmt: skip
    page = keyset.page(rows, by="due_on", cursor=request.GET.get("cursor", ""))
    progress = selectors.progress_of(page.rows)
    (line,) = selectors.course_lines(request.user, [found], on=on)
    context = {
        "course": found,
        "page": page,
        "rows": [(row, *progress[row.pk], row.is_overdue(on)) for row in page.rows],
        "line": line,
        "reads": reads,
        "state": state,
        "states": STATES,
        "today": on,
        "coached": set(
            selectors.coached_by(request.user)
            .filter(pk__in=[row.person_id for row in page.rows])
            .values_list("pk", flat=True)
        ),
    }
    return render(request, "coaching/course_people.html", context)


@require_POST
def enrolment_move(request: SignedIn, pk: int) -> HttpResponse:
    row = get_object_or_404(selectors.enrolments_seen_by(request.user), pk=pk)
    form = forms.DueForm(request.POST)
    to = f"/courses/{row.course_id}/people/"
    if not form.is_valid():
        messages.error(request, "Give the due date as a day, such as 2026-12-01.")
        return redirect(to)
    return act(
        request,
        lambda: services.move_enrolment(
            enrolment=row, due_on=form.cleaned_data["due_on"], by=request.user, at=clock.now()
        ),
        said="The due date has moved.",
        to=to,
    )


@require_POST
def enrolment_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    row = get_object_or_404(selectors.enrolments_seen_by(request.user), pk=pk)
    is_own = access_of(request.user).person_id == row.person_id
    return act(
        request,
        lambda: services.withdraw_enrolment(enrolment=row, by=request.user, at=clock.now()),
        said="Taken back.",
        to="/courses/" if is_own else f"/courses/{row.course_id}/people/",
    )


@require_GET
def certificate(request: SignedIn, pk: int) -> HttpResponse:
    """A certificate on paper, of the version that was passed."""
    rows = selectors.enrolments_seen_by(request.user).filter(passed_at__isnull=False)
    row = get_object_or_404(rows, pk=pk)
    looked(request, Look.Page.COURSES, row.person_id)
    content = write_certificate(row, organisation=organisation_of(request.user))
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="certificate-{row.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
