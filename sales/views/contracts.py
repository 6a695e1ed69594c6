"""Contracts: what was agreed, for how long, and the paper that says so."""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sales import forms, selectors, services
from sales.models import Contract
from salesmgmt.desk.edges import act, csv_answer, kept_file
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import access_of

from .common import see_other, submitted, today_and_zone, writable_or_404

COLUMNS = (
    "external_id", "number", "account", "owner", "starts_on", "ends_on", "notice_on", "value", "currency", "terms",
    "quality_terms", "price_terms", "logistics_terms", "signed_on", "signed_by", "amends", "file_name", "file_digest",
)  # fmt: skip


@require_GET
def contracts(request: SignedIn) -> HttpResponseBase:
    asked = forms.ContractListForm(request.GET).asked
    day, _ = today_and_zone(request)
    found = selectors.contracts(
        request.user, day=day, state=asked.get("state", ""), text=asked.get("text", ""),
        account=asked.get("account"), owner=asked.get("owner"),
    )  # fmt: skip
    if request.GET.get("export") == "csv":
        return csv_answer(request, "contracts", COLUMNS, map(_row, found.order_by("pk").iterator(2000)))
    access = access_of(request.user)
    shows_owners = access.sees_all or access.leads
    page = keyset.page(found, by="ends_on", cursor=asked.get("cursor", ""), shown=selectors.contract_lines())
    counts = selectors.contract_counts(request.user, day)
    context = {
        "page": page,
        "rows": [(contract, selectors.state_of(contract, day)) for contract in page.rows],
        "asked": asked,
        "states": forms.ContractListForm.STATES,
        "owners": selectors.choosable_owners(request.user, day).only("name") if shows_owners else (),
        "shows_owners": shows_owners,
        "running_count": counts["running"],
        "ending_count": counts["ending"],
    }
    return render(request, "sales/contracts.html", context)


