"""Pages of plays: the list, one with what came of it, and which were used on a deal or in an activity."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coaching import forms, selectors, services
from coaching.models import Play, PlayUse, sees_plays
from coaching.selectors.plays import CAUTION
from sales.models import Activity, Deal, may_write_for
from salesmgmt.desk.edges import act, csv_answer, renew, tell_form
from salesmgmt.desk.idempotency import keyed
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.finding import Asked, Holds, Words
from salesmgmt.lib.refusals import Refused, Stale
from teams.edges import SignedIn
from teams.models import Organisation, access_of

from .shared import apart

HEADER = (
    "name", "state", "author", "stage", "segment", "product", "votes", "deals", "won", "win_rate", "difference",
    "difference_low", "difference_high", "comparable_deals", "other_deals", "beyond_chance",
)  # fmt: skip


def _today() -> date:
    return clock.today(Organisation.get().time_zone)


def _seller_or_404(request: SignedIn) -> None:
    if not sees_plays(access_of(request.user)):
        raise Http404


@require_GET
def plays(request: SignedIn) -> HttpResponseBase:
    """Every play, those in use first asked; with what came of the deals it was used on."""
    _seller_or_404(request)
    asked = forms.PlayListForm(request.GET).asked
    found = selectors.plays_of(request.user)
    if text := asked.get("text", "").strip():
        found = found.filter(Holds(Words("name", "technique", "objection"), Asked(text)))
    if asked.get("state"):
        found = found.filter(state=asked["state"])
    if asked.get("stage"):
        found = found.filter(stage=asked["stage"])
    results = selectors.kept_results()
    if request.GET.get("export") == "csv":
        rows = (_cells(play, results.get(play.pk)) for play in found.order_by("pk"))
        return csv_answer(request, "plays", HEADER, rows)
    page = keyset.page(found, by="proposed_at", descending=True, size=25, lacks=False, cursor=asked.get("cursor", ""))
    context = {
        "page": page,
        "rows": [(play, results.get(play.pk)) for play in page.rows],
        "asked": asked,
        "is_narrowed": any(asked.get(name) for name in ("text", "state", "stage")),
        "states": Play.State.choices,
        "stages": selectors.stages_of_plays(),
        "adopted": Play.objects.visible_to(request.user).filter(state=Play.State.ADOPTED).count(),
        "best": _best(request, results),
        "may_propose": access_of(request.user).person_id is not None,
        "caution": CAUTION,
        "as_of": max((one.as_of for one in results.values() if one.as_of), default=None),
    }
    return render(request, "coaching/plays.html", context)


@require_http_methods(["GET", "POST"])
@keyed
def play_add(request: SignedIn) -> HttpResponse:
    """Anyone who sells proposes."""
    _seller_or_404(request)
    if access_of(request.user).person_id is None:
        raise Http404
    form = forms.PlayForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        words = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        try:
            made = services.propose_play(by=request.user, at=clock.now(), **words)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Proposed; colleagues may vote and comment.")
            return redirect("play", made.pk)
    return render(request, "coaching/play_add.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def play(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: SignedIn, pk: int, **bound: Any) -> HttpResponse:
    found = get_object_or_404(selectors.plays_of(request.user), pk=pk)
    access = access_of(request.user)
    may_decide = services.may_decide(access)
    comments = found.comments.select_related("author").order_by("-at", "-pk")
    initial = {name: getattr(found, name) for name in forms.PlayForm.base_fields}
    result = selectors.kept_results().get(found.pk)
    context = {
        "play": found,
        "result": result,
        "mark": _mark(result),
        "caution": CAUTION,
        "voices": selectors.voices_beside(request.user, found),
        "uses": list(
            PlayUse.objects.visible_to(request.user)
            .filter(play=found)
            .select_related("deal", "activity", "person")
            .order_by("-used_on", "-pk")[:10]
        ),
        "use_count": found.uses.count(),
        "comments": list(comments[:50]),
        "versions": list(found.versions.select_related("by__person").order_by("-number")[:20]),
        "changes": [
            (one, selectors.name_of(one.by)) for one in found.changes.select_related("by__person").order_by("at", "pk")
        ],
        "may_change": found.state != Play.State.RETIRED
        and access.person_id is not None
        and (access.person_id == found.author_id or may_decide),
        "may_adopt": may_decide and found.state == Play.State.PROPOSED and access.person_id != found.author_id,
        "may_retire": may_decide and found.state != Play.State.RETIRED,
        "may_vote": access.person_id not in {None, found.author_id} and found.state != Play.State.RETIRED,
        "may_comment": access.person_id is not None and found.state != Play.State.RETIRED,
        "form": forms.PlayForm(user=request.user, initial=initial),
        "comment_form": forms.PlayCommentForm(),
        "reason_form": forms.PlayReasonForm(),
    }
    return render(request, "coaching/play.html", apart(context | bound), status=422 if bound else 200)


@require_POST
@keyed
def play_change(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.plays_of(request.user), pk=pk)
    form = forms.PlayForm(request.POST, user=request.user)

    def save() -> None:
        services.change_play(play=found, by=request.user, at=clock.now(), **form.cleaned_data)

    return _submit(request, found, "form", form, save, "Saved; what it said before is kept.")


@require_POST
@keyed
def play_comment(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.plays_of(request.user), pk=pk)
    form = forms.PlayCommentForm(request.POST)

    def save() -> None:
        services.comment_on_play(play=found, by=request.user, at=clock.now(), **form.cleaned_data)

    return _submit(request, found, "comment_form", form, save, "Commented.")


@require_POST
@keyed
def play_vote(request: SignedIn, pk: int) -> HttpResponse:
    """Vote, or with `back` take one's vote back."""
    found = get_object_or_404(selectors.plays_of(request.user), pk=pk)
    if request.POST.get("back"):
        return act(
            request,
            lambda: services.take_vote_back(play=found, by=request.user),
            said="Your vote is taken back.",
            to=f"/plays/{pk}/",
        )
    return act(
        request,
        lambda: services.vote_for_play(play=found, by=request.user, at=clock.now()),
        said="Your vote counts.",
        to=f"/plays/{pk}/",
    )


