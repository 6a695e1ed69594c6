"""Wall screens: what hangs by a secret address, and where the admin hangs it up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from performance import live
from recognition import selectors, services
from recognition.forms import ScreenForm, SwitchForm
from recognition.models import BoardKind, Screen
from salesmgmt.desk.edges import act, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.throttle import is_within
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Organisation, Team, access_of

MOST = 720  # looks a minute from one address: a wall of twenty screens, each made anew every other second and turning
LATELY = timedelta(days=14)


@require_safe
@login_not_required
def screen(request: HttpRequest, secret: str) -> HttpResponse:
    """A board of a team at a time, turning by itself without script; with it, of this second.

    Names the top only; knows no flag.
    """
    if not is_within(f"screen:{request.META.get('REMOTE_ADDR', '')}", MOST):
        answer = render(request, "429.html", status=429)
        answer["Retry-After"] = "60"
        return _apart(answer)
    found = selectors.screen_of(secret)
    if found is None:
        raise Http404
    organisation = Organisation.get()
    today = clock.today(organisation.time_zone)
    period = Period.of(today, "quarter", organisation.calendar)
    text = request.GET.get("turn", "0")
    turn = int(text) % len(found.boards) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    context = {
        "live_token": live.token_for(request.user, f"team:{found.team.pk}"),
        "live_url": request.get_full_path(),
        "screen": found,
        "board": selectors.board_of(team=found.team, period=period, as_of=today, by=found.boards[turn]),
        "pace": selectors.pace_on_screen(team=found.team, period=period, as_of=today, organisation=organisation),
        "awards": selectors.lately_awarded(found.team, since=clock.now() - LATELY, on=today),
        "period": period,
        "as_of": today,
        "currency": organisation.currency,
        "turns": [place == turn for place in range(len(found.boards))],
        "next_url": f"{request.path}?turn={(turn + 1) % len(found.boards)}",
        "organisation": organisation,
    }
    is_part = request.headers.get("HX-Request") == "true"
    return _apart(render(request, f"recognition/{'_' if is_part else ''}screen.html", context))


def _apart(answer: HttpResponse) -> HttpResponse:
    """Nobody else is told of a secret address, and no search engine lists it."""
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(answer)
    return answer


# ── Where the admin hangs them up ───────────────────────────────────────────────────────────────────────────────


def _admin(request: SignedIn) -> None:
    if access_of(request.user).role != "admin":
        raise Http404


def _page(request: SignedIn, *, form: ScreenForm | None = None, link: str = "") -> HttpResponse:
    teams = Team.objects.visible_to(request.user).order_by("path")
    context = {
        "screens": [
            (row, [BoardKind(board).label for board in row.boards])
            for row in Screen.objects.visible_to(request.user).select_related("team").order_by("name", "pk")
        ],
        "form": form or ScreenForm(teams=teams),
        "link": link,
    }
    answer = render(request, "recognition/screens.html", context, status=422 if form and form.errors else 200)
    if link:
        add_never_cache_headers(answer)
    return answer


def _secret(request: SignedIn) -> str:
    return services.screen_secret(by=request.user, form=request.POST.get("idempotency_key", "")[:200])


def _link(secret: str) -> str:
    return settings.BASE_URL + reverse("screen-show", args=[secret])


@require_http_methods(["GET", "HEAD", "POST"])
def screens(request: SignedIn) -> HttpResponse:
    """Every screen with its state; the address of a new one is shown once."""
    _admin(request)
    if request.method != "POST":
        return _page(request)
    form = ScreenForm(request.POST, teams=Team.objects.visible_to(request.user).order_by("path"))
    if form.is_valid():
        try:
            _, secret = services.add_screen(
                by=request.user, at=clock.now(), secret=_secret(request), **form.cleaned_data
            )
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            return _page(request, link=_link(secret))
    return _page(request, form=form)


def _switched(request: SignedIn, pk: int, do: Callable[[Screen, dict[str, Any]], object], said: str) -> HttpResponse:
    _admin(request)
    found = get_object_or_404(Screen.objects.visible_to(request.user), pk=pk)
    form = SwitchForm(request.POST)

    def change() -> None:
        if not form.is_valid():
            raise Refused("Open the list of screens again: this form is not complete.")
        do(found, form.cleaned_data)

    return act(request, change, said=said, to=reverse("screens"))


@require_POST
@keyed
def screen_switch(request: SignedIn, pk: int) -> HttpResponse:
    is_on = request.POST.get("is_on") == "1"
    return _switched(
        request, pk,
        lambda found, said: services.switch_screen(
            screen=found, is_on=is_on, version=said["version"], by=request.user
        ),
        "The screen is on." if is_on else "The screen is dark.",
    )  # fmt: skip


@require_POST
def screen_address(request: SignedIn, pk: int) -> HttpResponse:
    """A new address, shown once; the one before opens nothing."""
    _admin(request)
    found = get_object_or_404(Screen.objects.visible_to(request.user), pk=pk)
    form = SwitchForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused("Open the list of screens again: this form is not complete.")
        secret = services.change_screen_address(
            screen=found, version=form.cleaned_data["version"], by=request.user, secret=_secret(request)
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("screens")
    return _page(request, link=_link(secret))


@require_POST
@keyed
def screen_revoke(request: SignedIn, pk: int) -> HttpResponse:
    return _switched(
        request, pk,
        lambda found, said: services.revoke_screen(screen=found, version=said["version"], by=request.user),
        "Its address opens nothing any more.",
    )  # fmt: skip
