"""The activity log."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Activity, ActivityTemplate, InboundMail
from salesmgmt.desk.edges import act, csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.wake import wake
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import access_of

from .common import Sorts, in_zone, see_other, sort_of, submitted, today_and_zone, writable_or_404

ICONS = selectors.ICONS
NAMED = ("owner", "account", "deal")
COLUMNS = (
    "external_id",
    "owner",
    "kind",
    "occurred_at",
    "account",
    "contact",
    "deal",
    "outcome",
    "duration_minutes",
    "notes",
)

SORTS: Sorts = {"latest": ("Latest", "occurred_at", True), "oldest": ("Oldest", "occurred_at", False)}


@require_GET
def activities(request: SignedIn) -> HttpResponseBase:
    form = forms.ActivityListForm(request.GET)
    asked = form.asked
    day, zone = today_and_zone(request)
    cursor = asked.pop("cursor", "")
    asked.pop("template", None)
    offered, by, falls = sort_of(SORTS, asked.pop("sort", None))
    start, end = asked.pop("start", None), asked.pop("until", None)
    found = selectors.activities(request.user, start=start, end=end, **asked)
    if request.GET.get("export") == "csv":
        return csv_answer(
            request, "activities", COLUMNS, (_row(activity) for activity in found.order_by("pk").iterator(2000))
        )
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    context = {
        "page": keyset.page(
            found,
            by=by,
            descending=falls,
            cursor=cursor,
            shown=selectors.activity_lines(),
            soon=selectors.activities_before_words(request.user, asked.get("text", "")),
        ),
        **offered,
        "form": form,
        "kinds": Activity.Kind.choices,
        "owners": selectors.choosable_owners(request.user, day) if shows_owners else (),
        **_row_needs(request),
        "today": day,
        "waiting_mails": InboundMail.objects.visible_to(request.user).waiting().count(),
        "today_count": selectors.activities(request.user, owner=access.person_id, start=day).count()
        if access.person_id
        else 0,
    }
    with in_zone(zone):
        return render(request, "sales/activities.html", context)


def _row_needs(request: SignedIn) -> dict[str, Any]:
    """What a line of the list is written with."""
    access = access_of(request.user)
    return {
        "icons": ICONS,
        "shows_owners": access.sees_all or access.leads,
        "writable": access.people,
        "may_write_all": access.imports,
    }


def _row(activity: Activity) -> list[Any]:
    return [
        activity.external_id,
        activity.owner.external_id or activity.owner.name,
        activity.kind,
        activity.occurred_at,
        activity.account and (activity.account.external_id or activity.account.name),
        activity.contact and (activity.contact.external_id or activity.contact.name),
        activity.deal and (activity.deal.external_id or activity.deal.name),
        activity.outcome,
        activity.duration_minutes,
        activity.notes,
    ]


@require_http_methods(["GET", "POST"])
@keyed
def log(request: SignedIn) -> HttpResponse:
    """Kind, then who: that saves. `?deal=` and `?account=` put one customer first."""
    day, zone = today_and_zone(request)
    now = clock.now()
    owners = selectors.writable_owners(request.user, day)
    me = access_of(request.user).person_id
    with in_zone(zone):
        asked = forms.ActivityListForm(request.GET).asked
        templates = list(ActivityTemplate.objects.visible_to(request.user).order_by("name", "pk")[:12])
        template = next((one for one in templates if one.pk == asked.get("template")), None)
        filled = template and {
            "kind": template.kind,
            "outcome": template.outcome,
            "minutes": template.duration_minutes,
            "notes": template.notes,
        }
        form = forms.LogForm(
            request.POST or None,
            user=request.user,
            owners=owners,
            now=now,
            initial={
                "owner": me,
                "kind": asked.get("kind"),
                "contact": selectors.contact_named(request.user, asked.get("contact")),
            }
            | (filled or {}),
        )
        made: list[Activity] = []

        def save() -> None:
            data = form.cleaned_data
            owner = data["owner"] or (owners.filter(pk=me).first() if me else None)
            if owner is None:
                form.add_error("owner", "Choose who did it.")
                return
            made.append(
                services.log_activity(
                    owner=owner,
                    kind=data["kind"],
                    at=data["occurred_at"],
                    by=request.user,
                    now=clock.now(),
                    account=data.get("account"),
                    contact=data["contact"],
                    deal=data.get("deal"),
                    outcome=data["outcome"],
                    minutes=data["minutes"],
                    notes=data["notes"],
                )
            )

        if request.method == "POST" and submitted(request, form, save, said="", topics=("activities",)) and made:
            activity = made[0]
            whom = activity.account or activity.deal
            messages.success(
                request,
                f"{activity.get_kind_display()}{f' with {whom}' if whom else ''} logged.",
                extra_tags=f"undo:{reverse('activity-withdraw', args=[activity.pk])}",
            )
            return see_other("activity", activity.pk)
        named = selectors.account_named(request.user, asked.get("account"))
        context = {
            "form": form,
            "recent": selectors.recent_customers(request.user),
            "first": selectors.asked_first(request.user, deal=asked.get("deal"), account=asked.get("account")),
            "kinds": [(value, label, ICONS[value]) for value, label in Activity.Kind.choices],
            "many_owners": len(owners) > 1 or me is None,
            "templates": templates,
            "template": template,
            "accounts": selectors.account_options(request.user, ""),
            "contacts": selectors.contact_options(request.user, ""),
            "account": named,
            "profile": selectors.profile_of(named) if named else None,
        }
        return render(request, "sales/log.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@keyed
def activity(request: SignedIn, pk: int) -> HttpResponse:
    """An activity with its details, to be added or changed by whose it is."""
    found = get_object_or_404(
        Activity.objects.visible_to(request.user).select_related("owner", "account", "deal", "contact"), pk=pk
    )
    if request.method == "POST":
        writable_or_404(request, found)
    _, zone = today_and_zone(request)
    in_place = request.headers.get("HX-Request") == "true"
    if in_place and ("row" in request.GET or not selectors.is_writable(request.user, found)):
        return _in_place(request, found, zone)
    has_customer = bool(found.deal_id or found.contact_id or found.account_id)
    names = ("kind", "occurred_at", "account", "deal", "contact", "outcome", "duration_minutes", "notes", "version")
    with in_zone(zone):
        initial = {name: getattr(found, name) for name in names}
        form = forms.ActivityForm(
            request.POST or None, user=request.user, activity=found, now=clock.now(), initial=initial
        )

        def save() -> None:
            data = dict(form.cleaned_data)
            version = data.pop("version")
            services.change_activity(activity=found, by=request.user, version=version, now=clock.now(), **data)

        said = "" if in_place else "Saved."
        if request.method == "POST" and submitted(request, form, save, said=said, topics=("activities",)):
            return _in_place(request, found, zone) if in_place else see_other("activities")
        context = {
            "activity": found,
            "form": form,
            "icon_name": ICONS[found.kind],
            "may_schedule": found.owner_id == access_of(request.user).person_id and has_customer,
            "then": f"Follow up: {found.deal or found.contact or found.account}"[:300],
            "may_write": selectors.is_writable(request.user, found),
            "alike": list(selectors.alike_activities(request.user, found)[:3]),
            "accounts": selectors.account_options(request.user, ""),
        }
        page = "sales/_activity_edit.html" if in_place else "sales/activity.html"
        return render(request, page, context, status=422 if form.errors else 200)


def _in_place(request: SignedIn, found: Activity, zone: str) -> HttpResponse:
    """The activity's line as it is now."""
    seen = selectors.named(Activity.objects.visible_to(request.user), *NAMED)
    with in_zone(zone):
        context = {"rows": [get_object_or_404(seen, pk=found.pk)], **_row_needs(request)}
        return render(request, "sales/_activity_row.html", context)


@require_POST
@keyed
def activity_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Activity.objects.visible_to(request.user).select_related("owner"), pk=pk)
    writable_or_404(request, found)
    services.withdraw_activity(activity=found, by=request.user, at=clock.now())
    wake("rollups")
    messages.success(
        request,
        f"{found.get_kind_display()} taken out of the log.",
        extra_tags=f"undo:{reverse('activity-restore', args=[found.pk])}",
    )
    return see_other("activities")


@require_POST
@keyed
def activity_restore(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.withdrawn_activities(request.user), pk=pk)
    writable_or_404(request, found)
    answer = act(
        request,
        lambda: services.restore_activity(activity=found, by=request.user),
        said="Back in the log.",
        to=reverse("activities"),
    )
    wake("rollups")
    return answer