@require_POST
@keyed
def play_adopt(request: SignedIn, pk: int) -> HttpResponse:
    return _decided(request, pk, services.adopt_play, "Adopted.")


@require_POST
@keyed
def play_retire(request: SignedIn, pk: int) -> HttpResponse:
    return _decided(request, pk, services.retire_play, "Retired.")


def _decided(request: SignedIn, pk: int, do: Any, said: str) -> HttpResponse:
    found = get_object_or_404(selectors.plays_of(request.user), pk=pk)
    form = forms.PlayReasonForm(request.POST)

    def save() -> None:
        do(play=found, by=request.user, at=clock.now(), **form.cleaned_data)

    return _submit(request, found, "reason_form", form, save, said)


def _submit(request: SignedIn, found: Play, name: str, form: Any, save: Any, said: str) -> HttpResponse:
    if form.is_valid():
        try:
            save()
        except Refused as refusal:
            tell_form(form, refusal)
            if isinstance(refusal, Stale):
                renew(form, selectors.plays_of(request.user).get(pk=found.pk).version)
        else:
            messages.success(request, said)
            return redirect("play", found.pk)
    return _page(request, found.pk, **{name: form})


@require_http_methods(["GET", "POST"])
@keyed
def plays_of_deal(request: SignedIn, pk: int) -> HttpResponse:
    """Which plays were used on a deal: a part of its page, and a page of its own without scripts."""
    _seller_or_404(request)
    deal = get_object_or_404(Deal.objects.visible_to(request.user).select_related("stage", "owner"), pk=pk)
    may_write = may_write_for(request.user, deal.owner_id) and deal.status == Deal.Status.OPEN
    return _used(request, {"deal": deal}, f"/deals/{pk}/", deal.name, may_write=may_write, stage=deal.stage_id)


