"""Accounts and their contacts."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Account, Contact
from salesmgmt.desk.edges import csv_answer
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import keyset
from teams.edges import SignedIn
from teams.models import access_of
from teams.selectors import person_of

from .common import in_zone, see_other, submitted, today_and_zone, writable_or_404

COLUMNS = ("external_id", "name", "industry", "country", "revenue", "employees", "parent", "owner")


@require_GET
def accounts(request: SignedIn) -> HttpResponseBase:
    asked = forms.AccountListForm(request.GET).asked
    day, _ = today_and_zone(request)
    text = asked.get("text", "").strip()
    found = selectors.accounts(request.user, text=text, owner=asked.get("owner"))
    if request.GET.get("export") == "csv":
        rows = found.select_related("parent").order_by("pk").iterator(2000)
        return csv_answer(request, "accounts", COLUMNS, (_row(account) for account in rows))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    context = {
        "page": keyset.page(
            selectors.with_last_activity(found, request.user), by="name", cursor=asked.get("cursor", "")
        ),
        "text": text,
        "owner": asked.get("owner"),
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
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
    ]


@require_GET
def options(request: SignedIn) -> HttpResponse:
    """Names that an input suggests while one types."""
    asked = next((value for name, value in request.GET.items() if name.rpartition("-")[2] == "account"), "")
    text = str(asked).replace("\x00", "").strip()[:200]
    return render(request, "sales/_account_options.html", {"accounts": selectors.account_options(request.user, text)})


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
        if "is_another" not in request.POST:
            alike.extend(selectors.alike_accounts(request.user, data["name"])[:3])
        if not alike:
            made.append(services.add_account(by=request.user, **data))

    if request.method == "POST" and submitted(request, form, save, said="", topics=()) and made:
        messages.success(request, f"{made[0].name} added.")
        return see_other("account", made[0].pk)
    return render(
        request, "sales/account_add.html", {"form": form, "alike": alike}, status=422 if form.errors or alike else 200
    )


@require_GET
def account(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user).select_related("owner", "parent"), pk=pk)
    day, zone = today_and_zone(request)
    seen = selectors.deals(request.user, selectors.DealFilter(account=found.pk))
    with in_zone(zone):
        context = {
            "account": found,
            "open_deals": seen.open().order_by("expected_close_on", "pk")[:20],
            "decided": seen.exclude(status="open").order_by("-closed_on", "-pk")[:10],
            "contacts": Contact.objects.visible_to(request.user).filter(account=found).order_by("name", "pk")[:50],
            "after": selectors.after_sales(request.user, found, day),
            "totals": selectors.account_totals(request.user, found),
            "story": selectors.account_story(request.user, found),
            "may_write": selectors.is_writable(request.user, found),
            "contact_form": forms.ContactForm(prefix="contact"),
            "change_form": _change_form(request, found),
        }
        return render(request, "sales/account.html", context | bound, status=422 if bound else 200)


def _change_form(request: SignedIn, found: Account, data: Any = None) -> forms.AccountForm:
    day, _ = today_and_zone(request)
    return forms.AccountForm(
        data,
        user=request.user,
        owners=selectors.writable_owners(request.user, day) | selectors.owner_of(found),
        initial={name: getattr(found, name) for name in forms.AccountForm.base_fields},
        prefix="change",
    )


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user).select_related("owner"), pk=pk)
    writable_or_404(request, found)
    form = _change_form(request, found, request.POST)

    def save() -> None:
        services.change_account(account=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="Saved.", topics=()):
        return see_other("account", pk)
    return _page(request, pk, change_form=form)


@require_POST
@keyed
def contact_add(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user), pk=pk)
    form = forms.ContactForm(request.POST, prefix="contact")

    def save() -> None:
        services.add_contact(account=found, by=request.user, made_by=person_of(request.user), **form.cleaned_data)

    if submitted(request, form, save, said="Contact added.", topics=()):
        return see_other("account", pk)
    return _page(request, pk, contact_form=form)
