"""Writes what a working week leaves beside deals and activities: notes about the market, time, templates, tasks."""

from datetime import date, timedelta

import numpy as np

from sales.models import Account, ActivityTemplate, Competitor, InboundMail, MarketNote, Task, TimeEntry
from teams.models import Person

from .loading import Moments
from .organisation import ZONE, Company

COMPETITORS = ("Halvar Instruments", "Okta Sensorik", "Trentin Misure")
NOTES = (
    ("@{rival} offers 12 % off for a two-year contract #price", "rival"),
    ("@{rival} needs ten weeks for the Ex version at the moment #delivery", "rival"),
    ("@{rival} showed a gateway with a web page of its own at the fair #product", "rival"),
    ("@{account} merges its two purchasing teams in spring #customer", "account"),
    ("@{account} asks every supplier for a carbon figure from now on #customer #tender", "account"),
    ("Two dairies asked for a rental model within a week #product", ""),
    ("@{rival}'s service partner in the south has given notice #service", "rival"),
    ("@{account} had a recall; hygiene is on the table of the board #customer", "account"),
)
TEMPLATES = (
    ("No answer", "call", "No answer", 3, ""),
    ("First call", "call", "Needs understood", 20, "Line of business, what is measured, by when, who decides:"),
    ("Site visit", "visit", "Requirements taken down", 120, "Present:\nMeasuring points:\nEx zones:"),
    ("Quote sent", "email", "Quote sent", 10, ""),
)
USUAL = (("travel", 150), ("internal", 60), ("admin", 45), ("training", 90), ("other", 30))
WEEKS = 6


def write_work(company: Company, *, seed: int) -> None:
    """The same for a seed and a day; nothing of it moves a figure of the pace."""
    today: date = company.calendar.today
    random = np.random.default_rng([seed, today.toordinal(), 7])
    moments = Moments(today, ZONE, earliest=-90, latest=14)
    reps = [person for seat, person in zip(company.seats, company.people, strict=True) if seat.role == "rep"]
    Competitor.objects.bulk_create([Competitor(name=name) for name in COMPETITORS], ignore_conflicts=True)
    ActivityTemplate.objects.bulk_create(
        ActivityTemplate(name=name, kind=kind, outcome=outcome, duration_minutes=minutes, notes=notes)
        for name, kind, outcome, minutes, notes in TEMPLATES
    )
    _write_notes(random, moments, reps)
    _write_time(random, today, reps)
    _write_tasks(moments, today, reps)


def _write_notes(random: np.random.Generator, moments: Moments, reps: list[Person]) -> None:
    rivals = {rival.name: rival for rival in Competitor.objects.filter(name__in=COMPETITORS)}
    theirs: dict[int, list[Account]] = {}
    for one in Account.objects.filter(owner__in=reps).order_by("pk")[:2000]:
        theirs.setdefault(one.owner_id or 0, []).append(one)
    made = []
    for count in range(min(36, len(reps))):
        person = reps[int(random.integers(len(reps)))]
        text, about = NOTES[count % len(NOTES)]
        rival = rivals[COMPETITORS[int(random.integers(len(COMPETITORS)))]] if about == "rival" else None
        mine = theirs.get(person.pk, [])
        account = mine[int(random.integers(len(mine)))] if about == "account" and mine else None
        if about == "account" and account is None:
            continue
        day, minute = -int(random.integers(1, 60)), int(random.integers(8 * 60, 18 * 60))
        made.append(
            MarketNote(
                owner=person,
                noted_at=moments.moment(day, minute),
                text=text.format(rival=rival, account=account),
                tags=[word[1:] for word in text.split() if word.startswith("#")],
                competitor=rival,
                account=account,
            )
        )
    MarketNote.objects.bulk_create(made)


def _write_time(random: np.random.Generator, today: date, reps: list[Person]) -> None:
    monday = today - timedelta(days=today.weekday())
    made = []
    for person in reps:
        for back in range(1, WEEKS * 7):
            on = monday + timedelta(days=6 - back)
            if on >= today or on.weekday() > 4 or random.random() < 0.45:
                continue
            kind, minutes = USUAL[int(random.integers(len(USUAL)))]
            made.append(TimeEntry(owner=person, on=on, kind=kind, minutes=minutes + 15 * int(random.integers(-1, 4))))
    TimeEntry.objects.bulk_create(made)


def _write_tasks(moments: Moments, today: date, reps: list[Person]) -> None:
    """A weekly habit and a mail that found nobody, for whoever the visitor logs in as."""
    known = [person for person in reps if person.user_id]
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    Task.objects.bulk_create(
        Task(
            owner=person,
            text="Go through next week's visits",
            due_on=friday,
            source="manual",
            recurs=Task.Recurs.WEEK,
            recurs_from=friday,
            remind_at=moments.moment((friday - today).days, 9 * 60),
        )
        for person in known
    )
    InboundMail.objects.bulk_create(
        InboundMail(
            message_id=f"<demo-{person.pk}@example.com>",
            owner=person,
            received_at=moments.moment(-1, 10 * 60 + 12),
            subject="Your question about the calibration interval",
            sender=person.email,
            addresses=["laboratory@example.com"],
            text="Dear colleagues,\n\ntwelve months are right for your line; the certificate follows.\n\nKind regards",
            problem="None of your contacts has the address laboratory@example.com.",
        )
        for person in known
    )
