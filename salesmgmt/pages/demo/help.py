"""Writes the playbook with where plays were used, and help that people got, with what it is judged beside."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from coaching.models import CoachingPlan, CoachingPlanChange, Play, PlayChange, PlayComment, PlayUse, PlayVote
from coaching.services import freeze_plans, refresh_help_effects, refresh_play_effects
from sales.models import Deal, Stage
from teams.models import Leadership, Person, Posting, Role

from .cast import RIDE_WEEKS, RIDES
from .organisation import ZONE

# name, technique, what one says, objection, answer, example, place of the stage, state, share of won and of lost deals
PLAYS: tuple[tuple[str, str, str, str, str, str, int, str, float, float], ...] = (
    (
        "Walk the line first",
        "Ask for twenty minutes on the plant floor before any quote. Count the measuring points yourself and note the"
        " three that trouble them most.",
        "May I see where it is mounted? I quote better when I have seen the pipe.",
        "We can send you a drawing.",
        "The drawing shows where it should be. I would like to see where it is.",
        "At a dairy the drawing said 40 points; there were 61, and the order grew by half.",
        1, "adopted", 0.34, 0.20,
    ),
    (
        "Budget owner before price",
        "Ask who signs before a figure leaves the house, and meet that person once.",
        "Who besides you will look at the figure, and what will they look for?",
        "Just send the price, I will pass it on.",
        "Gladly. So that you need not defend it alone: shall we show it to them together?",
        "", 2, "adopted", 0.22, 0.17,
    ),
    (
        "Cost of the standstill",
        "Work out with the customer what an hour of standstill costs, on their own figures, and leave the sheet there.",
        "What did the last unplanned stop cost you, all in?",
        "You are more expensive than the others.",
        "By about 900 a year. One hour of standstill costs you 14,000, as you said.",
        "", 3, "adopted", 0.12, 0.10,
    ),
    (
        "Summary the same evening",
        "Send five lines after each meeting: what they want, what we do, by when, who decides, next step.",
        "", "", "", "", 1, "adopted", 0.18, 0.18,
    ),
    (
        "Reference on the phone",
        "Offer a call with a customer of the same trade instead of a leaflet, and stay out of it.",
        "Would it help to ask somebody who has run it for a year? I won't be on the line.",
        "", "", "", 3, "proposed", 0.02, 0.01,
    ),
    (
        "Discount for three years",
        "Offer the framework price for three years when the discount is the last open point.",
        "", "Ten percent off and we sign.", "Over three years I can do six; for one year the price stands.", "",
        4, "retired", 0.05, 0.06,
    ),
)  # fmt: skip
COMMENTS = (
    "Works best with maintenance people; purchasing finds it odd.",
    "Tried it three times this month, two want a second meeting.",
    "I leave the last question out with customers we know well.",
)
HELP = (  # kind, measure, what exactly, weeks ago it began, how long
    ("ride_along", "activities", "Two days a week together at new customers", RIDE_WEEKS, 8),
    ("course", "win_rate", "Closing course: four evenings and a practice deal", 22, 6),
    ("mentoring", "bookings", "Every second Friday with a colleague who knows the trade", 19, 12),
    ("practice", "win_rate", "Practise “Walk the line first” before each first visit", 7, 6),
)
EACH = 6


@transaction.atomic
def write_help(*, seed: int, today: date) -> None:
    """After everything was sold: nothing here changes a deal or a figure."""
    random = np.random.default_rng([seed, today.toordinal(), 20])
    reps = [
        posting.person
        for posting in Posting.objects.on(today)
        .filter(role=Role.REP)
        .select_related("person__user")
        .order_by("person__external_id", "person")
    ]
    if len(reps) < len(PLAYS):
        return
    _write_plays(random, reps, today)
    _write_plans(reps, today)


def _write_plays(random: np.random.Generator, reps: list[Person], today: date) -> None:
    first = Stage.objects.order_by("pipeline__position", "pipeline", "position").first()
    stages = list(first.pipeline.stages.order_by("position")) if first else []
    decider = Leadership.objects.on(today).select_related("person__user").order_by("pk").first()
    made = []
    for place, (name, technique, said, objection, answer, example, stage, state, *shares) in enumerate(PLAYS):
        author = reps[place * 2 % len(reps)]
        at = _at(today - timedelta(days=420 - 40 * place), 10)
        play = Play.objects.create(
            name=name, technique=technique, talk_track=said, objection=objection, answer=answer, example=example,
            stage=stages[min(stage, len(stages) - 1)] if stages else None, author=author, state=state, proposed_at=at,
        )  # fmt: skip
        PlayChange.objects.create(play=play, at=at, by=author.user, state="proposed")
        by = decider.person.user if decider else None
        if state != "proposed":
            reason = "Several of us win with it" if state == "adopted" else "It cost margin and won nothing"
            PlayChange.objects.create(play=play, at=at + timedelta(days=12), by=by, state=state, reason=reason)
        peers = [one for one in reps if one != author]
        for nth in random.permutation(len(peers))[: 5 - place % 4].tolist():
            PlayVote.objects.create(play=play, person=peers[nth], at=at + timedelta(days=3 + nth))
        if place < len(COMMENTS):
            PlayComment.objects.create(
                play=play, author=peers[place], text=COMMENTS[place], at=at + timedelta(days=20 + place)
            )
        made.append((play, shares))
    _write_uses(random, made, today)


def _write_uses(random: np.random.Generator, plays: list[tuple[Play, list[float]]], today: date) -> None:
    """On deals of the last year and a half, the good ones a little more often on those that were won."""
    since = today - timedelta(days=540)
    deals = list(
        Deal.objects.filter(opened_on__gte=since, withdrawn_at=None)
        .order_by("opened_on", "external_id", "pk")
        .values_list("pk", "owner_id", "status", "opened_on", "closed_on")
    )
    uses: list[Any] = []
    for play, (won, lost) in plays:
        chance = np.array([won if deal[2] == "won" else lost for deal in deals])
        for place in np.flatnonzero(random.random(len(deals)) < chance).tolist():
            pk, owner, _, opened, closed = deals[place]
            on = min(
                (opened or today) + timedelta(days=9), closed or today - timedelta(days=1), today - timedelta(days=1)
            )
            if on >= play.proposed_at.date():
                uses.append(PlayUse(play=play, deal_id=pk, person_id=owner, used_on=on, at=_at(on, 16)))
    PlayUse.objects.bulk_create(uses, batch_size=2000)


def _write_plans(reps: list[Person], today: date) -> None:
    """Some had help, by who leads them."""
    leads = {seat.team_id: seat.person for seat in Leadership.objects.on(today).select_related("person__user")}
    teams = dict(Posting.objects.on(today).filter(person__in=reps).values_list("person_id", "team_id"))
    led = [one for one in reps if leads.get(teams[one.pk])]
    ridden = [one for one in led if one.external_id in RIDES]
    for place, (kind, measure, text, weeks, long) in enumerate(HELP):
        for person in led[place * EACH : (place + 1) * EACH] if place else ridden:
            coach = leads[teams[person.pk]]
            starts_on = today - timedelta(weeks=weeks, days=today.weekday())
            if coach == person or (person.hired_on and person.hired_on > starts_on - timedelta(days=91)):
                continue
            until, at = starts_on + timedelta(weeks=long), _at(starts_on - timedelta(days=5), 11)
            plan = CoachingPlan.objects.create(
                person=person, coach=coach, kind=kind, measure=measure, text=text, starts_on=starts_on, until=until,
                planned_at=at,
            )  # fmt: skip
            what = f"Planned from {starts_on:%d %b %Y} until {until:%d %b %Y}"
            CoachingPlanChange.objects.create(plan=plan, at=at, by=coach.user, what=what)
    freeze_plans(on=today, at=_at(today, 4))
    refresh_help_effects(on=today)
    refresh_play_effects(on=today)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(ZONE))
