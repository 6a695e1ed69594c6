"""The page of a department: what it was asked, and what it answered."""

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from coaching import forms, selectors, services
from coaching.models import Question
from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Team, access_of
from teams.selectors import organisation_of

HEADER = ("step", "text", "asked_by", "asked_on", "due_on", "answer", "answered_by", "answered_on")


@require_GET
def questions(request: SignedIn) -> HttpResponseBase:
    """What one's department was asked; nothing else of where it came from."""
    if request.GET.get("export") == "csv" and access_of(request.user).department:
        found = selectors.questions_to(access_of(request.user)).order_by("-asked_at", "-pk").iterator(2000)
        return csv_answer(request, "questions", HEADER, map(_cells, found))
    return _page(request)


def _page(request: SignedIn, refused: tuple[int, Any] | None = None) -> HttpResponse:
    access = access_of(request.user)
    if not access.department:
        raise Http404
    found = selectors.questions_to(access)
    today = clock.today(organisation_of(request.user).time_zone)
    waiting = list(found.waiting().order_by("due_on", "pk")[:100])
    bound = dict([refused] if refused else [])
    context = {
        "department": Team.Department(access.department).label,
        "waiting": [(row, bound.get(row.pk, forms.QuestionAnswerForm(prefix=f"q{row.pk}"))) for row in waiting],
        "page": keyset.page(
            found.filter(answered_at__isnull=False), by="answered_at", descending=True,
            cursor=request.GET.get("cursor", ""),
        ),
        "today": today,
    }  # fmt: skip
    return render(request, "coaching/questions.html", context, status=422 if refused else 200)


def _cells(row: Question) -> list[Any]:
    return [
        row.step, row.text, row.asked_by.name if row.asked_by else "", row.asked_at.date(), row.due_on, row.answer,
        row.answered_by.name if row.answered_by else "", row.answered_at.date() if row.answered_at else "",
    ]  # fmt: skip


@require_POST
@keyed
def question_answer(request: SignedIn, pk: int) -> HttpResponse:
    rows: Any = selectors.questions_to(access_of(request.user))
    found: Question = get_object_or_404(rows, pk=pk)
    form = forms.QuestionAnswerForm(request.POST, prefix=f"q{pk}")
    if form.is_valid():
        try:
            services.answer_question(question=found, text=form.cleaned_data["text"], by=request.user, at=clock.now())
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return redirect("questions")
    return _page(request, (pk, form))
