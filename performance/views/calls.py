"""Calls: stake one's own, and see those of one's people beside the computed forecast."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, Person, Team, access_of
from teams.selectors import organisation_of, person_of

from .. import selectors, services
from ..forms import CallForm
from ..models import Call
from ..selectors import calls as reading
from .asked import live_of, shown
from .pipeline import scope_choices, scope_of

FILE = (
    "made_on", "person", "team", "period", "commit", "best_case", "currency", "people_commit", "people_best_case",
    "note",
)  # fmt: skip
STANDING = (
    "kind", "name", "called_on", "commit", "best_case", "people_commit", "not_called", "computed", "credited", "bias",
    "error", "judged", "currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stake:
    """One form: what is called for, the call that stands, what is computed, and what was called before."""

    team: Team | None
    standing: Call | None
    form: CallForm
    history: list[Call]


@require_http_methods(["GET", "HEAD", "POST"])
@keyed
def calls(request: SignedIn) -> HttpResponseBase:
    """One's own call to make; for who leads, the team's, with what it rolls up from."""
    organisation = organisation_of(request.user)
    today, person = clock.today(organisation.time_zone), person_of(request.user)
    period = _period(request, organisation, today)
    scope = scope_of(request)
    if request.GET.get("format") == "csv":
        return _file(request, scope, period, min(today, period.last_day), organisation)
    fresh, stakes = live_of(request, scope), _stakes(request, person, period, today)
    if request.method == "POST":
        answer = _call(request, person, period, stakes, today)
        if answer is not None:
            return answer
    as_of = min(today, period.last_day)
    told = reading.calls_of(scope=scope, period=period, as_of=as_of)
    own = reading.call_lines(person_ids=[person.pk], period=period, as_of=as_of) if person and stakes else []
    context = {
        "period": period,
        "scope": scope,
        "scopes": scope_choices(request, scope, today),
        "whole": told.whole,
        "teams": told.teams,
        "people": told.people,
        "own": own[0] if own else None,
        "stakes": stakes,
        "is_over": today >= period.end,
        "weeks": reading.WEEKS,
        "currency": organisation.currency,
        "as_of": as_of,
        "period_choices": _choices(period, today, scope),
        "period_label": period.label,
    }
    status = 422 if any(stake.form.errors for stake in stakes) else 200
    return shown(request, "performance/calls.html", context | fresh, status=status)


def _period(request: SignedIn, organisation: Organisation, today: date) -> Period:
    key = request.GET.get("period", "")
    try:
        return Period.parse(key, organisation.calendar) if key else Period.of(today, "quarter", organisation.calendar)
    except ValueError as error:
        raise Http404 from error


def _choices(period: Period, today: date, scope: selectors.Scope) -> list[tuple[str, str, bool]]:
    now = Period.of(today, "quarter", period.calendar)
    shown = [now.shift(1), *(now.shift(-back) for back in range(8)), Period.of(today, "month", period.calendar)]
    return [(one.label, f"?{urlencode({'of': scope.key, 'period': one.key})}", one == period) for one in shown]


def _stakes(request: SignedIn, person: Person | None, period: Period, today: date) -> list[Stake]:
    """The calls that are this person's to make: of the teams they lead, and of their own result."""
    if person is None or today >= period.end or access_of(request.user).role not in {"rep", "manager", "executive"}:
        return []
    targets: list[Team | None] = [*reading.may_call_for(person, today)]
    if person.pk in reading.sellers(Team.objects.visible_to(request.user).values_list("pk", flat=True), period, today):
        targets.append(None)
    asked = request.POST.get("team", "") if request.method == "POST" else None
    found = []
    for team in targets:
        history = reading.history(period=period, person=person, team=team)
        mine = next((call for call in history if call.person_id == person.pk), None)
        said = {"commit": mine.commit, "best_case": mine.best_case, "note": mine.note} if mine else {}
        start = said | {"team": team and team.pk, "after": history[0].pk if history else 0}
        is_asked = asked == str(team.pk if team else "")
        form = CallForm(
            request.POST if is_asked else None, initial=start, auto_id=f"id_{team.pk if team else 'own'}_%s"
        )
        found.append(Stake(team, history[0] if history else None, form, history))
    return found


def _call(
    request: SignedIn, person: Person | None, period: Period, stakes: list[Stake], today: date
) -> HttpResponseBase | None:
    """Do it and go back; None where the form has something to say."""
    stake = next((one for one in stakes if one.form.is_bound), None)
    if person is None or stake is None:
        raise Http404
    if not stake.form.is_valid():
        return None
    said: dict[str, Any] = {name: stake.form.cleaned_data[name] for name in ("commit", "best_case", "note", "after")}
    try:
        services.make_call(
            person=person, team=stake.team, period=period, by=request.user, at=clock.now(), on=today, **said
        )
    except Refused as refusal:
        tell_form(stake.form, refusal)
        return None
    messages.success(request, f"Called for {period.label}.")
    kept = {name: request.GET[name] for name in ("of", "period") if name in request.GET}
    return HttpResponseRedirect(f"{reverse('calls')}?{urlencode(kept)}", status=303)


def _file(
    request: SignedIn, scope: selectors.Scope, period: Period, as_of: date, organisation: Organisation
) -> HttpResponseBase:
    """Every call that was made; or what they come to, beside what is computed and how right they were."""
    if request.GET.get("list") == "standing":
        told = reading.lines_of(reading.calls_of(scope=scope, period=period, as_of=as_of))
        found = ([*(getattr(line, name) for name in STANDING[:-1]), organisation.currency] for line in told)
        return csv_answer(request, f"calls-standing-{period.key}", STANDING, found)
    rows = Call.objects.visible_to(request.user).of(period).filter(reading.calls_within(scope, as_of))
    rows = rows.select_related("person", "team")
    lines = (
        (
            call.made_on, call.person.name, call.team.name if call.team else "", call.period, call.commit,
            call.best_case, call.currency, call.people_commit, call.people_best_case, call.note,
        )
        for call in rows.order_by("made_on", "made_at", "pk")
    )  # fmt: skip
    return csv_answer(request, f"calls-{period.key}", FILE, lines)
