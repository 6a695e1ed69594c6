"""Time that goes into selling, beside time that goes into everything else; and activity templates."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Activity, ActivityTemplate, TimeEntry, may_write_for
from sales.selectors.time import ASSUMED, together
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from teams.edges import SignedIn
from teams.models import Showing, access_of
from teams.selectors import hidden_of, organisation_of, person_of

from .common import in_zone, see_other, submitted, today_and_zone

WEEK = timedelta(days=7)
COLUMNS = ("external_id", "owner", "on", "kind", "minutes", "note")
MOST = 200  # people of one table


@require_http_methods(["GET", "POST"])
@keyed
def time(request: SignedIn) -> HttpResponseBase:
    """A week: what went into selling and what into everything else, per person and together."""
    day, _ = today_and_zone(request)
    me, access = person_of(request.user), access_of(request.user)
    form = forms.TimeEntryForm(request.POST or None, today=day, initial={"on": day})

    def save() -> None:
        if me is None:
            form.add_error(None, "Your login is not linked to a person, so it has no time to note.")
            return
        services.add_time_entry(owner=me, by=request.user, **form.cleaned_data)
        messages.success(request, "Noted.")

    if request.method == "POST" and submitted(request, form, save, said="") and not form.errors:
        return see_other("time")
    asked = forms.TimeListForm(request.GET).asked
    start = asked.get("week") or day
    start -= timedelta(days=start.weekday())
    end = start + WEEK
    leads = access.leads or access.sees_all
    organisation = organisation_of(request.user)
    shows_others = leads and organisation.shows(Showing.SELLING_TIME)
    owner = asked.get("owner") if shows_others else access.person_id
    entries = selectors.time_entries(request.user, owner=owner or (None if shows_others else 0), start=start, end=end)
    people = list(selectors.choosable_owners(request.user, day)[:MOST]) if shows_others else [me] if me else []
    ids = {person.pk for person in people} - {access.person_id}
    hidden = hidden_of(Showing.SELLING_TIME, ids, days={start, day}, organisation=organisation)
    entries = entries.exclude(owner__in=hidden)
    people = [person for person in people if person.pk not in hidden]
    if request.GET.get("export") == "csv":
        return csv_answer(request, "time", COLUMNS, (_row(entry) for entry in entries.order_by("pk").iterator(2000)))
    rows = selectors.selling_time(request.user, people, start=start, end=end)
    context = {
        "form": form,
        "start": start,
        "last": end - timedelta(days=1),
        "before": start - WEEK,
        "after": end if end <= day else None,
        "rows": rows,
        "mine": next((row for row in rows if me and row.person == me), None),
        "total": together(rows) if len(rows) > 1 else None,
        "entries": entries.filter(owner=access.person_id)[:50] if access.person_id else (),
        "assumed": [(Activity.Kind(kind).label, minutes) for kind, minutes in ASSUMED.items()],
        "kinds": TimeEntry.Kind.choices,
        "shows_others": shows_others,
        "is_off": leads and not shows_others,
        "hidden": len(hidden),
        "me": me,
    }
    return render(request, "sales/time.html", context, status=422 if form.errors else 200)


def _row(entry: TimeEntry) -> list[Any]:
    return [
        entry.external_id,
        entry.owner.external_id or entry.owner.name,
        entry.on,
        entry.kind,
        entry.minutes,
        entry.note,
    ]


@require_POST
@keyed
def time_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(TimeEntry.objects.visible_to(request.user), pk=pk)
    if not may_write_for(request.user, found.owner_id):
        raise Http404
    return act(
        request,
        lambda: services.withdraw_time_entry(entry=found, by=request.user, at=clock.now()),
        said="Taken out.",
        to=reverse("time"),
    )


# ── Templates ───────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@keyed
def templates(request: SignedIn) -> HttpResponseBase:
    """One's own, and everybody's; the form adds one of one's own."""
    return _templates(request, forms.TemplateForm(request.POST or None), None)


@require_http_methods(["GET", "POST"])
@keyed
def template(request: SignedIn, pk: int) -> HttpResponseBase:
    found = get_object_or_404(ActivityTemplate.objects.visible_to(request.user).filter(owner__isnull=False), pk=pk)
    names = ("name", "kind", "outcome", "duration_minutes", "notes")
    form = forms.TemplateForm(request.POST or None, initial={name: getattr(found, name) for name in names})
    return _templates(request, form, found)


TEMPLATES = ("name", "kind", "outcome", "duration_minutes", "notes", "shared")


def _template_row(one: ActivityTemplate) -> list[Any]:
    return [*(getattr(one, name) for name in TEMPLATES[:-1]), "no" if one.owner_id else "yes"]


def _templates(request: SignedIn, form: forms.TemplateForm, changed: ActivityTemplate | None) -> HttpResponseBase:
    owner = person_of(request.user)

    def save() -> None:
        if changed is not None:
            services.change_template(template=changed, by=request.user, **form.cleaned_data)
        elif owner is None:
            form.add_error(None, "Your login is not linked to a person, so it logs nothing.")
        else:
            services.add_template(owner=owner, by=request.user, **form.cleaned_data)

    if request.method == "POST" and submitted(request, form, save, said="") and not form.errors:
        messages.success(request, "Saved. It waits on the log's page.")
        return see_other("activity-templates")
    seen = ActivityTemplate.objects.visible_to(request.user).order_by("owner", "name", "pk")
    if request.GET.get("export") == "csv":
        return csv_answer(request, "activity-templates", TEMPLATES, map(_template_row, seen))
    _, zone = today_and_zone(request)
    context = {
        "form": form,
        "changed": changed,
        "own": [one for one in seen if one.owner_id is not None],
        "shared": [one for one in seen if one.owner_id is None],
        "icons": selectors.ICONS,
        "may_share": access_of(request.user).role == "admin",
    }
    with in_zone(zone):
        return render(request, "sales/templates.html", context, status=422 if form.errors else 200)


@require_POST
@keyed
def template_remove(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(ActivityTemplate.objects.visible_to(request.user).filter(owner__isnull=False), pk=pk)
    return act(
        request,
        lambda: services.remove_template(template=found, by=request.user),
        said=f"“{found.name}” is gone.",
        to=reverse("activity-templates"),
    )
