"""What customers answer: the public form, what was said on the phone, the scores; and their complaints."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Account, Complaint, Order
from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.throttle import is_within
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, Team, access_of

from .common import see_other, submitted, today_and_zone, writable_or_404
from .process import span_choices, span_of

PER_MINUTE = 60
FEEDBACK = ("external_id", "account", "kind", "score", "given_on", "order", "owner", "comment", "recorded_by")
COMPLAINTS = (
    "external_id", "account", "order", "owner", "received_on", "answered_on", "resolved_on", "text", "resolution",
)  # fmt: skip


# ── The public form ─────────────────────────────────────────────────────────────────────────────────────────────


@sensitive_post_parameters()
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, secret: str) -> HttpResponse:
    """A customer answers, once. A link that is used, unknown or too old is answered alike."""
    if not is_within(f"feedback:{request.META.get('REMOTE_ADDR', '')}", PER_MINUTE):
        return _plainly(render(request, "429.html", status=429))
    now, organisation = clock.now(), Organisation.get()
    asked = selectors.feedback_request(secret, at=now)
    if asked is None:
        return _plainly(render(request, "sales/answer.html", {"asked": None}, status=404))
    form = forms.AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.give_feedback(
                secret=secret, at=now, on=clock.day_of(now, organisation.time_zone), **form.cleaned_data
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return _plainly(redirect("feedback-thanks"))
    shown = {"asked": asked, "form": form, "company": organisation.name}
    return _plainly(render(request, "sales/answer.html", shown, status=422 if form.errors else 200))


@login_not_required
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """After the answer."""
    return _plainly(render(request, "sales/answer.html", {"is_done": True}))


def _plainly(response: HttpResponse) -> HttpResponse:
    """No searcher lists it. (Its address goes nowhere else by the policy for all pages; a stricter one hides the origin
    that the check against forged requests asks for.)"""
    response["X-Robots-Tag"] = "noindex, nofollow"
    if response.status_code == 302:
        response.status_code = 303
    if response.status_code == 429:
        response["Retry-After"] = "60"
    return response


# ── Scores and answers ──────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def feedback(request: SignedIn) -> HttpResponseBase:
    """How content customers are, in a period; the scores of people and teams one sees."""
    asked = forms.FeedbackListForm(request.GET).asked
    span = span_of(request, asked.get("period") or "")
    found = selectors.feedback(
        request.user, account=asked.get("account"), owner=asked.get("owner"), kind=asked.get("kind", ""),
        start=span.start, end=span.end,
    )  # fmt: skip
    if request.GET.get("export") == "csv":
        return csv_answer(request, "feedback", FEEDBACK, map(_feedback_row, found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    leads = access.sees_all or access.leads
    of_one = not leads or len(found.order_by().values_list("owner").distinct()[:2]) < 2
    context = {
        "page": keyset.page(found, by="given_on", descending=True, cursor=asked.get("cursor", "")),
        "asked": asked,
        "scores": selectors.scores(found, of_one=of_one),
        "people": selectors.scores_of_people(request.user, start=span.start, end=span.end),
        "teams": selectors.scores_of_teams(_teams(request), start=span.start, end=span.end) if leads else [],
        "enough": selectors.ENOUGH,
        "shows_owners": leads,
        "span": span,
        "period_choices": span_choices(request, span),
        "period_label": span.label,
    }
    return render(request, "sales/feedback.html", context)


def _teams(request: SignedIn) -> Any:
    access, seen = access_of(request.user), Team.objects.visible_to(request.user)
    return seen if access.sees_all else seen.under(access.led_team_ids)


def _feedback_row(row: Any) -> list[Any]:
    return [
        row.external_id,
        row.account.external_id or row.account.name,
        row.kind,
        row.score,
        row.given_on,
        row.order and (row.order.external_id or row.order.number or row.order.pk),
        row.owner and (row.owner.external_id or row.owner.name),
        row.comment,
        row.recorded_by and str(row.recorded_by),
    ]


@require_http_methods(["GET", "POST"])
@keyed
def feedback_add(request: SignedIn) -> HttpResponse:
    """What a customer said about us, on the phone or at a visit."""
    day, _ = today_and_zone(request)
    order, account = _named(request)
    form = forms.FeedbackForm(
        request.POST or None,
        user=request.user,
        orders=_orders(request, account),
        initial={"account": account, "order": order, "given_on": day},
    )

    def save() -> None:
        services.record_feedback(by=request.user, on=day, **form.cleaned_data)

    if request.method == "POST" and submitted(request, form, save, said="Kept."):
        return see_other("account", form.cleaned_data["account"].pk)
    return render(request, "sales/feedback_add.html", {"form": form}, status=422 if form.errors else 200)


def _named(request: SignedIn) -> tuple[Order | None, Account | None]:
    """The order and the account that the address names, as far as they are to be seen."""
    number = request.GET.get("order", "")
    known = number.isascii() and number.isdigit() and len(number) < 19
    seen = Order.objects.visible_to(request.user).select_related("account")
    order = seen.filter(pk=number).first() if known else None
    number = request.GET.get("account", "")
    known = number.isascii() and number.isdigit() and len(number) < 19
    account = selectors.account_named(request.user, int(number)) if known else None
    return order, account or (order.account if order else None)


def _orders(request: SignedIn, account: Account | None) -> Any:
    seen = Order.objects.visible_to(request.user)
    if request.method == "POST":
        return seen
    latest = seen.filter(account=account or 0).order_by("-ordered_on", "-pk").values_list("pk", flat=True)[:50]
    return seen.filter(pk__in=list(latest)).order_by("-ordered_on", "-pk")


# ── Complaints ──────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def complaints(request: SignedIn) -> HttpResponseBase:
    asked = forms.ComplaintListForm(request.GET).asked
    day, _ = today_and_zone(request)
    state = asked.get("state") or "open"
    found = selectors.complaints(
        request.user, state=state, day=day, account=asked.get("account"), owner=asked.get("owner")
    )
    if request.GET.get("export") == "csv":
        return csv_answer(request, "complaints", COMPLAINTS, map(_complaint_row, found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    page = keyset.page(
        found, by="received_on", descending=state not in {"open", "overdue"}, cursor=asked.get("cursor", "")
    )
    context = {
        "page": page,
        "rows": [(row, selectors.is_overdue(row, day)) for row in page.rows],
        "asked": asked | {"state": state},
        "states": forms.ComplaintListForm.STATES,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "open_count": selectors.complaints(request.user, state="open", day=day).count(),
        "overdue_count": selectors.complaints(request.user, state="overdue", day=day).count(),
    }
    return render(request, "sales/complaints.html", context)


def _complaint_row(row: Any) -> list[Any]:
    return [
        row.external_id,
        row.account.external_id or row.account.name,
        row.order and (row.order.external_id or row.order.number or row.order.pk),
        row.owner and (row.owner.external_id or row.owner.name),
        row.received_on,
        row.answered_on,
        row.resolved_on,
        row.text,
        row.resolution,
    ]


@require_http_methods(["GET", "POST"])
@keyed
def complaint_add(request: SignedIn) -> HttpResponse:
    day, _ = today_and_zone(request)
    order, account = _named(request)
    form = forms.ComplaintForm(
        request.POST or None,
        user=request.user,
        orders=_orders(request, account),
        initial={"account": account, "order": order, "received_on": day},
    )
    made: list[Complaint] = []

    def save() -> None:
        made.append(services.receive_complaint(by=request.user, at=clock.now(), on=day, **form.cleaned_data))

    if request.method == "POST" and submitted(request, form, save, said="Kept; who leads is told."):
        return see_other("complaint", made[0].pk)
    return render(request, "sales/complaint_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def complaint(request: SignedIn, pk: int) -> HttpResponse:
    return _complaint(request, pk)


def _complaint(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = _found(request, pk)
    day, _ = today_and_zone(request)
    stands = {"on": day, "version": found.version}
    context = {
        "complaint": found,
        "is_overdue": selectors.is_overdue(found, day),
        "waited": (day - found.received_on).days,
        "may_write": selectors.is_writable(request.user, found),
        "answer_form": forms.ComplaintAnswerForm(initial=stands, prefix="answer"),
        "resolve_form": forms.ResolveForm(initial=stands, prefix="resolve"),
    }
    return render(request, "sales/complaint.html", context | bound, status=422 if bound else 200)


def _found(request: SignedIn, pk: int) -> Complaint:
    seen = Complaint.objects.visible_to(request.user)
    return get_object_or_404(seen.select_related("account", "order", "owner", "contact", "feedback"), pk=pk)


@require_POST
@keyed
def complaint_answer(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    writable_or_404(request, found)
    form = forms.ComplaintAnswerForm(request.POST, prefix="answer")

    def save() -> None:
        services.answer_complaint(complaint=found, by=request.user, at=clock.now(), **form.cleaned_data)

    def now_at() -> int:
        return _found(request, pk).version

    if submitted(request, form, save, said="Answered.", now_at=now_at):
        return see_other("complaint", pk)
    return _complaint(request, pk, answer_form=form)


@require_POST
@keyed
def complaint_resolve(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    writable_or_404(request, found)
    form = forms.ResolveForm(request.POST, prefix="resolve")

    def save() -> None:
        services.resolve_complaint(complaint=found, by=request.user, at=clock.now(), **form.cleaned_data)

    def now_at() -> int:
        return _found(request, pk).version

    if submitted(request, form, save, said="Resolved.", now_at=now_at):
        return see_other("complaint", pk)
    return _complaint(request, pk, resolve_form=form)
