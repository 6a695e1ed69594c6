"""Part of a quota that colleagues take on: who will fall short, who has room, who agrees (R8)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from salesmgmt.desk.edges import act, csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import selectors as targets
from targets import services
from targets.models import Offer, OfferEvent, Redistribution
from teams.edges import SignedIn
from teams.models import Organisation, Person, Team, access_of
from teams.selectors import manager_of, person_of

from .. import selectors
from ..forms import OfferForm, RedistributionForm
from ..services.redistributions import share_out

SHOWN = 50
FILE = (
    "kind", "person", "team", "starts_on", "until", "quota", "credited", "landing", "short", "offered", "taken_on",
    "waits", "opened_at", "currency",
)  # fmt: skip


def _now(organisation: Organisation) -> Period:
    return Period.of(clock.today(organisation.time_zone), "quarter", organisation.calendar)


def _team(request: SignedIn) -> Team | None:
    asked = request.GET.get("team", "")
    if not asked:
        return None
    return get_object_or_404(Team.objects.visible_to(request.user), pk=_number(asked))


def _number(text: str) -> int:
    """An id as the address gives it; what is none finds nothing."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


@require_GET
def redistributions(request: SignedIn) -> HttpResponseBase:
    """What one is asked to take on; for who leads: who will fall short, and what is on its way."""
    organisation, access, user = Organisation.get(), access_of(request.user), request.user
    today, period, me = clock.today(organisation.time_zone), _now(organisation), person_of(request.user)
    leads = access.leads or access.sees_all
    team = _team(request) if leads else None
    short = []
    if leads:
        landings = selectors.landings(person_ids=selectors.colleagues(user, today, team), period=period, as_of=today)
        behind = {pk: one for pk, one in landings.items() if one.landing < one.quota}
        people = Person.objects.visible_to(user).in_bulk(behind)
        given = targets.moved(person_ids=behind, start=period.start, end=period.end)
        short = sorted(
            ((people[pk], one, one.quota - one.landing, -given.get(pk, Decimal(0))) for pk, one in behind.items()),
            key=lambda row: (-row[2], row[0].name),
        )
    seen = Offer.objects.visible_to(user).select_related("candidate__person", "candidate__redistribution")
    is_file = leads and request.GET.get("export") == "csv"
    shared = Redistribution.objects.visible_to(user).select_related("giver", "team").order_by("-opened_at", "-pk")
    found = list(shared if is_file else shared[:SHOWN])
    sums: dict[int, dict[str, Decimal]] = {one.pk: {} for one in found}
    for offer in seen.filter(candidate__redistribution__in=found):
        states = sums[offer.candidate.redistribution_id]
        states[offer.state] = states.get(offer.state, Decimal(0)) + offer.amount
    if is_file:
        rows = [
            (
                "short", person.name, "", period.start, period.end, one.quota, one.credited, one.landing, gap, given,
                None, None, None, organisation.currency,
            )
            for person, one, gap, given in short
        ] + [
            (
                "shared out", one.giver.name, one.team, one.during.lower, one.during.upper, one.quota, None,
                one.landing, None, one.amount, sums[one.pk].get("counted", Decimal(0)),
                sums[one.pk].get("waiting", Decimal(0)), one.opened_at, organisation.currency,
            )
            for one in found
        ]  # fmt: skip
        return csv_answer(request, f"redistributions-{period.key}", FILE, rows)
    asked = list(seen.filter(candidate__person=me).order_by("-pk")[:SHOWN]) if me else []
    context = {
        "period": period,
        "currency": organisation.currency,
        "leads": leads,
        "teams": list(Team.objects.visible_to(user).order_by("path")) if access.sees_all else [],
        "team": team,
        "short": short[:SHOWN],
        "asked": asked,
        "waiting": sum(1 for offer in asked if offer.is_waiting),
        "to_agree": targets.offers_to_agree(user, today),
        "found": [(one, sums[one.pk]) for one in found],
    }  # fmt: skip
    return render(request, "performance/redistributions.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def redistribution_add(request: SignedIn) -> HttpResponse:
    """The proposal: who could take how much; nothing moves before they say yes."""
    organisation, access, user = Organisation.get(), access_of(request.user), request.user
    if not (access.leads or access.sees_all):
        raise Http404
    asked = request.GET.get("person", "")
    if not asked:
        return redirect("redistributions")
    people = Person.objects.visible_to(user).exclude(pk=access.person_id or 0)
    giver = get_object_or_404(people, pk=_number(asked))
    today, period = clock.today(organisation.time_zone), _now(organisation)
    is_later = request.GET.get("to") == "next"
    to = period.shift(1) if is_later else period
    ids = [*selectors.colleagues(user, today), giver.pk]
    at_home = selectors.landings(person_ids=ids, period=period, as_of=today)
    landings = selectors.landings(person_ids=ids, period=to, as_of=today) if is_later else at_home
    own = at_home.get(giver.pk)
    most = targets.shortfall(giver=giver, landing=own, start=period.start, end=period.end) if own else Decimal(0)
    data = request.POST if request.method == "POST" else None
    prefer = request.POST.get("prefer", "")
    common: dict[str, Any] = {
        "giver": giver, "landings": landings, "to": (to.start, to.end), "on": today,
        "prefer": prefer if prefer in Redistribution.Prefer.values else Redistribution.Prefer.ALL,
    }  # fmt: skip
    rooms = targets.rooms(**common, defers=most if is_later else Decimal(0)) if own else []
    form = RedistributionForm(data, rooms=rooms, most=most, initial={"amount": most})
    shares: dict[int, Decimal] = {}
    if form.is_valid() or data is None:
        caps = form.capped if data is not None else {}
        amount = form.cleaned_data["amount"] if data is not None else most
        shares = targets.shared(
            amount, [(room.person.pk, room.tier, caps.get(room.person.pk, room.room)) for room in rooms]
        )
    if data is not None and form.is_valid() and "preview" not in request.POST:
        try:
            made = share_out(
                giver=giver, period=period, to=to, caps=form.capped, by=user, at=clock.now(), on=today,
                **{name: form.cleaned_data[name] for name in ("amount", "prefer", "reason")},
            )  # fmt: skip
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "They are asked; nothing moves before they say yes.")
            return redirect("redistribution", made.pk)
    context = {
        "giver": giver,
        "own": own,
        "most": most,
        "period": period,
        "to": to,
        "is_later": is_later,
        "next": period.shift(1),
        "form": form,
        "rows": [
            (room, form[form.caps[room.person.pk]] if room.person.pk in form.caps else None, shares.get(room.person.pk))
            for room in rooms
        ],
        "stays": most - sum(shares.values(), Decimal(0)),
        "currency": organisation.currency,
    }
    is_wrong = bool(form.errors) and "preview" not in request.POST
    return render(request, "performance/redistribution_add.html", context, status=422 if is_wrong else 200)


