"""Pages of quotas: one's own day by day, and those of one's people."""

from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import forms, selectors, services
from targets.models import BOOKINGS, MEASURES, Plan, PlanMeasure, QuotaEntry, measure_of
from targets.views.common import choices_of, period_of, today_of, unit_of, user_of
from teams.edges import looked
from teams.models import Look, Organisation, Person, Team, access_of
from teams.selectors import person_of

PEOPLE_SHOWN = 500


def _measures(
    request: HttpRequest, organisation: Organisation, period: Period, person: Person | None = None
) -> dict[str, Any]:
    """What there are goals in that one sees, or a person has; the one asked for, else bookings, else the first."""
    entries = QuotaEntry.objects.visible_to(request.user).overlapping(period.start, period.end)
    if person is not None:
        entries = entries.filter(person=person)
    held = set(entries.order_by().values_list("measure", flat=True).distinct())
    keys = [*(key for key in MEASURES if key in held), *sorted(held - MEASURES.keys())]
    measure = request.GET.get("measure") or (BOOKINGS if BOOKINGS in held or not held else keys[0])
    if measure not in {*held, *MEASURES}:
        raise Http404
    return {
        "of": measure_of(measure),
        "measures": [measure_of(key) for key in keys] if len(keys) > 1 else [],
        "currency": unit_of(measure, organisation),
    }


def _quota_of(request: HttpRequest, person: Person, period: Period, of: PlanMeasure) -> dict[str, Any]:
    """A person's entries in a period with their sum, the days they are spread over, and the season they follow."""
    entries = (
        QuotaEntry.objects.visible_to(request.user)
        .overlapping(period.start, period.end)
        .filter(person=person, measure=of.key)
        .select_related("team", "by", "plan")
        .order_by("recorded_at", "pk")
    )
    asked: dict[str, Any] = {"start": period.start, "end": period.end, "measure": of.key}
    parts = selectors.goals_of(person_ids=[person.pk], **asked).get(person.pk)
    season = selectors.seasons().around(period.start, period.end)
    quota = sum(parts.values(), Decimal(0)) if parts else None
    moved = selectors.moved(person_ids=[person.pk], **asked).get(person.pk)
    return {
        "subject": person,
        "entries": list(entries),
        "quota": quota,
        "base": parts.get("base") if parts else None,
        "moved": moved,
        "revised": (quota or Decimal(0)) + (moved or Decimal(0)),
        "proposed": selectors.proposals(user_of(request))
        .filter(seat=person, measure=of.key)
        .overlapping(period.start, period.end)
        .first(),
        "days": selectors.explain(person_id=person.pk, **asked) if parts and of.adds_up else [],
        "season": [(_bucket(season.names[first]), share) for first, share in sorted(season.shares.items())]
        if season
        else [],
        "plan_letters": _letters_of(request, person, period, of.key),
        "so_far": _so_far([person], period, of).get(person.pk),
    }


def _so_far(people: list[Person], period: Period, of: PlanMeasure) -> dict[int, Decimal]:
    """What came towards a goal; bookings are followed day by day elsewhere."""
    ids = [person.pk for person in people]
    return {} if of.key == BOOKINGS else selectors.so_far(of.key, ids, period.start, period.end)


def _letters_of(request: HttpRequest, person: Person, period: Period, measure: str) -> list[Plan]:
    """The published plans of the period that hold a figure of a person."""
    plans = Plan.objects.visible_to(request.user).overlapping(period.start, period.end)
    held = plans.filter(published_at__isnull=False, measure=measure, pk__in=selectors.plans_of(person.pk).values("pk"))
    return list(held.order_by("during"))


def _bucket(key: str) -> str:
    """A bucket of a season as people say it: "Oct", "P10" or "W41"."""
    return key[5:] if key[5] in "WP" else f"{date.fromisoformat(f'{key}-01'):%b}"


@require_GET
def quotas(request: HttpRequest) -> HttpResponse:
    """What I am held to and why; below it my people's, and the plans of those who plan."""
    organisation, access = Organisation.get(), access_of(request.user)
    period = period_of(request, organisation)
    context = choices_of(request, organisation, period) | _measures(request, organisation, period)
    of = context["of"]
    me = person_of(request.user)
    context["asking"] = list(selectors.asked_plans(request.user).order_by("during", "pk"))
    if me is not None:
        context |= _quota_of(request, me, period, of)
    if access.leads or access.sees_all:
        context |= _of_others(request, period, me, of)
        plans = Plan.objects.visible_to(request.user).select_related("published_by").order_by("-during", "-pk")
        context["plans"] = [(plan, unit_of(plan.measure, organisation)) for plan in plans[:50]]
    return render(request, "targets/quotas.html", context | {"access": access})


