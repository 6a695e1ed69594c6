"""Campaigns: whom they were meant for, whom they reached, what came of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales.forms import leads as forms
from sales.models import Campaign
from sales.selectors import campaigns as selectors
from sales.selectors import leads as of_leads
from sales.services import campaigns as acts
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import keyset
from teams.edges import SignedIn
from teams.selectors import organisation_of

from .common import in_zone, see_other, submitted, today_and_zone

COLUMNS = (
    "external_id", "name", "channel", "audience", "industries", "countries", "least_employees", "most_employees",
    "starts_on", "ends_on", "cost", "currency", "leads", "in_audience", "outside", "unknown", "qualified", "won_amount",
)  # fmt: skip


@require_GET
def campaigns(request: SignedIn) -> HttpResponseBase:
    asked = forms.LeadListForm(request.GET).asked
    found = selectors.campaigns(request.user, text=asked.get("text", "").strip())
    if request.GET.get("export") == "csv":
        rows = selectors.reached(request.user, list(found.order_by("pk")))
        return csv_answer(request, "campaigns", COLUMNS, (_row(reach) for reach in rows))
    page = keyset.page(found, by="starts_on", descending=True, cursor=asked.get("cursor", ""))
    reached = selectors.reached(request.user, page.rows)
    inside, known = sum(row.inside for row in reached), sum(row.inside + row.outside for row in reached)
    context = {
        "page": page,
        "reached": reached,
        "inside": inside,
        "known": known,
        "text": asked.get("text", "").strip(),
        "sees_totals": selectors.sees_totals(request.user),
        "may_write": selectors.may_run_campaigns(request.user),
        "currency": organisation_of(request.user).currency,
    }
    return render(request, "sales/campaigns.html", context)


def _row(reach: selectors.Reach) -> list[Any]:
    campaign = reach.campaign
    return [
        campaign.external_id,
        campaign.name,
        campaign.channel,
        campaign.audience,
        ", ".join(campaign.industries),
        ", ".join(campaign.countries),
        campaign.least_employees,
        campaign.most_employees,
        campaign.starts_on,
        campaign.ends_on,
        campaign.cost,
        campaign.currency,
        reach.leads,
        reach.inside,
        reach.outside,
        reach.unknown,
        reach.qualified,
        reach.won_amount,
    ]


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    if not selectors.may_run_campaigns(request.user):
        raise Http404
    form = forms.CampaignForm(request.POST or None, user=request.user)
    made: list[Campaign] = []

    def save() -> None:
        data = dict(form.cleaned_data)
        data.pop("version")
        made.append(acts.add_campaign(by=request.user, **data))

    if request.method == "POST" and submitted(request, form, save, said="", topics=()) and made:
        messages.success(request, f"{made[0].name} added.")
        return see_other("campaign", made[0].pk)
    return render(request, "sales/campaign_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def campaign(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk))


def _page(request: SignedIn, found: Campaign, **bound: Any) -> HttpResponse:
    [reach] = selectors.reached(request.user, [found])
    _, zone = today_and_zone(request)
    may_write = selectors.may_run_campaigns(request.user)
    context = {
        "campaign": found,
        "reach": reach,
        "sees_totals": selectors.sees_totals(request.user),
        "may_write": may_write,
        "currency": organisation_of(request.user).currency,
        "change_form": _change_form(request, found) if may_write else None,
        "problem": next((str(words) for form in bound.values() for words in form.non_field_errors()), ""),
        "leads": of_leads.leads(request.user, of_leads.LeadFilter(campaign=found.pk)).order_by("-received_at", "-pk")[
            :10
        ],
    }
    with in_zone(zone):
        return render(request, "sales/campaign.html", context | bound, status=422 if bound else 200)


def _change_form(request: SignedIn, found: Campaign, data: Any = None) -> forms.CampaignForm:
    initial = {name: getattr(found, name) for name in forms.CampaignForm.base_fields}
    return forms.CampaignForm(data, user=request.user, initial=initial, prefix="change")


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not selectors.may_run_campaigns(request.user):
        raise Http404
    form = _change_form(request, found, request.POST)

    def version_now() -> int:
        return int(Campaign.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    def save() -> None:
        acts.change_campaign(campaign=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="Saved.", topics=(), now_at=version_now):
        return see_other("campaign", pk)
    return _page(request, found, change_form=form)
