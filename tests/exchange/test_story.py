"""The kinds of everything that happens with a customer, what deals went through, and ledgers as they stand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from sales.models import AccountOwnership, Credit, Deal, DealChange, Lead, Order, Outcome
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services import undo_batch
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS
from targets.models import QuotaEntry
from teams.models import Organisation
from tests.cast import Cast

from .test_kinds import AT, take

# ── What deals went through ─────────────────────────────────────────────────────────────────────────────────────


def outcomes() -> list[tuple[Any, ...]]:
    return sorted(
        Outcome.objects.values_list("status", "occurred_on").annotate(net=Sum("count")).exclude(net=0).order_by()
    )


def credited() -> dict[date, Decimal]:
    rows = Credit.objects.values_list("occurred_on").annotate(sum=Sum("amount")).exclude(sum=0).order_by()
    return dict(rows)


CHANGES = (
    "deal,changed_at,field,value\n"
    "D1,2026-03-02T08:00:00Z,stage,Qualification\n"
    "D1,2026-03-02T08:00:00Z,status,open\n"
    "D1,2026-03-02T08:00:00Z,expected_close_on,2026-04-15\n"
    "D1,2026-03-20T08:00:00Z,expected_close_on,2026-05-15\n"
    "D1,2026-03-10T08:00:00Z,amount,80\n"
    "D1,2026-04-01T08:00:00Z,status,won\n"
    "D1,2026-04-11T08:00:00Z,status,open\n"
    "D1,2026-04-20T08:00:00Z,amount,100\n"
    "D1,2026-05-01T08:00:00Z,status,won\n"
)


def test_changes_tell_the_story_of_a_deal_and_a_reopening_counts_on_its_own_day(cast: Cast) -> None:
    take("deals", "external_id,owner,status,amount,opened_on,closed_on\nD1,Ana,won,100,2026-03-01,2026-05-01\n")
    assert (outcomes(), credited()) == ([("won", date(2026, 5, 1), 1)], {date(2026, 5, 1): Decimal(100)})
    answer = take("deal_changes", CHANGES)
    assert (answer.refused, answer.created) == (0, 9), answer.refusals
    # won at 80, taken back on the day of the reopening, won again at 100 (R11)
    assert outcomes() == [
        ("won", date(2026, 4, 1), 1),
        ("won", date(2026, 4, 11), -1),
        ("won", date(2026, 5, 1), 1),
    ]
    assert credited() == {
        date(2026, 4, 1): Decimal(80),
        date(2026, 4, 11): Decimal(-80),
        date(2026, 5, 1): Decimal(100),
    }
    assert Credit.objects.total() == 100
    told = list(DealChange.objects.filter(field="status").order_by("changed_at").values_list("was", "value"))
    assert told == [("", "open"), ("open", "won"), ("won", "open"), ("open", "won")]
    deal = Deal.objects.get()
    assert (deal.status, deal.closed_on, deal.expected_close_on) == ("won", date(2026, 5, 1), date(2026, 5, 15))
    # the same again: nothing
    entries = Outcome.objects.count(), Credit.objects.count()
    assert take("deal_changes", CHANGES).equal == 9
    assert (Outcome.objects.count(), Credit.objects.count()) == entries
    # and undone: as it was before
    undo_batch(batch=Batch.objects.filter(kind="deal_changes").order_by("pk")[0], by=None, at=AT)
    assert (outcomes(), credited()) == ([("won", date(2026, 5, 1), 1)], {date(2026, 5, 1): Decimal(100)})


def test_the_last_change_says_where_a_deal_stands_now(cast: Cast) -> None:
    take("deals", "external_id,owner,status,amount,opened_on,closed_on\nD1,Ana,won,100,2026-03-01,2026-05-01\n")
    answer = take("deal_changes", "deal,changed_at,field,value\nD1,2026-05-10 10:00,status,open\n")
    assert answer.created == 1
    deal = Deal.objects.get()
    assert (deal.status, deal.closed_on) == ("open", None)
    assert outcomes() == [("won", date(2026, 5, 1), 1), ("won", date(2026, 5, 10), -1)]
    assert credited() == {date(2026, 5, 1): Decimal(100), date(2026, 5, 10): Decimal(-100)}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("stage", "Dreams", "There is no such stage; there is "),
        ("stage", "", "It is needed and empty."),
        ("status", "maybe", "It must be one of open, won, lost."),
        ("amount", "much", "It is not an amount; write it as 1234.56."),
        ("amount", "-1", "It must be at least 0."),
        ("expected_close_on", "soon", "It is not a date; write 2026-03-31."),
        ("owner", "Nobody", "It names no person: There is none."),
        ("colour", "blue", "It must be one of stage, status, amount,"),
    ],
)
def test_a_change_that_says_nothing_possible_is_refused(cast: Cast, field: str, value: str, reason: str) -> None:
    take("deals", "external_id,owner\nD1,Ana\n")
    answer = take("deal_changes", f"deal,changed_at,field,value\nD1,2026-05-01,{field},{value}\n")
    assert answer.refused == 1
    assert answer.refusals[0].reason.startswith(reason)


# ── Lines, leads, contracts, feedback, ledgers ──────────────────────────────────────────────────────────────────


def test_lines_make_the_order_and_credit_follows_rounded_once(cast: Cast) -> None:
    take("orders", "number,owner,amount,ordered_on\nN1,Ana,0,2026-05-04\nN2,Ana,50,2026-05-04\n")
    lines = "order,product,quantity,unit_price,discount,amount\nN1,,3,0.3333,,\nN1,,1,10,15,\nN2,,,,,49\n"
    answer = take("order_lines", lines)
    assert (answer.created, answer.refused) == (3, 0), answer.refusals
    assert answer.notes == ["The lines come to another sum than their order says; the order's amount is kept."]
    assert Order.objects.get(number="N1").amount == Decimal("9.50")  # 0.9999 + 8.5000
    assert Credit.objects.total() == Decimal("59.50")
    assert take("order_lines", lines).equal == 3
    assert take("orders", "number,owner,amount,ordered_on\nN1,Ana,0,2026-05-04\n").equal == 1
    missing = take("order_lines", "order,quantity,unit_price,amount\nN9,1,1,1\nN1,1,,\nN1,1,1,1.23456\n")
    assert [one.reason for one in missing.refusals] == [
        "There is no order “N9”.",
        "It is needed; or give quantity and unit_price, from which it follows.",
        "It has more than 4 decimal places.",
    ]
    undo_batch(batch=Batch.objects.filter(kind="order_lines").order_by("pk")[0], by=None, at=AT)
    assert (Order.objects.get(number="N1").amount, Credit.objects.total()) == (Decimal(0), Decimal(50))


def test_leads_come_with_their_campaign_and_say_when_they_were_decided(cast: Cast) -> None:
    rows = (
        "external_id,name,company,owner,campaign,status,created_at,first_response_at,reason\n"
        "L1,Lee,Acme,Ana,Spring,qualified,2026-05-01 09:00,2026-05-01 10:00,\n"
        "L2,Kim,Acme,,spring,disqualified,2026-05-02 09:00,,no_budget\n"
        "L3,Joe,,,,new,2026-05-02 09:00,2026-05-01 09:00,\nL4,Max,,,,new,2026-05-02,,duplicate\n"
        "L5,Ida,,,,new,2199-05-02,,\n"
    )
    answer = take("leads", rows)
    assert (answer.created, answer.made) == (2, ["campaign Spring"])
    assert [one.reason for one in answer.refusals] == [
        "It comes before created_at; nobody answers before being asked.",
        "Only a disqualified lead has a reason.",
        "That moment is still to come.",
    ]
    assert Lead.objects.get(external_id="L1").decided_at == Lead.objects.get(external_id="L1").first_response_at
    assert take("leads", rows).equal == 2


def test_a_signed_contract_and_a_score_off_its_scale_are_refused(cast: Cast) -> None:
    take("accounts", "external_id,name\nA1,Acme\n")
    signed = "external_id,account,starts_on,ends_on,value,signed_on\nK1,Acme,2026-01-01,2026-12-31,10,2026-01-02\n"
    assert take("contracts", signed).created == 1
    assert take("contracts", signed).equal == 1
    changed = take("contracts", signed.replace(",10,", ",12,"))
    assert changed.refusals[0].reason == "This contract is signed and stays as it is; add an amendment."
    ends = take("contracts", "account,starts_on,ends_on\nAcme,2026-02-01,2026-01-01\n")
    assert ends.refusals[0].reason == "A contract can't end before it starts."
    scores = take("feedback", "account,kind,score,given_on\nAcme,csat,6,2026-05-01\nAcme,nps,0,2026-05-01\n")
    assert (scores.created, scores.refusals[0].column) == (1, "score")


def test_a_ledger_goes_where_there_is_none_and_nowhere_else(cast: Cast) -> None:
    head = "order,person,team,occurred_on,posted_on,kind,amount,currency,reverses,entry\n"
    take("orders", "number,owner,amount,ordered_on\nN1,Ana,50,2026-05-04\n")
    same = f"{head}N1,Ana,North,2026-05-04,2026-05-04,primary,50,EUR,,1\n"
    assert take("credit_entries", same).equal == 1
    other = take("credit_entries", f"{head}N1,Ana,North,2026-05-04,2026-05-04,primary,51,EUR,,1\n")
    assert other.refusals[0].reason.startswith("The ledger says something else of it already")
    take("orders", "number,owner,amount,ordered_on\nN2,Ben,80,2026-05-04\n", settles=False)
    moved = (
        f"{head}N2,Ben,South,2026-05-04,2026-06-01,primary,80,EUR,,1\n"
        "N2,Ben,South,2026-06-02,2026-06-02,primary,-30,EUR,1,2\nN2,Ben,South,2026-06-03,,primary,-1,EUR,9,3\n"
    )
    answer = take("credit_entries", moved)
    assert (answer.created, answer.refusals[0].reason) == (2, "There is no such entry above it in the file.")
    entry = Credit.objects.get(order__number="N2", amount=-30)
    assert (entry.team, entry.reverses.posted_on, entry.reverses.amount) == (cast.south, date(2026, 6, 1), Decimal(80))
    quota = "person,team,from,until,kind,amount,currency,reason\nAna,North,2026-07-01,2026-10-01,base,100,EUR,Plan\n"
    assert take("quota_entries", quota).created == 1
    assert take("quota_entries", quota).equal == 1
    more = take("quota_entries", quota.replace(",100,", ",120,"))
    assert more.refusals[0].reason.startswith("The quota ledger says something else of them already")
    own = take("quota_entries", quota.replace("Ana", "Olga"), by=cast.olga.user)
    assert own.refusals[0].reason == "Nobody sets their own quota; ask a colleague to import this row."
    for kind in ("credit_entries", "quota_entries"):
        for batch in Batch.objects.filter(kind=kind, created__gt=0):
            undo_batch(batch=batch, by=None, at=AT)
    assert Credit.objects.filter(order__number="N2").aggregate(sum=Sum("amount"))["sum"] == 0
    assert QuotaEntry.objects.aggregate(sum=Sum("amount"))["sum"] == 0


def test_what_everything_is_counted_by_can_be_told_and_not_changed_under_way(cast: Cast) -> None:
    told = "name,currency,time_zone,fiscal_month,holiday_region,working_week\nCo,EUR,Europe/Berlin,7,DE,1 2 3 4\n"
    assert take("organisation", told).changed == 1
    assert (Organisation.get().fiscal_month, Organisation.get().working_week) == (7, [1, 2, 3, 4])
    refused = take("organisation", "name,currency,time_zone,working_week\nCo,USD,Mars/Base,8\n")
    assert {one.column for one in refused.refusals} == {"currency", "time_zone", "working_week"}
    circle = take("territories", "name,parent\nA,B\nB,A\nC,A\nD,Nowhere\n")
    assert circle.refused == 4
    assert take("calendars", "region,on,name\nDE,2026-05-01,Labour Day\nDE,2026-05-01,May Day\n").refused == 1


def test_an_account_belongs_to_its_owner_since_always_and_to_the_next_from_the_day_of_the_file(cast: Cast) -> None:
    take("accounts", "external_id,name,owner\nA1,Acme,Ana\n")
    take("accounts", "external_id,name,owner\nA1,Acme,Ben\n")
    told = [(one.owner, one.starts_on, one.until) for one in AccountOwnership.objects.order_by("during")]
    assert told == [(cast.ana, BEFORE_ALL_RECORDS, date(2026, 5, 20)), (cast.ben, date(2026, 5, 20), None)]
    undo_batch(batch=Batch.objects.latest("pk"), by=None, at=AT)
    assert AccountOwnership.objects.on(date(2026, 5, 20)).get().owner == cast.ana
