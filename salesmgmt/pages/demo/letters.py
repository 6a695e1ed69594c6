"""Writes what was said to this quarter's plan: most accept, one objection is answered, one waits; a change is told."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from sales.models import Account, Task
from salesmgmt.lib.periods import Period
from targets.models import AnnouncedFigure, Announcement, Answer, Plan, Response, ResponseAccount, Strategy
from targets.selectors import figures_of
from teams.models import Person, User
from teams.selectors import manager_of

from .loading import Moments
from .organisation import ZONE

APPROACHES = (
    "Two plant visits on most days, and every visit ends with a date for the next.",
    "First the open proposals, then the customers whose calibration ends this quarter.",
    "The service colleagues take me along twice a week; I follow up the day after.",
    "Fewer quotes, better prepared: budget and decision maker known before I write one.",
)
HELP = ("A demo kit with the Ex version", "Somebody from service for two visits", "A reference in food and drink")
REVISED = (
    "Win back measuring points from spreadsheets; every plant visit ends with a next step. "
    "Calibration contracts first: they are decided in weeks, not in quarters."
)
OPEN, ANSWERED = "E-102", "E-104"  # whose objection waits, and whose was answered
SILENT = ("E-103", "E-222", "E-312")


def write_letters(*, seed: int, today: date) -> None:
    """Responses to the plan of this quarter, its strategy in two versions and one announcement; no figure changes."""
    plan = Plan.objects.filter(period=Period.of(today, "quarter").key, published_at__isnull=False).first()
    if plan is None or plan.published_at is None:
        return
    random = np.random.default_rng([seed, today.toordinal(), 5])
    moments = Moments(today, ZONE, earliest=-200, latest=60)
    planner = User.objects.filter(username="vera").first()
    people = list(
        Person.objects.active(today)
        .filter(pk__in=plan.allocations.filter(person__isnull=False).values("person"))
        .select_related("user")
        .order_by("external_id")
    )
    figures = figures_of(plan, [person.pk for person in people])
    first = Strategy(plan=plan, version=1, text=plan.strategy, at=plan.made_at, by=plan.made_by)
    told_on = plan.starts_on + timedelta(days=(today - plan.starts_on).days // 2)
    told_at = moments.moment((told_on - today).days, 9 * 60 + 10)
    is_told = plan.published_at < told_at and (today - told_on).days >= 7
    second = Strategy(
        plan=plan, version=2, text=REVISED, reason="Projects are put off; contracts are not.", at=told_at, by=planner
    )
    Strategy.objects.bulk_create([first, second] if is_told else [first])
    announcement = None
    if is_told:
        announcement = Announcement.objects.create(
            plan=plan,
            headline="Plants put off new lines: we go for calibration contracts first.",
            results="Orders for new lines fell by a third since the quarter began; contracts are where we planned.",
            economy="Three large customers have frozen their budgets until the new year.",
            competition="Two competitors sell instruments at list price less a quarter. We don't follow.",
            strategy=second,
            at=told_at,
            by=planner,
        )
        AnnouncedFigure.objects.bulk_create(
            AnnouncedFigure(
                announcement=announcement,
                person=person,
                before=figures.get(person.pk, Decimal(0)),
                after=figures.get(person.pk, Decimal(0)),
            )
            for person in people
        )
    _respond(random, plan, None, people, figures, plan.published_at, today, is_last=not is_told)
    if announcement is not None:
        _respond(random, plan, announcement, people, figures, told_at, today, is_last=True)


def _respond(
    random: np.random.Generator,
    plan: Plan,
    announcement: Announcement | None,
    people: list[Person],
    figures: dict[int, Decimal],
    asked_at: datetime,
    today: date,
    *,
    is_last: bool,
) -> None:
    """Within two days most accept; of the latest asking one objection is answered and one is open."""
    owned: dict[int, list[int]] = {}
    for owner, account in Account.objects.present().filter(owner__in=people).order_by("pk").values_list("owner", "pk"):
        owned.setdefault(owner or 0, []).append(account)
    rows: list[Response] = []
    for place, person in enumerate(people):
        figure = figures.get(person.pk)
        is_silent = person.external_id in SILENT and is_last
        if figure is None or is_silent:
            continue
        objects = person.external_id in (OPEN, ANSWERED) and is_last
        rows.append(
            Response(
                plan=plan,
                announcement=announcement,
                person=person,
                stance="objects" if objects else "accepts",
                quota=figure,
                strategy_version=2 if announcement else 1,
                approach=APPROACHES[int(random.integers(len(APPROACHES)))],
                activities={
                    "call": int(random.integers(12, 30)),
                    "meeting": int(random.integers(3, 8)),
                    "visit": int(random.integers(2, 6)),
                },
                help_needed=HELP[int(random.integers(len(HELP)))] if place % 9 == 0 else "",
                statement=(
                    "Half of my figure was planned with new lines that have been put off. I ask to look at it again."
                    if objects
                    else ""
                ),
                at=asked_at + timedelta(minutes=int(random.integers(90, 2_800))),
                by=person.user,
            )
        )
    Response.objects.bulk_create(rows)
    ResponseAccount.objects.bulk_create(
        ResponseAccount(response=row, account_id=account)
        for row in rows
        for account in owned.get(row.person_id, [])[:3]
    )
    if is_last:
        _answer(rows, today)


def _answer(rows: list[Response], today: date) -> None:
    for row in rows:
        manager = manager_of(row.person, today)
        if row.person.external_id == ANSWERED and manager is not None:
            Answer.objects.create(
                response=row,
                kind="stands",
                text="Your contracts alone carry two thirds of it, and the waterworks decide this month. It stands; "
                "we look at it together every Friday.",
                at=row.at + timedelta(days=1, hours=2),
                by=manager.user,
            )
        if row.help_needed and manager is not None:
            Task.objects.create(
                owner=manager,
                text=f"Help {row.person.name}: {row.help_needed}",
                due_on=today + timedelta(days=3),
                source="response",
                reason=f"response:{row.pk}",
                link=f"/plans/{row.plan_id}/letters/{row.person_id}/",
            )
