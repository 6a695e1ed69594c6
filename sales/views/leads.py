"""Leads: who may become a customer, answered, assigned, decided."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales.forms import Versioned
from sales.forms import leads as forms
from sales.models import Campaign, Deal, Lead
from sales.selectors import account_options, choosable_owners, default_stage, writable_owners
from sales.selectors import leads as selectors
from sales.services import leads as acts
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import Person, access_of
from teams.selectors import organisation_of

from .common import Sorts, in_zone, see_other, sort_of, submitted, today_and_zone

COLUMNS = (
    "external_id", "name", "company", "email", "phone", "owner", "source", "campaign", "created_at",
    "first_response_at", "status", "referrer", "country", "industry", "employees", "disqualified_for",
)  # fmt: skip
TABS = (("waiting", "Waiting"), ("qualified", "Qualified"), ("disqualified", "Disqualified"), ("all", "All"))


SORTS: Sorts = {"latest": ("Latest", "received_at", True), "oldest": ("Oldest", "received_at", False)}


@require_GET
def leads(request: SignedIn) -> HttpResponseBase:
    """Those that wait, the latest first, unless the URL asks otherwise."""
    asked = forms.LeadListForm(request.GET).asked
    day, zone = today_and_zone(request)
    owner = asked.get("owner", "")
    narrowed = selectors.LeadFilter(
        text=asked.get("text", "").strip(),
        tab=asked.get("status") or "waiting",
        source=asked.get("source", ""),
        campaign=asked.get("campaign"),
        owner=int(owner) if owner.isdigit() else None,
        unassigned=owner == "none",
        reach=asked.get("reach", ""),
    )
    found = selectors.leads(request.user, narrowed)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "leads", COLUMNS, (_row(lead) for lead in found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    offered, by, falls = sort_of(SORTS, asked.get("sort"))
    context = {
        "page": keyset.page(found, by=by, descending=falls, cursor=asked.get("cursor", "")),
        **offered,
        "asked": narrowed,
        "tabs": TABS,
        "tab": narrowed.tab,
        "stands": selectors.waiting(request.user, clock.now()),
        "sources": selectors.sources(request.user),
        "campaigns": Campaign.objects.visible_to(request.user).order_by("-starts_on", "name").only("name")[:100],
        "owners": choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
    }
    with in_zone(zone):
        return render(request, "sales/leads.html", context)


def _row(lead: Lead) -> list[Any]:
    return [
        lead.external_id,
        lead.name,
        lead.company,
        lead.email,
        lead.phone,
        lead.owner and (lead.owner.external_id or lead.owner.name),
        lead.source,
        lead.campaign and (lead.campaign.external_id or lead.campaign.name),
        lead.received_at,
        lead.first_response_at,
        lead.status,
        lead.referrer and (lead.referrer.external_id or lead.referrer.name),
        lead.country,
        lead.industry,
        lead.employees,
        lead.disqualified_for,
    ]


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Add a lead. One that looks like somebody known is asked about once."""
    day, zone = today_and_zone(request)
    now = clock.now()
    made: list[Lead] = []
    alike: list[selectors.Alike] = []
    with in_zone(zone):
        form = forms.LeadForm(
            request.POST or None, user=request.user, owners=writable_owners(request.user, day), now=now
        )

        def save() -> None:
            data = dict(form.cleaned_data)
            data.pop("version")
            if "is_another" not in request.POST:
                known = {name: data[name] for name in ("name", "company", "email")}
                alike.extend(selectors.alike(request.user, **known))
            if not alike:
                made.append(acts.add_lead(by=request.user, at=now, **data))

        if request.method == "POST" and submitted(request, form, save, said="") and made:
            return _added(request, made[0])
        context = {"form": form, "alike": alike}
        return render(request, "sales/lead_add.html", context, status=422 if form.errors or alike else 200)


def _added(request: SignedIn, lead: Lead) -> HttpResponse:
    """On to the lead, or to the list where the rules gave it to somebody whose leads one doesn't see."""
    seen = Lead.objects.visible_to(request.user).filter(pk=lead.pk).exists()
    whose = f"it went to {lead.owner}" if lead.owner else "no rule placed it, so that it waits for a team leader"
    messages.success(request, f"{lead.name} added; {whose}.")
    return see_other("lead", lead.pk) if seen else see_other("leads")


def _found(request: SignedIn, pk: int) -> Lead:
    joined = ("owner", "campaign", "referrer", "territory", "account", "contact", "deal")
    return get_object_or_404(Lead.objects.visible_to(request.user).select_related(*joined), pk=pk)


@require_GET
def lead(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, _found(request, pk))


