"""Disputes: all are heard, somebody neutral decides, the remedy posts itself, an appeal takes exactly that back."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

import performance.tasks  # noqa: F401  (declares the drainers, as in the worker)
from coaching import selectors, services
from coaching.models import Decider, Decision, Dispute, DisputeEvent, Evidence, Party, Remedy, RemedyShare, Statement
from coaching.selectors.disputes import line_of, shares_of
from coaching.services import NewOwner, NewQuota, NotNeutral, Settlement, Split
from performance.selectors import standings
from recognition.models import PaySettlement
from recognition.selectors import leaderboard
from sales import services as sales
from sales.models import AccountOwnership, Credit, CreditShare, Order, Task
from salesmgmt.desk.drains import drain_topic, topics
from salesmgmt.desk.models import Notice, NoticeChoice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import QuotaEntry
from targets.selectors.responses import due_days
from targets.services import adjust_quota, enter_quota
from teams import services as teams
from teams.models import Leadership, Leave, LeaveKind, Organisation, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast, make_cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
DAY = timedelta(days=1)
LATER = NOW + 13 * DAY  # after the day of every statement


def by(person: Person) -> User:
    """As the next request finds them."""
    assert person.user_id is not None
    return User.objects.get(pk=person.user_id)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(by(person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def add(name: str, team: Team, role: Role, *, leads: bool = False) -> Person:
    user = User.objects.create(username=name.lower(), email=f"{name.lower()}@example.com")
    made = Person.objects.create(external_id=f"E-{name}", name=name, user=user, email=user.email, hired_on=SINCE)
    Posting.objects.create(person=made, team=team, role=role, during=half_open(SINCE))
    if leads:
        Leadership.objects.create(team=team, person=made, during=half_open(SINCE))
    return made


class World:
    """The cast, with HR and a third team, and an order that Ana owns and Ben worked on."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.ana, self.ben, self.maya, self.omar = cast, cast.ana, cast.ben, cast.maya, cast.omar
        east = Team.objects.create(name="East", parent=cast.company)
        self.emil = add("Emil", east, Role.MANAGER, leads=True)
        self.hugo = add("Hugo", cast.company, Role.HR)
        self.account = sales.add_account(name="Brandt Optik", owner=cast.ana, by=None)
        self.order = sales.book_order(
            owner=cast.ana, amount=Decimal("1000.01"), ordered_on=TODAY, by=None, at=NOW, account=self.account
        )
        sales.log_activity(owner=cast.ben, kind="visit", at=NOW, by=None, account=self.account)

    def open(self, **more: Any) -> Dispute:
        who = more.pop("who", self.ben)
        said: dict[str, Any] = {
            "subject": "credit",
            "ground": "left_out",
            "claim": "I found them.",
            "order": self.order,
        }
        return services.open_dispute(**(said | more), by=by(who), at=NOW)

    def heard(self, dispute: Dispute) -> Dispute:
        dispute.refresh_from_db()
        for party in dispute.parties.order_by("pk"):
            if party.statements.filter(round=dispute.round, said_at=None).exists():
                services.give_statement(dispute=dispute, text="It was so.", by=by(party.person), at=NOW)
        dispute.refresh_from_db()
        return dispute

    def decider(self, dispute: Dispute) -> Person:
        return Decider.objects.standing().get(dispute=dispute, round=dispute.round).person

    def decide(self, dispute: Dispute, outcome: str = "granted", at: datetime = NOW, **more: Any) -> Decision:
        if outcome == "granted":
            more.setdefault("remedy", self.split("60", "40"))
        dispute.refresh_from_db()
        who = more.pop("who", None) or self.decider(dispute)
        return services.decide_dispute(
            dispute=dispute, outcome=outcome, reasons="The visits show it.", by=by(who), at=at, **more
        )

    def split(self, ana: str, ben: str) -> Split:
        return Split({self.ana: Decimal(ana), self.ben: Decimal(ben)})


@pytest.fixture
def world(cast: Cast) -> World:
    return World(cast)


