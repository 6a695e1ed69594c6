"""Accounts: list, an account with its story, what it is like."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Account
from sales.selectors import repeat
from salesmgmt.desk.edges import act, csv_answer, part_of
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import access_of
from teams.selectors import person_of

from .common import Sorts, in_zone, see_other, sort_of, submitted, today_and_zone, writable_or_404
from .timeline import story

COLUMNS = (
    "external_id", "name", "industry", "country", "revenue", "employees", "parent", "owner", "territory", "tags",
    "last_activity_on",
)  # fmt: skip
PROFILE = ("do_differently", "needs", "decision", "cares_about")


def asked_of(request: SignedIn) -> tuple[selectors.CustomerFilter, str, str]:
    """What a list of customers is narrowed to, where it goes on, and in which order."""
    asked = forms.CustomerListForm(request.GET).asked
    cursor, sort = asked.pop("cursor", ""), asked.pop("sort", "")
    said: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return selectors.CustomerFilter(**said), cursor, sort


SORTS: Sorts = {
    "name": ("By name", "name", False),
    "largest": ("Largest", "revenue", True),
    "newest": ("Newest", "id", True),
    "owner": ("By owner", "owner__name", False),
}


@require_GET
def accounts(request: SignedIn) -> HttpResponseBase:
    asked, cursor, sort = asked_of(request)
    offered, by, falls = sort_of(SORTS, sort)
    day, _ = today_and_zone(request)
    found = selectors.accounts(request.user, asked)
    if request.GET.get("export") == "csv":
        shown = selectors.with_last_activity(found, request.user).select_related("owner", "territory", "parent")
        rows = shown.order_by("pk").iterator(2000)
        return csv_answer(request, "accounts", COLUMNS, (_row(account) for account in rows))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    context = {
        "page": keyset.page(found, by=by, descending=falls, cursor=cursor, shown=selectors.account_lines(request.user)),
        **offered,
        "asked": asked,
        "owner": asked.owner,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "territories": selectors.territories(),
        "may_review": access.imports,
    }
    return render(request, "sales/accounts.html", context)


def _row(account: Account) -> list[Any]:
    return [
        account.external_id,
        account.name,
        account.industry,
        account.country,
        account.revenue,
        account.employees,
        account.parent and (account.parent.external_id or account.parent.name),
        account.owner and (account.owner.external_id or account.owner.name),
        account.territory and account.territory.name,
        "; ".join(account.tags),  # as imports take them
        account.last_activity_on,  # type: ignore[attr-defined]
    ]


@require_GET
@part_of("accounts")
def options(request: SignedIn) -> HttpResponse:
    """Names that an input suggests while one types; of the one that is named in full, what it is like."""
    asked = next((value for name, value in request.GET.items() if name.rpartition("-")[2] in ("account", "parent")), "")
    text = str(asked).replace("\x00", "").strip()[:200]
    named = selectors.account_called(request.user, text)
    context = {
        "accounts": selectors.account_options(request.user, text),
        "account": named,
        "profile": selectors.profile_of(named) if named else None,
        "swaps_profile": reverse("activity-log") in request.headers.get("HX-Current-URL", ""),
    }
    return render(request, "sales/_account_options.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Add an account. One that looks like another is asked about once."""
    day, _ = today_and_zone(request)
    form = forms.AccountForm(
        request.POST or None,
        user=request.user,
        owners=selectors.writable_owners(request.user, day),
        initial={"owner": access_of(request.user).person_id},
    )
    made: list[Account] = []
    alike: list[Account] = []

    def save() -> None:
        data = dict(form.cleaned_data)
        data.pop("version")
        if "is_another" not in request.POST:
            alike.extend(selectors.alike_accounts(request.user, data["name"])[:3])
        if not alike:
            made.append(services.add_account(by=request.user, on=day, **data))

    if request.method == "POST" and submitted(request, form, save, said="", topics=()) and made:
        messages.success(
            request,
            f"{made[0].name} added.",
            extra_tags=f"undo:{reverse('account-withdraw', args=[made[0].pk])}",
        )
        return see_other("account", made[0].pk)
    context = {"form": form, "alike": alike, "accounts": selectors.account_options(request.user, "")}
    return render(request, "sales/account_add.html", context, status=422 if form.errors or alike else 200)