def _of_others(request: HttpRequest, period: Period, me: Person | None, of: PlanMeasure) -> dict[str, Any]:
    """Targets of the teams one sees, and the quotas of the people in one of them, or in the teams one leads."""
    access = access_of(request.user)
    teams = list(Team.objects.visible_to(request.user).order_by("path"))
    asked_of: dict[str, Any] = {"start": period.start, "end": period.end, "measure": of.key}
    targets = selectors.targets_of(team_ids=[team.pk for team in teams], **asked_of) if of.adds_up else {}
    asked = request.GET.get("team", "")
    chosen = next((team for team in teams if str(team.pk) == asked), None)
    if asked and chosen is None:
        raise Http404
    people = Person.objects.visible_to(request.user)
    if me is not None:
        people = people.exclude(pk=me.pk)
    entries = QuotaEntry.objects.visible_to(request.user).overlapping(period.start, period.end).filter(measure=of.key)
    if chosen is not None:
        people = people.filter(pk__in=entries.filter(team__path__contains=[chosen.pk]).values("person"))
    elif of.key != BOOKINGS:
        people = people.filter(pk__in=entries.values("person"))
    elif access.sees_all:
        people = people.none()
    found = list(people.order_by("name", "pk")[:PEOPLE_SHOWN])
    parts = selectors.goals_of(person_ids=[person.pk for person in found], **asked_of)
    so_far = _so_far(found, period, of)
    rows = []
    for person in found:
        kinds = parts.get(person.pk)
        base = kinds.get("base", Decimal(0)) if kinds else None
        quota = sum(kinds.values(), Decimal(0)) if kinds else None
        change = None if quota is None or base is None else quota - base
        rows.append((person, base, change, quota, so_far.get(person.pk)))
    least = min((len(team.path) for team in teams), default=0)
    return {
        "team_rows": [
            (team, "\u2003" * (len(team.path) - least), targets[team.pk]) for team in teams if team.pk in targets
        ],
        "chosen": chosen,
        "people_rows": rows,
    }


@require_http_methods(["GET", "POST"])
def quota(request: HttpRequest, person_pk: int) -> HttpResponse:
    """One person's quota with its entries and days; who leads them changes it with a reason."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=person_pk)
    organisation, access = Organisation.get(), access_of(request.user)
    looked(request, Look.Page.QUOTA, person.pk)
    period = period_of(request, organisation)
    may_change = person.pk != access.person_id and (access.sees_all or access.leads)
    if request.method == "POST" and not may_change:
        raise Http404
    measures = _measures(request, organisation, period, person)
    of, by = measures["of"], user_of(request)
    plan = selectors.plan_holding(person.pk, period, of.key) if may_change else None
    seats = selectors.free_seats(person, period, on=today_of(organisation)) if may_change else []
    gives = "new-seat" in request.POST and bool(seats)
    form = forms.QuotaForm(None if gives else request.POST or None, is_published=plan is not None)
    give = forms.GiveForm(request.POST if gives else None, seats=seats) if seats else None
    sent: Any = give if gives else form
    if request.method == "POST" and sent.is_valid():
        try:
            if gives:
                services.give_quota(person=person, period=period, by=by, at=clock.now(), **sent.cleaned_data)
                said = f"{person} has a quota now."
            else:
                waits = services.change_quota(
                    person=person, period=period, by=by, at=clock.now(), measure=of.key, **sent.cleaned_data
                )
                said = f"The quota of {person} for {period.label} is changed."
                if waits is not None:
                    said = f"This waits for the yes of {waits.decider or 'who plans for all'}; until then it stays."
        except Refused as refusal:
            tell_form(sent, refusal)
        else:
            messages.success(request, said)
            return redirect(f"{reverse('quota', args=[person.pk])}?period={period.key}&measure={of.key}")
    context = choices_of(request, organisation, period) | measures | _quota_of(request, person, period, of)
    context |= {
        "form": form if may_change and context["quota"] is not None else None,
        "give": give,
        "held_by": plan,
        "free_change": None if access.sees_all else organisation.free_change,
        "is_own": person.pk == access.person_id,
        "happenings": selectors.history_of(person, request.user, start=period.start, end=period.end, measure=of.key),
    }
    return render(request, "targets/quota.html", context, status=422 if sent.errors else 200)


@require_GET
def quotas_export(request: HttpRequest) -> HttpResponseBase:
    """The ledger of a period, as far as one may see it; closed by what people hold there who have left one's teams."""
    organisation = Organisation.get()
    period = period_of(request, organisation)
    entries = (
        QuotaEntry.objects.visible_to(request.user)
        .overlapping(period.start, period.end)
        .select_related("person", "team")
        .order_by("during", "team", "person", "pk")
    )
    rows = (
        (
            (row.person.external_id or row.person.name) if row.person else "",
            row.team.name if row.team else "",
            row.starts_on,
            row.until,
            row.kind,
            row.amount,
            row.currency,
            row.reason,
        )
        for row in entries
    )
    rest = (
        ("", "", period.start, period.end, "", total, currency, f"{count} entries of people who have left your teams"
         + ("" if measure == BOOKINGS else f", {measure_of(measure).label}"))
        for measure, currency, total, count in selectors.held_by_people_who_left(user_of(request), period)
    )  # fmt: skip
    columns = ("person", "team", "from", "until", "kind", "amount", "currency", "reason")
    return csv_answer(request, f"quota_entries-{period.key}", columns, chain(rows, rest))


@require_GET
def quotas_table(request: HttpRequest) -> HttpResponseBase:
    """The quotas of a fiscal year with a column for each period, as import takes them: `?by=month`, `quarter`, `year`.

    Without `by` the columns are what most quotas are given for.
    """
    period = period_of(request, Organisation.get())
    by = request.GET.get("by", "")
    if by not in ("", "month", "quarter", "year"):
        raise Http404
    year = Period.of(period.start, "year", period.calendar)
    table = selectors.quota_table(user_of(request), year, by)
    return csv_answer(request, f"quotas-{year.key}-by-{table.kind}", table.header, table.rows)