@require_http_methods(["GET", "POST"])
@keyed
def plays_of_activity(request: SignedIn, pk: int) -> HttpResponse:
    """The same of an activity."""
    _seller_or_404(request)
    seen = Activity.objects.visible_to(request.user).select_related("deal", "owner", "account")
    activity = get_object_or_404(seen, pk=pk)
    is_open = activity.deal is None or activity.deal.status == Deal.Status.OPEN
    may_write = may_write_for(request.user, activity.owner_id) and is_open
    name = f"{activity.get_kind_display()} on {activity.occurred_on:%d %b %Y}"
    stage = activity.deal.stage_id if activity.deal else None
    return _used(request, {"activity": activity}, f"/activities/{pk}/", name, may_write=may_write, stage=stage)


def _used(
    request: SignedIn, on: dict[str, Any], back: str, name: str, *, may_write: bool, stage: int | None
) -> HttpResponse:
    form = forms.PlayUseForm(request.POST or None, user=request.user)
    if request.method == "POST":
        if not may_write:
            raise Http404
        if form.is_valid():
            try:
                services.use_play(by=request.user, at=clock.now(), on=_today(), **form.cleaned_data, **on)
            except Refused as refusal:
                tell_form(form, refusal)
            else:
                messages.success(request, "Noted.")
                return redirect(back)
    part = "HX-Request" in request.headers and request.method == "GET"
    context = {
        **on,
        "name": name,
        "back": back,
        "form": form,
        "may_write": may_write and access_of(request.user).person_id is not None,
        "uses": list(selectors.uses_of(request.user, **on).order_by("used_on", "pk")),
        "fitting": [play for play in form.plays if stage and play.stage_id == stage][:3],
    }
    template = "coaching/_play_uses.html" if part else "coaching/play_uses.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
@keyed
def play_use_remove(request: SignedIn, pk: int) -> HttpResponse:
    use = get_object_or_404(PlayUse.objects.visible_to(request.user), pk=pk)
    to = f"/activities/{use.activity_id}/" if use.activity_id else f"/deals/{use.deal_id}/"
    return act(request, lambda: services.take_use_back(use=use, by=request.user), said="Taken back.", to=to)


def _best(request: SignedIn, results: dict[int, selectors.PlayResult]) -> tuple[Play, selectors.PlayResult] | None:
    good = {
        pk: one.difference.interval.value
        for pk, one in results.items()
        if one.differs and one.difference and one.difference.interval.low > 0
    }
    if not good:
        return None
    pk = max(good, key=good.__getitem__)
    return selectors.plays_of(request.user).get(pk=pk), results[pk]


def _mark(result: selectors.PlayResult | None) -> dict[str, str] | None:
    if result is None or not result.is_enough or result.difference is None:
        return None
    span = result.difference.interval
    low, value, high = (50 + 50 * max(min(one / 0.2, 1), -1) for one in (span.low, span.value, span.high))
    return {"x": f"{low:.1f}", "width": f"{max(high - low, 0.5):.1f}", "at": f"{value:.1f}"}


def _cells(play: Any, result: selectors.PlayResult | None) -> tuple[Any, ...]:
    found = result.difference if result and result.is_enough else None
    span: list[float | None] = [None] * 3
    if found:
        span = [round(one, 4) for one in (found.interval.value, found.interval.low, found.interval.high)]
    return (
        play.name, play.state, play.author.name, play.stage and play.stage.name, play.segment,
        play.product and play.product.name, play.vote_count, result.deals if result else 0, result.won if result else 0,
        round(result.win_rate.value, 4) if result and result.win_rate else None, *span,
        found and found.group, found and found.others, bool(result and result.differs),
    )  # fmt: skip
