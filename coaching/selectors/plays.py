"""Plays with what came of them, and what customers and the market say beside them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Count, Exists, OuterRef, QuerySet

from coaching.models import Play, PlayUse, PlayVote
from performance.analysis.works import LEAST, Difference, Interval, beyond_chance, difference_of_shares, wilson
from performance.selectors.works import decided
from sales.models import Activity, Deal, Feedback, MarketNote, Stage
from teams.models import User, access_of

LIKE = ("pipeline", "size", "segment")
CAUTION = (
    "Who chooses a play, chooses the deal for it: a difference shows where it goes well, not yet that it makes it go"
    " well."
)


@dataclass(frozen=True, slots=True)
class PlayResult:
    """Decided deals with a play and comparable ones without it."""

    deals: int
    won: int
    win_rate: Interval | None
    difference: Difference | None
    differs: bool = False
    """By more than chance, of all plays that were compared."""

    @property
    def is_enough(self) -> bool:
        return self.difference is not None and min(self.difference.group, self.difference.others) >= LEAST

    @property
    def sentence(self) -> str:
        if not self.deals:
            return "Not used on a decided deal yet."
        if self.difference is None or not self.is_enough:
            return f"Too little to tell: {self.deals} decided deals with it; from {LEAST} comparable ones on, results."
        points = self.difference.interval
        span = f"between {points.low * 100:+.0f} and {points.high * 100:+.0f} points"
        if self.differs:
            return f"Deals with it are won {points.value * 100:+.0f} points more often than comparable ones ({span})."
        return f"No more difference than chance makes: {span} in the win rate."


@dataclass(frozen=True, slots=True)
class Voices:
    """What customers and the market say, as far as the viewer sees it."""

    feedback: list[Feedback]
    notes: list[MarketNote]


def plays_of(user: User) -> QuerySet[Play]:
    """Plays with how many peers voted for each, and whether the user did."""
    mine = PlayVote.objects.filter(play=OuterRef("pk"), person=access_of(user).person_id)
    return (
        Play.objects.visible_to(user)
        .select_related("author", "stage__pipeline", "product")
        .annotate(vote_count=Count("votes", distinct=True), voted=Exists(mine))
    )


def stages_of_plays() -> QuerySet[Stage]:
    return Stage.objects.select_related("pipeline").order_by("pipeline__name", "position", "pk")


def uses_of(user: User, *, deal: Deal | None = None, activity: Activity | None = None) -> QuerySet[PlayUse]:
    """Which plays were used on a deal (its activities included) or in an activity."""
    found = PlayUse.objects.visible_to(user).select_related("play", "person", "activity")
    return found.filter(activity=activity) if activity is not None else found.filter(deal=deal)


def play_results(*, start: date, until: date) -> dict[int, PlayResult]:
    """Each play's decided deals against deals without it: same pipeline, third of size and segment; six queries."""
    deals = decided(start=start, until=until)
    pipelines = dict(
        Deal.objects.filter(closed_on__gte=start, closed_on__lt=until).values_list("pk", "stage__pipeline_id")
    )
    used: dict[int, set[int]] = {}
    for play, on in PlayUse.objects.filter(deal__isnull=False).values_list("play_id", "deal_id").distinct():
        used.setdefault(play, set()).add(on)
    for deal in deals:
        deal |= {"pipeline": pipelines.get(deal["id"]), "segment": deal["industry"]}
    keys = [tuple(deal[name] for name in LIKE) for deal in deals]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    strata = np.array([places[key] for key in keys], dtype=np.int64)
    won = np.array([deal["won"] for deal in deals], dtype=bool)
    numbers = np.array([deal["id"] for deal in deals], dtype=np.int64)
    return _judged({play: _result(won, strata, np.isin(numbers, list(ids))) for play, ids in used.items()})


def _result(won: Any, strata: Any, group: Any) -> PlayResult:
    count, gained = int(group.sum()), int((group & won).sum())
    return PlayResult(count, gained, wilson(gained, count), difference_of_shares(won, group, strata) if count else None)


def _judged(found: dict[int, PlayResult]) -> dict[int, PlayResult]:
    compared = [play for play, result in found.items() if result.is_enough]
    verdicts = beyond_chance([found[play].difference.p for play in compared])  # type: ignore[union-attr]
    return found | {play: replace(found[play], differs=it) for play, it in zip(compared, verdicts, strict=True)}


def last_use() -> int:
    """What changes with every use said or taken back."""
    row = PlayUse.objects.aggregate(count=Count("pk"))
    last = PlayUse.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return int(last * 1_000_003 + row["count"])


def voices_beside(user: User, play: Play, *, most: int = 5) -> Voices:
    """Comments of customers whose deals it was used on, and market notes on its product or segment."""
    accounts = PlayUse.objects.filter(play=play, deal__account__isnull=False).values("deal__account")
    feedback = (
        Feedback.objects.visible_to(user)
        .exclude(comment="")
        .filter(account__in=accounts)
        .select_related("account")
        .order_by("-given_on", "-pk")[:most]
    )
    notes = MarketNote.objects.visible_to(user).select_related("owner", "competitor", "product")
    if play.product_id:
        notes = notes.filter(product=play.product_id)
    elif play.segment:
        notes = notes.filter(account__industry=play.segment)
    else:
        notes = notes.filter(account__in=accounts)
    return Voices(list(feedback), list(notes.order_by("-noted_at", "-pk")[:most]))
