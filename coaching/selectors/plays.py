"""Plays with what came of them, and what customers and the market say beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Exists, OuterRef, QuerySet

from coaching.analysis.plays import Histories, difference_at_use
from coaching.models import Play, PlayEffect, PlayUse, PlayVote
from performance.analysis.works import LEAST, Difference, Interval, beyond_chance, wilson
from performance.selectors.works import Cut, Row, decided
from sales.models import Activity, Deal, DealChange, Feedback, MarketNote, Stage
from teams.models import Organisation, User, access_of

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
    as_of: date | None = None

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


def play_results(*, start: date, until: date, deals: list[dict[str, Any]] | None = None) -> dict[int, PlayResult]:
    """Each play's decided deals against deals without it that had come as far: same pipeline, third of size, segment,
    stage and age as of the day it was used; seven queries. Of all deals decided in that time, or of `deals`."""
    deals = decided(start=start, until=until) if deals is None else deals
    used: dict[int, dict[int, date]] = {}
    for play, on, day in PlayUse.objects.filter(deal__isnull=False).values_list("play_id", "deal_id", "used_on"):
        first = used.setdefault(play, {})
        first[on] = min(day, first.get(on, day))
    if not used:
        return {}
    spans: dict[int, list[Any]] = {
        pk: rest
        for pk, *rest in Deal.objects.filter(closed_on__gte=start, closed_on__lt=until).values_list(
            "pk", "stage__pipeline_id", "stage__name", "opened_on", "closed_on"
        )
    }
    deals = [deal for deal in deals if deal["id"] in spans]
    keys = [(spans[deal["id"]][0], deal["size"], deal["industry"]) for deal in deals]
    rows = {deal["id"]: row for row, deal in enumerate(deals)}
    asked = {keys[rows[pk]] for uses in used.values() for pk in uses if pk in rows}
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    like = np.array([places[key] for key in keys], dtype=np.int64)
    won = np.array([deal["won"] for deal in deals], dtype=bool)
    opened = [spans[pk][2] or spans[pk][3] for pk in rows]
    lasted = np.array([(spans[pk][3] - opened[row]).days for pk, row in rows.items()], dtype=np.int64)
    stages = _histories({pk: row for pk, row in rows.items() if keys[row] in asked}, spans, opened, len(deals))
    found = {}
    for play, uses in used.items():
        ages = {rows[pk]: max((day - opened[rows[pk]]).days, 0) for pk, day in uses.items() if pk in rows}
        gained = int(won[list(ages)].sum()) if ages else 0
        difference = difference_at_use(won, like, lasted, stages, ages)
        found[play] = PlayResult(len(ages), gained, wilson(gained, len(ages)), difference)
    return _judged(found)


def _rows(deals: list[dict[str, Any]], start: date, until: date) -> Iterator[Row]:
    """Plays in use beside all else that may go with results, the most used first."""
    names = dict(Play.objects.in_use().values_list("pk", "name"))
    found = play_results(start=start, until=until, deals=deals) if names else {}
    for pk, one in sorted(found.items(), key=lambda item: (-item[1].deals, item[0])):
        if pk in names and one.deals:
            yield Row(CUT, names[pk], one.deals, one.won, one.win_rate, one.difference, None, None)


def _deals(name: str) -> list[int]:
    uses = PlayUse.objects.filter(play__in=Play.objects.in_use().filter(name=name), deal__isnull=False)
    return list(uses.values_list("deal_id", flat=True))


CUT = Cut("play", "Play", "Plays", lambda deal: "", rows=_rows, deals=_deals)
"""Among what works: compared from the day a play was used on, as here."""


def _histories(rows: dict[int, int], spans: dict[int, list[Any]], opened: list[date], count: int) -> Histories:
    """Through which stages deals went, of those that are compared."""
    zone = ZoneInfo(Organisation.get().time_zone)
    codes: dict[str, int] = {}
    opening = np.full(count, -1, dtype=np.int64)
    moves = []
    changes = DealChange.objects.filter(deal__in=list(rows), field=DealChange.Field.STAGE).order_by("changed_at", "pk")
    for pk, at, was, stage in changes.values_list("deal_id", "changed_at", "was", "value").iterator():
        row = rows[pk]
        if opening[row] < 0:
            opening[row] = codes.setdefault(was or stage, len(codes))
        moves.append(
            (row, max((at.astimezone(zone).date() - opened[row]).days, 0), codes.setdefault(stage, len(codes)))
        )
    for pk, row in rows.items():
        if opening[row] < 0:
            opening[row] = codes.setdefault(spans[pk][1], len(codes))
    return Histories(opening, moves)


def _judged(found: dict[int, PlayResult]) -> dict[int, PlayResult]:
    compared = {play: one.difference.p for play, one in found.items() if one.is_enough and one.difference is not None}
    verdicts = beyond_chance([*compared.values()])
    return found | {play: replace(found[play], differs=it) for play, it in zip(compared, verdicts, strict=True)}


def kept_results() -> dict[int, PlayResult]:
    """Each play's result as of last night: one query, however many deals there are."""
    found = {}
    for row in PlayEffect.objects.all():
        difference = None
        if None not in (row.value, row.low, row.high, row.chance):
            value, low, high, chance = (float(one or 0) for one in (row.value, row.low, row.high, row.chance))
            difference = Difference(Interval(value, low, high), chance, row.group, row.others)
        rate = wilson(row.won, row.deals)
        found[row.play_id] = PlayResult(row.deals, row.won, rate, difference, row.differs, row.as_of)
    return found


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
