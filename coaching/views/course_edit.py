"""Write a course: its lessons and quizzes, its versions, and who is given it by itself."""

from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Course, Lesson
from salesmgmt.desk.edges import act, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import access_of

from .courses import found_course, today_of
from .shared import submit


def _edited(request: SignedIn, pk: int) -> Course:
    found = found_course(request, pk)
    if not selectors.may_edit_course(access_of(request.user), found):
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@keyed
def course_add(request: SignedIn) -> HttpResponse:
    if not selectors.may_write_courses(access_of(request.user)):
        raise Http404
    form = forms.CourseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "edition"}
        try:
            made = services.add_course(by=request.user, at=clock.now(), **said)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return redirect("course-edit", made.pk)
    return render(request, "coaching/course_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def course_edit(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    found = _edited(request, pk)
    versions = list(found.versions.order_by("-number"))
    draft = next((one for one in versions if one.published_at is None), None)
    published = next((one for one in versions if one.published_at is not None), None)
    shown = draft or published
    context: dict[str, Any] = {
        "course": found,
        "draft": draft,
        "published": published,
        "lessons": selectors.lessons_of(shown) if shown else [],
        "form": forms.CourseForm(
            initial={
                **{name: getattr(found, name) for name in ("title", "summary", "measure", "due_days", "renew_months")},
                "skills": list(found.teaches.values_list("skill_id", flat=True)),
                "edition": found.edition,
            }
        ),
        "lesson_form": forms.LessonForm(auto_id="id_new_%s"),
        "rules": selectors.rules_of(found),
        "rule_form": forms.CourseRuleForm(
            initial={"starts_on": today_of(request), "due_days": found.due_days}, auto_id="id_rule_%s"
        ),
        "rules_for_all": access_of(request.user).sees_all,
    }
    return render(request, "coaching/course_edit.html", context | bound, status=422 if bound else 200)


def _done(request: SignedIn, pk: int, name: str, form: Form, do: Any, said: str) -> HttpResponse:
    """Do what a form of the page asks, and come back to it."""
    answer = submit(request, _page, pk, name, form, do, said)
    return redirect("course-edit", pk) if answer.status_code == 302 else answer


@require_POST
@keyed
def course_change(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _edited(request, pk), forms.CourseForm(request.POST)
    return _done(
        request, pk, "form", form,
        lambda: services.change_course(course=found, by=request.user, **form.cleaned_data), "Saved.",
    )  # fmt: skip


@require_POST
@keyed
def lesson_add(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _edited(request, pk), forms.LessonForm(request.POST, request.FILES, auto_id="id_new_%s")
    return _done(
        request, pk, "lesson_form", form,
        lambda: services.add_lesson(course=found, by=request.user, **form.cleaned_data), "Lesson added.",
    )  # fmt: skip


def _lesson(request: SignedIn, pk: int, lesson_pk: int) -> Lesson:
    found = _edited(request, pk)
    rows = Lesson.objects.visible_to(request.user).filter(version__course=found, version__published_at=None)
    return get_object_or_404(rows.select_related("version"), pk=lesson_pk)


@require_http_methods(["GET", "POST"])
@keyed
def lesson_edit(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    """A draft's lesson: its words, and the questions of a quiz."""
    here = _lesson(request, pk, lesson_pk)
    initial = {name: getattr(here, name) for name in ("title", "kind", "text", "video_url", "pass_percent")}
    form = forms.LessonForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_lesson(lesson=here, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return redirect("lesson-edit", pk, lesson_pk)
    return _lesson_page(request, here, form=form)


def _lesson_page(request: SignedIn, here: Lesson, **bound: Form) -> HttpResponse:
    shown = next(one for one in selectors.lessons_of(here.version) if one.pk == here.pk)
    context: dict[str, Any] = {
        "course": here.version.course,
        "lesson": here,
        "questions": shown.questions.all(),
        "question_form": forms.QuestionForm(auto_id="id_question_%s"),
    }
    status = 422 if any(form.errors for form in bound.values()) else 200
    return render(request, "coaching/lesson_edit.html", context | bound, status=status)


@require_POST
@keyed
def question_add(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    here = _lesson(request, pk, lesson_pk)
    form = forms.QuestionForm(request.POST, auto_id="id_question_%s")
    if form.is_valid():
        try:
            services.add_question(
                lesson=here, text=form.cleaned_data["text"], explanation=form.cleaned_data["explanation"],
                choices=form.choices, by=request.user,
            )  # fmt: skip
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return redirect("lesson-edit", pk, lesson_pk)
    initial = {name: getattr(here, name) for name in ("title", "kind", "text", "video_url", "pass_percent")}
    return _lesson_page(request, here, form=forms.LessonForm(initial=initial), question_form=form)


@require_POST
def question_remove(request: SignedIn, pk: int, lesson_pk: int, question_pk: int) -> HttpResponse:
    here = _lesson(request, pk, lesson_pk)
    question = get_object_or_404(here.questions.select_related("lesson"), pk=question_pk)
    return act(
        request,
        lambda: services.remove_question(question=question, by=request.user),
        said="Removed.",
        to=f"/courses/{pk}/lessons/{lesson_pk}/edit/",
    )


@require_POST
def lesson_up(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    here = _lesson(request, pk, lesson_pk)
    return act(
        request,
        lambda: services.move_lesson(lesson=here, by=request.user),
        said="Moved up.",
        to=f"/courses/{pk}/edit/",
    )


@require_POST
def lesson_remove(request: SignedIn, pk: int, lesson_pk: int) -> HttpResponse:
    here = _lesson(request, pk, lesson_pk)
    return act(
        request,
        lambda: services.remove_lesson(lesson=here, by=request.user),
        said="Removed.",
        to=f"/courses/{pk}/edit/",
    )


@require_POST
def course_draft(request: SignedIn, pk: int) -> HttpResponse:
    found = _edited(request, pk)
    return act(
        request,
        lambda: services.draft_course(course=found, by=request.user, at=clock.now()),
        said="The next version is begun as a copy; the published one is taught until then.",
        to=f"/courses/{pk}/edit/",
    )


@require_POST
def course_publish(request: SignedIn, pk: int) -> HttpResponse:
    found = _edited(request, pk)
    return act(
        request,
        lambda: services.publish_course(course=found, by=request.user, at=clock.now()),
        said="Published.",
        to=f"/courses/{pk}/edit/",
    )


@require_POST
def course_retire(request: SignedIn, pk: int) -> HttpResponse:
    found = _edited(request, pk)
    return act(
        request,
        lambda: services.retire_course(course=found, by=request.user, at=clock.now()),
        said="Retired: nobody is given it any more; certificates stay.",
        to=f"/courses/{pk}/edit/",
    )


@require_POST
@keyed
def rule_add(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _edited(request, pk), forms.CourseRuleForm(request.POST, auto_id="id_rule_%s")
    if not access_of(request.user).sees_all:
        raise Http404
    return _done(
        request, pk, "rule_form", form,
        lambda: services.add_rule(course=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "From tonight on it is given by itself.",
    )  # fmt: skip


@require_POST
def rule_end(request: SignedIn, pk: int, rule_pk: int) -> HttpResponse:
    found = _edited(request, pk)
    if not access_of(request.user).sees_all:
        raise Http404
    rule = get_object_or_404(selectors.rules_of(found), pk=rule_pk)
    return act(
        request,
        lambda: services.end_rule(rule=rule, by=request.user, at=clock.now()),
        said="Ended; who has it keeps it.",
        to=f"/courses/{pk}/edit/",
    )