@require_GET
def account(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = (
        Account.objects.visible_to(request.user).select_related("owner", "parent", "territory").filter(pk=pk).first()
    )
    if found is None:
        return _where_it_went(request, pk)
    day, zone = today_and_zone(request)
    profile = selectors.profile_of(found)
    may_write = selectors.is_writable(request.user, found)
    with in_zone(zone):
        context: dict[str, Any] = {
            "account": found,
            "parent_is_seen": found.parent_id is not None
            and Account.objects.visible_to(request.user).filter(pk=found.parent_id).exists(),
            "custom_said": selectors.custom_said("account", found.custom),
            "children": selectors.children_of(request.user, found),
            "profile": profile,
            "deals": selectors.deals_at(request.user, found),
            "contacts": selectors.people_at(request.user, found),
            "after": selectors.after_sales(request.user, found, day),
            "repeat": repeat.of_account(request.user, found, day),
            "totals": selectors.account_totals(request.user, found),
            **story(request, found, zone),
            "merges": list(selectors.merges_of(request.user, "account", found.pk)[:10]),
            "may_write": may_write,
            "contact_form": forms.ContactForm(prefix="contact"),
            "profile_form": _profile_form(profile),
        }
        context["merged_names"] = selectors.names_of("account", [one.given_up_id for one in context["merges"]])
        if may_write:
            context["change_form"] = bound.get("change_form") or _change_form(request, found)
            context["merge_form"] = forms.AccountMergeForm(user=request.user)
            context["accounts"] = selectors.account_options(request.user, "")
        return render(request, "sales/account.html", context | bound, status=422 if bound else 200)


def _where_it_went(request: SignedIn, pk: int) -> HttpResponse:
    """A link to an account that was merged leads on to the one kept."""
    kept = selectors.kept_for("account", [pk]).get(pk)
    if kept is not None and Account.objects.visible_to(request.user).filter(pk=kept).exists():
        return redirect("account", kept)
    raise Http404


def _change_form(request: SignedIn, found: Account, data: Any = None) -> forms.AccountForm:
    day, _ = today_and_zone(request)
    return forms.AccountForm(
        data,
        user=request.user,
        owners=selectors.writable_owners(request.user, day) | selectors.owner_of(found),
        initial={name: getattr(found, name) for name in (*forms.AccountForm.base_fields, "custom")},
        prefix="change",
    )


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user).select_related("owner", "parent"), pk=pk)
    writable_or_404(request, found)
    day, _ = today_and_zone(request)
    form = _change_form(request, found, request.POST)

    def version_now() -> int:
        return int(Account.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    def save() -> None:
        services.change_account(account=found, by=request.user, on=day, **form.cleaned_data)

    if submitted(request, form, save, said="Saved.", topics=(), now_at=version_now):
        return see_other("account", pk)
    return _page(request, pk, change_form=form)


@require_POST
@keyed
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user).select_related("owner"), pk=pk)
    writable_or_404(request, found)
    services.withdraw_account(account=found, by=request.user, at=clock.now())
    undo = reverse("account-restore", args=[pk])
    messages.success(request, f"{found.name} taken out of the lists.", extra_tags=f"undo:{undo}")
    return see_other("accounts")


@require_POST
@keyed
def restore(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.withdrawn_accounts(request.user), pk=pk)
    writable_or_404(request, found)
    return act(
        request,
        lambda: services.restore_account(account=found, by=request.user),
        said=f"{found.name} is back.",
        to=reverse("account", args=[pk]),
    )


def _profile_form(profile: Any, data: Any = None) -> forms.ProfileForm:
    stands = {name: getattr(profile, name) for name in PROFILE} if profile else {}
    return forms.ProfileForm(data, initial=stands | {"version": profile.version if profile else 0}, prefix="profile")


@require_POST
@keyed
def describe(request: SignedIn, pk: int) -> HttpResponse:
    """What this customer is like: whoever sees them may say."""
    found = get_object_or_404(Account.objects.visible_to(request.user), pk=pk)
    profile = selectors.profile_of(found)
    form = _profile_form(profile, request.POST)

    def save() -> None:
        services.describe_account(account=found, by=request.user, at=clock.now(), **form.cleaned_data)

    def version_now() -> int:
        return profile.version if profile else 0

    if submitted(request, form, save, said="Saved.", topics=(), now_at=version_now):
        return see_other("account", pk)
    return _page(request, pk, profile_form=form)


@require_POST
@keyed
def contact_add(request: SignedIn, pk: int) -> HttpResponse:
    """Add a contact here. One that looks like another is asked about once."""
    found = get_object_or_404(Account.objects.visible_to(request.user), pk=pk)
    form = forms.ContactForm(request.POST, prefix="contact")
    alike: list[Any] = []

    def save() -> None:
        data = dict(form.cleaned_data)
        if "is_another" not in request.POST:
            same = {name: data[name] for name in ("name", "email", "phone")}
            alike.extend(selectors.alike_contacts(request.user, account=found, **same)[:3])
        if not alike:
            services.add_contact(account=found, by=request.user, made_by=person_of(request.user), **data)

    if submitted(request, form, save, said="" if alike else "Contact added.", topics=()) and not alike:
        return see_other("account", pk)
    return _page(request, pk, contact_form=form, alike_contacts=alike)
