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
from coaching.models import Decider, Decision, Dispute, DisputeEvent, Evidence, Party, Remedy, Statement
from coaching.services import NewOwner, NewQuota, NotNeutral, Settlement, Split
from performance.selectors import standings
from recognition.selectors import leaderboard
from sales import services as sales
from sales.models import AccountOwnership, Credit, CreditShare, Order
from salesmgmt.desk.drains import drain_topic, topics
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import QuotaEntry
from targets.services import enter_quota
from teams import services as teams
from teams.models import Leadership, Organisation, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast, make_cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
DAY = timedelta(days=1)
LATER = NOW + 9 * DAY  # after the day of every statement


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
    sales.share_credit(
        order=world.order, shares={world.ana: Decimal(50), world.cast.cleo: Decimal(50)}, overlays={}, by=None, at=NOW
    )
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


def test_one_more_party_is_heard_and_moves_who_decides(world: World) -> None:
    dispute = world.heard(world.open())
    who = world.decider(dispute)
    services.add_party(dispute=dispute, person=who, by=by(world.ben), at=NOW)
    dispute.refresh_from_db()
    assert world.decider(dispute) != who
    with pytest.raises(Refused, match=f"The statement of {who.name}"):
        world.decide(dispute)


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
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.maya), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned")
    assert quota() == 3000
    assert selectors.reversed_for(manager=world.maya, start=TODAY - DAY, end=TODAY + DAY) == 0


def test_a_territory_dispute_moves_the_account_and_an_appeal_moves_it_back(world: World) -> None:
    deal = sales.open_deal(owner=world.ana, name="Lenses", account=world.account, by=None, at=NOW)
    dispute = world.heard(world.open(subject="territory", order=None, account=world.account))
    world.decide(dispute, remedy=NewOwner(world.ben))
    deal.refresh_from_db()
    assert AccountOwnership.objects.on(TODAY).get(account=world.account).owner == world.ben
    assert deal.owner == world.ben
    services.appeal_dispute(dispute=dispute, text="No.", by=by(world.ana), at=NOW)
    world.heard(dispute)
    world.decide(dispute, "overturned")
    deal.refresh_from_db()
    assert AccountOwnership.objects.on(TODAY).get(account=world.account).owner == world.ana
    assert deal.owner == world.ana


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


def test_days_are_recorded_reminded_once_and_end_in_a_final_decision(world: World) -> None:
    dispute = world.open()
    about = Notice.objects.filter(link=f"/disputes/{dispute.pk}/")
    assert services.keep_disputes_going(at=NOW + 5 * DAY) == 1
    assert services.keep_disputes_going(at=NOW + 5 * DAY) == 0
    assert about.filter(user=world.ana.user, text__startswith="Reminder").count() == 1
    assert services.keep_disputes_going(at=LATER) == 1
    assert about.filter(user=world.decider(dispute).user, text__startswith="All parties").exists()
    assert list(selectors.open_disputes_about(person=world.ana)) == [dispute]
    world.decide(dispute, "dismissed", at=LATER)
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