def books(world: World) -> dict[str, Any]:
    """What stands: the ledger to the cent by person and day, attainment and places on the board."""
    for topic in topics():
        drain_topic(topic)
    period = Period.of(TODAY, "quarter", Organisation.get().calendar)
    people = [world.ana.pk, world.ben.pk, world.cast.cleo.pk]
    ledger: dict[Any, Decimal] = {}
    for person, team, kind, day, amount, reporting in Credit.objects.values_list(
        "person", "team", "kind", "occurred_on", "amount", "reporting_amount"
    ):
        for what, value in (("amount", amount), ("reporting", reporting)):
            ledger[person, team, kind, day, what] = ledger.get((person, team, kind, day, what), Decimal(0)) + value
    rows = standings(person_ids=people, period=period, as_of=TODAY)
    board = leaderboard(user=by(world.cast.vera), period=period, as_of=TODAY)
    return {
        "ledger": {key: value for key, value in ledger.items() if value},
        "attainment": {row.person.pk: (row.credited, row.quota, row.attainment) for row in rows},
        "board": str(board),
    }


# ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whose_record_may_change_is_a_party_and_what_stood_that_day_is_frozen(world: World) -> None:
    dispute = world.open()
    assert {party.person for party in dispute.parties.all()} == {world.ana, world.ben}
    assert world.decider(dispute) in {world.emil, world.omar, world.hugo}
    before = [one.content for one in Evidence.objects.filter(dispute=dispute).order_by("pk")]
    assert ["Ana", "primary", "100 %", "order"] in before[0]["rows"]
    assert before[1]["rows"][0][5] == "1000.01"
    changed: dict[str, Any] = {"shares": {world.ana: Decimal(50), world.cast.cleo: Decimal(50)}, "overlays": {}}
    with pytest.raises(Refused, match="held until a matter is settled"):  # what is disputed stands meanwhile
        sales.share_credit(order=world.order, **changed, by=by(world.maya), at=NOW)
    sales.settle_credit(order=world.order, **changed, by=by(world.hugo), at=NOW, reason="Dispute 0")
    assert [one.content for one in Evidence.objects.filter(dispute=dispute).order_by("pk")] == before
    asked = Notice.objects.get(user=world.ana.user, link=f"/disputes/{dispute.pk}/")
    assert "statement" in asked.text
    assert "I found them" not in asked.text


def test_nobody_decides_before_all_have_been_heard_or_let_the_day_pass(world: World) -> None:
    dispute = world.open()
    with pytest.raises(Refused, match="The statement of Ana is asked for by"):
        world.decide(dispute)
    assert not Decision.objects.exists()
    world.decide(dispute, at=LATER)
    missed = Statement.objects.get(party__person=world.ana)
    assert (missed.said_at, missed.missed_at) == (None, LATER)
    assert DisputeEvent.objects.filter(dispute=dispute, kind="missed", person=world.ana).exists()


