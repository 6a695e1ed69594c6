"""Pages of recognition: the wall and the boards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from performance import live
from performance.selectors import MEASURES
from recognition import forms, selectors, services
from recognition.models import Award, BoardKind, Kudos, PersonalBest
from salesmgmt.desk.edges import act, csv_answer, part_of, tell_form
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, access_of
from teams.selectors import person_of

SHOWN = 30


@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """Everybody's praise; below what the system suggests to who leads, and a form to thank a colleague."""
    return _wall(request)


def _wall(request: HttpRequest, **bound: Form) -> HttpResponse:
    organisation = Organisation.get()
    today, now = clock.today(organisation.time_zone), clock.now()
    before = _cursor(request.GET.get("cursor", ""))
    user: Any = request.user
    praises = selectors.wall(user=user, before=before, count=SHOWN + 1)
    colleagues = selectors.colleagues(user=user, on=today)
    mine = selectors.praised_by(user=user, on=today)
    context = {
        "praises": praises[:SHOWN],
        "page": {
            "next": praises[SHOWN - 1].at.isoformat() if len(praises) > SHOWN else None,
            "previous": None,
            "said": "",
        },
        "lately": sum(1 for praise in praises if praise.at > now - timedelta(days=7)),
        "is_first": before is None,
        "suggestions": [
            (each, forms.WordForm(auto_id=f"word-{each.pk}_%s")) for each in selectors.waiting_suggestions(user)[:10]
        ],
        "kudos_form": forms.KudosForm(people=colleagues) if access_of(user).person_id else None,
        "award_form": forms.AwardForm(people=mine) if access_of(user).leads or access_of(user).sees_all else None,
    }
    return render(request, "recognition/wall.html", context | bound, status=422 if bound else 200)


def _cursor(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError as error:
        raise Http404 from error
    if text and (found is None or found.tzinfo is None):
        raise Http404
    return found


def _submit(request: HttpRequest, name: str, form: Form, do: Callable[[], object], said: str) -> HttpResponse:
    if form.is_valid():
        try:
            do()
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, said)
            return redirect("wall")
    return _wall(request, **{name: form})


@require_POST
def kudos_give(request: SignedIn) -> HttpResponse:
    giver = person_of(request.user)
    if giver is None:
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    form = forms.KudosForm(request.POST, people=selectors.colleagues(user=request.user, on=today))
    return _submit(
        request,
        "kudos_form",
        form,
        lambda: services.give_kudos(giver=giver, at=clock.now(), **form.cleaned_data),
        "It is on the wall.",
    )