def _redistribution(request: SignedIn, pk: int) -> Redistribution:
    rows = Redistribution.objects.visible_to(request.user).select_related("giver", "team", "opened_by")
    return get_object_or_404(rows, pk=pk)


@require_GET
def redistribution(request: SignedIn, pk: int) -> HttpResponse:
    """Who was asked, what they said, what counts; for who leads the giver."""
    found, access = _redistribution(request, pk), access_of(request.user)
    today = clock.today(Organisation.get().time_zone)
    offers = list(
        Offer.objects.visible_to(request.user).filter(candidate__redistribution=found)
        .select_related("candidate__person", "candidate__team").order_by("turn", "pk")
    )  # fmt: skip
    taken = sum((offer.added for offer in offers), Decimal(0))
    manager = manager_of(found.giver, today)
    context = {
        "found": found,
        "offers": [(offer, access.sees_person(offer.candidate.person_id)) for offer in offers],
        "taken": taken,
        "waiting": sum((offer.amount for offer in offers if offer.is_waiting), Decimal(0)),
        "stays": found.amount - taken,
        "events": OfferEvent.objects.visible_to(request.user).filter(offer__in=offers)
        .select_related("offer__candidate__person", "by").order_by("-at", "-pk"),
        "may_agree": not found.is_agreed and manager is not None and manager.pk == access.person_id,
        "is_over": min(found.during.upper, found.to.upper) <= today,
        "currency": Organisation.get().currency,
    }  # fmt: skip
    return render(request, "performance/redistribution.html", context)


