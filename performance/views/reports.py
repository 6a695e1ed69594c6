"""Pages of monthly reports: those one may read, one with its figures, the comment before it is sent, paper."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, Team, access_of

from ..forms import ReportForm
from ..models import Report
from ..selectors import reports as selectors
from ..services import reports as services
from .asked import team_of
from .report_pdf import write_report

LIST = ("team", "due_on", "sent_at", "as_of", "sentence")


@require_GET
def reports(request: SignedIn) -> HttpResponseBase:
    """The reports of the teams one leads and below, the latest month first."""
    access = access_of(request.user)
    if not (access.sees_all or access.leads):
        raise Http404
    calendar = Organisation.get().calendar
    team, key = team_of(request), request.GET.get("period", "")
    found = selectors.reports(request.user, period=key, team=team)
    try:
        period = Period.parse(key, calendar) if key else None
    except ValueError as error:  # no period, unless it was one
        kept = selectors.reports(request.user, period=key).first() if key.isprintable() else None
        if kept is None:
            raise Http404 from error
        period = kept.month(calendar)
    if request.GET.get("export") == "csv":
        told = (
            (one.month(calendar).label, *(getattr(one, name) for name in LIST))
            for one in found.order_by("-period", "-pk")
        )
        return csv_answer(request, "reports", ("month", *LIST), told)
    page = keyset.page(found, by="period", descending=True, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "rows": [(report, report.month(calendar)) for report in page.rows],
        "waiting": selectors.waiting_for(request.user, access),
        "teams": list(Team.objects.visible_to(request.user).order_by("path")),
        "team": team,
        "period": period,
    }
    return render(request, "performance/reports.html", context)


def _report(request: SignedIn, pk: int) -> Report:
    found = Report.objects.visible_to(request.user).select_related("team", "sent_by", "commented_by")
    return get_object_or_404(found, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def report(request: SignedIn, pk: int) -> HttpResponseBase:
    """A month of a team; who leads it comments here until it is sent."""
    found = _report(request, pk)
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    may = not found.is_sent and selectors.may_comment(found, access_of(request.user), today)
    data = request.POST if request.method == "POST" else None
    if data is not None and not may:
        raise Http404
    form = ReportForm(data, initial={"comment": found.comment, "version": found.version}) if may else None
    if form is not None and form.is_valid():
        try:
            services.comment_report(report=found, by=request.user, at=clock.now(), on=today, **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Kept; it goes with the report.")
            return redirect("report", pk)
    said = selectors.contents(report=found, as_of=today, organisation=organisation)
    period = found.month(organisation.calendar)
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"report-{found.period}-{found.team_id}", HEADER, _rows(said))
    context = {
        "report": found,
        "period": period,
        "said": said,
        "sentence": found.sentence or selectors.sentence_of(found.team, period, said),
        "as_of": found.as_of or today,
        "recipients": [row.person.name for row in found.recipients.select_related("person").order_by("person__name")],
        "line": [person.name for person in selectors.report_line(found, today)] if may else [],
        "form": form,
        "currency": said.currency,
    }
    return render(request, "performance/report.html", context, status=422 if form is not None and form.errors else 200)


HEADER = ("what", "name", "value", "month_before", "quota", "attainment", "won", "lost")


def _rows(said: selectors.Contents) -> Iterator[tuple[Any, ...]]:
    for line in said.lines:
        yield ("figure", line.key, line.value, line.before, None, None, None, None)
    for noun, parts in (("team", said.teams), ("person", said.people)):
        for part in parts:
            yield (noun, part.name, part.credited, None, part.quota, part.attainment, part.won, part.lost)


@require_POST
@keyed
def report_send(request: SignedIn, pk: int) -> HttpResponse:
    found = _report(request, pk)
    today = clock.today(Organisation.get().time_zone)
    if not selectors.may_comment(found, access_of(request.user), today):
        raise Http404  # the page has no such button
    return act(
        request,
        lambda: services.send_report(report=found, by=request.user, at=clock.now(), on=today),
        said="Sent. It stays as it is now.",
        to=reverse("report", args=[pk]),
    )


@require_GET
def report_pdf(request: SignedIn, pk: int) -> HttpResponse:
    """The report on paper."""
    found = _report(request, pk)
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    said = selectors.contents(report=found, as_of=today, organisation=organisation)
    period = found.month(organisation.calendar)
    content = write_report(found, period, said, organisation=organisation, as_of=found.as_of or today)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="report-{found.period}-{found.team_id}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
