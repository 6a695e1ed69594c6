"""What works: groups of deals beside comparable ones, and the deals behind each."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlencode

import redis
from django.core.cache import cache
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from sales.models import Deal
from salesmgmt.desk.edges import csv_answer
from salesmgmt.lib import clock, keyset
from teams.edges import SignedIn
from teams.models import Organisation, access_of

from ..analysis.works import LEAST, Difference
from ..selectors import works as selectors
from ..selectors.works import CUTS, Row, may_compare, teams_led

MONTHS = (6, 12, 24, 60)
KEPT = 600  # seconds
REACH = 0.2  # of a difference: the mark ends there
T = TypeVar("T")
HEADER = (
    "group", "value", "deals", "won", "win_rate", "win_rate_low", "win_rate_high", "difference", "difference_low",
    "difference_high", "comparable_deals", "other_deals", "p", "beyond_chance", "median_cycle_days", "cycle_low",
    "cycle_high", "cycle_beyond_chance", "median_amount", "amount_low", "amount_high", "amount_beyond_chance",
)  # fmt: skip


def _asked(request: SignedIn) -> tuple[dict[str, Any], int]:
    """The days and the team of the address."""
    if not may_compare(access_of(request.user)):
        raise Http404
    today = clock.today(Organisation.get().time_zone)
    text = request.GET.get("months", "24")
    months = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if months not in MONTHS:
        raise Http404
    named = request.GET.get("team", "")
    number = int(named) if named.isascii() and named.isdigit() and len(named) <= 18 else 0
    team = get_object_or_404(teams_led(request.user), pk=number) if named else None
    back = today.year * 12 + today.month - 1 - months
    start = date(back // 12, back % 12 + 1, 1)
    return {"start": start, "until": today + timedelta(days=1), "team": team}, months


@require_GET
def what_works(request: SignedIn) -> HttpResponseBase:
    """Products, segments, sources, habits and plays against results, with what chance alone would do."""
    asked, months = _asked(request)
    found = _worked_out(asked)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "what-works", HEADER, ([*_cells(row)] for row in found.rows))
    groups: dict[str, dict[str, list[Any]]] = {}
    for row in found.rows:
        shown = (row, _address(row, asked, months), _mark(row.difference))
        groups.setdefault(row.cut.noun, {}).setdefault(row.cut.label, []).append(shown)
    better = [row for row in found.claims if row.difference and row.difference.interval.value > 0]
    parts = {slugify(noun): noun for noun in groups}
    part = request.GET.get("part", "")
    part = part if part in parts else next(iter(parts), "")
    context = {
        "found": found,
        "parts": parts.items(),
        "part": part,
        "cuts": groups[parts[part]].items() if part else (),
        "best": better[0] if better else None,
        "months": months,
        "choices": MONTHS,
        "team": asked["team"],
        "teams": list(teams_led(request.user).order_by("path")),
        "least": LEAST,
        "early": selectors.EARLY,
        "last": asked["until"] - timedelta(days=1),
        "currency": Organisation.get().currency,
    }
    return render(request, "performance/what_works.html", context)


def _worked_out(asked: dict[str, Any]) -> selectors.Works:
    """Once for all who look within some minutes, and anew after each decision; without a cache for each."""
    return _kept("works", asked, lambda: selectors.what_works(**asked))


def _kept(what: str, asked: dict[str, Any], work_out: Callable[[], T]) -> T:
    team = asked["team"]
    key = f"{what}:{asked['start']}:{asked['until']}:{team.pk if team else 0}:{selectors.last_decision()}"
    try:
        kept: T | None = cache.get(key)
        if kept is None:
            kept = work_out()
            cache.set(key, kept, KEPT)
    except (redis.RedisError, OSError):
        kept = work_out()
    return kept


@require_GET
def deals(request: SignedIn) -> HttpResponseBase:
    """The deals behind a row; those of others are counted in one line."""
    asked, _ = _asked(request)
    cut, value = request.GET.get("cut", ""), request.GET.get("value", "")
    if not cut:
        return redirect("what-works")
    if cut not in CUTS or not value:
        raise Http404
    which = sha256(f"{cut}:{value}".encode()).hexdigest()
    ids = _kept(f"worked:{which}", asked, lambda: selectors.deals_of(cut=cut, value=value, **asked))
    seen = Deal.objects.visible_to(request.user).filter(pk__in=ids)
    if request.GET.get("export") == "csv":
        found = seen.select_related("owner", "account").order_by("-closed_on", "-pk")
        return csv_answer(request, "what-works-deals", DEALS, (_deal(one) for one in found.iterator(chunk_size=2000)))
    page = keyset.page(
        seen.select_related("owner", "account"), by="closed_on", descending=True, cursor=request.GET.get("cursor", "")
    )
    context = {"cut": CUTS[cut], "value": value, "count": len(ids), "rest": len(ids) - seen.count(), "page": page}
    return render(request, "performance/what_works_deals.html", context | asked)


DEALS = ("deal", "account", "owner", "status", "closed_on", "amount", "currency")


def _deal(deal: Deal) -> list[Any]:
    return [
        deal.name, deal.account or "", deal.owner.name, deal.status, deal.closed_on, deal.amount, deal.currency,
    ]  # fmt: skip


def _address(row: Row, asked: dict[str, Any], months: int) -> str:
    team = {"team": asked["team"].pk} if asked["team"] else {}
    said = {"cut": row.cut.key, "value": row.value, "months": months} | team
    return f"{reverse('what-works-deals')}?{urlencode(said)}"


def _mark(difference: Difference | None) -> dict[str, str] | None:
    """Where a difference and its range stand on a line with nothing in the middle, in percent."""
    if difference is None:
        return None

    def at(value: float) -> float:
        return 50 + 50 * max(min(value / REACH, 1), -1)

    low, value, high = (at(getattr(difference.interval, name)) for name in ("low", "value", "high"))
    return {"x": f"{low:.1f}", "width": f"{max(high - low, 0.5):.1f}", "at": f"{value:.1f}"}


def _cells(row: Row) -> Iterator[Any]:
    """A row of the file; what isn't known is empty."""

    def three(interval: Any) -> list[float | None]:
        return [round(v, 4) for v in (interval.value, interval.low, interval.high)] if interval else [None] * 3

    yield from (row.cut.label, row.value, row.deals, row.won, *three(row.win_rate))
    yield from three(row.difference and row.difference.interval)
    if row.difference:
        yield from (row.difference.group, row.difference.others, round(row.difference.p, 4))
    else:
        yield from (None, None, None)
    yield from (row.wins_differ, *three(row.cycle), row.cycle_differs, *three(row.amount), row.amount_differs)