def test_the_database_refuses_a_decision_that_did_not_hear_everybody(world: World) -> None:
    dispute = world.open()
    said: dict[str, Any] = {"dispute": dispute, "round": 1, "outcome": "dismissed", "reasons": "So"}
    with pytest.raises(IntegrityError, match="Not all parties"), transaction.atomic():
        Decision.objects.create(**said, decider=world.decider(dispute), decided_at=LATER)
    with pytest.raises(IntegrityError, match="a_deadline_is_missed_after_it"), transaction.atomic():
        Statement.objects.filter(party__person=world.ana).update(missed_at=NOW)
    world.heard(dispute)
    for wrong in (world.ana, world.maya):
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(**said, decider=wrong, decided_at=LATER)
    with pytest.raises(IntegrityError, match="stands"), transaction.atomic():
        Statement.objects.filter(party__person=world.ana).update(said_at=None)
    world.decide(dispute)
    with pytest.raises(IntegrityError, match="decided already"), transaction.atomic():
        Party.objects.create(dispute=dispute, person=world.maya, added_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.update(outcome="dismissed")


def test_a_statement_that_came_meanwhile_is_read_before_deciding(world: World) -> None:
    dispute = world.open()
    seen = dispute.version
    world.heard(dispute)
    with pytest.raises(Stale, match="Read it first"):
        world.decide(dispute, version=seen)
    world.decide(dispute, version=dispute.version)
    with pytest.raises(Refused, match="nothing is added"):
        services.add_evidence(dispute=dispute, text="Late", by=by(world.ana), at=NOW)


def test_a_dispute_is_about_oneself_and_one_at_a_time(world: World) -> None:
    with pytest.raises(Refused, match="Choose the order"):
        world.open(who=world.cast.cleo)
    world.open()
    with pytest.raises(Refused, match="in dispute already, and you are a party"):
        world.open()
    with pytest.raises(Refused, match="Disputes are for people who work here"):
        services.open_dispute(subject="pay", ground="promise", claim="x", by=world.cast.admin, at=NOW)


def test_self_dealing_nobody_decides_or_changes_what_is_their_own(world: World) -> None:
    """Self-dealing: not their dispute, not their quota, not their credit."""
    dispute = world.heard(world.open())
    with pytest.raises(Refused, match="not the one who decides"):
        world.decide(dispute, who=world.ben)
    with pytest.raises(Refused, match="is a party"):
        services.name_decider(dispute=dispute, person=world.ben, by=by(world.hugo), at=NOW)
    services.withdraw_dispute(dispute=dispute, by=by(world.ben), at=NOW)
    with pytest.raises(Refused, match="credit of their own"):
        sales.share_credit(order=world.order, shares={world.ana: Decimal(100)}, overlays={}, by=by(world.ana), at=NOW)
    period = Period.of(TODAY, "quarter", Organisation.get().calendar)
    with pytest.raises(Refused, match="Nobody changes their own quota"):
        adjust_quota(person=world.maya, period=period, amount=Decimal(1), reason="x", by=by(world.maya), at=NOW)


# ── Who decides ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["transfer", "stand-in", "leaver", "led by a party"])
def test_who_comes_into_a_party_s_line_no_longer_decides(world: World, how: str) -> None:
    """Up or down the line, on the day of the decision, whoever was named before."""
    dispute = world.heard(world.open())
    who = world.emil
    if world.decider(dispute) != who:
        services.name_decider(dispute=dispute, person=who, by=by(world.hugo), at=NOW)
    olga = by(world.cast.olga)
    match how:
        case "transfer":
            teams.post_person(person=world.ana, team=Team.objects.get(name="East"), on=TODAY, by=olga)
        case "stand-in":
            teams.appoint_manager(team=world.cast.north, person=who, on=TODAY, by=olga)
        case "leaver":
            teams.end_employment(person=who, on=TODAY, by=olga)
        case _:
            teams.appoint_manager(team=Team.objects.get(name="East"), person=world.ana, on=TODAY, by=olga)
            who.refresh_from_db()
    with pytest.raises(Refused):
        world.decide(dispute, who=who)
    assert services.keep_disputes_going(at=NOW) == 1
    assert world.decider(dispute) not in {who, world.maya, world.cast.vera, world.ana, world.ben}
    assert services.keep_disputes_going(at=NOW) == 0
    world.decide(dispute)


def test_not_neutral_is_said_in_words_and_hr_names_only_neutral_people(world: World) -> None:
    dispute = world.heard(world.open())
    for wrong in (world.ana, world.maya, world.cast.vera):
        with pytest.raises(Refused, match=r"party|line"):
            services.name_decider(dispute=dispute, person=wrong, by=by(world.hugo), at=NOW)
    with pytest.raises(Refused, match="HR, or an executive"):
        services.name_decider(dispute=dispute, person=world.omar, by=by(world.maya), at=NOW)
    who = world.decider(dispute)
    Leadership.objects.filter(team=world.cast.north).update(person=who)
    with pytest.raises(NotNeutral, match="stands in the line"):
        world.decide(dispute)


def test_one_more_party_is_proposed_by_a_party_and_named_by_hr_or_who_decides(world: World) -> None:
    """A party who could name the judge, or the judge's people, would choose who judges."""
    dispute = world.heard(world.open())
    services.name_decider(dispute=dispute, person=world.emil, by=by(world.hugo), at=NOW)
    due, reader = dispute.decide_by, signed_in(world.ben)
    with pytest.raises(Refused, match="you can propose one"):
        services.add_party(dispute=dispute, person=world.maya, by=by(world.ben), at=NOW)
    for person in (world.emil, world.omar, world.cast.cleo):  # the judge, another line's manager, a stranger
        with pytest.raises(Refused):
            services.propose_party(dispute=dispute, person=person, by=by(world.ben), at=NOW)
        page = reader.post(f"/disputes/{dispute.pk}/party/", {"email": person.email})
        assert "Nobody whom you may name has the address" in page.content.decode()
        assert person.name not in page.content.decode() or person == world.emil
    assert reader.post(f"/disputes/{dispute.pk}/party/", {"email": world.maya.email}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.parties.count(), dispute.decide_by, world.decider(dispute)) == (2, due, world.emil)
    named = signed_in(world.emil).post(f"/disputes/{dispute.pk}/party/", {"proposed": world.maya.pk})
    assert named.status_code == 302
    dispute.refresh_from_db()
    with pytest.raises(Refused, match="The statement of Maya"):
        world.decide(dispute)
    vera = world.cast.vera
    with pytest.raises(Refused, match="ask HR to name them"):  # she leads whoever decides
        services.add_party(dispute=dispute, person=vera, by=by(world.emil), at=NOW)
    services.add_party(dispute=dispute, person=vera, by=by(world.hugo), at=NOW)
    assert not Decider.objects.standing().filter(dispute=dispute).exists()  # she leads everybody here
    assert Notice.objects.filter(user=by(world.hugo), text__startswith="Nobody neutral is found").exists()


def test_a_stand_in_of_a_day_or_a_transfer_since_makes_nobody_neutral(world: World) -> None:
    """A boss who is stood in for stays the boss; whoever set a quota is a party of it, whoever leads the person now."""
    cast, olga = world.cast, by(world.cast.olga)
    teams.appoint_manager(team=cast.company, person=world.hugo, on=TODAY, until=TODAY + DAY, by=olga)
    below = line_of([cast.vera.pk], TODAY)
    assert {world.maya.pk, world.omar.pk, world.emil.pk} <= below
    before = Period.of(TODAY, "quarter", Organisation.get().calendar).shift(-1)
    enter_quota(person=world.ben, start=before.start, end=before.end, amount=Decimal(3000), reason="Plan",
                by=by(world.emil), at=NOW)  # fmt: skip
    teams.post_person(person=world.ben, team=cast.south, on=TODAY, by=olga)
    dispute = world.open(subject="quota", ground="mistake", order=None, period=before.key)
    assert {party.person for party in dispute.parties.all()} == {world.ben, world.maya, world.emil}
    for wrong in (world.maya, world.emil, world.omar, cast.vera):
        with pytest.raises(Refused, match=r"party|line"):
            services.name_decider(dispute=dispute, person=wrong, by=by(world.hugo), at=NOW)


def test_everybody_has_five_working_days_of_their_own_to_be_heard(world: World) -> None:
    Leave.objects.create(
        person=world.ana, kind=LeaveKind.objects.get(key="vacation"), during=half_open(TODAY, TODAY + 14 * DAY)
    )
    world.maya.refresh_from_db()
    dispute = world.open(statements_due_on=TODAY + DAY)
    asked = Statement.objects.get(party__person=world.ana)
    assert asked.due_on == due_days({world.ana.pk: NOW}, Organisation.get())[world.ana.pk] > TODAY + 14 * DAY
    assert dispute.statements_due_on == asked.due_on
    with pytest.raises(Refused, match="The statement of Ana"):
        world.decide(dispute, at=LATER)
    NoticeChoice.objects.create(user=by(world.ben), topic="disputes", way="none")
    services.give_statement(dispute=dispute, text="So", by=by(world.ana), at=NOW)
    world.decide(dispute, "dismissed")
    assert Notice.objects.filter(user=by(world.ben), text__contains="is decided").exists()


def test_who_does_not_decide_in_time_or_is_away_is_replaced_and_hr_hears_of_it(world: World) -> None:
    dispute = world.heard(world.open())
    first = world.decider(dispute)
    Leave.objects.create(
        person=first, kind=LeaveKind.objects.get(key="vacation"), during=half_open(TODAY, TODAY + 90 * DAY)
    )
    services.keep_disputes_going(at=NOW)
    second = world.decider(dispute)
    assert second != first
    services.keep_disputes_going(at=NOW + 40 * DAY)
    assert world.decider(dispute) not in {first, second}
    assert Notice.objects.filter(user=by(world.hugo), text__contains="did not decide in time").exists()
    dispute.refresh_from_db()
    assert dispute.decide_by > TODAY + 40 * DAY


# ── What it changes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_credit_dispute_changes_ledger_attainment_and_board_and_an_appeal_reverses_it_to_the_cent(
    world: World,
) -> None:
    period = Period.of(TODAY, "quarter", Organisation.get().calendar)
    others = [add(name, world.cast.south, Role.REP) for name in ("Dirk", "Edda", "Finn")]  # fewer have no board
    for person in (world.ana, world.ben, world.cast.cleo, *others):
        enter_quota(person=person, start=period.start, end=period.end, amount=Decimal(3000), reason="Plan", by=None,
                    at=NOW)  # fmt: skip
    before = books(world)
    dispute = world.heard(world.open())
    decision = world.decide(dispute, remedy=world.split("66.6667", "33.3333"))
    after = books(world)
    north, kind = world.cast.north.pk, "primary"
    assert after["ledger"][world.ana.pk, north, kind, TODAY, "amount"] == Decimal("666.67")
    assert after["ledger"][world.ben.pk, north, kind, TODAY, "amount"] == Decimal("333.34")
    assert after["attainment"][world.ben.pk][0] == Decimal("333.34")
    assert after["board"] != before["board"]
    entry = Credit.objects.filter(person=world.ben).get()
    assert (entry.by, entry.reason) == (decision.by, f"Dispute {dispute.pk}: granted")
    sales.refund_order(order=world.order, amount=Decimal("0.01"), on=TODAY, by=None, at=NOW, reason="Cent")
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.heard(dispute)
    assert world.decider(dispute) != decision.decider
    world.decide(dispute, "overturned")
    back = books(world)
    assert back["attainment"][world.ben.pk] == before["attainment"][world.ben.pk]
    assert back["attainment"][world.ana.pk][0] == Decimal("1000.00")
    assert back["ledger"] == {
        (world.ana.pk, north, kind, TODAY, what): Decimal("1000.00") for what in ("amount", "reporting")
    }
    first, second = Remedy.objects.order_by("pk")
    assert second.reverses == first
    assert not CreditShare.objects.filter(order=world.order).exists()


