"""Pages of disputes: what waits for one, what is claimed, who was heard, what was decided."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching.forms import disputes as forms
from coaching.models import Dispute
from coaching.models.disputes import APPEAL, FIRST
from coaching.selectors import disputes as selectors
from coaching.services import disputes as services
from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked
from teams.models import Look, Organisation, access_of
from teams.selectors import person_of

from .dispute_pdf import write_dispute
from .shared import apart, submit, version_of

ABOUT = {
    "credit": "Who is credited with an order, and with how much of it.",
    "territory": "Who looks after an account.",
    "quota": "What I am held to.",
    "conduct": "How I was treated by somebody.",
    "pay": "What I was paid, or was not.",
}


def _today() -> date:
    return clock.today(Organisation.get().time_zone)


def _found(request: SignedIn, pk: int) -> Dispute:
    return get_object_or_404(selectors.disputes_of(request.user).select_related("order", "account"), pk=pk)


HEADER = ("title", "subject", "opened_by", "opened_on", "state", "statements_due_on", "decide_by")


@require_GET
def disputes(request: SignedIn) -> HttpResponseBase:
    settled = request.GET.get("state") == "settled"
    mine = selectors.disputes_of(request.user)
    rows = mine.exclude(state__in=Dispute.UNSETTLED) if settled else mine.filter(state__in=Dispute.UNSETTLED)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "disputes", HEADER, (
            [one.title, one.subject, one.opened_by.external_id or one.opened_by.name, one.opened_at.date(), one.state,
             one.statements_due_on, one.decide_by]
            for one in rows.order_by("-opened_at", "-pk").iterator(2000)
        ))  # fmt: skip
    context = {
        "waiting": list(selectors.waiting_for(request.user).order_by("statements_due_on", "pk")[:50]),
        "open": mine.filter(state__in=Dispute.UNSETTLED).count(),
        "page": keyset.page(rows, by="opened_at", descending=True, cursor=request.GET.get("cursor", ""), lacks=False),
        "state": "settled" if settled else "open",
        "may_open": person_of(request.user) is not None,
        "today": _today(),
    }
    return render(request, "coaching/disputes.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def dispute_new(request: SignedIn) -> HttpResponse:
    """First what it is about, then the form for it."""
    me = person_of(request.user)
    if me is None:
        raise Http404
    subject = request.GET.get("subject", "")
    if subject not in Dispute.Subject.values:
        return render(
            request, "coaching/dispute_new.html", {"subjects": [(*one, ABOUT[one[0]]) for one in _subjects()]}
        )
    today = _today()
    initial = {name: request.GET[name][:40] for name in ("order", "account", "period") if name in request.GET}
    initial["statements_due_on"] = (today + services.DAYS_TO_ANSWER).isoformat()
    form = forms.OpenForm(request.POST or None, subject=subject, me=me, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_dispute(subject=subject, by=request.user, at=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "The dispute is open; all parties are asked for their statement.")
            return redirect("dispute", made.pk)
    context = {"form": form, "about": dict(_subjects())[subject], "sentence": ABOUT[subject]}
    return render(request, "coaching/dispute_new.html", context, status=422 if form.errors else 200)


def _subjects() -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Dispute.Subject.choices]


@require_GET
def dispute(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Form) -> HttpResponse:
    found, today = _found(request, pk), _today()
    reading = selectors.reading_of(found, request.user)
    if not reading.sees:
        raise Http404
    words = selectors.words_of(found, reading)
    if reading.party is None:
        looked(request, Look.Page.DISPUTE, *{one.party.person_id for one in words.statements})
    deciders = selectors.deciders_of(found)
    decider = deciders.get(found.round)
    me = access_of(request.user).person_id
    is_decider = found.is_hearing and decider is not None and decider.person_id == me and reading.decides > 0
    missing = [one for one in words.statements if one.round == found.round and not one.is_in]
    asked = next(
        (one for one in words.statements if one.round == found.round and one.party.person_id == me and not one.said_at),
        None,
    )
    seen: dict[str, Any] = {"version": found.version}
    takes_part = found.is_hearing and (reading.party is not None or is_decider or reading.is_hr)
    context = {
        "dispute": found,
        "reading": reading,
        "rounds": [
            (label, [one for one in words.statements if one.round == number],
             next((one for one in words.decisions if one.round == number), None), deciders.get(number))
            for number, label in ((FIRST, "Statements"), (APPEAL, "Statements on appeal"))
            if any(one.round == number for one in words.statements)
        ],
        "evidence": words.evidence,
        "story": selectors.story_of_dispute(found),
        "similar": selectors.similar_to(found, request.user),
        "decider": decider,
        "is_decider": is_decider,
        "missing": missing,
        "claimant": found.opened_by,
        "today": today,
        "currency": Organisation.get().currency,
        "statement_form": forms.StatementForm(initial=seen) if asked and found.is_hearing else None,
        "decide_form": forms.DecideForm(dispute=found, initial=seen) if is_decider else None,
        "appeal_form": forms.AppealForm(initial=seen) if _may_appeal(found, reading, today) else None,
        "evidence_form": forms.EvidenceForm() if takes_part else None,
        "party_form": _party_form(request, found) if takes_part else None,
        "proposed": list(selectors.proposed_parties(found)) if takes_part else [],
        "may_take_back": selectors.may_withdraw_appeal(found, me, at=clock.now()),
        "decider_form": forms.DeciderForm(dispute=found, today=today)
        if found.is_hearing and selectors.may_name_decider(found, request.user, today)
        else None,
        "may_withdraw": found.state == Dispute.State.OPEN and found.opened_by_id == me,
    }  # fmt: skip
    with timezone.override(ZoneInfo(Organisation.get().time_zone)):
        return render(request, "coaching/dispute.html", apart(context | bound), status=422 if bound else 200)


def _party_form(request: SignedIn, found: Dispute, data: Any = None) -> forms.PersonForm:
    return forms.PersonForm(data, dispute=found, user=request.user, at=clock.now())


@require_GET
def dispute_pdf(request: SignedIn, pk: int) -> HttpResponse:
    """The dispute on paper, as far as its reader may read it."""
    found = _found(request, pk)
    reading = selectors.reading_of(found, request.user)
    if not reading.words:
        raise Http404
    words = selectors.words_of(found, reading)
    if reading.party is None:
        looked(request, Look.Page.DISPUTE, *{one.party.person_id for one in words.statements})
    content = write_dispute(found, words, organisation=Organisation.get(), as_of=_today())
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="dispute-{found.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _may_appeal(found: Dispute, reading: selectors.Reading, today: date) -> bool:
    in_time = found.appeal_until is not None and today <= found.appeal_until
    return reading.party is not None and found.state == Dispute.State.DECIDED and in_time


@require_POST
@keyed
def dispute_statement(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.StatementForm(request.POST)
    return submit(
        request,
        _page,
        pk,
        "statement_form",
        form,
        lambda: services.give_statement(dispute=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Your statement is recorded.",
    )


@require_POST
@keyed
def dispute_evidence(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.EvidenceForm(request.POST)
    return submit(
        request,
        _page,
        pk,
        "evidence_form",
        form,
        lambda: services.add_evidence(dispute=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Added, with today's date.",
    )


@require_POST
@keyed
def dispute_party(request: SignedIn, pk: int) -> HttpResponse:
    """HR and who decides name a party; a party proposes one."""
    found = _found(request, pk)
    form = _party_form(request, found, request.POST)
    names = selectors.reading_of(found, request.user).names_parties
    do, said = (
        (services.add_party, "They are a party now, and asked for a statement.")
        if names
        else (services.propose_party, "Proposed: who decides, or HR, names them.")
    )
    return submit(
        request,
        _page,
        pk,
        "party_form",
        form,
        lambda: do(dispute=found, by=request.user, at=clock.now(), **form.cleaned_data),
        said,
    )


@require_POST
@keyed
def dispute_decider(request: SignedIn, pk: int) -> HttpResponse:
    """HR names who decides."""
    found = _found(request, pk)
    form = forms.DeciderForm(request.POST, dispute=found, today=_today())
    return submit(
        request,
        _page,
        pk,
        "decider_form",
        form,
        lambda: services.name_decider(dispute=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "Named to decide.",
    )


@require_POST
@keyed
def dispute_step_aside(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    return act(
        request,
        lambda: services.step_aside(dispute=found, by=request.user, at=clock.now()),
        said="Somebody else decides.",
        to="/disputes/",
    )


@require_POST
@keyed
def dispute_decide(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    form = forms.DecideForm(request.POST, dispute=found)
    if form.is_valid():
        try:
            services.decide_dispute(
                dispute=found,
                outcome=form.cleaned_data["outcome"],
                reasons=form.cleaned_data["reasons"],
                remedy=form.remedy(),
                version=form.cleaned_data["version"],
                by=request.user,
                at=clock.now(),
            )
        except services.NotNeutral as refusal:
            services.keep_dispute_going(dispute=found, at=clock.now())
            messages.error(request, refusal.sentence)
            return redirect("disputes")
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Decided; the parties are told.")
            return redirect("dispute", pk)
    return _page(request, pk, decide_form=form)


@require_POST
@keyed
def dispute_appeal(request: SignedIn, pk: int) -> HttpResponse:
    found, form = _found(request, pk), forms.AppealForm(request.POST)
    return submit(
        request,
        _page,
        pk,
        "appeal_form",
        form,
        lambda: services.appeal_dispute(dispute=found, by=request.user, at=clock.now(), **form.cleaned_data),
        "The appeal is open; all parties are heard again and somebody else decides.",
    )


@require_POST
@keyed
def dispute_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    return act(
        request,
        lambda: services.withdraw_dispute(
            dispute=found,
            by=request.user,
            at=clock.now(),
            version=version_of(request),
        ),
        said="The dispute is withdrawn.",
        to=f"/disputes/{pk}/",
    )


@require_POST
@keyed
def dispute_appeal_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = _found(request, pk)
    return act(
        request,
        lambda: services.withdraw_appeal(dispute=found, by=request.user, at=clock.now(), version=version_of(request)),
        said="The appeal is withdrawn; the first decision stands.",
        to=f"/disputes/{pk}/",
    )