@require_POST
@keyed
def redistribution_agree(request: SignedIn, pk: int) -> HttpResponse:
    found = _redistribution(request, pk)
    return act(
        request,
        lambda: services.agree_to_redistribution(
            redistribution=found, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone)
        ),
        said="Agreed.",
        to=reverse("redistribution", args=[pk]),
    )


def _offer(request: SignedIn, pk: int) -> Offer:
    rows = Offer.objects.visible_to(request.user).select_related(
        "candidate__person", "candidate__team", "candidate__redistribution"
    )
    return get_object_or_404(rows, pk=pk)


@require_GET
def offer(request: SignedIn, pk: int) -> HttpResponse:
    """What somebody is asked to take on, and their answer. Whose shortfall it is is not said."""
    found, access = _offer(request, pk), access_of(request.user)
    organisation = Organisation.get()
    today, one = clock.today(organisation.time_zone), found.candidate
    manager = manager_of(one.person, today)
    to = one.redistribution.to
    now = targets.moved(person_ids=[one.person_id], start=to.lower, end=to.upper).get(one.person_id, Decimal(0))
    context = {
        "offer": found,
        "person": one.person,
        "is_own": one.person_id == access.person_id,
        "is_moved": one.person_id == one.redistribution.giver_id,
        "sees_figures": access.sees_person(one.person_id),
        "quota": one.quota,
        "revised": one.quota + now,
        "after": one.quota + now + (found.amount if found.is_waiting else 0),
        "landing": one.landing,
        "may_agree": found.is_waiting and not found.is_agreed and manager is not None
        and manager.pk == access.person_id,
        "to": to,
        "is_over": to.upper <= today,
        "events": [
            event
            for event in found.events.select_related("by").order_by("-at", "-pk")
            if event.kind in ("offered", "accepted", "agreed", "refused", "counted", "withdrawn", "reversed")
        ],
        "currency": organisation.currency,
    }  # fmt: skip
    return render(request, "performance/offer.html", context)


def _answer(
    request: SignedIn, pk: int, do: Callable[..., object], said: str, *, with_reason: bool = True
) -> HttpResponse:
    found, form = _offer(request, pk), OfferForm(request.POST)

    def answer() -> None:
        if not form.is_valid():
            name, errors = next(iter(form.errors.items()))
            raise Refused(f"{name.capitalize()}: {errors[0]}")
        more = {"reason": form.cleaned_data["reason"]} if with_reason else {}
        do(
            offer=found, by=request.user, at=clock.now(), on=clock.today(Organisation.get().time_zone),
            version=form.cleaned_data["version"], **more,
        )  # fmt: skip

    is_seen = Redistribution.objects.visible_to(request.user).filter(pk=found.candidate.redistribution_id).exists()
    to = (
        reverse("redistribution", args=[found.candidate.redistribution_id])
        if is_seen and do in (services.withdraw_offer, services.reverse_offer)
        else reverse("offer", args=[pk])
    )
    return act(request, answer, said=said, to=to)


@require_POST
@keyed
def offer_accept(request: SignedIn, pk: int) -> HttpResponse:
    return _answer(request, pk, services.accept_offer, "Taken on, once everybody concerned agrees.", with_reason=False)


@require_POST
@keyed
def offer_refuse(request: SignedIn, pk: int) -> HttpResponse:
    return _answer(request, pk, services.refuse_offer, "Refused; your quota stays as it is.")


@require_POST
@keyed
def offer_agree(request: SignedIn, pk: int) -> HttpResponse:
    return _answer(request, pk, services.agree_to_offer, "Agreed.", with_reason=False)


@require_POST
@keyed
def offer_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    return _answer(request, pk, services.withdraw_offer, "Withdrawn; it stays with the giver.")


@require_POST
@keyed
def offer_reverse(request: SignedIn, pk: int) -> HttpResponse:
    return _answer(request, pk, services.reverse_offer, "Taken back by two entries that name what they reverse.")