def test_without_a_fact_in_between_everything_stands_as_before(world: World) -> None:
    before = books(world)
    dispute = world.heard(world.open())
    world.decide(dispute)
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned")
    assert books(world) == before


def test_a_closed_month_takes_nothing_more_the_remedy_posts_to_the_first_open_one(world: World) -> None:
    month = Period.of(TODAY, "month", Organisation.get().calendar)
    dispute = world.heard(world.open())
    teams.close_period(key=month.key, by=by(world.cast.olga), at=NOW, reason="Done")
    world.decide(dispute)
    entry = Credit.objects.filter(person=world.ben).get()
    assert (entry.occurred_on, entry.posted_on) == (TODAY, month.end)


def test_overlays_that_are_not_named_stay_and_come_back_on_appeal(world: World) -> None:
    sales.share_credit(order=world.order, shares={}, overlays={world.cast.cleo: Decimal(5)}, by=by(world.maya), at=NOW)
    dispute = world.heard(world.open())
    world.decide(dispute)
    assert shares_of(world.order)[world.cast.cleo.pk, "overlay"] == 5
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.decide(world.heard(dispute), "overturned", remedy=Split(overlays={world.ben: Decimal(10)}))
    assert shares_of(world.order) == {
        (world.ana.pk, "primary"): 60, (world.ben.pk, "primary"): 40, (world.ben.pk, "overlay"): 10,
    }  # fmt: skip