def _row(row: Any) -> list[Any]:
    return [
        row.external_id, row.number, row.account.external_id or row.account.name,
        row.owner and (row.owner.external_id or row.owner.name), row.starts_on, row.ends_on, row.notice_on, row.value,
        row.currency, row.terms, row.quality_terms, row.price_terms, row.logistics_terms, row.signed_on, row.signed_by,
        row.amends and (row.amends.external_id or row.amends.number or row.amends.pk), row.file_name, row.file_digest,
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@keyed
def add(request: SignedIn) -> HttpResponse:
    """Write a contract down, or (`?amends=`) what changes one that is signed."""
    day, _ = today_and_zone(request)
    amended = _amended(request)
    account = amended.account if amended else selectors.account_named(request.user, _number(request, "account"))
    owners = selectors.writable_owners(request.user, day)
    if amended:
        owners = owners | selectors.owner_of(amended)
    form = forms.ContractForm(
        request.POST or None,
        user=request.user,
        owners=owners,
        currency=amended.currency if amended else "",
        initial=_as_amended(amended, day) if amended else {
            "account": account, "starts_on": day,
            "owner": account.owner_id if account else access_of(request.user).person_id,
        },
    )  # fmt: skip
    made: list[Contract] = []

    def save() -> None:
        said = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        made.append(services.add_contract(by=request.user, amends=amended, **said))

    if request.method == "POST" and submitted(request, form, save, said="Written down."):
        return see_other("contract", made[0].pk)
    shown = {"form": form, "amended": amended}
    return render(request, "sales/contract_add.html", shown, status=422 if form.errors else 200)


def _number(request: SignedIn, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _amended(request: SignedIn) -> Contract | None:
    """The signed contract that the address says is amended; nothing is found where it is not theirs."""
    if not request.GET.get("amends"):
        return None
    found = _found(request, _number(request, "amends") or 0)
    writable_or_404(request, found)
    if found.signed_on is None:
        raise Http404
    return found


def _as_amended(contract: Contract, day: date) -> dict[str, Any]:
    names = [name for name in forms.ContractForm.base_fields if name != "version"]
    stands = {name: getattr(contract, name) for name in names}
    number = f"{contract.number}/{contract.amendments.count() + 1}" if contract.number else ""
    return stands | {"starts_on": max(day, contract.starts_on), "number": number[:100]}


def _found(request: SignedIn, pk: int) -> Contract:
    day, _ = today_and_zone(request)
    return get_object_or_404(selectors.contracts(request.user, day=day), pk=pk)


@require_GET
def contract(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = _found(request, pk)
    day, _ = today_and_zone(request)
    may_write = selectors.is_writable(request.user, found)
    renewal = found.renewal_deal if found.renewal_deal and found.renewal_deal.withdrawn_at is None else None
    context: dict[str, Any] = {
        "contract": found,
        "renewal": renewal,
        "state": selectors.state_of(found, day),
        "day": day,
        "due_on": found.notice_on or found.ends_on,
        "terms": _terms(found),
        "has_terms": any(text for _, text in _terms(found)),
        "amendments": found.amendments.present().order_by("starts_on", "pk"),
        "may_write": may_write,
        "may_renew": may_write and found.signed_on and not found.is_replaced and renewal is None,  # type: ignore[attr-defined]
    }
    if may_write and found.signed_on is None:
        stands = {"version": found.version}
        context |= {
            "change_form": _change_form(request, found),
            "file_form": forms.FileForm(initial=stands, prefix="file"),
            "sign_form": forms.SignForm(initial=stands | {"signed_on": day}, prefix="sign"),
        }
    return render(request, "sales/contract.html", context | bound, status=422 if bound else 200)


def _terms(found: Contract) -> list[tuple[str, str]]:
    return [
        ("Quality", found.quality_terms), ("Price", found.price_terms), ("Logistics", found.logistics_terms),
        ("Other terms", found.terms),
    ]  # fmt: skip


def _change_form(request: SignedIn, found: Contract, data: Any = None) -> forms.ContractChangeForm:
    day, _ = today_and_zone(request)
    return forms.ContractChangeForm(
        data,
        user=request.user,
        owners=selectors.writable_owners(request.user, day) | selectors.owner_of(found),
        currency=found.currency,
        initial={name: getattr(found, name) for name in forms.ContractChangeForm.base_fields},
        prefix="change",
    )


def _writable(request: SignedIn, pk: int) -> Contract:
    found = _found(request, pk)
    writable_or_404(request, found)
    return found


@require_POST
@keyed
def change(request: SignedIn, pk: int) -> HttpResponse:
    found = _writable(request, pk)
    form = _change_form(request, found, request.POST)

    def save() -> None:
        services.change_contract(contract=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="Saved.", now_at=lambda: _found(request, pk).version):
        return see_other("contract", pk)
    return _page(request, pk, change_form=form)


@require_POST
@keyed
def attach(request: SignedIn, pk: int) -> HttpResponse:
    found = _writable(request, pk)
    form = forms.FileForm(request.POST, request.FILES, prefix="file")

    def save() -> None:
        services.attach_file(contract=found, by=request.user, **form.cleaned_data)

    if submitted(request, form, save, said="File kept.", now_at=lambda: _found(request, pk).version):
        return see_other("contract", pk)
    return _page(request, pk, file_form=form)


@require_POST
@keyed
def sign(request: SignedIn, pk: int) -> HttpResponse:
    found, (day, _) = _writable(request, pk), today_and_zone(request)
    form = forms.SignForm(request.POST, request.FILES, prefix="sign")

    def save() -> None:
        services.sign_contract(contract=found, by=request.user, on=day, **form.cleaned_data)

    said = "Signed; from now on it can't be changed."
    if submitted(request, form, save, said=said, now_at=lambda: _found(request, pk).version):
        return see_other("contract", pk)
    return _page(request, pk, sign_form=form)


@require_POST
@keyed
def renew(request: SignedIn, pk: int) -> HttpResponse:
    found, (day, _) = _writable(request, pk), today_and_zone(request)

    def do() -> None:
        services.renew_contract(contract=found, by=request.user, at=clock.now(), on=day)

    return act(request, do, said="The deal that renews it is open.", to=f"/contracts/{pk}/")


@require_GET
def file(request: SignedIn, pk: int) -> HttpResponse:
    """The paper, as it was kept; one that is not the same any more is not given out."""
    found = _found(request, pk)
    paper = selectors.paper_of(found)
    if paper is None:
        raise Http404
    return kept_file(*paper, name=found.file_name)
