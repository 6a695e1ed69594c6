"""Pages of scorecards: one's own, those of one's people, and what a role is scored by."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn, looked, looked_at
from teams.models import Look, Organisation, Person, Role, Team, access_of

from ..forms import ScorecardForm
from ..selectors import scorecards as selectors
from ..services.scorecards import set_scorecard
from .asked import is_refresh, live_by, live_of_all, period_of, shown, team_of

HEADER = (
    "person", "role", "period", "as_of", "measure", "value", "goal", "weight", "score", "points", "total", "currency",
)  # fmt: skip


@require_GET
def scorecards(request: SignedIn) -> HttpResponseBase:
    """Everybody one leads with their totals of the week, month, quarter and year; who leads nobody sees their own."""
    organisation, access = Organisation.get(), access_of(request.user)
    if access.role == "none":
        raise Http404
    today = clock.today(organisation.time_zone)
    period = period_of(request, organisation, today)
    people = selectors.measured_people(request.user, today)
    if not (access.leads or access.sees_all):
        mine = people.first()
        return _card_page(request, mine, organisation, today) if mine else _list_page(request, people, organisation)
    team = team_of(request)
    if team is not None:
        people = people.filter(postings__during__contains=today, postings__team__path__contains=[team.pk])
    if request.GET.get("export") == "csv":
        everybody = list(people)
        looked_at(request, Look.Page.SCORECARD, [person.pk for person in everybody])
        return csv_answer(request, f"scorecards-{period.key}", HEADER, _rows(everybody, period, organisation))
    return _list_page(request, people, organisation, team=team)


def _list_page(request: SignedIn, people: Any, organisation: Organisation, *, team: Team | None = None) -> HttpResponse:
    today, fresh = clock.today(organisation.time_zone), live_of_all(request)
    period = period_of(request, organisation, today)
    page = keyset.page(people, by="name", cursor=request.GET.get("cursor", ""))
    frames = _frames(period, today)
    there = selectors.There(frames, today)
    found = [
        selectors.cards(people=page.rows, period=frame, as_of=today, organisation=organisation, there=there)
        for frame in frames
    ]
    rows = [
        (person, found[frames.index(period)].get(person.pk), [cards.get(person.pk) for cards in found])
        for person in page.rows
    ]
    totals = [card.total for _, card, _ in rows if card is not None and card.total is not None]
    context = {
        "page": page,
        "rows": rows,
        "frames": frames,
        "period": period,
        "as_of": min(today, period.last_day),
        "known": len(totals),
        "reached": sum(1 for total in totals if total >= 100),
        "teams": list(Team.objects.visible_to(request.user).order_by("path")),
        "team": team,
        "may_set": access_of(request.user).imports,
    }
    return shown(request, "performance/scorecards.html", context | fresh)


@require_GET
def scorecard(request: SignedIn, pk: int) -> HttpResponseBase:
    """One person's score: each part with what it measures, its goal, and what it brings."""
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    return _card_page(request, get_object_or_404(Person.objects.visible_to(request.user), pk=pk), organisation, today)


def _card_page(request: SignedIn, person: Person, organisation: Organisation, today: date) -> HttpResponseBase:
    period = period_of(request, organisation, today)
    frames = _frames(period, today)
    if not is_refresh(request):  # a refresh is no further look
        looked(request, Look.Page.SCORECARD, person.pk)
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"scorecard-{period.key}", HEADER, _rows([person], period, organisation))
    own = access_of(request.user).person_id == person.pk
    led = access_of(request.user).led_team_ids if own else selectors.led_on(person, today)
    fresh = live_by(request, f"person:{person.pk}", *(f"team:{pk}" for pk in led))
    there = selectors.There(frames, today)
    cards = [
        selectors.card(person=person, period=frame, as_of=today, organisation=organisation, there=there)
        for frame in frames
    ]
    card = cards[frames.index(period)]
    parts = [part for part in card.parts if part.points is not None] if card else []
    weakest = max(parts, key=lambda part: part.weight - (part.points or 0), default=None)
    context = {
        "person": person,
        "is_own": own,
        "card": card,
        "role": Role(card.role).label if card else "",
        "frames": list(zip(frames, cards, strict=True)),
        "period": period,
        "as_of": min(today, period.last_day),
        "is_over": today > period.last_day,
        "weakest": weakest,
        "lacks": weakest.weight - weakest.points if weakest and weakest.points is not None else None,
        "currency": organisation.currency,
        "may_set": access_of(request.user).imports,
    }
    return shown(request, "performance/scorecard.html", context | fresh)


def _frames(period: Period, today: date) -> list[Period]:
    """The week, month, quarter and year of the asked period's last day so far; the asked one among them."""
    day = min(today, period.last_day)
    return [period if kind == period.kind else Period.of(day, kind, period.calendar) for kind in selectors.TIMEFRAMES]


def _rows(people: list[Person], period: Period, organisation: Organisation) -> Iterator[tuple[Any, ...]]:
    today = clock.today(organisation.time_zone)
    found = selectors.cards(people=people, period=period, as_of=today, organisation=organisation)
    for person in people:
        card = found.get(person.pk)
        for part in card.parts if card else ():
            yield (
                person.name, card.role if card else "", period.key, min(today, period.last_day), part.measure.key,
                part.figure.value, part.goal, part.weight, part.score, part.points, card.total if card else None,
                part.figure.currency or "",
            )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def scorecard_weights(request: SignedIn, role: str) -> HttpResponse:
    """What a role is scored by, since when and why; admin and operations change it."""
    if not access_of(request.user).imports or role not in Role.values:
        raise Http404
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    standing = selectors.standing_version(role)
    data = request.POST if request.method == "POST" else None
    form = ScorecardForm(data, measures=selectors.scorable(), standing=standing, today=today)
    if form.is_valid():
        said = form.cleaned_data
        try:
            set_scorecard(
                role=role, parts=form.parts, starts_on=said["starts_on"], reason=said["reason"],
                version=said["version"], by=request.user, at=clock.now(), on=today,
            )  # fmt: skip
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, f"What begins from {said['starts_on']:%-d %b %Y} on is scored so.")
            return redirect("scorecard-weights", role)
    labels = {measure.key: measure.label for measure in selectors.scorable()}
    context = {
        "role": role,
        "label": Role(role).label,
        "roles": Role.choices,
        "standing": standing,
        "versions": [
            (version, [(labels.get(part.measure, part.measure), part) for part in version.parts.all()])
            for version in selectors.scorecard_versions(role)[:20]
        ],
        "form": form,
        "today": today,
    }
    return render(request, "performance/scorecard_weights.html", context, status=422 if form.errors else 200)