def _page(request: SignedIn, found: Lead, **bound: Any) -> HttpResponse:
    _, zone = today_and_zone(request)
    may_write = selectors.may_write(request.user, found)
    version = {"version": found.version}
    context: dict[str, Any] = {"lead": found, "may_write": may_write, "problem": _problem(bound)}
    with in_zone(zone):
        if may_write:
            context["change_form"] = bound.get("change_form") or _change_form(request, found)
        if may_write and found.is_waiting:
            context |= {
                "respond_form": forms.RespondForm(prefix="respond", now=clock.now(), initial=version),
                "qualify_form": _qualify_form(request, found),
                "disqualify_form": forms.DisqualifyForm(prefix="disqualify", initial=version),
                "accounts": account_options(request.user, ""),
            }
        context |= {
            "story": selectors.lead_story(found, zone),
            "tasks": selectors.tasks(request.user, found)[:20],
            "deal_seen": Deal.objects.visible_to(request.user).filter(pk=found.deal_id or 0).exists(),
        }
        return render(request, "sales/lead.html", context | bound, status=422 if bound else 200)


def _problem(bound: dict[str, Any]) -> str:
    return next((str(words) for form in bound.values() for words in form.non_field_errors()), "")


def _change_form(request: SignedIn, found: Lead, data: Any = None) -> forms.LeadChangeForm:
    day, _ = today_and_zone(request)
    return forms.LeadChangeForm(
        data,
        user=request.user,
        owners=writable_owners(request.user, day)
        | Person.objects.visible_to(request.user).filter(pk=found.owner_id or 0),
        now=clock.now(),
        initial={name: getattr(found, name) for name in (*forms.LeadForm.base_fields, "custom")},
        prefix="change",
    )


def _qualify_form(request: SignedIn, found: Lead, data: Any = None) -> forms.QualifyForm:
    return forms.QualifyForm(
        data,
        user=request.user,
        prefix="qualify",
        initial={
            "version": found.version,
            "account": selectors.account_for(request.user, found),
            "deal_name": f"{found.company or found.name}: first deal",
            "stage": default_stage(),
            "currency": organisation_of(request.user).currency,
        },
    )


def _act(
    request: SignedIn,
    pk: int,
    name: str,
    form_of: Callable[[Lead], Any],
    do: Callable[[Lead, dict[str, Any]], object],
    said: str,
) -> HttpResponse:
    """One of a lead's acts: on to the lead, or the page again with what was typed and why not."""
    found = _found(request, pk)
    if not selectors.may_write(request.user, found):
        raise Http404
    _, zone = today_and_zone(request)
    with in_zone(zone):
        form = form_of(found)

        def version_now() -> int:
            return int(Lead.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

        def save() -> object:
            return do(found, dict(form.cleaned_data))

        if submitted(request, form, save, said=said, now_at=version_now):
            seen = Lead.objects.visible_to(request.user).filter(pk=pk).exists()
            return see_other("lead", pk) if seen else see_other("leads")
        return _page(request, _found(request, pk), **{name: form})


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "change_form",
        lambda found: _change_form(request, found, request.POST),
        lambda found, data: acts.change_lead(lead=found, by=request.user, at=clock.now(), **_given(data)),
        "Saved.",
    )


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """A lead came in some time: an empty moment leaves the one it has."""
    if data.get("received_at") is None:
        data.pop("received_at", None)
    return data


@require_POST
@keyed
def respond(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "respond_form",
        lambda found: forms.RespondForm(request.POST, prefix="respond", now=clock.now()),
        lambda found, data: acts.respond_to_lead(lead=found, by=request.user, at=clock.now(), **data),
        "Logged.",
    )


@require_POST
@keyed
def qualify(request: SignedIn, pk: int) -> HttpResponse:
    day, _ = today_and_zone(request)
    return _act(
        request,
        pk,
        "qualify_form",
        lambda found: _qualify_form(request, found, request.POST),
        lambda found, data: acts.qualify_lead(lead=found, by=request.user, at=clock.now(), on=day, **data),
        "Qualified: a deal is open.",
    )


@require_POST
@keyed
def disqualify(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "disqualify_form",
        lambda found: forms.DisqualifyForm(request.POST, prefix="disqualify"),
        lambda found, data: acts.disqualify_lead(lead=found, by=request.user, at=clock.now(), **data),
        "Disqualified.",
    )


@require_POST
@keyed
def reopen(request: SignedIn, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        "reopen_form",
        lambda found: Versioned(request.POST, prefix="reopen"),
        lambda found, data: acts.reopen_lead(lead=found, by=request.user, at=clock.now(), **data),
        "Open again.",
    )