def test_an_overlay_alone_is_granted_and_exactly_taken_back(world: World) -> None:
    before = books(world)
    dispute = world.heard(world.open())
    world.decide(dispute, remedy=Split(overlays={world.ben: Decimal(10)}))
    assert RemedyShare.objects.get(person=world.ana).percent == 100
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.decide(world.heard(dispute), "overturned")
    assert books(world) == before


def test_an_appeal_says_how_it_is_to_stand_where_the_first_decision_cannot_be_taken_back(world: World) -> None:
    dispute = world.heard(world.open())
    world.decide(dispute)
    sales.settle_credit(order=world.order, shares={world.ana: Decimal(61), world.ben: Decimal(39)}, overlays={},
                        by=by(world.hugo), at=NOW, reason="Dispute 0")  # fmt: skip
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.heard(dispute)
    with pytest.raises(Refused, match="say how it is to be"):
        world.decide(dispute, "overturned")
    world.decide(dispute, "overturned", remedy=Split({world.ana: Decimal(100)}))
    assert not CreditShare.objects.filter(order=world.order).exists()
    assert Remedy.objects.filter(reverses__isnull=False).count() == 1


def test_whose_record_would_change_unheard_lets_no_decision_stand(world: World) -> None:
    dispute = world.heard(world.open())
    remedy = Split({world.ana: Decimal(50), world.cast.cleo: Decimal(50)})
    with pytest.raises(Refused, match="The decision doesn't stand: The record of Cleo would change"):
        world.decide(dispute, remedy=remedy)
    with pytest.raises(Refused, match="doesn't stand: The shares sum to 90 %"):
        world.decide(dispute, remedy=world.split("50", "40"))
    sales.withdraw_order(order=world.order, by=None, at=NOW)
    with pytest.raises(Refused, match="The decision doesn't stand: This record was withdrawn"):
        world.decide(dispute)
    assert not Decision.objects.exists()
    dispute.refresh_from_db()
    assert dispute.state == "open"


