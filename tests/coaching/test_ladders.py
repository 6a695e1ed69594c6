"""The accountability ladder: it goes on step by step, is read, is paused, and refuses in words."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coaching import selectors, services
from coaching.models import (
    Case,
    Dispute,
    Enrolment,
    Exit,
    Ladder,
    LadderDecision,
    LadderStep,
    Party,
    Pulse,
    StepSupport,
)
from coaching.selectors import value_of
from coaching.selectors.ladders import goal_measures, status_of
from sales.models import Order, Task
from salesmgmt.desk.models import AuditEntry, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused, Stale
from salesmgmt.pages.demo.ladders import write_ladders
from targets import services as targets
from targets.models import Allocation, Plan, QuotaEntry
from teams import services as teams
from teams.models import (
    Leadership,
    Leave,
    LeaveKind,
    Organisation,
    Pay,
    Person,
    Posting,
    Role,
    Skill,
    SkillRating,
    Territory,
    User,
)
from tests.cast import SINCE, Cast, make_cast
from tests.performance.records import a_credit
from tests.performance.records import a_quota as quota_of_quarter

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


def a_case(world: World, cause: str = "training", *, back: int = 50, **more: Any) -> Case:
    """A case that is closed, with what it found."""
    said: dict[str, Any] = {"is_team_wide": False, "outcome": "improved", "result": "Calls are short"}
    said |= {"person": world.cast.ben} | more
    at = world.now - back * DAY
    return Case.objects.create(
        owner=world.cast.maya, subject="Fewer meetings", opened_at=at - 20 * DAY,
        due_on=at.date(), state="closed", closed_at=at, cause=cause, **said,
    )  # fmt: skip


def a_ladder(world: World) -> Ladder:
    a_case(world)
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
        if step.kind == LadderStep.Kind.IMPROVEMENT:
            a_case(world, "person", back=0)
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
        step=step, measure="deals_won", aim=Decimal(2), by=world.maya, at=world.now, on=world.today - 20 * DAY
    )


def more_time(world: World, step: LadderStep) -> None:
    services.extend_step(step=step, last=world.today + 9 * DAY, reason="Fair week", by=world.maya, at=world.now)
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


def leave_then(world: World, step: LadderStep, **_: int) -> None:
    first = step.starts_on + 7 * DAY
    Leave.objects.create(
        person=world.cast.ben, kind=kind("vacation", relieves=False), during=through(first, first + 7 * DAY)
    )


def a_quota(world: World, amount: int = 1000, *, basis: str = "final", back: int = 20) -> Period:
    quarter = Period.of(world.today - back * DAY, "quarter")
    QuotaEntry.objects.create(
        person=world.cast.ben, seat=world.cast.ben, team=world.cast.north, during=half_open(quarter.start, quarter.end),
        amount=amount, reporting_amount=amount, currency="EUR", reason="Plan", basis=basis,
        recorded_at=world.now - 60 * DAY,
    )  # fmt: skip
    return quarter


def a_plan(world: World, amount: int = 1000, *, basis: str = "final", back: int = 20) -> Plan:
    quarter = a_quota(world, amount, basis=basis, back=back)
    plan = Plan.objects.create(
        name="Plan Q", period=quarter.key, amount=amount, made_at=world.now - 70 * DAY,
        published_at=world.now - 50 * DAY, during=half_open(quarter.start, quarter.end),
    )  # fmt: skip
    Allocation.objects.create(plan=plan, team=world.cast.north, person=world.cast.ben, proposed=amount, amount=amount)
    return plan


def unpaid_leave(world: World, step: LadderStep, *, back: int = 20) -> None:
    a_plan(world, 65_000, basis="base", back=back)
    first = step.starts_on + 7 * DAY
    Leave.objects.create(
        person=world.cast.ben, kind=kind("unpaid", relieves=True), during=through(first, first + 7 * DAY)
    )


def uncounted_leave(world: World, step: LadderStep) -> None:
    unpaid_leave(world, step)
    services.pause_step(step=step, start=selectors.pauses_due(step)[0].start, by=world.maya, at=world.now - 20 * DAY)
    step.refresh_from_db()
    services.acknowledge_step(step=step, by=world.ben, at=world.now)


def an_untold_quota(world: World, step: LadderStep, *, back: int = 20) -> None:
    a_quota(world, back=back)


def an_objection(world: World, step: LadderStep, *, back: int = 20) -> None:
    targets.respond(
        plan=a_plan(world, back=back), person=world.cast.ben, stance="objects", statement="Two accounts left",
        by=world.ben, at=world.now,
    )  # fmt: skip


def a_silent_change(world: World, step: LadderStep, *, back: int = 20) -> None:
    plan = a_plan(world, back=back)
    targets.adjust_quota(
        person=world.cast.ben, period=Period.parse(plan.period), amount=Decimal(1200), reason="Market",
        by=world.maya, at=world.now,
    )  # fmt: skip


def beyond_reach(world: World, step: LadderStep, *, back: int = 20) -> None:
    plan = a_plan(world, 100_000, back=back)
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


def another_cause(world: World, step: LadderStep) -> None:
    a_case(world, "price", back=1, is_team_wide=True, outcome="elsewhere")


def no_case(world: World, step: LadderStep) -> None:
    Case.objects.all().delete()


def a_team_s_cause(world: World, step: LadderStep) -> None:
    Case.objects.update(is_team_wide=True)


def support_given_today(world: World, step: LadderStep) -> None:
    step.support.update(given_at=world.now)


def an_order_in_dispute(world: World, step: LadderStep, **_: int) -> None:
    a_credit(world.cast.ben, "100", step.starts_on + 7 * DAY)
    dispute = Dispute.objects.create(
        subject="credit", ground="left_out", title="Credit", opened_by=world.cast.ana, opened_at=world.now,
        order=Order.objects.get(), statements_due_on=world.today + 7 * DAY, decide_by=world.today + 14 * DAY,
    )  # fmt: skip
    Party.objects.create(dispute=dispute, person=world.cast.ben, added_at=world.now)


def an_open_dispute(world: World, step: LadderStep) -> None:
    dispute = Dispute.objects.create(
        subject="conduct", ground="treatment", title="How visits are shared out", opened_by=world.cast.ben,
        opened_at=world.now, statements_due_on=world.today + 7 * DAY, decide_by=world.today + 14 * DAY,
    )  # fmt: skip
    for person in (world.cast.ben, world.cast.maya):
        Party.objects.create(dispute=dispute, person=person, is_claimant=person == world.cast.ben, added_at=world.now)


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
    "a promise not kept": (a_broken_promise, "support", "Ben says that Maya has not given what was promised"),
    "a promise overdue": (an_overdue_promise, "support", "is overdue since"),
    "an open diagnosis": (an_open_case, "diagnosis", "conclude the case first"),
    "a cause that is not theirs": (another_cause, "diagnosis", "The case found another cause, price"),
    "no case": (no_case, "diagnosis", "No case has found what Ben lacks"),
    "a team's cause": (a_team_s_cause, "diagnosis", "training and support of the whole team"),
    "support marked as given today": (support_given_today, "support", "working days to say that it did not come"),
    "an open dispute": (an_open_dispute, "hold", "HR asks to wait"),
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


BEFORE: dict[str, tuple[Callable[..., None], str]] = {
    "leave not in the dates": (leave_then, "is not counted in the dates: pause the step"),
    "leave not in the quota": (unpaid_leave, "quota doesn't count their leave"),
    "an untold quota": (an_untold_quota, "was never explained"),
    "an objection": (an_objection, "answer the objection first"),
    "a silent change": (a_silent_change, "announce the change first"),
    "a quota beyond reach": (beyond_reach, "beyond past results"),
    "an order in dispute": (an_order_in_dispute, "HR asks to wait"),
}


@pytest.fixture
def second(world: World) -> LadderStep:
    """Coaching, over and read; the training ended in a quarter before."""
    first = agree(world, a_ladder(world).steps.get(), back=220, last=-180)
    return agree(world, go_on(world, first).steps.get(kind=2))


@pytest.mark.parametrize("name", BEFORE)
def test_it_refuses_to_go_on_for_what_was_in_the_step_before(world: World, second: LadderStep, name: str) -> None:
    assert selectors.grounds_against(second, on=world.today) == []
    make, words = BEFORE[name]
    make(world, second.ladder.steps.get(kind=1), back=200)
    with pytest.raises(Refused, match=words):
        go_on(world, second)


def test_leave_of_a_step_that_is_over_adds_its_days_to_the_standing_one(world: World, second: LadderStep) -> None:
    was, promised = second.last_day, second.support.get().due_on
    leave_then(world, second.ladder.steps.get(kind=1))
    (due,) = selectors.pauses_due(second)
    maya, path = signed_in(world.cast.maya), f"/api/v1/ladder-steps/{second.pk}/"
    (told,) = [one["pause"] for one in maya.get(f"{path}grounds/").json() if one["pause"]]
    assert (told["start"], told["ends"]) == (f"{due.start}", f"{due.ends}")
    answer = maya.post(f"{path}pause/", {"start": told["start"]}, content_type="application/json")
    assert [one["days"] for one in answer.json()["pauses"]] == [due.days]
    events = maya.get(f"/api/v1/ladders/{second.ladder_id}/").json()["events"]
    assert (events[-1]["kind"], events[-1]["by"]) == ("paused", world.cast.maya.pk)
    second.refresh_from_db()
    assert second.last_day == due.ends >= was + due.days * DAY
    assert (second.goals.get().last_day, second.support.get().due_on) == (second.last_day, promised)
    assert selectors.pauses_due(second) == []


def test_before_a_decision_it_is_asked_anew_whether_it_is_the_person(world: World, step: LadderStep) -> None:
    coaching = agree(world, go_on(world, step).steps.get(kind=2))
    plan = agree(world, go_on(world, coaching).steps.get(kind=3))
    page = signed_in(world.cast.maya).get(f"/improvement/{plan.ladder_id}/").content.decode()
    assert "looks at everything once more" in page
    for cause, more in (("training", {}), ("person", {"is_team_wide": True, "outcome": "elsewhere"})):
        a_case(world, cause, back=0, **more)
        with pytest.raises(Refused):
            go_on(world, plan)
    a_case(world, "person", back=0)
    decision = go_on(world, plan).steps.get(kind=4)
    assert selectors.grounds_against(decision, on=world.today)[0].key == "acknowledged"


# ── The way ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_way_from_training_to_a_decision_leaves_no_step_out(world: World, step: LadderStep) -> None:
    step = climb(world, step)
    assert [one.kind for one in step.ladder.steps.order_by("kind")] == [1, 2, 3, 4]
    vera = user(world.cast.vera)
    decision = services.propose_decision(
        step=step, outcome="role_changed", reason="Suits service better", by=vera, at=world.now, on=world.today
    )
    assert Ladder.objects.get().is_open  # nothing holds before HR consents
    services.answer_decision(decision=decision, consents=True, by=user(world.hugo), at=world.now, on=world.today)
    ladder = Ladder.objects.get()
    assert (ladder.outcome, ladder.is_open) == ("role_changed", False)
    assert not Task.objects.filter(source__in=["ladder", "support"], done_at=None).exists()


def test_the_database_itself_lets_no_step_be_skipped_undone_or_decided_alone(world: World, step: LadderStep) -> None:
    later = {"ladder": step.ladder, "during": step.during, "made_at": world.now}
    for kind_ in (2, 3, 4):
        with pytest.raises(IntegrityError, match="The step before is not complete"), transaction.atomic():
            LadderStep.objects.create(kind=kind_, **later)
    with pytest.raises(IntegrityError, match="HR has not consented"), transaction.atomic():
        Ladder.objects.update(outcome="ended", closed_at=world.now)
    go_on(world, step)
    with pytest.raises(IntegrityError, match="A complete step stays"), transaction.atomic():
        LadderStep.objects.filter(kind=1).update(state="acknowledged", finished_at=None, is_met=None)


def test_a_promise_that_is_a_course_or_a_plan_is_given_when_these_say_so(world: World) -> None:
    step, at, on = a_ladder(world).steps.get(), world.now - 40 * DAY, world.today - 40 * DAY
    by = {"by": world.maya, "at": at}
    course = services.add_course(title="Discovery", by=user(world.cast.vera), at=at)
    services.add_lesson(course=course, title="Whom to ask", text="And what for.", by=user(world.cast.vera))
    services.publish_course(course=course, by=user(world.cast.vera), at=at)
    taken = services.enrol(person=world.cast.ben, course=course, due_on=on + 20 * DAY, reason="Ladder", **by)
    plan = services.plan_coaching(
        person=world.cast.ben, kind="ride_along", measure="bookings", starts_on=on, until=on + 30 * DAY, on=on, **by
    )
    page = f"/improvement/{step.ladder_id}/"
    assert "Ben: Discovery" in signed_in(world.cast.maya).get(page).content.decode()
    said = {"step": step, "owner": world.cast.maya, "due_on": on + 5 * DAY, "on": on, **by}
    with pytest.raises(Refused, match="and make another for the other"):
        services.promise_support(text="Both", enrolment=taken, coaching_plan=plan, **said)
    tied = [
        services.promise_support(text="A course", enrolment=taken, **said),
        services.promise_support(text="A day a week", coaching_plan=plan, **said),
    ]
    services.set_goal(step=step, measure="deals_won", aim=Decimal(3), by=world.maya, at=at, on=on)
    services.publish_step(step=step, on=on, **by)
    for one, words in zip(tied, ("“Discovery” goes on until", "“Ride-along” goes on until"), strict=True):
        with pytest.raises(Refused, match=words):
            services.give_support(support=one, by=world.maya, at=at + 9 * DAY)
    for one in tied:
        services.give_support(support=one, by=world.maya, at=at + 31 * DAY)
    step.refresh_from_db()
    assert not [one for one in selectors.grounds_against(step, on=world.today) if one.key == "support"]
    Enrolment.objects.filter(pk=taken.pk).update(withdrawn_at=world.now)
    (ground,) = [one for one in selectors.grounds_against(step, on=world.today) if one.key == "support"]
    assert "the course “Discovery” was taken back" in ground.sentence


def test_goals_met_end_the_ladder_at_any_step(world: World, step: LadderStep) -> None:
    ladder = go_on(world, step, is_met=True)
    assert (ladder.outcome, step.ladder.steps.count()) == ("met", 1)
    with pytest.raises(Refused, match="closed: goals met"):
        go_on(world, step)


def test_an_edit_asks_to_be_read_again_and_a_stale_form_is_refused(world: World, step: LadderStep) -> None:
    edition = step.edition
    services.set_goal(
        step=step, measure="deals_won", aim=Decimal(3), by=world.maya, at=world.now, on=world.today - 20 * DAY,
        edition=edition,
    )  # fmt: skip
    step.refresh_from_db()
    assert step.state == "published"
    with pytest.raises(Stale):
        services.acknowledge_step(step=step, by=world.ben, at=world.now, edition=edition)
    services.acknowledge_step(step=step, by=world.ben, at=world.now, comment="Too many", edition=step.edition)
    with pytest.raises(Refused, match="already"):
        services.acknowledge_step(step=step, by=world.ben, at=world.now)
    assert step.readings.count() == 2


def test_a_step_is_never_a_formality_of_a_few_days_nor_a_goal_of_days_that_are_over(world: World) -> None:
    step = a_ladder(world).steps.get()
    at, on = world.now - 40 * DAY, world.today - 40 * DAY
    goal = {"step": step, "measure": "deals_won", "aim": Decimal(3), "by": world.maya, "at": at, "on": on}
    with pytest.raises(Refused, match="lie within its step's"):
        services.set_goal(**goal, starts_on=on - 365 * DAY, last=on - 300 * DAY)
    services.set_goal(**goal, last=on + DAY)
    services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along", due_on=on + DAY, by=world.maya, at=at, on=on
    )
    with pytest.raises(Refused, match="too little time"):
        services.publish_step(step=step, by=world.maya, at=at, on=on)
    services.set_goal(**goal)
    with pytest.raises(Refused, match="too little time"):
        services.publish_step(step=step, by=world.maya, at=at, on=step.last_day - 13 * DAY)
    Case.objects.update(cause="price")
    with pytest.raises(Refused, match="found another cause, price"):
        services.publish_step(step=step, by=world.maya, at=at, on=on)
    Case.objects.update(cause="training")
    services.publish_step(step=step, by=world.maya, at=at, on=on)
    path = f"/api/v1/ladder-steps/{step.pk}/goal/"
    said = {"measure": "deals_won", "aim": 100, "last": f"{world.today - DAY}"}
    services.extend_step(step=step, last=world.today + 30 * DAY, reason="More time", by=world.maya, at=world.now)
    answer = signed_in(world.cast.maya).post(path, said, content_type="application/json")
    assert (answer.status_code, "leaves too little time" in answer.content.decode()) == (409, True)


def test_any_measure_of_a_person_can_be_a_goal(world: World) -> None:
    for key in goal_measures():
        first = world.today - 20 * DAY
        value_of(world.cast.ben, key, first, world.today + DAY, world.today, Organisation.get())


def test_lists_and_pages_ask_a_fixed_number_of_questions(world: World, step: LadderStep) -> None:
    maya = signed_in(world.cast.maya)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            for path in ("/improvement/", "/api/v1/ladders/", "/api/v1/ladder-steps/"):
                assert maya.get(path).status_code == 200
        return len(found)

    queries()
    few = queries()
    services.open_ladder(
        person=world.cast.ana, reason="Few meetings", starts_on=world.today, last=world.today + 30 * DAY,
        by=world.maya, at=world.now, on=world.today,
    )  # fmt: skip
    go_on(world, step)
    assert queries() == few


def test_silence_is_noted_by_somebody_else_than_the_coach_and_can_still_be_broken(world: World) -> None:
    step = a_ladder(world).steps.get()
    at, on = world.now - 40 * DAY, world.today - 40 * DAY
    services.set_goal(step=step, measure="deals_won", aim=Decimal(3), by=world.maya, at=at, on=on)
    services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along", due_on=on + DAY, by=world.maya, at=at, on=on
    )
    services.publish_step(step=step, by=world.maya, at=at, on=on)
    vera = user(world.cast.vera)
    with pytest.raises(Refused, match="working days"):
        services.witness_step(step=step, by=vera, at=at, on=on + 3 * DAY)
    with pytest.raises(Refused, match="ask the next one up"):
        services.witness_step(step=step, by=world.maya, at=world.now, on=world.today)
    signed_in(world.cast.vera).post(f"/improvement/{step.ladder_id}/witness/")
    step.refresh_from_db()
    assert (step.state, step.readings.get().witness) == ("acknowledged", vera)
    assert services.ask_hr_to_witness(on=world.today, at=world.now) == 0
    services.acknowledge_step(step=step, by=world.ben, at=world.now, comment="I was ill")
    assert (step.readings.get().comment, step.readings.get().witness) == ("I was ill", None)


def test_where_nobody_is_above_the_coach_hr_bears_witness_from_the_first_step_on(world: World) -> None:
    cast, at, on = world.cast, world.now - 40 * DAY, world.today - 40 * DAY
    Case.objects.create(
        person=cast.maya, owner=cast.vera, subject="Few", opened_at=at - DAY, due_on=on, state="closed",
        closed_at=at - DAY, cause="training", is_team_wide=False, outcome="unchanged", result="Few",
    )  # fmt: skip
    vera = {"by": user(cast.vera), "at": at}
    ladder = services.open_ladder(
        person=cast.maya, reason="Few meetings", starts_on=on, last=on + 90 * DAY, on=on, **vera
    )
    step = ladder.steps.get()
    services.set_goal(step=step, measure="deals_won", aim=Decimal(3), on=on, **vera)
    services.promise_support(step=step, owner=cast.vera, text="Ride along", due_on=on + DAY, on=on, **vera)
    services.publish_step(step=step, on=on, **vera)
    hugo, page = signed_in(world.hugo), f"/improvement/{ladder.pk}/"
    assert services.ask_hr_to_witness(on=on + 2 * DAY, at=at + 2 * DAY) == 0
    assert hugo.get(page).status_code == 404
    assert services.ask_hr_to_witness(on=world.today, at=world.now) == 1
    assert services.ask_hr_to_witness(on=world.today, at=world.now) == 0
    task = Task.objects.get(owner=world.hugo, source="ladder", done_at=None)
    assert (task.link, "Maya" in task.text) == (page, False)
    assert hugo.post(f"{page}witness/").status_code in {302, 303}
    assert hugo.get(page).status_code == 200
    step.refresh_from_db()
    assert (step.state, step.readings.get().witness) == ("acknowledged", user(world.hugo))
    assert not Task.objects.filter(owner=world.hugo, source="ladder", done_at=None).exists()


def test_leave_is_proposed_as_a_pause_and_moves_the_dates_by_its_working_days(world: World) -> None:
    on = date(2026, 3, 2)
    at = datetime(2026, 3, 2, 9, tzinfo=world.now.tzinfo)
    ladder = services.open_ladder(
        person=world.cast.ben, reason="Few meetings", starts_on=on, last=date(2026, 3, 20), by=world.maya, at=at, on=on
    )
    step = ladder.steps.get()
    services.set_goal(step=step, measure="activities.meeting", aim=Decimal(9), by=world.maya, at=at, on=on)
    help_ = services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along", due_on=date(2026, 3, 9), by=world.maya, at=at, on=on
    )
    # Wednesday to the Tuesday after: five working days; it ends on a Friday and five more begin on the Monday.
    Leave.objects.create(
        person=world.cast.ben,
        kind=kind("vacation", relieves=False),
        during=through(date(2026, 3, 4), date(2026, 3, 10)),
    )
    (due,) = selectors.pauses_due(step)
    assert (due.days, due.ends) == (5, date(2026, 3, 27))
    services.pause_step(step=step, start=due.start, by=world.maya, at=at)
    step.refresh_from_db()
    assert step.last_day == step.goals.get().last_day == date(2026, 3, 27)
    help_.refresh_from_db()  # promised for a day of the leave: five working days after it
    assert help_.due_on == date(2026, 3, 17)
    assert selectors.pauses_due(step) == []
    with pytest.raises(Refused, match="No leave"):
        services.pause_step(step=step, start=due.start, by=world.maya, at=at)


def test_a_step_needs_goals_and_support_before_it_is_given_to_anybody(world: World) -> None:
    step = a_ladder(world).steps.get()
    at, on = world.now - 40 * DAY, world.today - 40 * DAY
    publish = {"step": step, "by": world.maya, "at": at, "on": on}
    with pytest.raises(Refused, match="Set a goal first"):
        services.publish_step(**publish)
    services.set_goal(step=step, measure="deals_won", aim=Decimal(3), by=world.maya, at=at, on=on)
    with pytest.raises(Refused, match="Promise support first"):
        services.publish_step(**publish)
    help_ = services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along", due_on=on + DAY, by=world.maya, at=at, on=on
    )
    with pytest.raises(Refused, match="can't promise this"):  # a colleague would learn of it
        services.promise_support(
            step=step, owner=world.cast.ana, text="Help", due_on=on + DAY, by=world.maya, at=at, on=on
        )
    services.publish_step(**publish)
    with pytest.raises(Refused, match="stays"):
        services.remove_support(support=help_, by=world.maya, at=at)
    services.waive_support(support=help_, by=world.ben, at=at)
    assert StepSupport.objects.get().is_kept
    assert "Ride along" not in " ".join(Notice.objects.values_list("text", flat=True))
    assert "Ride along" not in " ".join(Task.objects.values_list("text", flat=True))


# ── Who decides ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_decides_alone_about_their_own_people_or_themselves(world: World, step: LadderStep) -> None:
    step = climb(world, step)
    propose = {"step": step, "outcome": "ended", "reason": "No change", "at": world.now, "on": world.today}
    for name in ("maya", "ben", "omar", "olga"):
        with pytest.raises(Refused):
            services.propose_decision(by=user(getattr(world.cast, name)), **propose)
    with pytest.raises(Refused, match="Only somebody up the line"):
        services.propose_decision(by=world.cast.admin, **propose)
    decision = services.propose_decision(by=user(world.cast.vera), **propose)
    answer = {"decision": decision, "consents": True, "at": world.now, "on": world.today}
    for name in ("maya", "ben", "vera", "olga"):
        with pytest.raises(Refused):
            services.answer_decision(by=user(getattr(world.cast, name)), **answer)
    said = {"outcome": "ended", "reason": "No change"}
    page, api = f"/improvement/{step.ladder_id}/", f"/api/v1/ladder-steps/{step.pk}/"
    assert "stays out of this" in signed_in(world.cast.maya).post(f"{page}decide/", said).content.decode()
    refused = signed_in(world.cast.maya).post(f"{api}decide/", said, content_type="application/json")
    assert (refused.status_code, signed_in(world.cast.omar).post(f"{page}decide/", said).status_code) == (409, 404)
    an_overdue_promise(world, step)  # meanwhile
    with pytest.raises(Refused, match="is overdue"):
        services.answer_decision(by=user(world.hugo), **answer)
    hr = signed_in(world.hugo)
    assert "is overdue" in hr.post(f"{page}answer/", {"consents": "yes"}).content.decode()
    refused = hr.post(f"{api}answer/", {"consents": True}, content_type="application/json")
    assert (refused.status_code, "is overdue" in refused.json()["detail"]) == (409, True)
    services.answer_decision(by=user(world.hugo), **answer | {"consents": False, "answer": "Keep the promise first"})
    assert LadderDecision.objects.get().state == "withheld"
    assert Ladder.objects.get().is_open


def test_a_decider_who_came_to_coach_the_person_no_longer_decides(world: World, step: LadderStep) -> None:
    step = climb(world, step)
    decision = services.propose_decision(
        step=step, outcome="ended", reason="No change", by=user(world.cast.vera), at=world.now, on=world.today
    )
    Leadership.objects.filter(team=world.cast.north).update(during=half_open(SINCE, world.today))
    Leadership.objects.create(team=world.cast.north, person=world.cast.vera, during=half_open(world.today))
    with pytest.raises(Refused, match="can't stand any more"):
        services.answer_decision(decision=decision, consents=True, by=user(world.hugo), at=world.now, on=world.today)


def test_more_time_by_decision_is_read_again(world: World, step: LadderStep) -> None:
    step = climb(world, step)
    until = world.today + 20 * DAY
    decision = services.propose_decision(
        step=step, outcome="extended", reason="A good month", until=until, by=user(world.cast.vera), at=world.now,
        on=world.today,
    )  # fmt: skip
    services.answer_decision(decision=decision, consents=True, by=user(world.hugo), at=world.now, on=world.today)
    step.refresh_from_db()
    assert (step.last_day, step.state, step.ladder.is_open) == (until, "published", True)


# ── Who sees what ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_person_the_line_and_from_the_improvement_plan_on_hr_read_it(world: World, step: LadderStep) -> None:
    page = f"/improvement/{step.ladder_id}/"
    names = ("ben", "maya", "vera", "ana", "omar", "cleo", "olga")

    def readers() -> set[str]:
        people = {name: user(getattr(world.cast, name)) for name in names} | {"hugo": user(world.hugo)}
        people["admin"] = world.cast.admin
        return {name for name, one in people.items() if signed_in(one).get(page).status_code == 200}

    assert readers() == {"ben", "maya", "vera"}
    for path in (f"ladders/{step.ladder_id}", f"ladder-steps/{step.pk}", f"ladder-support/{step.support.get().pk}"):
        for one, status in ((world.cast.ben, 200), (world.cast.ana, 404), (world.hugo, 404)):
            assert signed_in(one).get(f"/api/v1/{path}/").status_code == status
        assert signed_in(world.cast.admin).get(f"/api/v1/{path}/").status_code == 404
    go_on(world, step)
    coaching = agree(world, LadderStep.objects.get(kind=2))
    go_on(world, coaching)
    assert readers() == {"ben", "maya", "vera", "hugo"}
    # After a move the former line sees no more.
    Posting.objects.filter(person=world.cast.ben).update(during=half_open(SINCE, world.today))
    Posting.objects.create(person=world.cast.ben, team=world.cast.south, role=Role.REP, during=half_open(world.today))
    assert readers() == {"ben", "omar", "vera", "hugo"}


def test_the_words_are_in_no_audit_notice_or_task_and_go_when_a_person_is_erased(
    world: World, step: LadderStep
) -> None:
    go_on(world, step)
    kept: list[Any] = [*AuditEntry.objects.values_list("before", "after")]
    kept += [*Notice.objects.values_list("text"), *Task.objects.values_list("text", "reason")]
    for words in ("The list is old", "Two calls a day", "Half the first meetings", "Ride along twice"):
        assert words not in str(kept)
    answer = signed_in(world.cast.ben).get(f"/improvement/{step.ladder_id}/pdf/")
    assert answer.content.startswith(b"%PDF")
    with pytest.raises(Refused, match="close it first"):
        services.forget_ladders(person=world.cast.ben)
    services.withdraw_ladder(ladder=step.ladder, reason="Moved", by=world.maya, at=world.now)
    services.forget_ladders(person=world.cast.ben)
    page = signed_in(world.cast.vera).get(f"/improvement/{step.ladder_id}/").content.decode()
    for words in ("The list is old", "Two calls a day", "Half the first meetings", "Ride along twice", "No change"):
        assert words not in page


def test_a_ladder_is_opened_worked_and_read_on_its_pages(world: World) -> None:
    a_case(world)
    maya, ben = signed_in(world.cast.maya), signed_in(world.cast.ben)
    days = {"starts_on": world.today, "last": world.today + 30 * DAY}
    answer = maya.post("/improvement/open/", {"person": world.cast.ben.pk, "reason": "Few meetings"} | days)
    ladder = Ladder.objects.get()
    page = f"/improvement/{ladder.pk}/"
    assert answer.headers["Location"] == page
    assert maya.post("/improvement/open/", {"person": world.cast.ben.pk, "reason": "x"} | days).status_code == 422
    edition = ladder.steps.get().edition
    bad = maya.post(f"{page}goal/", {"measure": "win_rate", "aim": "1e400", "edition": edition})
    assert bad.status_code == 422
    maya.post(f"{page}goal/", {"measure": "win_rate", "aim": "30", "was": "20", "edition": edition})
    assert ladder.steps.get().goals.get().aim == Decimal("0.3")
    late = maya.post(f"{page}goal/", {"measure": "deals_won", "aim": "3", "edition": edition})
    assert "Somebody changed this step" in late.content.decode()
    help_ = {"owner": world.cast.vera.pk, "text": "An hour a week", "due_on": world.today + 9 * DAY}
    maya.post(f"{page}support/", help_ | {"edition": ladder.steps.get().edition})
    maya.post(f"{page}publish/", {"edition": ladder.steps.get().edition})
    assert "Read it, and say what you think" in ben.get(page).content.decode()
    ben.post(f"{page}read/", {"comment": "Fine", "edition": ladder.steps.get().edition})
    assert ladder.steps.get().state == "acknowledged"
    assert "Few meetings" in ben.get(page).content.decode()
    assert "Ben" in maya.get("/improvement/").content.decode()
    assert "Ben" not in signed_in(world.cast.omar).get("/improvement/").content.decode()


def test_a_stand_in_neither_reads_nor_judges_the_manager_they_stand_in_for_nor_an_executive_their_own_boss(
    world: World,
) -> None:
    cast = world.cast
    days = {"starts_on": world.today, "last": world.today + 30 * DAY, "reason": "Few meetings"}
    of_maya = services.open_ladder(person=cast.maya, by=user(cast.vera), at=world.now, on=world.today, **days)
    teams.appoint_manager(
        team=cast.north, person=cast.ana, on=world.today, until=world.today + 7 * DAY, by=user(cast.olga)
    )
    ana = signed_in(cast.ana)
    assert ana.get(f"/improvement/{of_maya.pk}/").status_code == 404
    assert ana.get("/api/v1/ladders/").json()["results"] == []
    with pytest.raises(Refused, match="Only somebody up the line"):
        services.extend_step(step=of_maya.steps.get(), last=world.today + 90 * DAY, reason="x", by=user(cast.ana),
                             at=world.now)  # fmt: skip
    assert "Maya" not in ana.get("/improvement/signs/").content.decode()
    assert "Ben" in ana.get("/improvement/signs/").content.decode()
    assert services.open_ladder(person=cast.ben, by=user(cast.ana), at=world.now, on=world.today, **days)
    junior = Person.objects.create(name="Juno", user=User.objects.create(username="juno"))
    Posting.objects.create(person=junior, team=cast.company, role=Role.EXECUTIVE, during=half_open(SINCE))
    with pytest.raises(Refused, match="Only somebody up the line of Vera"):
        services.open_ladder(person=cast.vera, by=user(junior), at=world.now, on=world.today, **days)
    assert signed_in(junior).get(f"/improvement/{of_maya.pk}/").status_code == 200


def test_what_was_denied_is_confirmed_by_the_person_or_by_hr_for_who_does_not_answer(
    world: World, step: LadderStep
) -> None:
    help_ = step.support.get()
    services.deny_support(support=help_, by=world.ben, at=world.now - 12 * DAY)
    page = f"/improvement/{step.ladder_id}/support/{help_.pk}/"
    signed_in(world.cast.maya).post(f"{page}given/")
    signed_in(world.cast.maya).post(f"{page}confirmed/")
    help_.refresh_from_db()
    assert (help_.is_kept, help_.confirmed_at) == (False, None)
    with pytest.raises(Refused, match="Ben says that Maya has not given"):
        go_on(world, step)
    with pytest.raises(Refused, match="5 working days"):
        services.confirm_support(support=help_, by=user(world.hugo), at=world.now + DAY)
    services.confirm_support(support=help_, by=user(world.hugo), at=world.now + 14 * DAY)
    services.deny_support(support=help_, by=world.ben, at=world.now)
    signed_in(world.cast.ben).post(f"{page}confirmed/")
    assert go_on(world, step).is_open


def test_what_is_asked_for_stands_once_the_time_is_over_and_moves_with_more_time_only(
    world: World, step: LadderStep
) -> None:
    goal = {"measure": "activities.meeting", "aim": Decimal(60), "by": world.maya, "at": world.now, "on": world.today}
    with pytest.raises(Refused, match="goals and words stay as they are"):
        services.set_goal(step=step, **goal)
    with pytest.raises(Refused, match="goals and words stay as they are"):
        services.change_step(step=step, text="Ten calls a day", starts_on=step.starts_on, last=step.last_day,
                             by=world.maya, at=world.now)  # fmt: skip
    with pytest.raises(Refused, match="has passed"):
        services.extend_step(step=step, last=world.today - DAY, reason="x", by=world.maya, at=world.now)
    services.extend_step(step=step, last=world.today + 30 * DAY, reason="New goal", by=world.maya, at=world.now)
    services.set_goal(step=step, **goal)
    for key in ("selling_time", "quota"):  # how time is spent is nothing to be judged by, nor one's quota
        with pytest.raises(Refused, match="no measure that a goal is set in"):
            services.set_goal(step=step, **goal | {"measure": key})
    Organisation.objects.update(countries_without_selling_time=["DE"])
    assert value_of(world.cast.ben, "selling_time", SINCE, world.today, world.today, Organisation.get()) is None


def test_protected_leave_nothing_moves_and_no_sign_is_shown(world: World, step: LadderStep) -> None:
    """Protected leave: no step goes on, none is opened, the days are not counted."""
    leave_now(world, step)
    for act in (
        lambda: go_on(world, step),
        lambda: services.open_ladder(
            person=world.cast.ben,
            reason="Few",
            starts_on=world.today,
            last=world.today + 30 * DAY,
            by=world.maya,
            at=world.now,
            on=world.today,
        ),
    ):
        with pytest.raises(Refused, match="is away until"):
            act()
    page = signed_in(world.cast.maya).get(f"/improvement/{step.ladder_id}/").content.decode()
    assert "is away until" in page
    assert "parental" not in page  # below HR only the dates


def test_a_leaver_s_ladder_ends_as_left_by_hr(world: World, step: LadderStep) -> None:
    teams.end_employment(person=world.cast.ben, on=world.today, by=user(world.cast.olga))
    world.cast.ben.refresh_from_db()
    services.record_exit(person=world.cast.ben, left_on=world.today, reason="pay", by=user(world.hugo), at=world.now)
    ladder = Ladder.objects.get()
    assert (ladder.outcome, ladder.is_open, ladder.exit.person) == ("left", False, world.cast.ben)
    assert not Task.objects.filter(source__in=["ladder", "support"], done_at=None).exists()
    of_ana = services.open_ladder(
        person=world.cast.ana, reason="Few", starts_on=world.today, last=world.today + 30 * DAY, by=world.maya,
        at=world.now, on=world.today,
    )  # fmt: skip
    page = f"/improvement/{of_ana.pk}/left/"
    signed_in(world.cast.vera).post(page)
    assert Ladder.objects.open().exists()  # she is still here
    teams.end_employment(person=world.cast.ana, on=world.today, by=user(world.cast.olga))
    signed_in(world.cast.vera).post(page)
    assert not Ladder.objects.open().exists()


def test_a_decision_is_read_by_whom_it_is_about_once_hr_has_answered(world: World, step: LadderStep) -> None:
    step = climb(world, step)
    page, vera = f"/improvement/{step.ladder_id}/", user(world.cast.vera)
    said = {"step": step, "outcome": "ended", "reason": "No change at all", "by": vera}
    decision = services.propose_decision(**said, at=world.now, on=world.today)
    assert Task.objects.filter(owner=world.hugo, source="ladder", done_at=None).exists()

    def reads(person: Person) -> set[bool]:
        client = signed_in(person)
        shown = [client.get(page), client.get(f"/api/v1/ladder-steps/{step.pk}/")]
        return {"No change at all" in one.content.decode() for one in shown} | {
            "Employment ended" in shown[0].content.decode()
        }

    assert (reads(world.cast.ben), reads(world.cast.vera)) == ({False}, {True})
    services.withdraw_ladder(ladder=step.ladder, reason="A mistake", by=vera, at=world.now)
    decision.refresh_from_db()
    assert (decision.state, decision.reason) == ("withdrawn", "No change at all")
    assert (reads(world.cast.ben), reads(world.cast.vera)) == ({False}, {True})


def test_who_wrote_or_judged_a_step_does_not_decide_hr_does_where_nobody_else_is_left(
    world: World, step: LadderStep
) -> None:
    step = climb(world, step)
    said = {"step": step, "outcome": "extended", "reason": "So", "at": world.now, "on": world.today}
    until = world.today + 9 * DAY
    with pytest.raises(Refused, match="Only somebody up the line"):
        services.propose_decision(**said, until=until, by=user(world.hugo))
    step.ladder.events.filter(kind="completed").update(by=user(world.cast.vera))
    with pytest.raises(Refused, match="stays out of this"):
        services.propose_decision(**said, until=until, by=user(world.cast.vera))
    decision = services.propose_decision(**said, until=until, by=user(world.hugo))
    with pytest.raises(Refused, match="Somebody else in HR"):
        services.answer_decision(decision=decision, consents=True, by=user(world.hugo), at=world.now, on=world.today)
    hera = Person.objects.create(name="Hera", user=User.objects.create(username="hera"))
    Posting.objects.create(person=hera, team=world.cast.company, role=Role.HR, during=half_open(SINCE))
    with pytest.raises(Refused, match="has passed: have a later one proposed"):
        services.answer_decision(decision=decision, consents=True, by=user(hera), at=world.now + 9 * DAY, on=until)
    assert LadderDecision.objects.get().state == "proposed"


def test_what_is_to_be_talked_about_goes_to_who_leads_the_person_today(world: World, step: LadderStep) -> None:
    Posting.objects.filter(person=world.cast.ben).update(team=world.cast.south)
    assert services.move_ladder_tasks(on=world.today) == 1
    assert services.move_ladder_tasks(on=world.today) == 0
    task = Task.objects.get(source="ladder", owner=world.cast.omar)
    assert "Ben" not in task.text
    assert LadderStep.objects.get() == step


# ── Early signs, exits ──────────────────────────────────────────────────────────────────────────────────────────


def test_early_signs_are_for_the_manager_alone(world: World) -> None:
    for n in (10, 20):
        talk = services.plan_one_on_one(
            person=world.cast.ben, manager=world.cast.maya, starts_at=world.now - n * DAY, by=world.maya,
            at=world.now - 30 * DAY, on=world.today - 30 * DAY,
        )  # fmt: skip
        assert talk.state == "planned"
    for n in (3, 9, 15):
        Pulse.objects.create(
            person=world.cast.ben, manager=world.cast.maya, kind="mood", score=2, on=world.today - n * DAY,
            at=world.now - n * DAY,
        )  # fmt: skip
    SkillRating.objects.create(
        person=world.cast.ben, skill=Skill.objects.get_or_create(name="Closing")[0], is_own=False, score=3,
        at=world.now - 400 * DAY,
    )  # fmt: skip
    page = signed_in(world.cast.maya).get("/improvement/signs/").content.decode()
    for words in ("2 1:1s were skipped", "Mood was low the last 3 times", "no skill grew in a year"):
        assert words in page
    assert "1:1s were skipped" not in signed_in(world.cast.vera).get("/improvement/signs/").content.decode()
    for name in ("ben", "olga"):
        assert signed_in(getattr(world.cast, name)).get("/improvement/signs/").status_code == 404


def test_places_lost_after_a_territory_change_are_a_sign_where_ranks_are_shown(world: World) -> None:
    cast, on, changed = world.cast, date(2026, 11, 20), date(2026, 7, 15)
    others = [Person.objects.create(name=f"Rep {n}") for n in range(5)]
    for person in others:
        Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(SINCE))
    Posting.objects.filter(person=cast.ben).update(during=half_open(SINCE, changed))
    coast = Territory.objects.create(name="Coast")
    Posting.objects.create(person=cast.ben, team=cast.north, role=Role.REP, territory=coast, during=half_open(changed))
    for key, brought in (("2026-Q2", 900), ("2026-Q3", 100)):
        period = Period.parse(key)
        for n, person in enumerate([cast.ben, *others]):
            quota_of_quarter(person, "1000", period.start, period.end)
            a_credit(person, f"{brought if n == 0 else 400 + n}", period.start + 20 * DAY)
    call_command("refresh_rollups", stdout=StringIO())

    def signs() -> dict[str, list[str]]:
        rows = selectors.early_signs(manager=cast.maya, on=on, organisation=Organisation.get())
        return {row.person.name: [sign.key for sign in row.signs] for row in rows}

    assert signs()["Ben"] == ["rank", "growth"]  # in one seat since 2024, and never rated
    assert signs()["Rep 1"] == ["growth"]
    for person, yearly in zip([cast.ben, *others], (50_000, 51_000, 42_000, 49_000, 50_000, 52_000), strict=True):
        Pay.objects.create(person=person, yearly=yearly, currency="EUR", during=half_open(SINCE))
    assert [name for name, keys in signs().items() if "pay" in keys] == ["Rep 1"]
    page = signed_in(cast.maya).get("/improvement/signs/").content.decode()
    assert "Pay lies below that of comparable people" in page
    assert "42,000" not in page
    for switched in (
        {"countries_without_pay": ["DE"]}, {"shows_individual_pay": False}, {"countries_without_ranks": ["DE"]},
    ):  # fmt: skip
        with transaction.atomic():
            Organisation.objects.update(**switched)
            assert not any("pay" in keys for keys in signs().values()), switched
            transaction.set_rollback(True)
    Pay.objects.filter(person=others[4]).update(currency="CHF")  # five of one currency are too few to compare
    assert not any("pay" in keys for keys in signs().values())
    Organisation.objects.update(countries_without_ranks=["DE"])
    assert signs()["Ben"] == ["growth"]


def test_exits_are_added_up_from_five_people_on(world: World) -> None:
    left = [Person.objects.create(name=f"Leaver {n}", left_on=world.today - 9 * DAY) for n in range(11)]
    for n, person in enumerate(left):
        services.record_exit(
            person=person, left_on=world.today - 9 * DAY, reason="pay" if n < 4 else "growth",
            interview="They said this", lesson="Ramp longer", by=user(world.hugo), at=world.now,
        )  # fmt: skip
        assert ("Ramp longer" in selectors.exit_lessons(since=world.today - 99 * DAY)) == (n >= 4)
        sums = selectors.exit_sums(since=world.today - 99 * DAY)
        assert (sums is None) == (n < 4)
    assert sums is not None
    assert (sums.total, list(sums.reasons), sums.others) == (11, [], 11)  # four for pay would be told by the rest
    with pytest.raises(Refused, match="HR records"):
        services.record_exit(person=left[0], left_on=world.today, reason="pay", by=user(world.cast.vera), at=world.now)
    assert "They said this" not in signed_in(world.cast.vera).get("/improvement/exits/").content.decode()
    assert "They said this" in signed_in(world.hugo).get("/improvement/exits/").content.decode()
    again = {"person": left[0].pk, "left_on": world.today, "reason": "manager"}
    assert signed_in(world.hugo).post("/improvement/exits/", again).status_code == 422  # not once more, emptied
    page, said = f"/improvement/exits/{Exit.objects.get(person=left[0]).pk}/", again | {"version": 1, "interview": "So"}
    for status in (302, 422):  # the second goes by what was read before the first
        assert signed_in(world.hugo).post(page, said | {"would_return": "unknown"}).status_code == status
    assert Exit.objects.get(person=left[0]).interview == "So"
    api = f"/api/v1{page.replace('improvement/', '')}"
    assert signed_in(world.hugo).patch(api, {"version": 2, "lesson": "Ask"}, "application/json").status_code == 200
    kept = Exit.objects.get(person=left[0])
    assert (kept.interview, kept.lesson, kept.version) == ("So", "Ask", 3)
    assert signed_in(world.cast.vera).get(page).status_code == 404
    assert signed_in(world.cast.vera).post("/improvement/exits/", again).status_code == 404
    assert signed_in(world.cast.vera).post("/api/v1/exits/", again, content_type="application/json").status_code == 400
    bad = signed_in(world.hugo).post("/api/v1/exits/", again | {"left_on": "9999-01-01"}, "application/json")
    assert bad.status_code == 400
    assert (Exit.objects.count(), Exit.objects.get(person=left[0]).reason) == (11, "manager")


# ── Two at once ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def committed(transactional_db: None) -> World:
    return a_world(make_cast())


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_take_each_step_once(committed: World) -> None:
    world = committed
    step = agree(world, a_ladder(world).steps.get())

    def at_once(act: Callable[[], object]) -> list[object]:
        def run() -> object:
            try:
                return act()
            except Refused as refusal:
                return refusal
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            return [one.result(60) for one in [pool.submit(run) for _ in range(2)]]

    while step.kind < LadderStep.Kind.DECISION:
        if step.kind == LadderStep.Kind.IMPROVEMENT:
            a_case(world, "person", back=0)
        done = at_once(lambda step=step: go_on(world, step))  # type: ignore[misc]
        assert sum(isinstance(one, Refused) for one in done) == 1
        assert step.ladder.steps.count() == step.kind + 1
        step = step.ladder.steps.get(kind=step.kind + 1)
        if step.kind < LadderStep.Kind.DECISION:
            step = agree(world, step)
    at, on = world.now - 20 * DAY, world.today - 20 * DAY
    services.change_step(step=step, text="", starts_on=on, last=world.today - DAY, by=world.maya, at=at)
    done = at_once(lambda: services.publish_step(step=step, by=world.maya, at=at, on=on))
    assert sum(isinstance(one, Refused) for one in done) == 1
    services.acknowledge_step(step=step, by=world.ben, at=at)
    done = at_once(
        lambda: services.propose_decision(
            step=step, outcome="ended", reason="No change", by=user(world.cast.vera), at=world.now, on=world.today
        )
    )
    assert sum(isinstance(one, Refused) for one in done) == 1
    decision = LadderDecision.objects.get()
    done = at_once(
        lambda: services.answer_decision(
            decision=decision, consents=True, by=user(world.hugo), at=world.now, on=world.today
        )
    )
    assert sum(isinstance(one, Refused) for one in done) == 1
    assert Ladder.objects.get().outcome == "ended"
    interviews = Task.objects.filter(owner=world.hugo, text="Hold an exit interview", link="/improvement/exits/")
    assert interviews.get().done_at is None
    services.record_exit(person=world.cast.ben, left_on=world.today, reason="growth", by=user(world.hugo), at=world.now)
    assert interviews.get().done_at is not None

    ana, at, on = world.cast.ana, world.now, world.today
    a_case(world, person=ana)
    begun = {"starts_on": on, "last": on + 60 * DAY, "by": world.maya, "at": at, "on": on}
    step = services.open_ladder(person=ana, reason="Few meetings", **begun).steps.get()
    goal = {"step": step, "measure": "deals_won", "aim": Decimal(3), "by": world.maya, "at": at, "on": on}
    services.promise_support(
        step=step, owner=world.cast.maya, text="Ride along", due_on=on + DAY, by=world.maya, at=at, on=on
    )
    edition = LadderStep.objects.get(pk=step.pk).edition
    monday = on + (21 - on.weekday()) * DAY
    acts: tuple[Callable[[], object], ...] = (
        lambda: services.set_goal(**goal, edition=edition),
        lambda: services.publish_step(step=step, by=world.maya, at=at, on=on),
        lambda: services.acknowledge_step(step=step, by=user(ana), at=at),
        lambda: services.extend_step(step=step, last=on + 70 * DAY, reason="A fair", by=world.maya, at=at),
        lambda: services.pause_step(step=step, start=monday, by=world.maya, at=at),
        lambda: services.witness_step(step=step, by=user(world.hugo), at=at, on=on + 60 * DAY),
    )
    Leave.objects.create(person=ana, kind=kind("vacation", relieves=False), during=through(monday, monday + 7 * DAY))
    for act in acts:
        assert sum(isinstance(one, Refused) for one in at_once(act)) == 1


def test_the_demo_shows_a_plan_that_leave_has_paused(world: World) -> None:
    away = through(world.today - 9 * DAY, world.today + 20 * DAY)
    Leave.objects.create(person=world.cast.ben, kind=kind("parental", relieves=True), during=away)
    write_ladders(today=world.today)
    step = Ladder.objects.get(person=world.cast.ben).steps.get(kind=LadderStep.Kind.IMPROVEMENT)
    assert (status_of(step, world.today), selectors.pauses_due(step)) == ("Paused", [])
    assert "Paused" in signed_in(world.cast.maya).get("/improvement/").content.decode().title()