@require_POST
def award_give(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not (access_of(user).leads or access_of(user).sees_all):
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    form = forms.AwardForm(request.POST, people=selectors.praised_by(user=user, on=today))
    return _submit(
        request,
        "award_form",
        form,
        lambda: services.give_award(by=user, at=clock.now(), **form.cleaned_data),
        "It is on the wall.",
    )


@require_POST
def suggestion_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(selectors.waiting_suggestions(user), pk=pk)
    form = forms.WordForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say it in a sentence of your own, in at most 500 characters.")
        return redirect("wall")
    return act(
        request,
        lambda: services.confirm_suggestion(
            suggestion=found, sentence=form.cleaned_data["sentence"], by=user, at=clock.now()
        ),
        said=f"{found.person.name}’s award is on the wall.",
        to=reverse("wall"),
    )


@require_POST
def suggestion_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(selectors.waiting_suggestions(user), pk=pk)
    return act(
        request,
        lambda: services.dismiss_suggestion(suggestion=found, by=user, at=clock.now()),
        said="Left unsaid.",
        to=reverse("wall"),
    )


def _praise(request: HttpRequest, kind: str, pk: str) -> Award | Kudos:
    found: Award | Kudos
    if kind == "award":
        found = get_object_or_404(Award.objects.visible_to(request.user), pk=pk)
    else:
        found = get_object_or_404(Kudos.objects.visible_to(request.user), pk=pk)
    return found


@require_POST
def applaud(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    item, person = _praise(request, kind, pk), person_of(request.user)
    if person is None:
        raise Http404
    joins = request.POST.get("joins") != "no"
    return act(
        request,
        lambda: services.applaud(person=person, item=item, joins=joins),
        said="You join in." if joins else "Taken back.",
        to=f"{reverse('wall')}#{kind}-{pk}",
    )


@require_POST
def take_down(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    item = _praise(request, kind, pk)
    user: Any = request.user
    if not selectors.may_take_down(item, user):
        raise Http404
    return act(
        request, lambda: services.take_down(item=item, by=user, at=clock.now()), said="Taken down.", to=reverse("wall")
    )


@require_GET
def leaderboard(request: HttpRequest) -> HttpResponseBase:
    """The board of a team: by attainment or by improvement, for a period."""
    organisation = Organisation.get()
    user: Any = request.user
    today = clock.today(organisation.time_zone)
    period = _period(request, organisation)
    teams = list(selectors.boards_of(user).order_by("path"))
    asked = request.GET.get("team", "")
    team = next((team for team in teams if str(team.pk) == asked), None)
    asked_by = request.GET.get("by", "")
    by = asked_by if asked_by in BoardKind.values else BoardKind.ATTAINMENT
    if asked and team is None:
        raise Http404
    shown = team or selectors.own_board(user)
    token = live.token_for(user, *([f"team:{shown.pk}"] if shown else []))
    board = selectors.leaderboard(user=user, team=shown, period=period, as_of=today, by=by)
    if request.GET.get("export") == "csv":
        rows = ((place.rank, place.person.name, board.measure, round(place.score, 6)) for place in board.places)
        return csv_answer(request, f"leaderboard-{period.key}", ("rank", "name", "by", "score"), rows)
    now = Period.of(today, "quarter", organisation.calendar)
    month = Period.of(today, "month", organisation.calendar)
    periods = [now, now.shift(-1), now.shift(-2), now.shift(-3), month, month.shift(-1)]
    least = min((len(team.path) for team in teams), default=0)
    context = {
        "board": board,
        "teams": [(team, "\u2003" * (len(team.path) - least)) for team in teams],
        "period": period,
        "periods": periods if period in periods else [*periods, period],
        "as_of": min(today, period.last_day),
        "before": period.shift(-1),
        "currency": organisation.currency,
        "kinds": BoardKind.choices,
        "bests": _bests(user),
        "live_token": token,
        "live_url": request.get_full_path(),
    }
    is_part = request.headers.get("HX-Request") == "true"
    response = render(request, f"recognition/{'_board' if is_part else 'leaderboard'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _bests(user: Any) -> list[dict[str, Any]]:
    """One's own bests, a row for each measure."""
    person = person_of(user)
    rows: dict[str, dict[str, Any]] = {}
    for best in selectors.bests_of(user, person) if person else ():
        measure = MEASURES[best.measure]
        row = rows.setdefault(
            best.measure, {"label": measure.label, "is_money": measure.unit == "money", "bests": [None] * 3}
        )
        row["bests"][PersonalBest.Kind.values.index(best.kind)] = best
    return list(rows.values())


@require_GET
@part_of("leaderboard")
def place(request: HttpRequest) -> HttpResponse:
    """One's own place in a sentence, fetched by the home: a board costs as many queries as all the rest of it."""
    organisation = Organisation.get()
    user: Any = request.user
    period = _period(request, organisation)
    board = selectors.leaderboard(user=user, period=period, as_of=clock.today(organisation.time_zone))
    context = {"board": board, "currency": organisation.currency, "period_asked": request.GET.get("period", "")}
    return render(request, "recognition/_place.html", context)


def _period(request: HttpRequest, organisation: Organisation) -> Period:
    key = request.GET.get("period", "")
    if not key:
        return Period.of(clock.today(organisation.time_zone), "quarter", organisation.calendar)
    try:
        return Period.parse(key, organisation.calendar)
    except ValueError as error:
        raise Http404 from error