def test_a_quota_dispute_posts_an_entry_and_an_appeal_takes_it_back(world: World) -> None:
    period = Period.of(TODAY, "quarter", Organisation.get().calendar)
    enter_quota(person=world.ben, start=period.start, end=period.end, amount=Decimal(3000), reason="Plan", by=None,
                at=NOW)  # fmt: skip

    def quota() -> Decimal:
        return sum(QuotaEntry.objects.filter(person=world.ben).values_list("amount", flat=True), Decimal(0))

    dispute = world.heard(world.open(subject="quota", ground="changed", order=None, period=period.key))
    assert {party.person for party in dispute.parties.all()} == {world.ben, world.maya}
    world.decide(dispute, remedy=NewQuota(Decimal(2400)))
    assert quota() == 2400
    assert selectors.reversed_for(manager=world.maya, start=TODAY - DAY, end=TODAY + DAY) == 1
    with pytest.raises(Refused, match="held until a matter is settled"):
        adjust_quota(person=world.ben, period=period, amount=Decimal(2500), reason="x", by=by(world.maya), at=NOW)
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.maya), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned")
    assert quota() == 3000
    assert selectors.reversed_for(manager=world.maya, start=TODAY - DAY, end=TODAY + DAY) == 0


def test_a_quota_whose_period_is_closed_stands_and_is_settled_otherwise(world: World) -> None:
    calendar = Organisation.get().calendar
    period = Period.of(TODAY, "quarter", calendar).shift(-1)
    enter_quota(person=world.ben, start=period.start, end=period.end, amount=Decimal(3000), reason="Plan", by=None,
                at=NOW)  # fmt: skip
    month = Period.of(period.start, "month", calendar)
    with pytest.raises(Refused, match="choose the period it is set for"):
        world.open(subject="quota", ground="changed", order=None, period=month.key)
    dispute = world.heard(world.open(subject="quota", ground="changed", order=None, period=period.key))
    for at in (period.start, period.start + 40 * DAY, period.last_day):
        teams.close_period(key=Period.of(at, "month", calendar).key, by=by(world.cast.olga), at=NOW, reason="Done")
    with pytest.raises(Refused, match="The decision doesn't stand"):
        world.decide(dispute, remedy=NewQuota(Decimal(2400)))
    world.decide(dispute, remedy=Settlement(world.ben, "The bonus as if it had been 2,400", Decimal("250.00")))
    assert (Remedy.objects.get().kind, Remedy.objects.get().amount) == ("pay", 250)


def test_a_territory_dispute_moves_the_account_and_an_appeal_moves_it_back(world: World) -> None:
    deal = sales.open_deal(owner=world.ana, name="Lenses", account=world.account, by=None, at=NOW)
    task = {"account": world.account, "due_on": TODAY, "text": "Call", "source": "manual"}
    theirs = Task.objects.create(owner=world.ana, **task), Task.objects.create(owner=world.ben, **task)
    dispute = world.heard(world.open(subject="territory", order=None, account=world.account))
    with pytest.raises(Refused, match="held until a matter is settled"):
        sales.propose_handover(giver=world.ana, taker=world.ben, on=TODAY, reason="x", accounts=[world.account],
                               deals=[], by=by(world.maya), at=NOW)  # fmt: skip
    world.decide(dispute, remedy=NewOwner(world.ben))
    assert Task.objects.filter(source="manual", owner=world.ben).count() == 2
    deal.refresh_from_db()
    assert AccountOwnership.objects.on(TODAY).get(account=world.account).owner == world.ben
    assert deal.owner == world.ben
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned")
    deal.refresh_from_db()
    assert AccountOwnership.objects.on(TODAY).get(account=world.account).owner == world.ana
    assert deal.owner == world.ana
    for one, owner in zip(theirs, (world.ana, world.ben), strict=True):  # what was Ben's before stays his
        one.refresh_from_db()
        assert one.owner == owner


def test_pay_and_conduct_leave_a_row_that_adds_up(world: World) -> None:
    dispute = world.heard(world.open(subject="pay", ground="promise", order=None))
    world.decide(dispute, remedy=Settlement(world.ben, "The bonus of May", Decimal("250.00")))
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.maya), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned", remedy=Settlement(world.ben, "Half of it", Decimal("125.00")))
    assert sum(one.amount for one in Remedy.objects.filter(kind="pay", person=world.ben)) == Decimal("125.00")
    dispute = world.heard(world.open(subject="conduct", ground="treatment", order=None, others=[world.ana]))
    with pytest.raises(Refused, match="Say what is to be done"):
        world.decide(dispute, remedy=Settlement(world.ana, " "))
    world.decide(dispute, remedy=Settlement(world.ana, "An apology in front of the team"))


