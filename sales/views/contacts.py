"""Contacts: list, a contact with its story and places."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Contact, ContactRole, may_write_for
from salesmgmt.desk.edges import act, csv_answer, part_of
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import access_of
from teams.selectors import person_of

from .accounts import asked_of
from .common import Sorts, in_zone, see_other, sort_of, submitted, today_and_zone
from .timeline import story

COLUMNS = ("external_id", "name", "email", "phone", "account", "birthday", "title", "tags")


SORTS: Sorts = {"name": ("By name", "name", False), "newest": ("Newest", "id", True)}


@require_GET
def contacts(request: SignedIn) -> HttpResponseBase:
    asked, cursor, sort = asked_of(request)
    offered, by, falls = sort_of(SORTS, sort)
    day, _ = today_and_zone(request)
    found = selectors.contacts(request.user, asked)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "contacts", COLUMNS, (_row(one) for one in found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    context = {
        "page": keyset.page(found, by=by, descending=falls, cursor=cursor, shown=selectors.contact_lines()),
        **offered,
        "asked": asked,
        "owner": asked.owner,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "account": selectors.account_named(request.user, asked.account),
        "may_review": access.imports,
    }
    return render(request, "sales/contacts.html", context)


def _row(contact: Contact) -> list[Any]:
    return [
        contact.external_id,
        contact.name,
        contact.email,
        contact.phone,
        contact.account and (contact.account.external_id or contact.account.name),
        contact.birthday,
        contact.title,
        "; ".join(contact.tags),  # as imports take them
    ]


@require_GET
@part_of("contacts")
def options(request: SignedIn) -> HttpResponse:
    """Names that an input suggests while one types."""
    asked = next((value for name, value in request.GET.items() if name.rpartition("-")[2] in ("contact", "other")), "")
    text = str(asked).replace("\x00", "").strip()[:200]
    return render(request, "sales/_contact_options.html", {"contacts": selectors.contact_options(request.user, text)})


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Add a contact. One that looks like another is asked about once."""
    asked, _, _ = asked_of(request)
    account = selectors.account_named(request.user, asked.account)
    form = forms.ContactFullForm(request.POST or None, user=request.user, initial={"account": account})
    made: list[Contact] = []
    alike: list[Contact] = []

    def save() -> None:
        data = dict(form.cleaned_data)
        data.pop("version")
        if "is_another" not in request.POST:
            same = {name: data[name] for name in ("name", "email", "phone", "account")}
            alike.extend(selectors.alike_contacts(request.user, **same)[:3])
        if not alike:
            made.append(services.add_contact(by=request.user, made_by=person_of(request.user), **data))

    if request.method == "POST" and submitted(request, form, save, said="", topics=()) and made:
        undo = reverse("contact-withdraw", args=[made[0].pk])
        messages.success(request, f"{made[0].name} added.", extra_tags=f"undo:{undo}")
        return see_other("contact", made[0].pk)
    context = {"form": form, "alike": alike, "accounts": selectors.account_options(request.user, "")}
    return render(request, "sales/contact_add.html", context, status=422 if form.errors or alike else 200)


@require_GET
def contact(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = Contact.objects.visible_to(request.user).select_related("account__owner", "made_by").filter(pk=pk).first()
    if found is None:
        return _where_it_went(request, pk)
    _, zone = today_and_zone(request)
    with in_zone(zone):
        context: dict[str, Any] = {
            "contact": found,
            "account_is_seen": selectors.account_named(request.user, found.account_id) is not None,
            "custom_said": selectors.custom_said("contact", found.custom),
            "roles": list(selectors.roles_of(request.user, found)[:50]),
            **story(request, found, zone),
            "merges": list(selectors.merges_of(request.user, "contact", found.pk)[:10]),
            "may_write": may_keep(request, found),
            "change_form": bound.get("change_form") or _change_form(request, found),
            "role_form": forms.RoleForm(user=request.user, prefix="role"),
            "merge_form": forms.ContactMergeForm(user=request.user),
            "accounts": selectors.account_options(request.user, ""),
        }
        context["merged_names"] = selectors.names_of("contact", [one.given_up_id for one in context["merges"]])
        return render(request, "sales/contact.html", context | bound, status=422 if bound else 200)


def may_keep(request: SignedIn, found: Contact) -> bool:
    """May somebody take a contact out of the lists, and merge it?"""
    return may_write_for(request.user, selectors.keeper_of(found))


def _where_it_went(request: SignedIn, pk: int) -> HttpResponse:
    """A link to a contact that was merged leads on to the one kept."""
    kept = selectors.kept_for("contact", [pk]).get(pk)
    if kept is not None and Contact.objects.visible_to(request.user).filter(pk=kept).exists():
        return redirect("contact", kept)
    raise Http404


def _change_form(request: SignedIn, found: Contact, data: Any = None) -> forms.ContactFullForm:
    initial = {name: getattr(found, name) for name in (*forms.ContactFullForm.base_fields, "custom")}
    return forms.ContactFullForm(data, user=request.user, initial=initial, prefix="change")


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Contact.objects.visible_to(request.user).select_related("account"), pk=pk)
    form = _change_form(request, found, request.POST)

    def version_now() -> int:
        return int(Contact.objects.visible_to(request.user).values_list("version", flat=True).get(pk=pk))

    def save() -> None:
        services.change_contact(contact=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="Saved.", topics=(), now_at=version_now):
        return see_other("contact", pk)
    return _page(request, pk, change_form=form)


@require_POST
@keyed
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Contact.objects.visible_to(request.user).select_related("account"), pk=pk)
    if not may_keep(request, found):
        raise Http404
    services.withdraw_contact(contact=found, by=request.user, at=clock.now())
    undo = reverse("contact-restore", args=[pk])
    messages.success(request, f"{found.name} taken out of the lists.", extra_tags=f"undo:{undo}")
    return see_other("contacts")


@require_POST
@keyed
def restore(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.withdrawn_contacts(request.user), pk=pk)
    if not may_keep(request, found):
        raise Http404
    return act(
        request,
        lambda: services.restore_contact(contact=found, by=request.user),
        said=f"{found.name} is back.",
        to=reverse("contact", args=[pk]),
    )


@require_POST
@keyed
def role_add(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(Contact.objects.visible_to(request.user), pk=pk)
    form = forms.RoleForm(request.POST, user=request.user, prefix="role")

    def save() -> None:
        services.add_role(contact=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="Noted.", topics=()):
        return see_other("contact", pk)
    return _page(request, pk, role_form=form)


@require_POST
@keyed
def role_remove(request: SignedIn, pk: int, role_pk: int) -> HttpResponse:
    found = get_object_or_404(
        ContactRole.objects.visible_to(request.user).select_related("contact", "account"), pk=role_pk, contact=pk
    )
    return act(
        request,
        lambda: services.remove_role(role=found, by=request.user),
        said=f"{found.contact.name} is no longer listed at {found.account.name}.",
        to=reverse("contact", args=[pk]),
    )
