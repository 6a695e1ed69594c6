"""Deals changed from their list: one line of it, or many at once; and the way back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import BulkAct, Deal
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from teams.edges import SignedIn
from teams.models import access_of

from .common import in_zone, see_other, submitted, today_and_zone
from .deals import asked_of, writable_deal

SHOWN = timedelta(days=14)
MOST = services.MOST_AT_ONCE


def _back(request: SignedIn) -> str:
    """To the list as it was narrowed, within this site."""
    to = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(to, allowed_hosts=None) and urlsplit(to).path == reverse("deals")
    return to if is_ours else reverse("deals")


# ── One line ────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """A line of the list as a small form: in its place with htmx, as a page without."""
    found = writable_deal(request, pk)
    is_part = request.headers.get("HX-Request") == "true"
    if is_part and request.GET.get("show") == "row":
        return _row(request, pk)
    stages = [stage for stage in selectors.all_stages() if stage.pipeline_id == found.stage.pipeline_id]
    names = ("stage", "amount", "expected_close_on", "next_step", "next_step_on", "version")
    form = forms.DealEditForm(
        request.POST if request.method == "POST" else None,
        stages=stages,
        has_lines=found.lines.exists(),
        initial={name: getattr(found, name) for name in names},
    )

    def save() -> None:
        services.edit_deal(deal=found, by=request.user, at=clock.now(), **form.cleaned_data)

    def version_now() -> int:
        return int(Deal.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    said = "" if is_part else "Saved."
    if request.method == "POST" and submitted(request, form, save, said=said, now_at=version_now):
        return _row(request, pk) if is_part else see_other(_back(request))
    template = "sales/_deal_edit.html" if is_part else "sales/deal_edit.html"
    context = {"deal": found, "form": form, "back": _back(request)}
    return render(request, template, context, status=422 if form.errors else 200)


def _row(request: SignedIn, pk: int) -> HttpResponse:
    rows = selectors.named(Deal.objects.visible_to(request.user), "owner", "account").select_related("stage__pipeline")
    found = get_object_or_404(rows, pk=pk)
    day, _ = today_and_zone(request)
    access = access_of(request.user)
    context = {
        "rows": [found],
        "today": day,
        "warnings": selectors.warnings_of([found], day, selectors.all_stages()),
        "writable": {found.pk},
        "may_bulk": True,
        "shows_owners": access.sees_all or access.leads,
        "by_closing": False,
        "is_fresh": True,
        "here": request.GET.get("next") or reverse("deals"),
    }
    return render(request, "sales/_deal_row.html", context)


# ── Many ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
@keyed
def bulk(request: SignedIn) -> HttpResponse:
    """First what is to be set and on how many, then the change itself; back to the list as it was narrowed."""
    ids = _chosen(request)
    day, _ = today_and_zone(request)
    to = f"{reverse('deals')}?{request.GET.urlencode()}"
    if not ids:
        messages.error(request, "Choose at least one deal: tick its box, or all that match.")
        return see_other(to)
    if len(ids) > MOST:
        messages.error(request, f"More than {MOST:,} deals match; narrow the list first.")
        return see_other(to)
    name = request.POST.get("act", "")
    if name not in BulkAct.Act.values:
        messages.error(request, "Choose what to do with them.")
        return see_other(to)
    form = forms.BulkForm(
        request.POST if "go" in request.POST else None,
        act=name,
        owners=selectors.writable_owners(request.user, day),
        stages=selectors.all_stages(),
        initial={"act": name, "on": day},
    )
    done: list[BulkAct] = []

    def save() -> None:
        data = {"on": day} | form.cleaned_data
        done.append(services.change_deals(deal_ids=ids, by=request.user, at=clock.now(), **(data | {"act": name})))

    if "go" in request.POST and submitted(request, form, save, said=""):
        bulk_act = done[0]
        undo = f"undo:{reverse('bulk-undo', args=[bulk_act.pk])}" if bulk_act.changed else ""
        messages.success(request, told(bulk_act.changed, bulk_act.left), extra_tags=undo)
        return see_other(to)
    context = {
        "form": form,
        "act": BulkAct.Act(name),
        "count": len(ids),
        "ids": [] if request.POST.get("all") else ids,
        "to": to,
    }
    return render(request, "sales/bulk.html", context, status=422 if form.errors else 200)


def _chosen(request: SignedIn) -> list[int]:
    """The deals that were ticked, or all that the list's URL asks for; at most one more than may be changed."""
    if request.POST.get("all"):
        _, narrowed = asked_of(request)
        return list(selectors.deals(request.user, narrowed).order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    picked = {int(text) for text in request.POST.getlist("pick")[: MOST + 1] if text.isascii() and text.isdigit()}
    within = [pk for pk in picked if pk < 2**63]
    return list(Deal.objects.visible_to(request.user).filter(pk__in=within).order_by("pk").values_list("pk", flat=True))


def told(changed: int, left: dict[str, Any], *, verb: str = "changed", kept: str = "left") -> str:
    """ "212 changed, 3 left: 2 won already (Forklifts, Crane), 1 only to be read (Pump)." """
    count = sum(entry["count"] for entry in left.values())
    if not count:
        return f"{changed:,} {verb}."
    return f"{changed:,} {verb}, {count:,} {kept}: {', '.join(_reasons(left))}."


def _reasons(left: dict[str, Any]) -> Iterable[str]:
    for reason, entry in left.items():
        names = [name for _, name in entry["names"][:2]]
        more = entry["count"] - len(names)
        among = f" ({', '.join([*names, *([f'{more} more'] if more else [])])})" if names else ""
        yield f"{entry['count']} {reason}{among}"


def _set_back(done: BulkAct) -> str:
    kept = sum(entry["count"] for entry in done.kept.values())
    return told(done.changed - kept, done.kept, verb="set back", kept="kept")


@require_POST
@keyed
def bulk_undo(request: SignedIn, pk: int) -> HttpResponse:
    """Set back what still stands as it was set."""
    found = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    done: list[BulkAct] = []
    answer = act(
        request,
        lambda: done.append(services.undo_bulk(bulk=found, by=request.user, at=clock.now())),
        said="Undone.",
        to=reverse("bulk-acts"),
    )
    if done and done[0].kept:
        messages.warning(request, _set_back(done[0]))
    return answer


BULK_ACTS = ("at", "act", "said", "changed", "left", "undone_at", "kept")


def _bulk_row(done: BulkAct) -> list[Any]:
    left, kept = ("; ".join(_reasons(rest)) for rest in (done.left, done.kept))
    return [done.at, done.act, done.said, done.changed, left, done.undone_at, kept]


@require_GET
def bulk_acts(request: SignedIn) -> HttpResponseBase:
    """What one changed on many deals lately, each with its way back for a day."""
    now = clock.now()
    _, zone = today_and_zone(request)
    found = selectors.bulk_acts(request.user, since=now - SHOWN)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "bulk-changes", BULK_ACTS, map(_bulk_row, found.iterator(500)))
    rows = [
        {
            "done": done,
            "told": told(done.changed, done.left),
            "may_undo": done.undone_at is None and done.changed and now - done.at <= services.UNDONE_WITHIN,
            "kept": _set_back(done) if done.undone_at else "",
        }
        for done in found[:100]
    ]
    with in_zone(zone):
        return render(request, "sales/bulk_acts.html", {"rows": rows})