def test_granted_pay_is_settled_by_who_pays_once_it_is_final_and_the_person_sees_it(world: World) -> None:
    """Self-dealing: nobody settles a matter of their own; who pays reads no word of the dispute."""
    olga = signed_in(world.cast.olga)
    dispute = world.heard(world.open(subject="pay", ground="promise", order=None))
    world.decide(dispute, remedy=Settlement(world.ben, "The bonus of May", Decimal("250.00")))
    assert "No disputed pay waits" in olga.get("/settlements/").content.decode()  # it can still be appealed
    services.keep_disputes_going(at=NOW + 40 * DAY)
    task = Task.objects.get(owner=world.cast.olga, source="dispute", done_at=None)
    assert "Ben" not in task.text
    page = olga.get("/settlements/").content.decode()
    assert "€250" in page
    assert "The bonus of May" not in page
    assert "€250" in signed_in(world.ben).get("/settlements/").content.decode()
    for other in (world.maya, world.cast.vera, world.ana):
        assert "€250" not in signed_in(other).get("/settlements/").content.decode()
    said = {"dispute": dispute.pk, "person": world.ben.pk, "note": "Payroll of December"}
    assert signed_in(world.ben).post("/settlements/", said).status_code == 422
    assert olga.post("/settlements/", said | {"note": " "}).status_code == 422
    assert olga.post("/settlements/", said).status_code == 302
    assert olga.post("/settlements/", said).status_code == 422
    task.refresh_from_db()
    assert task.done_at is not None
    assert "Payroll of December" in signed_in(world.ben).get("/settlements/").content.decode()
    made = PaySettlement.objects.get()
    assert (made.amount, made.by, made.person) == (250, by(world.cast.olga), world.ben)


# ── Appeal and time ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_appeal_is_made_once_in_time_and_decided_by_somebody_else(world: World) -> None:
    dispute = world.heard(world.open())
    first = world.decide(dispute).decider
    with pytest.raises(Refused, match="Only a party"):
        services.appeal_dispute(dispute=dispute, text="No", by=by(world.maya), at=NOW)
    with pytest.raises(Refused, match="the decision is final"):
        services.appeal_dispute(dispute=dispute, text="No", by=by(world.ana), at=NOW + 30 * DAY)
    services.appeal_dispute(dispute=dispute, text="No", by=by(world.ana), at=NOW)
    dispute.refresh_from_db()
    with pytest.raises(Refused, match=r"decided this dispute before"):
        services.name_decider(dispute=dispute, person=first, by=by(world.hugo), at=NOW)
    with pytest.raises(Refused, match="The statement of Ben"):
        world.decide(dispute, "upheld")
    with pytest.raises(Refused, match="Decide “The first decision stands”"):
        world.decide(dispute, "granted", at=LATER)
    world.decide(dispute, "upheld", at=LATER)
    with pytest.raises(Refused, match="an appeal was made already"):
        services.appeal_dispute(dispute=dispute, text="No", by=by(world.ben), at=LATER)


def test_an_appeal_is_withdrawn_by_who_made_it_and_takes_nobody_else_s_away(world: World) -> None:
    dispute = world.heard(world.open())
    world.decide(dispute)
    services.appeal_dispute(dispute=dispute, text="No", by=by(world.ana), at=NOW)
    with pytest.raises(Refused, match="Only who appealed"):
        services.withdraw_appeal(dispute=dispute, by=by(world.ben), at=NOW)
    assert signed_in(world.ana).post(f"/disputes/{dispute.pk}/appeal/withdraw/").status_code == 303
    dispute.refresh_from_db()
    assert (dispute.state, dispute.round) == ("decided", 1)
    assert not Task.objects.filter(source="dispute", done_at=None).exists()
    with pytest.raises(Refused, match="You appealed before"):
        services.appeal_dispute(dispute=dispute, text="No", by=by(world.ana), at=NOW)
    judge = Decider.objects.filter(dispute=dispute, round=2).get().person
    dispute = services.appeal_dispute(dispute=dispute, text="It is all mine", by=by(world.ben), at=NOW)
    assert world.decider(dispute) == judge  # nobody puts judges aside by appealing in turns
    assert Task.objects.filter(owner=world.ana, source="dispute", done_at=None).exists()
    with pytest.raises(Refused, match="Ana spoke to an appeal that was withdrawn"):
        world.decide(world.heard(dispute), "overturned")
    services.add_evidence(dispute=dispute, text="The visit was mine", by=by(world.ana), at=NOW)
    world.decide(dispute, "overturned")
    assert not CreditShare.objects.filter(order=world.order).exists()


