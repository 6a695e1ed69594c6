"""Each kind, and what the contract says under its table: by the engine that command and page share."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st

from sales.models import (
    Account,
    Activity,
    Contact,
    Credit,
    CreditShare,
    Deal,
    DealChange,
    Feedback,
    Order,
    Outcome,
    Product,
)
from salesmgmt.exchange.kinds import kinds
from salesmgmt.exchange.models import BatchRow
from salesmgmt.exchange.reader import Unreadable
from salesmgmt.exchange.services import Answer, Options, import_file, undo_batch
from salesmgmt.lib.kinds import Field
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS, half_open
from salesmgmt.lib.refusals import Refused
from targets.models import QuotaEntry, RampStep, SeasonShare
from teams.models import ExchangeRate, Leadership, Leave, Person, Posting, Team, User
from tests.cast import SINCE, Cast

from .conftest import fuzzed

AT = datetime(2026, 5, 20, 9, tzinfo=UTC)
TODAY = date(2026, 5, 20)


def take(
    kind: str, text: str | bytes, *, by: User | None = None, mapping: dict[str, Any] | None = None, **options: Any
) -> Answer:
    data = text if isinstance(text, bytes) else text.encode()
    answer = import_file(
        kind=kind, file=io.BytesIO(data), name="a.csv", mapping=mapping, options=Options(**options), by=by, at=AT
    )
    assert answer.created + answer.changed + answer.equal + answer.refused == answer.read
    return answer


def counts(answer: Answer) -> tuple[int, int, int, int]:
    return answer.created, answer.changed, answer.equal, answer.refused


def reasons(answer: Answer) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.reason) for one in answer.refusals]


def undo(answer: Answer) -> list[str]:
    assert answer.batch is not None
    return undo_batch(batch=answer.batch, by=None, at=AT)


def posting(person: Person, day: date = TODAY) -> Posting:
    return Posting.objects.on(day).get(person=person)


# ── Teams and people ────────────────────────────────────────────────────────────────────────────────────────────


def test_teams_may_name_parents_further_down_the_file(cast: Cast) -> None:
    text = "name,parent,manager\nHarbour,Coast,Ana\nCoast,Company,\n"
    assert counts(take("teams", text)) == (2, 0, 0, 0)
    harbour = Team.objects.get(name="Harbour")
    assert harbour.path == [cast.company.pk, harbour.parent_id, harbour.pk]
    assert Leadership.objects.on(TODAY).get(team=harbour).person == cast.ana
    assert counts(take("teams", text)) == (0, 0, 2, 0)


def test_circles_are_refused_by_their_lines(cast: Cast) -> None:
    answer = take("teams", "name,parent\nA,B\nB,A\nC,C\nD,\n")
    assert reasons(answer) == [
        (2, "parent", "It stands in a circle of parents: lines 2, 3."),
        (3, "parent", "It stands in a circle of parents: lines 2, 3."),
        (4, "parent", "It names itself."),
    ]
    assert reasons(take("teams", "name,parent\nCompany,North\n"))[0][2] == "A team can't stand below itself."


def test_a_new_manager_of_a_team_ends_the_old_ones_time(cast: Cast) -> None:
    answer = take("teams", "name,manager\nNorth,Ben\n", effective=date(2026, 4, 1))
    assert counts(answer) == (0, 1, 0, 0)
    rows = Leadership.objects.filter(team=cast.north).order_by("during")
    assert [(row.person.name, row.starts_on, row.until) for row in rows] == [
        ("Maya", SINCE, date(2026, 4, 1)),
        ("Ben", date(2026, 4, 1), None),
    ]
    assert undo(answer) == []
    row = Leadership.objects.get(team=cast.north)
    assert (row.person, row.until) == (cast.maya, None)


def test_a_posting_starts_on_hired_on_or_before_all_records(cast: Cast) -> None:
    take("people", "name,team,hired_on\nNew,North,2026-03-02\nOld,North,\n")
    assert posting(Person.objects.get(name="New")).starts_on == date(2026, 3, 2)
    assert posting(Person.objects.get(name="Old")).starts_on == BEFORE_ALL_RECORDS


def test_a_later_import_opens_a_new_posting_and_leaves_the_past_alone(cast: Cast) -> None:
    text = "external_id,name,team\nE-Ana,Ana,South\n"
    answer = take("people", text, effective=date(2026, 5, 1))
    assert counts(answer) == (0, 1, 0, 0)
    rows = Posting.objects.filter(person=cast.ana).order_by("during")
    assert [(row.team, row.during) for row in rows] == [
        (cast.north, half_open(SINCE, date(2026, 5, 1))),
        (cast.south, half_open(date(2026, 5, 1))),
    ]
    assert counts(take("people", text)) == (0, 0, 1, 0)
    undo(answer)
    assert posting(cast.ana).during == half_open(SINCE)


def test_a_posting_that_begins_on_the_effective_day_is_changed_not_split(cast: Cast) -> None:
    take("people", "external_id,name,fte\nE-Ana,Ana,0.5\n", effective=date(2026, 5, 1))
    take("people", "external_id,name,fte\nE-Ana,Ana,0.75\n", effective=date(2026, 5, 1))
    assert Posting.objects.filter(person=cast.ana).count() == 2
    assert posting(cast.ana).fte == Decimal("0.75")


def test_credit_follows_a_back_dated_change_of_team(cast: Cast) -> None:
    take("orders", "external_id,owner,amount,ordered_on\nO1,Ana,100,2026-05-04\n")
    answer = take("people", "external_id,name,team\nE-Ana,Ana,South\n", effective=date(2026, 5, 1))
    assert Credit.objects.filter(team=cast.south).total() == 100
    assert Credit.objects.filter(team=cast.north).total() == 0
    undo(answer)
    assert Credit.objects.filter(team=cast.south).total() == 0
    assert Credit.objects.filter(team=cast.north).total() == 100


def test_a_leaver_is_posted_until_the_day_they_left(cast: Cast) -> None:
    text = "external_id,name,team,left_on\nE-Ben,Ben,North,2026-04-01\n"
    assert counts(take("people", text)) == (0, 1, 0, 0)
    assert Posting.objects.get(person=cast.ben).until == date(2026, 4, 1)
    assert counts(take("people", text)) == (0, 0, 1, 0)


def test_a_manager_without_team_is_told_apart(cast: Cast) -> None:
    text = "name,manager\nNew,Maya\nOther,Ben\nThird,Nobody Known\n"
    answer = take("people", text)
    assert posting(Person.objects.get(name="New")).team == cast.north
    assert reasons(answer) == [
        (3, "manager", "Ben leads no team; name the team, or have it made (--create-missing)."),
        (4, "manager", "There is no person “Nobody Known”. Map it, or have it made (--create-missing)."),
    ]
    answer = take("people", text, create_missing=True)
    assert answer.made == ["team Team Ben", "person Nobody Known", "team Team Nobody Known"]
    third = posting(Person.objects.get(name="Third"))
    assert third.team.name == "Team Nobody Known"
    assert third.team.parent == cast.company
    assert posting(Person.objects.get(name="Nobody Known")).team == third.team
    assert counts(take("people", text, create_missing=True)) == (0, 0, 3, 0)


def test_another_manager_than_the_teams_own_is_refused(cast: Cast) -> None:
    answer = take("people", "name,team,manager\nNew,North,Omar\n")
    assert reasons(answer) == [(2, "manager", "North is led by Maya; who leads a team is said by the teams import.")]


def test_a_bare_person_gets_their_id_later(cast: Cast) -> None:
    take("deals", "owner,amount\nZoe Zed,5\n", create_missing=True)
    assert counts(take("people", "external_id,name,email\nZ1,Zoe Zed,zoe@example.com\n")) == (0, 1, 0, 0)
    assert Person.objects.get(name="Zoe Zed").external_id == "Z1"


def test_a_person_may_stand_once_in_a_file(cast: Cast) -> None:
    answer = take("people", "external_id,name\nX,Xavier\nX,Xaver\nX,Xavier\n")
    assert counts(answer) == (1, 0, 1, 1)
    assert reasons(answer) == [(3, "name", "Line 2 already gives it, and says something else.")]


def test_dated_postings_make_room_and_come_back(cast: Cast) -> None:
    text = "person,team,from,until\nAna,South,2026-02-01,2026-04-01\n"
    answer = take("postings", text)
    assert counts(answer) == (1, 0, 0, 0)
    rows = Posting.objects.filter(person=cast.ana).order_by("during")
    assert [(row.team, row.starts_on, row.until) for row in rows] == [
        (cast.north, SINCE, date(2026, 2, 1)),
        (cast.south, date(2026, 2, 1), date(2026, 4, 1)),
        (cast.north, date(2026, 4, 1), None),
    ]
    assert counts(take("postings", text)) == (0, 0, 1, 0)
    undo(answer)
    assert [row.during for row in Posting.objects.filter(person=cast.ana)] == [half_open(SINCE)]


def test_a_posting_that_covers_another_whole_takes_its_place_until_undone(cast: Cast) -> None:
    answer = take("postings", "person,team,from\nAna,South,2020-01-01\n")
    assert [row.team for row in Posting.objects.filter(person=cast.ana)] == [cast.south]
    undo(answer)
    row = Posting.objects.get(person=cast.ana)
    assert (row.team, row.during) == (cast.north, half_open(SINCE))


def test_leave_lasts_through_its_last_day(cast: Cast) -> None:
    text = "person,kind,from,until\nAna,vacation,2026-06-01,2026-06-05\n"
    assert counts(take("leave", text)) == (1, 0, 0, 0)
    assert Leave.objects.get().during == half_open(date(2026, 6, 1), date(2026, 6, 6))
    assert counts(take("leave", text)) == (0, 0, 1, 0)
    more = "person,kind,from,until\nAna,sick,2026-06-05,2026-06-08\nAna,siesta,2026-07-01,2026-07-01\n"
    more += "Ben,sick,2026-07-02,2026-07-01\n"
    assert [reason for _, _, reason in reasons(take("leave", more))] == [
        "Ana is away from 2026-06-01 to 2026-06-05 already.",
        "There is no such kind of leave; there is "
        + ", ".join(
            sorted(
                {
                    "long sickness",
                    "long_sick",
                    "parental",
                    "parental leave",
                    "sick",
                    "unpaid",
                    "unpaid leave",
                    "vacation",
                }
            )
        )
        + ".",
        "The last day away can't come before the first.",
    ]


def test_a_rate_holds_until_the_next(cast: Cast) -> None:
    text = "currency,rate,from\nUSD,0.90,2026-01-01\nUSD,0.95,2026-04-01\nEUR,1,2026-01-01\nUSD,0,2026-05-01\n"
    answer = take("rates", text)
    assert counts(answer) == (2, 0, 0, 2)
    rows = ExchangeRate.objects.order_by("during")
    assert [(row.rate, row.until) for row in rows] == [(Decimal("0.90"), date(2026, 4, 1)), (Decimal("0.95"), None)]
    assert counts(take("rates", text)) == (0, 0, 2, 2)
    undo(answer)
    assert not ExchangeRate.objects.exists()


# ── Accounts, contacts, products ────────────────────────────────────────────────────────────────────────────────


def test_accounts_keep_what_a_file_says_nothing_about(cast: Cast) -> None:
    take("accounts", "external_id,name,industry,owner,parent\nA1,Acme,Tools,Ana,Mother\nA2,Mother,,,\n")
    acme = Account.objects.get(external_id="A1")
    assert (acme.parent.name, acme.owner) == ("Mother", cast.ana)  # type: ignore[union-attr]
    answer = take("accounts", "external_id,name,industry,country\nA1,Acme Inc,,DE\n")
    acme.refresh_from_db()
    assert (acme.name, acme.industry, acme.country) == ("Acme Inc", "Tools", "DE")
    acme.country = "AT"
    acme.save()
    assert undo(answer) == ["Country of acme stays: it was changed since."]
    acme.refresh_from_db()
    assert (acme.name, acme.country) == ("Acme", "AT")


def test_contacts_of_the_same_name_are_two(cast: Cast) -> None:
    take("accounts", "name\nAcme\n")
    text = "name,account\nKim,Acme\nKim,Acme\nKim,\n"
    assert counts(take("contacts", text)) == (3, 0, 0, 0)
    assert counts(take("contacts", text)) == (0, 0, 3, 0)
    assert Contact.objects.count() == 3


def test_products_take_prices_as_they_are_written(cast: Cast) -> None:
    answer = take("products", "name;list_price;unit_cost\nA;€ 1.234,50;900,1234\nB;12,00;\n")
    assert Product.objects.get(name="A").list_price == Decimal("1234.50")
    assert Product.objects.get(name="B").currency == "EUR"
    assert answer.found["notation"] == {"list_price": "decimal comma, in EUR", "unit_cost": "decimal comma"}


def test_stages_find_their_place(cast: Cast) -> None:
    answer = take("stages", "name,position,probability,forecast_category\nEngaging,5,30,best case\nOther,1,5,\n")
    assert reasons(answer) == [(3, "position", "“Prospecting” stands there.")]
    assert counts(answer) == (1, 0, 0, 1)


# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deal_without_name_stage_status_or_currency_gets_them(cast: Cast) -> None:
    take("accounts", "name\nAcme\n")
    take("products", "name\nTick\n")
    take("deals", "owner,account,product\nAna,Acme,Tick\nAna,Acme,\nAna,,\n")
    names = ["Acme · Tick", "Acme", "Deal of Ana"]
    deals = list(Deal.objects.order_by("pk"))
    assert [deal.name for deal in deals] == names
    assert {(deal.stage.name, deal.status, deal.currency) for deal in deals} == {("Prospecting", "open", "EUR")}


def test_what_is_wrong_with_a_deal_is_told_by_column(cast: Cast) -> None:
    head = "owner,stage,status,amount,opened_on,closed_on,lost_reason\n"
    lines = [
        "Ana,Dreaming,open,1,,,",
        "Ana,,open,1,,2026-01-01,",
        "Ana,,won,1,,,",
        "Ana,,won,,,2026-01-01,",
        "Ana,,won,1,,2026-12-01,",
        "Ana,,won,-1,,2026-01-01,",
        "Ana,,open,1,,,Price",
        "Ana,,lost,1,,2026-01-01,Weather",
        "Ana,,maybe,1,,,",
        ",,open,1,,,",
        "Zoe,,open,1,,,",
    ]
    answer = take("deals", head + "\n".join(lines))
    stages = "Prospecting, Qualification, Proposal, Negotiation"
    assert [(column, reason) for _, column, reason in reasons(answer)] == [
        ("stage", f"There is no such stage; there is {stages}. Words can be mapped to these."),
        ("closed_on", "An open deal has no closing day; the day it is hoped for is expected_close_on."),
        ("closed_on", "A won deal needs the day it was won."),
        ("amount", "A won deal needs an amount."),
        ("closed_on", "That day is still to come."),
        ("amount", "It must be at least 0."),
        ("lost_reason", "Only a lost deal has a reason it was lost for."),
        ("lost_reason", answer.refusals[7].reason),
        ("status", "It must be one of open, won, lost; other words can be mapped to these."),
        ("owner", "It is needed and empty."),
        ("owner", "There is no person “Zoe”. Map it, or have it made (--create-missing)."),
    ]
    assert not Deal.objects.exists()


def test_closed_deals_count_on_the_day_they_were_closed(cast: Cast) -> None:
    text = (
        "external_id,owner,status,amount,opened_on,closed_on\n"
        "D1,Ana,won,100,2026-04-01,2026-04-20\nD2,Ana,lost,5,2026-05-02,2026-05-01\n"
    )
    answer = take("deals", text)
    assert answer.notes == ["opened_on after closed_on: kept, the cycle is unknown."]
    rows = Outcome.objects.order_by("occurred_on").values_list("status", "occurred_on", "cycle_days", "team__name")
    assert list(rows) == [("won", date(2026, 4, 20), 19, "North"), ("lost", date(2026, 5, 1), None, "North")]
    assert Deal.objects.get(external_id="D2").lost_reason.key == "not_given"  # type: ignore[union-attr]
    order = Order.objects.get()
    assert (order.is_booked_by_win, order.ordered_on) == (True, date(2026, 4, 20))
    story = DealChange.objects.filter(deal__external_id="D1").order_by("changed_at", "pk")
    assert [(row.field, row.was, row.value) for row in story] == [
        ("stage", "", "Prospecting"),
        ("status", "", "open"),
        ("status", "open", "won"),
    ]


def test_a_deal_that_is_won_since_the_last_import_is_credited_and_undone(cast: Cast) -> None:
    take("deals", "external_id,owner,amount\nD1,Ana,100\n")
    text = "external_id,owner,amount,status,closed_on\nD1,Ana,120,won,2026-05-04\n"
    answer = take("deals", text)
    assert counts(answer) == (0, 1, 0, 0)
    deal = Deal.objects.get()
    assert (deal.version, Credit.objects.all().total()) == (2, 120)
    assert counts(take("deals", text)) == (0, 0, 1, 0)
    assert undo(answer) == []
    deal.refresh_from_db()
    assert (deal.status, deal.amount, deal.closed_on, deal.version) == ("open", 100, None, 3)
    assert Credit.objects.all().total() == 0
    assert sum(Outcome.objects.values_list("count", flat=True)) == 0


def test_deals_without_an_id_are_known_again_even_twins(cast: Cast) -> None:
    text = "owner,name,amount,opened_on\nAna,Same,5,2026-05-01\nAna,Same,5,2026-05-01\n"
    assert counts(take("deals", text)) == (2, 0, 0, 0)
    assert counts(take("deals", text)) == (0, 0, 2, 0)
    assert counts(take("deals", text.replace(",5,", ",6,"))) == (0, 2, 0, 0)


def test_no_book_books_no_order(cast: Cast) -> None:
    text = "external_id,owner,amount,status,closed_on\nD1,Ana,120,won,2026-05-04\n"
    take("deals", text, books=False)
    assert not Order.objects.exists()
    assert Outcome.objects.get().status == "won"


def test_another_currency_needs_its_rate(cast: Cast) -> None:
    text = "owner,amount,currency,status,closed_on\nAna,100,USD,won,2026-05-04\n"
    assert reasons(take("deals", text)) == [
        (2, "currency", "There is no rate for USD on 4 May 2026; import rates first.")
    ]
    take("rates", "currency,rate,from\nUSD,0.9,2026-01-01\n")
    take("deals", text)
    assert Credit.objects.all().total() == 90


def test_a_sign_that_contradicts_the_currency_is_refused(cast: Cast) -> None:
    answer = take("deals", "owner,amount\nAna,£ 100\nAna,100\n")
    assert reasons(answer) == [(2, "amount", "It is written in GBP, but the row's currency is EUR.")]
    assert answer.created == 1


# ── Activities, orders, credits, refunds ────────────────────────────────────────────────────────────────────────


def test_activities_fall_on_the_organisations_day(cast: Cast) -> None:
    text = (
        "owner,kind,occurred_at,duration_minutes\nAna,call,2026-05-03T23:30:00Z,5\nAna,E-Mail,2026-05-04,\n"
        "Ana,email,2026-05-05 10:00,5000\nAna,email,2026-05-20T09:01:00Z,5\n"
    )
    answer = take("activities", text, mapping={"columns": {"kind": {"column": "kind", "values": {"E-Mail": "email"}}}})
    assert counts(answer) == (2, 0, 0, 2)
    assert reasons(answer)[1] == (5, "occurred_at", "That moment is still to come.")
    assert list(Activity.objects.order_by("pk").values_list("occurred_on", flat=True)) == [date(2026, 5, 4)] * 2
    again = take("activities", text, mapping={"columns": {"kind": {"column": "kind", "values": {"E-Mail": "email"}}}})
    assert counts(again) == (0, 0, 2, 2)


def test_an_order_with_its_deal_takes_the_place_of_the_wins_own_in_either_sequence(cast: Cast) -> None:
    deals = "external_id,owner,amount,status,closed_on\nD1,Ana,120,won,2026-05-04\n"
    orders = "number,owner,deal,amount,ordered_on\nN1,Ana,D1,110,2026-05-06\n"
    take("deals", deals)
    answer = take("orders", orders)
    assert [order.number for order in Order.objects.present()] == ["N1"]
    assert Credit.objects.all().total() == 110
    assert counts(take("deals", deals)) == (0, 0, 1, 0)
    assert Credit.objects.all().total() == 110
    assert counts(take("orders", orders)) == (0, 0, 1, 0)
    undo(answer)
    assert Order.objects.present().get().is_booked_by_win
    assert Credit.objects.all().total() == 120


def test_a_deal_belongs_to_one_order(cast: Cast) -> None:
    take("deals", "external_id,owner,amount\nD1,Ana,120\n")
    answer = take("orders", "number,owner,deal,amount,ordered_on\nN1,Ana,D1,1,2026-05-06\nN2,Ana,D1,1,2026-05-06\n")
    assert reasons(answer) == [
        (3, "deal", "N1 already names this deal; an order belongs to one deal, a deal to one order.")
    ]


def test_look_alikes_are_listed_and_never_merged(cast: Cast) -> None:
    take("accounts", "name\nAcme\n")
    take("deals", "external_id,owner,account,amount,status,closed_on\nD1,Ana,Acme,120,won,2026-05-04\n")
    answer = take(
        "orders", "number,owner,account,amount,ordered_on\nN1,Ana,Acme,120,2026-05-10\nN2,Ana,Acme,120,2026-03-01\n"
    )
    assert answer.look_alikes == ["Line 2 looks like the order of 4 May 2026: same account, owner and amount."]
    assert Credit.objects.all().total() == 360


def test_credit_is_shared_to_the_cent_and_undone(cast: Cast) -> None:
    take("orders", "number,owner,amount,ordered_on\nN1,Ana,100.01,2026-05-06\n")
    text = "order,person,share,overlay\nN1,Ana,50,\nN1,Ben,50,\nN1,Cleo,,10\n"
    answer = take("credits", text)
    sums = {name: Credit.objects.filter(person__name=name).total() for name in ("Ana", "Ben", "Cleo")}
    assert (sums["Ana"] + sums["Ben"], sums["Cleo"]) == (Decimal("100.01"), Decimal("10.00"))
    assert counts(take("credits", text)) == (0, 0, 3, 0)
    wrong = take("credits", "order,person,share\nN1,Ana,50\nN1,Ben,40\n")
    assert {reason for _, _, reason in reasons(wrong)} == {
        "The shares of the order that can be taken sum to 90 %, not to 100 %."
    }
    moved = take("credits", "order,person,share\nN1,Ben,100\n")
    assert Credit.objects.filter(person=cast.ana).total() == 0
    undo(moved)
    assert Credit.objects.filter(person=cast.ana).total() == sums["Ana"]
    undo(answer)
    assert not CreditShare.objects.exists()
    assert Credit.objects.filter(person=cast.ana).total() == Decimal("100.01")


def test_refunds_stay_within_the_order(cast: Cast) -> None:
    take("orders", "number,owner,amount,ordered_on\nN1,Ana,100,2026-05-06\n")
    text = "order,amount,occurred_on\nN1,60,2026-05-07\nN1,50,2026-05-08\nN1,1,2026-05-01\nN1,0,2026-05-08\n"
    answer = take("refunds", text)
    assert [reason for _, _, reason in reasons(answer)] == [
        "Only 40.00 EUR of this order is left to refund.",
        "The order is of 6 May 2026; a refund can't come before it.",
        "It must be at least 0.01.",
    ] or len(answer.refusals) == 3
    assert Credit.objects.all().total() == 40
    assert counts(take("refunds", text)) == (0, 0, 1, 3)
    undo(answer)
    assert Credit.objects.all().total() == 100


# ── Quotas, ramps, seasons ──────────────────────────────────────────────────────────────────────────────────────


def test_quotas_are_entries_that_an_undo_reverses(cast: Cast) -> None:
    text = "person,period,amount\nAna,2026-Q3,1000\nBen,2026-Q3,2000\nCleo,Q9,1\n"
    dry = take("quotas", text, dry_run=True)
    assert counts(dry) == (2, 0, 0, 1)
    assert not QuotaEntry.objects.exists()
    answer = take("quotas", text)
    assert counts(answer) == (2, 0, 0, 1)
    assert sum(QuotaEntry.objects.values_list("amount", flat=True)) == 3000
    assert counts(take("quotas", text)) == (0, 0, 2, 1)
    raised = take("quotas", "person,period,amount\nAna,2026-Q3,1500\n")
    assert sum(QuotaEntry.objects.filter(person=cast.ana).values_list("amount", flat=True)) == 1500
    undo(raised)
    assert sum(QuotaEntry.objects.filter(person=cast.ana).values_list("amount", flat=True)) == 1000
    undo(answer)
    assert sum(QuotaEntry.objects.values_list("amount", flat=True)) == 0


def test_a_quota_that_overlaps_another_is_its_own_rows_refusal(cast: Cast) -> None:
    take("quotas", "person,period,amount\nAna,2026-Q3,1000\n")
    answer = take("quotas", "person,period,amount\nAna,2026-08,10\nBen,2026-08,10\n")
    assert counts(answer) == (1, 0, 0, 1)
    assert answer.refusals[0].reason.startswith("Ana already has a quota from 1 Jul 2026")


def test_ramps_and_seasons_are_taken(cast: Cast) -> None:
    take("ramps", "name,month,percent\nNew rep,1,25\nNew rep,2,50\n")
    assert RampStep.objects.count() == 2
    answer = take(
        "seasons",
        "period,bucket,percent\n2026-Q3,2026-07,30\n2026-Q3,2026-08,30%\n2026-Q3,2026-09,40\n2026-Q4,2026-10,99\n",
    )
    assert counts(answer) == (3, 0, 0, 1)
    assert SeasonShare.objects.count() == 3


# ── Who may, and what is nobody's own business ──────────────────────────────────────────────────────────────────


def test_rows_about_ones_own_quota_and_credit_are_refused(cast: Cast) -> None:
    by = cast.olga.user
    quota = take("quotas", "person,period,amount\nOlga,2026-Q3,1\nAna,2026-Q3,1\n", by=by)
    assert reasons(quota) == [(2, "person", "Nobody sets their own quota; ask a colleague to import this row.")]
    orders = take("orders", "number,owner,amount,ordered_on\nN1,Olga,1,2026-05-06\nN2,Ana,1,2026-05-06\n", by=by)
    assert counts(orders) == (1, 0, 0, 1)
    credits = take("credits", "order,person,overlay\nN2,Olga,5\nN2,Ben,5\n", by=by)
    assert counts(credits) == (1, 0, 0, 1)
    header = "external_id,owner,status,amount,closed_on\n"
    deals = take("deals", f"{header}D1,Olga,won,5,2026-05-06\nD2,Olga,,5,\nD3,Ana,won,5,2026-05-06\n", by=by)
    own = "Nobody takes in credit of their own; ask a colleague to import this row."
    assert (counts(deals), reasons(deals)) == ((2, 0, 0, 1), [(2, "owner", own)])
    changes = "deal,changed_at,field,value\nD2,2026-05-07,status,won\nD3,2026-05-07,owner,Olga\n"
    answer = take("deal_changes", f"{changes}D3,2026-05-08,next_step,Ring\nD2,2026-05-01,stage,Proposal\n", by=by)
    assert reasons(answer) == [(2, "deal", own), (3, "deal", own)]
    assert not Credit.objects.filter(person=cast.olga).exists()


def test_rows_about_credit_that_one_shares_or_has_by_now_are_refused(cast: Cast) -> None:
    by, own = cast.olga.user, "Nobody takes in credit of their own; ask a colleague to import this row."
    header = "external_id,owner,status,amount,closed_on\n"
    take("deals", f"{header}D1,Ana,won,900,2026-05-06\nD2,Ana,,900,\nD3,Olga,lost,900,2026-05-06\n")
    take("deal_shares", "deal,person,share\nD2,Ana,50\nD2,Olga,50\n")
    take(
        "orders", "number,owner,amount,ordered_on\nN1,Ana,900,2026-05-06\nN2,Olga,900,2026-05-06\nN3,Ben,1,2026-05-06\n"
    )
    take("credits", "order,person,overlay\nN1,Olga,10\nD1,Olga,10\n")
    refunds = take("refunds", "external_id,order,amount,occurred_on\nR2,N2,100,2026-05-07\nR3,N3,1,2026-05-07\n")
    before = list(Credit.objects.order_by("pk").values_list("person", "amount"))
    for kind, text in (
        ("orders", "number,owner,amount,ordered_on\nN1,Ana,1800,2026-05-06\nN2,Ana,900,2026-05-06\n"),
        ("order_lines", "order,text,amount\nN1,Truck,1800\n"),
        ("credits", "order,person,overlay\nN1,Ben,10\n"),
        ("refunds", "external_id,order,amount,occurred_on\nR2,N3,1,2026-05-07\n"),
        ("deals", f"{header}D1,Ana,won,1800,2026-05-06\nD2,Ana,won,900,2026-05-06\nD3,Olga,open,900,\n"),
        ("deal_changes", "deal,changed_at,field,value\nD1,2026-05-07,amount,1800\nD2,2026-05-07,status,won\n"),
        ("deal_changes", "deal,changed_at,field,value\nD3,2026-05-06,status,open\n"),
        ("deal_shares", "deal,person,overlay\nD2,Ben,10\n"),
    ):
        answer = take(kind, text, by=by)
        assert {one.reason for one in answer.refusals} == {own}, kind
        assert answer.refused == answer.read, kind
    assert list(Credit.objects.order_by("pk").values_list("person", "amount")) == before
    assert refunds.batch is not None
    with pytest.raises(Refused, match="credit of their own"):
        undo_batch(batch=refunds.batch, by=by, at=AT)
    assert undo(refunds) == []


def test_an_order_that_a_file_cancels_is_not_booked_anew_by_its_win(cast: Cast) -> None:
    take("deals", "external_id,owner,status,amount,closed_on\nD1,Ana,won,900,2026-05-06\n")
    header = "number,owner,deal,amount,ordered_on,cancelled_on\n"
    take("orders", f"{header}N1,Ana,D1,900,2026-05-06,\n")
    cancelled = take("orders", f"{header}N1,Ana,D1,900,2026-05-06,2026-05-08\n")
    assert (counts(cancelled), Credit.objects.total()) == ((0, 1, 0, 0), 0)
    undo(cancelled)
    assert (Deal.objects.get().books_order, Credit.objects.total()) == (True, 900)


def test_feedback_about_oneself_is_taken_in_by_a_colleague(cast: Cast) -> None:
    Account.objects.create(name="Acme", owner=cast.olga)
    text = "account,kind,score,given_on,owner,owner_had_link\nAcme,nps,10,2026-05-06,,\nAcme,nps,9,2026-05-07,Ana,yes\n"
    assert counts(take("feedback", text, by=cast.olga.user)) == (1, 0, 0, 1)
    assert Feedback.objects.get().owner_had_link


def test_an_order_of_a_day_still_to_come_is_refused(cast: Cast) -> None:
    header = "number,owner,amount,ordered_on,cancelled_on\n"
    answer = take("orders", f"{header}N1,Ana,1,2199-01-01,\nN2,Ana,1,2026-05-06,2199-12-31\n")
    told = "That day is still to come."
    assert reasons(answer) == [(2, "ordered_on", told), (3, "cancelled_on", told)]


@pytest.mark.parametrize("who", ["vera", "maya", "ana"])
def test_only_admin_and_operations_import(cast: Cast, who: str) -> None:
    with pytest.raises(Refused, match="Only admin and operations import"):
        take("accounts", "name\nAcme\n", by=getattr(cast, who).user)


# ── Undo keeps what is in use ───────────────────────────────────────────────────────────────────────────────────


def test_undo_keeps_what_later_records_need_and_says_why(cast: Cast) -> None:
    people = take("people", "name,team\nZoe,North\nYan,North\n")
    take("deals", "owner,amount\nZoe,5\nZoe,6\n")
    kept = undo(people)
    assert kept == ["Person zoe stays: 2 deals need it."]
    assert [person.name for person in Person.objects.present().filter(name__in=["Zoe", "Yan"])] == ["Zoe"]
    assert posting(Person.objects.get(name="Zoe")).team == cast.north
    with pytest.raises(Refused, match="undone already"):
        undo(people)


def test_undo_of_accounts_that_name_each_other_withdraws_them_all(cast: Cast) -> None:
    answer = take("accounts", "name,parent\nA,B\nB,\n")
    assert undo(answer) == []
    assert not Account.objects.present().exists()
    assert counts(take("accounts", "name,parent\nA,B\nB,\n")) == (2, 0, 0, 0)


# ── Any table ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_stop_takes_nothing_but_remembers_what_was_refused(cast: Cast) -> None:
    answer = take("accounts", "name,revenue\nAcme,x\nBeta,1\n", on_error="stop")
    assert (answer.stopped, answer.taken) == (True, 0)
    assert not Account.objects.exists()
    assert BatchRow.objects.get().reason == "It is not a number."


def test_dates_that_could_be_either_are_refused_unless_the_column_decides(cast: Cast) -> None:
    text = "name,team,hired_on\nA,North,03/04/2026\nB,North,04/03/2026\n"
    assert take("people", text).refused == 2
    assert take("people", text + "C,North,13/04/2026\n").found["notation"] == {"hired_on": "day first"}
    assert Person.objects.get(name="A").hired_on == date(2026, 4, 3)
    told = {"date_format": "%m/%d/%Y"}
    take("people", "name,team,hired_on\nD,North,03/04/2026\n", mapping=told)
    assert Person.objects.get(name="D").hired_on == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.234,5", "1234.5"), ("1,234.5", "1234.5"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"), ("12,5", "12.5"),
     ("€ 5", "5"), ("5 EUR", "5"), ("1,234,567", "1234567")],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(cast: Cast, written: str, meant: str) -> None:
    take("accounts", f'name\trevenue\nA\t"{written}"\n')
    assert Account.objects.get().revenue == Decimal(meant)


def test_a_number_that_could_be_either_is_refused_in_a_file_with_semicolons(cast: Cast) -> None:
    answer = take("accounts", "name;revenue\nA;1.234\nB;5\n")
    assert reasons(answer) == [
        (2, "revenue", "Its mark could separate decimals or thousands; say which with “decimal” in the mapping.")
    ]
    take("accounts", "name;revenue\nA;1.234\n", mapping={"decimal": ","})
    assert Account.objects.get(name="A").revenue == 1234


@pytest.mark.parametrize(
    "mapping",
    [[], {"columns": []}, {"colums": {}}, {"columns": {"nme": "a"}}, {"columns": {"name": 5}}, {"decimal": ";"},
     {"columns": {"name": "x"}}, {"delimiter": "ab"}, {"encoding": "xx"},
     {"columns": {"name": {"const": []}}}, {"date_format": 5}],
)  # fmt: skip
def test_a_mapping_that_makes_no_sense_is_a_sentence(db: None, mapping: Any) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        import_file(
            kind="accounts", file=io.BytesIO(b"name,x y\nAcme,1\n"), name="a.csv", mapping=mapping or {"columns": 1},
            options=Options(), by=None, at=AT,
        )  # fmt: skip


ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.sampled_from(
    ["Ana", "ben", "Zoe", "E-Cleo", "North", "Acme", "Beta", "D1", "D2", "N1", "2026-Q3", "2026-07"]
)
LIKELY = {
    "text": NAMES,
    "reference": NAMES,
    "email": st.sampled_from(["ana@example.com", "x@example.com", "no address"]),
    "date": st.sampled_from(["2026-01-05", "2026-05-01", "05.05.2026", "2026-12-31", "1/2/2026"]),
    "moment": st.sampled_from(["2026-01-05 10:00", "2026-05-01T23:59:59Z", "2026-05-02"]),
    "currency": st.sampled_from(["EUR", "USD"]),
    **dict.fromkeys(
        ["money", "number", "percent", "whole"], st.sampled_from(["0", "1", "2", "50", "100", "12.34", "-1", "1,234.5"])
    ),
}  # fmt: skip


# What a change may say of whatever field: words alone would never win a deal.
CHANGED = st.sampled_from(
    ["won", "lost", "open", "Proposal", "12.34", "0", "1e9", "NaN", "2026-05-01", "0001-01-01", "Ana", "E-Ben",
     "commit", "new", "qualified", ""]
)  # fmt: skip


def cell_of(one: Field) -> st.SearchStrategy[str]:
    likely = CHANGED if one.name == "value" else st.sampled_from(one.choices) if one.choices else LIKELY[one.type]
    special = {"kind": st.sampled_from(["vacation", "sick", "call", "actual"]), "stage": st.sampled_from(["Proposal"])}
    return st.one_of(special.get(one.name, likely), likely, likely, st.just("") if not one.needed else likely, ANYTHING)


@pytest.mark.fuzz
@fuzzed(30)
@given(data=st.data())
def test_any_tables_are_counted_row_by_row_and_undone_to_what_was(cast: Cast, data: st.DataObject) -> None:
    with transaction.atomic():
        before = figures()
        answers = []
        for _ in range(data.draw(st.integers(1, 3))):
            wanted = data.draw(st.sampled_from(list(kinds())))
            fields = kinds()[wanted].fields
            some = data.draw(st.lists(st.sampled_from(fields), unique_by=lambda one: one.name, max_size=8))
            some = [one for one in fields if one.needed or one in some]
            rows = data.draw(st.lists(st.tuples(*(cell_of(one) for one in some)), max_size=5))
            text = "\r\n".join(
                ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
                for row in [[one.name for one in some], *rows]
            )
            try:
                answers.append(take(wanted, text, create_missing=data.draw(st.booleans())))
            except Unreadable as refusal:
                note(refusal.sentence)
                continue
            again = take(wanted, text, create_missing=True)
            answers.append(again)
            assert again.created <= answers[-2].refused
        for answer in reversed(answers):
            if kinds()[answer.kind].is_trail:  # said and decided: it stands
                with pytest.raises(Refused):
                    undo(answer)
            else:
                undo(answer)
        if not any(kinds()[answer.kind].is_trail for answer in answers):
            assert figures() == before
        transaction.set_rollback(True)


WORDS = st.sampled_from(["Ana", "D1", "N1", "2026-05-01", "won", "1.5", "=1", "*", "a@b.c", "EUR", "\N{SNOWMAN}", ""])


@pytest.mark.fuzz
@fuzzed(40)
@given(data=st.data())
def test_any_bytes_and_any_mapping_are_an_answer_or_a_sentence(cast: Cast, data: st.DataObject) -> None:
    kind = kinds()[data.draw(st.sampled_from(list(kinds())))]
    header = data.draw(st.lists(WORDS | st.sampled_from([one.name for one in kind.fields]), min_size=1, max_size=5))
    lines = data.draw(st.lists(st.lists(WORDS, min_size=1, max_size=6).map(",".join), max_size=4))
    text = data.draw(st.binary(max_size=200) | st.just("\n".join([",".join(header), *lines]).encode()))
    value = WORDS | st.sampled_from(header) | st.lists(st.sampled_from(header)) | st.dictionaries(WORDS, WORDS)
    parts = st.sampled_from(["column", "columns", "const", "values", "where", "join"])
    column = WORDS | st.sampled_from(header) | st.dictionaries(parts, value | st.integers())
    names = st.sampled_from(["columns", "delimiter", "encoding", "decimal", "preset", "sheet", "extra_commas", "odd"])
    said = st.dictionaries(names, WORDS | st.dictionaries(st.sampled_from([one.name for one in kind.fields]), column))
    with transaction.atomic():
        try:
            answer = take(
                kind.key, text, mapping=data.draw(st.just({}) | said), create_missing=data.draw(st.booleans())
            )
            assert answer.taken + answer.refused == answer.read
            assert all(one.reason for one in answer.refusals)
        except Refused as refusal:
            note(refusal.sentence)
        transaction.set_rollback(True)


def figures() -> tuple[Any, ...]:
    """What lists and figures show."""
    return (
        Credit.objects.all().total(),
        sum(Outcome.objects.values_list("count", flat=True)),
        sum(QuotaEntry.objects.values_list("amount", flat=True)),
        *(
            model.objects.present().count()
            for model in (Person, Team, Account, Contact, Product, Deal, Activity, Order)
        ),
        [str(one.during) for one in Posting.objects.filter(person__withdrawn_at=None).order_by("person", "during")],
        [str(one.during) for one in Leadership.objects.order_by("team", "during")],
        ExchangeRate.objects.count(),
        Leave.objects.count(),
        CreditShare.objects.filter(order__withdrawn_at=None).count(),
    )
