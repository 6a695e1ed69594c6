"""The accountability ladder: it goes on step by step, is read, is paused, and refuses in words."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from coaching import selectors, services
from coaching.models import Case, Exit, Ladder, LadderDecision, LadderStep, StepSupport
from sales.models import Task
from salesmgmt.desk.models import AuditEntry, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused, Stale
from targets import services as targets
from targets.models import Allocation, Plan, QuotaEntry
from teams.models import Leadership, Leave, LeaveKind, Person, Posting, Role, User
from tests.cast import SINCE, Cast, make_cast
from tests.performance.records import a_credit

DAY = timedelta(days=1)


def user(person: Person) -> User:
    return User.objects.get(pk=person.user_id)


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(
        person if isinstance(person, User) else user(person), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@dataclass
class World:
    cast: Cast
    hugo: Person
    now: datetime
    today: date

    @property
    def maya(self) -> User:
        return user(self.cast.maya)

    @property
    def ben(self) -> User:
        return user(self.cast.ben)


def a_world(cast: Cast) -> World:
    login = User.objects.create(username="hugo")
    hugo = Person.objects.create(name="Hugo", user=login)
    Posting.objects.create(person=hugo, team=cast.company, role=Role.HR, during=half_open(SINCE))
    return World(cast, hugo, clock.now(), clock.today("Europe/Berlin"))


@pytest.fixture
def world(cast: Cast) -> World:
    return a_world(cast)


def agree(world: World, step: LadderStep, *, back: int = 40, last: int = -3) -> LadderStep:
    """Goals, support that was given, published, read: all of it `back` days ago."""
    at, on = world.now - back * DAY, world.today - back * DAY
    common = {"by": world.maya, "at": at}
    step = services.change_step(
        step=step, text="Two calls a day", starts_on=on, last=world.today + last * DAY, **common
    )
    services.set_goal(step=step, measure="activities.meeting", aim=Decimal(30), on=on, **common)
    help_ = services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along twice", due_on=on + 5 * DAY, on=on, **common
    )
    services.publish_step(step=step, on=on, **common)
    services.acknowledge_step(step=step, by=world.ben, at=at, comment="The list is old")
    services.give_support(support=help_, by=world.maya, at=at + 5 * DAY)
    step.refresh_from_db()
    return step


def a_ladder(world: World) -> Ladder:
    on = world.today - 40 * DAY
    return services.open_ladder(
        person=world.cast.ben, reason="Half the first meetings of last quarter", starts_on=on,
        last=on + 30 * DAY, by=world.maya, at=world.now - 40 * DAY, on=on,
    )  # fmt: skip


@pytest.fixture
def step(world: World) -> LadderStep:
    """Training, over and read, with nothing against going on."""
    return agree(world, a_ladder(world).steps.get())


def go_on(world: World, step: LadderStep, *, is_met: bool = False) -> Ladder:
    return services.finish_step(
        step=step, is_met=is_met, result="No change", by=world.maya, at=world.now, on=world.today
    )


def climb(world: World, step: LadderStep) -> LadderStep:
    """On to the decision, read by the person."""
    while step.kind < LadderStep.Kind.DECISION:
        ladder = go_on(world, step)
        step = ladder.steps.get(kind=step.kind + 1)
        if step.kind < LadderStep.Kind.DECISION:
            step = agree(world, step)
    at, on = world.now - 20 * DAY, world.today - 20 * DAY
    services.change_step(step=step, text="", starts_on=on, last=world.today - DAY, by=world.maya, at=at)
    services.publish_step(step=step, by=world.maya, at=at, on=on)
    services.acknowledge_step(step=step, by=world.ben, at=at)
    step.refresh_from_db()
    return step


# ── Refusals: one per ground, by page, API and service ──────────────────────────────────────────────────────────


def an_edit(world: World, step: LadderStep) -> None:
    services.set_goal(
        step=step, measure="deals_won", aim=Decimal(2), by=world.maya, at=world.now, on=world.today - 10 * DAY
    )


def more_time(world: World, step: LadderStep) -> None:
    services.extend_step(
        step=step, last=world.today + 9 * DAY, reason="Fair week", by=world.maya, at=world.now
    )
    services.acknowledge_step(step=step, by=world.ben, at=world.now)


def kind(key: str, *, relieves: bool) -> LeaveKind:
    made, _ = LeaveKind.objects.get_or_create(
        key=key, defaults={"name": key, "relieves_quota": relieves, "is_protected": relieves}
    )
    return made


def leave_now(world: World, step: LadderStep) -> None:
    Leave.objects.create(
        person=world.cast.ben, kind=kind("parental", relieves=True), during=through(world.today, world.today + 9 * DAY)
    )


def leave_then(world: World, step: LadderStep) -> None:
    first = step.starts_on + 7 * DAY
    Leave.objects.create(
        person=world.cast.ben, kind=kind("vacation", relieves=False), during=through(first, first + 7 * DAY)
    )


def a_quota(world: World, amount: int = 1000, *, on: date | None = None, basis: str = "final") -> tuple[Period, QuotaEntry]:
    quarter = Period.of(on or world.today - 20 * DAY, "quarter")
    entry = QuotaEntry.objects.create(
        person=world.cast.ben, seat=world.cast.ben, team=world.cast.north, during=half_open(quarter.start, quarter.end),
        amount=amount, reporting_amount=amount, currency="EUR", reason="Plan", basis=basis,
        recorded_at=world.now - 60 * DAY,
    )  # fmt: skip
    return quarter, entry


def a_plan(world: World, amount: int = 1000, *, basis: str = "final") -> Plan:
    quarter, _ = a_quota(world, amount, basis=basis)
    plan = Plan.objects.create(
        name="Plan Q", period=quarter.key, amount=amount, made_at=world.now - 70 * DAY,
        published_at=world.now - 50 * DAY, during=half_open(quarter.start, quarter.end),
    )  # fmt: skip
    Allocation.objects.create(
        plan=plan, team=world.cast.north, person=world.cast.ben, proposed=amount, amount=amount
    )
    return plan


def uncounted_leave(world: World, step: LadderStep) -> None:
    a_plan(world, 65_000, basis="base")
    first = step.starts_on + 7 * DAY
    Leave.objects.create(
        person=world.cast.ben, kind=kind("unpaid", relieves=True), during=through(first, first + 7 * DAY)
    )
    services.pause_step(
        step=step, start=selectors.pauses_due(step)[0].start, by=world.maya, at=world.now - 20 * DAY
    )
    step.refresh_from_db()
    services.acknowledge_step(step=step, by=world.ben, at=world.now)


def an_untold_quota(world: World, step: LadderStep) -> None:
    a_quota(world)


def an_objection(world: World, step: LadderStep) -> None:
    targets.respond(
        plan=a_plan(world), person=world.cast.ben, stance="objects", statement="Two accounts left", by=world.ben,
        at=world.now,
    )  # fmt: skip


def a_silent_change(world: World, step: LadderStep) -> None:
    plan = a_plan(world)
    targets.adjust_quota(
        person=world.cast.ben, period=Period.parse(plan.period), amount=Decimal(1200), reason="Market",
        by=world.maya, at=world.now,
    )  # fmt: skip


def beyond_reach(world: World, step: LadderStep) -> None:
    plan = a_plan(world, 100_000)
    for quarter in range(1, 6):
        day = Period.parse(plan.period).shift(-quarter).start + 40 * DAY
        a_credit(world.cast.ben, f"{1000 + quarter * 40}", day)


def a_broken_promise(world: World, step: LadderStep) -> None:
    services.deny_support(support=step.support.get(), by=world.ben, at=world.now)


def an_overdue_promise(world: World, step: LadderStep) -> None:
    services.add_action_item(
        person=world.cast.ben, owner=world.cast.maya, text="Send the list", due_on=world.today - 2 * DAY,
        by=world.maya, at=world.now - 20 * DAY,
    )  # fmt: skip


def an_open_case(world: World, step: LadderStep) -> None:
    Case.objects.create(
        person=world.cast.ben, owner=world.cast.maya, subject="Fewer meetings", opened_at=world.now,
        due_on=world.today + 9 * DAY,
    )  # fmt: skip


def goals_met(world: World, step: LadderStep) -> None:
    step.goals.update(aim=0)


GROUNDS: dict[str, tuple[Callable[[World, LadderStep], None], str, str]] = {
    "an edit that nobody has read": (an_edit, "acknowledged", "has not acknowledged the step as it stands"),
    "days to go": (more_time, "date", "judge it on the day after"),
    "leave today": (leave_now, "away", "is away until"),
    "leave not in the dates": (leave_then, "leave", "is not counted in the dates: pause the step"),
    "leave not in the quota": (uncounted_leave, "leave", "quota doesn't count their leave"),
    "an untold quota": (an_untold_quota, "target", "was never explained"),
    "an objection": (an_objection, "target", "answer the objection first"),
    "a silent change": (a_silent_change, "target", "announce the change first"),
    "a quota beyond reach": (beyond_reach, "target", "beyond past results"),
    "a promise not kept": (a_broken_promise, "support", "has not given what was promised"),
    "a promise overdue": (an_overdue_promise, "support", "is overdue since"),
    "an open diagnosis": (an_open_case, "diagnosis", "conclude the case first"),
    "goals reached": (goals_met, "met", "finish the step as met"),
}


@pytest.mark.parametrize("name", GROUNDS)
def test_it_refuses_to_go_on_by_service_page_and_api(world: World, step: LadderStep, name: str) -> None:
    assert selectors.grounds_against(step, on=world.today) == []
    make, key, words = GROUNDS[name]
    make(world, step)
    step.refresh_from_db()
    assert {ground.key for ground in selectors.grounds_against(step, on=world.today)} >= {key}
    with pytest.raises(Refused, match=words):
        go_on(world, step)
    client = signed_in(world.cast.maya)
    page = f"/improvement/{step.ladder_id}/"
    answer = client.post(f"{page}finish/", {"is_met": "no", "result": "No change"})
    assert answer.status_code == 422
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert words in client.get(page).content.decode().replace("&#x27;", "'")
    answer = client.post(
        f"/api/v1/ladder-steps/{step.pk}/finish/", {"is_met": False, "result": "No"}, content_type="application/json"
    )
    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    assert not LadderStep.objects.filter(kind=2).exists()