def test_another_appeal_asks_everybody_anew_and_one_whose_days_have_passed_is_decided(world: World) -> None:
    dispute = world.open()
    services.add_party(dispute=dispute, person=world.cast.cleo, by=by(world.hugo), at=NOW)
    world.decide(world.heard(dispute))
    services.appeal_dispute(dispute=dispute, text="No", by=by(world.ana), at=NOW)
    services.withdraw_appeal(dispute=dispute, by=by(world.ana), at=NOW + DAY)
    services.appeal_dispute(dispute=dispute, text="Nor I", by=by(world.ben), at=NOW + 8 * DAY)
    asked = Statement.objects.get(party__dispute=dispute, party__person=world.cast.cleo, round=2)
    assert (asked.asked_at, asked.is_in, asked.due_on > TODAY + 12 * DAY) == (NOW + 8 * DAY, False, True)
    assert Task.objects.filter(owner=world.cast.cleo, source="dispute", done_at=None).get().due_on == asked.due_on
    with pytest.raises(Refused, match="The statement of Cleo"):
        world.decide(dispute, "upheld", at=NOW + 9 * DAY)
    services.keep_disputes_going(at=NOW + 30 * DAY)
    dispute.refresh_from_db()
    with pytest.raises(Refused, match="The day of a statement has passed"):
        services.withdraw_appeal(dispute=dispute, by=by(world.ben), at=NOW + 30 * DAY)


def test_days_are_recorded_reminded_once_and_end_in_a_final_decision(world: World) -> None:
    dispute = world.open()
    about = Notice.objects.filter(link=f"/disputes/{dispute.pk}/")
    waiting = Task.objects.filter(owner=world.ana, source="dispute", done_at=None)
    due = waiting.get().due_on
    assert not Task.objects.visible_to(by(world.maya)).filter(source="dispute").exists()
    soon = NOW + (due - TODAY - 2 * DAY)
    assert services.keep_disputes_going(at=soon) == 1
    assert services.keep_disputes_going(at=soon) == 0
    assert about.filter(user=world.ana.user, text__startswith="Reminder").count() == 1
    assert services.keep_disputes_going(at=LATER) == 1
    assert Task.objects.filter(owner=world.decider(dispute), source="dispute", done_at=None).exists()
    assert about.filter(user=world.decider(dispute).user, text__startswith="All parties").exists()
    assert list(selectors.open_disputes_about(person=world.ana)) == [dispute]
    world.decide(dispute, "dismissed", at=LATER)
    assert not Task.objects.filter(source="dispute", done_at=None).exists()
    assert selectors.open_disputes_about(person=world.ana).exists()
    assert services.keep_disputes_going(at=LATER + 20 * DAY) == 1
    assert not selectors.open_disputes_about(person=world.ana).exists()


def test_a_dispute_is_withdrawn_by_who_opened_it_before_a_decision(world: World) -> None:
    dispute = world.open()
    with pytest.raises(Refused, match="Only Ben"):
        services.withdraw_dispute(dispute=dispute, by=by(world.ana), at=NOW)
    services.withdraw_dispute(dispute=dispute, by=by(world.ben), at=NOW)
    with pytest.raises(Refused, match="withdrawn"):
        world.decide(dispute)


# ── At once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Each in a thread with a connection of its own; what was refused."""
    start, refused = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        start.wait(timeout=20)
        try:
            act()
        except Refused as refusal:
            refused.append(refusal.sentence)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return refused


@pytest.mark.django_db(transaction=True)
def test_two_decisions_and_a_statement_at_once_leave_one_decision_that_heard_everybody() -> None:
    world = World(make_cast())
    dispute = world.open()
    who = world.decider(dispute)

    def decide() -> None:
        services.decide_dispute(
            dispute=dispute, outcome="granted", reasons="So", by=by(who), at=NOW, remedy=world.split("60", "40")
        )

    def say() -> None:
        services.give_statement(dispute=dispute, text="So it was", by=by(world.ana), at=NOW)

    refused = at_once(decide, decide, say)
    decisions = Decision.objects.count()
    assert (decisions, len(refused)) in {(0, 2), (1, 1)}
    assert Statement.objects.get(party__person=world.ana).said_at == NOW
    assert Order.objects.get(pk=world.order.pk).credit_shares.count() == 2 * decisions
