"""Any order of events: no decision stands without every party's statement or missed day, or by who isn't neutral."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coaching import services
from coaching.models import Decision, Dispute, DisputeEvent, Party, Remedy, Statement
from coaching.selectors.disputes import line_of
from coaching.services import Split
from sales.models import CreditShare
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Leadership, Person, Posting, Team
from tests.cast import Cast
from tests.coaching.test_disputes import NOW, World, by

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["say", "decide", "decide", "appeal", "withdraw", "add", "pass", "move", "lead", "keep", "name", "aside"]
        ),
        st.integers(0, 5),
    ),
    min_size=4,
    max_size=14,
)

IN_TURNS = [
    ("pass", 5), ("pass", 5), ("decide", 0), ("appeal", 0), ("say", 1), ("withdraw", 0), ("appeal", 1), ("decide", 0),
    ("pass", 5), ("keep", 0), ("withdraw", 1), ("decide", 0),
]  # fmt: skip


class Story:
    """One dispute, acts in any order; days pass by the moments handed in, postings hold from the start."""

    def __init__(self, world: World) -> None:
        self.world, self.at = world, NOW
        self.people = [world.ana, world.ben, world.omar, world.emil, world.hugo, world.maya]
        self.dispute = world.open()
        self.lines: dict[int, tuple[Person, set[int]]] = {}

    @property
    def day(self) -> date:
        return clock.day_of(self.at, "Europe/Berlin")

    def act(self, what: str, number: int) -> None:
        who = self.people[number]
        acts: dict[str, Callable[[], object]] = {
            "say": lambda: services.give_statement(dispute=self.dispute, text="So", by=by(who), at=self.at),
            "decide": lambda: self.decide(),
            "appeal": lambda: services.appeal_dispute(dispute=self.dispute, text="No", by=by(who), at=self.at),
            "withdraw": lambda: services.withdraw_appeal(dispute=self.dispute, by=by(who), at=self.at),
            "add": lambda: services.add_party(dispute=self.dispute, person=who, by=by(self.world.hugo), at=self.at),
            "pass": lambda: self.wait(number + 1),
            "move": lambda: self.move(who),
            "lead": lambda: Leadership.objects.filter(team=self.world.cast.north).update(person=who),
            "keep": lambda: services.keep_disputes_going(at=self.at),
            "name": lambda: services.name_decider(dispute=self.dispute, person=who, by=by(self.world.hugo), at=self.at),
            "aside": lambda: services.step_aside(dispute=self.dispute, by=by(who), at=self.at),
        }
        try:
            with transaction.atomic():
                acts[what]()
        except Refused:
            pass

    def decide(self) -> None:
        """Everybody tries; the lines of the parties are kept as they were that day."""
        for who in self.people:
            self.dispute.refresh_from_db()
            first = self.dispute.round == 1
            parties = set(self.dispute.parties.values_list("person", flat=True))
            try:
                with transaction.atomic():
                    made = services.decide_dispute(
                        dispute=self.dispute,
                        outcome="granted" if first else "overturned",
                        reasons="So",
                        remedy=Split({self.world.ana: 60, self.world.ben: 40}) if first else None,  # type: ignore[dict-item]
                        by=by(who),
                        at=self.at,
                    )
            except Refused:
                continue
            self.lines[made.pk] = who, line_of(parties, self.day) | parties

    def wait(self, days: int) -> datetime:
        self.at += timedelta(days=days)
        return self.at

    def move(self, who: Person) -> None:
        teams = list(Team.objects.order_by("pk"))
        Posting.objects.filter(person=who).update(team=teams[(who.pk + self.at.day) % len(teams)])

    def holds(self) -> None:
        self.dispute.refresh_from_db()
        decisions = list(Decision.objects.filter(dispute=self.dispute).order_by("round"))
        for one in decisions:
            for party in Party.objects.filter(dispute=self.dispute, added_at__lte=one.decided_at):
                asked = Statement.objects.filter(party=party, round=one.round).first()
                if asked is None:  # named in a later round
                    assert one.round < self.dispute.round
                    continue
                heard = [moment for moment in (asked.said_at, asked.missed_at) if moment is not None]
                assert heard
                assert min(heard) <= one.decided_at
                assert asked.missed_at is None or asked.missed_at >= asked.due_at
                self.spoke_to_the_last_appeal(one, asked)
            who, not_neutral = self.lines[one.pk]
            assert who.pk == one.decider_id
            assert who.pk not in not_neutral
        assert len({one.decider_id for one in decisions}) == len(decisions)
        shares = CreditShare.objects.filter(order=self.world.order).count()
        assert shares == (2 if len(decisions) == 1 else 0)
        assert Remedy.objects.count() == len(decisions)

    def spoke_to_the_last_appeal(self, made: Decision, asked: Statement) -> None:
        """Or was asked about it, and had the days to."""
        events = DisputeEvent.objects.filter(dispute=self.dispute)
        appeal = events.filter(kind="appealed").order_by("pk").last()
        if made.round == 1 or appeal is None:
            return
        assert asked.asked_at >= appeal.at or asked.said_at is not None
        spoke = events.filter(person=asked.party.person_id, kind__in=["statement", "evidence"], pk__gt=appeal.pk)
        days_over = clock.day_of(made.decided_at, "Europe/Berlin") > asked.party.dispute.statements_due_on
        assert spoke.exists() or days_over or (asked.missed_at is not None and asked.asked_at >= appeal.at)


@pytest.fixture
def world(cast: Cast) -> World:
    made = World(cast)
    # From before the dispute on, so that nobody who moves has to have moved today.
    Posting.objects.update(during=half_open(date(2024, 1, 1)))
    return made


@settings(
    max_examples=9,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
@example(acts=[("pass", 5), ("pass", 5), ("decide", 0), ("appeal", 0), ("add", 5), ("decide", 0), ("move", 2)])
@example(acts=IN_TURNS)
def test_no_order_of_events_lets_a_decision_stand_unheard_or_by_who_is_not_neutral(
    world: World, acts: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        story = Story(world)
        for what, number in acts:
            story.act(what, number)
            story.holds()
        for number in range(2):  # and to the end
            story.act("keep", number)
            story.act("pass", 5)
            story.act("pass", 5)
            story.act("decide", number)
            story.holds()
            story.act("appeal", number)
        assert Dispute.objects.filter(pk=story.dispute.pk).exists()
        transaction.set_rollback(True)
