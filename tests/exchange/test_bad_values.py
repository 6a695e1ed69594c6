"""Each kind, each kind of bad value: one sentence that names the column, the value and what would be right."""

import pytest

from sales.models import Account, Deal, DealLine, DiscountLimit, Product, Task
from salesmgmt.exchange.kinds import kinds, kinds_for
from salesmgmt.exchange.services import undo_batch
from salesmgmt.exchange.services.bulk import take_rows
from salesmgmt.exchange.services.taking import Options
from salesmgmt.lib.kinds import Field
from salesmgmt.lib.refusals import Refused
from teams.models import User
from tests.cast import Cast

from .test_kinds import AT, counts, reasons, take

BAD = {
    "date": ("2026-02-30", "13/13/2026", "soon"),
    "moment": ("2026-02-30 10:00", "noonish"),
    "money": ("twelve", "1e9", "--1"),
    "number": ("twelve", "1e9"),
    "whole": ("1.5", "many", "99999999999"),
    "percent": ("half", "1e9"),
    "choice": ("none of them",),
    "currency": ("EURO", "1"),
    "email": ("no address", "@"),
    "reference": ("Nobody At All",),
}
FIT = {
    "date": "2026-05-01", "moment": "2026-05-01 10:00", "money": "1", "number": "1", "whole": "1", "percent": "1",
    "currency": "EUR", "email": "x@example.com", "reference": "Ana", "text": "x",
}  # fmt: skip


BESIDE = {  # what a row of a kind can't do without, beside what every row needs
    "leave": {"kind": "vacation"},
    "deal_changes": {"field": "amount", "value": "5"},
    "credits": {"share": "100"},
    "targets": {"period": "2026-Q3"},
    "quotas": {"period": "2026-Q3"},
}


def bad_values(one: Field) -> list[str]:
    found = [*BAD.get(one.type, ())]
    if one.type == "text":
        found.append("x" * (one.longest + 1))
    if one.least is not None:
        found.append(str(one.least - 1))
    if one.most is not None:
        found.append(str(one.most + 1))
    return [*found, ""] if one.needed else found


@pytest.mark.parametrize("key", list(kinds()))
def test_each_bad_value_of_each_field_gives_its_sentence(cast: Cast, key: str) -> None:
    kind = kinds()[key]
    for one in kind.fields:
        known = BESIDE.get(key, {})
        others = [field for field in kind.fields if (field.needed or field.name in known) and field is not one]
        fit = [known.get(field.name) or (field.choices[0] if field.choices else FIT[field.type]) for field in others]
        header = ",".join([one.name, *(field.name for field in others)])
        for value in bad_values(one):
            quoted = '"' + value.replace('"', '""') + '"'
            answer = take(key, f"{header}\n{','.join([quoted, *fit])}\n", dry_run=True)
            told = [no for no in answer.refusals if no.column == one.name]
            assert answer.refused == 1, (one.name, value)
            assert told, (one.name, value, answer.refusals)
            assert all(no.reason.endswith(".") and no.line == 2 for no in told)
            assert told[0].value == value[:500]


def test_what_only_hangs_together_wrongly_is_told_by_its_column(cast: Cast) -> None:
    take("accounts", "external_id,name\nA1,Acme\n")
    take("deals", "external_id,owner,account,stage\nD1,Ana,A1,Proposal\n")
    take("orders", "number,owner,account,amount,ordered_on\nN1,Ana,Acme,5,2026-05-01\n")
    for kind, text, expected in (
        ("tasks", "owner,text,due_on,recurs_until\nAna,Ring,2026-06-01,2026-07-01\n", "Only a recurring task has"),
        ("deal_lines", "deal,list_price,unit_price\nD1,1,1\n", "A line names a product, or says in its text"),
        ("deal_lines", "deal,text,list_price,unit_price,recurs\nD1,x,1,1,month\n", "has a term in months"),
        ("deal_shares", "deal,person,share\nD1,Ana,40\nD1,Ben,50\n", "sum to 90 %, not to 100 %"),
        ("deal_reasons", "deal,reason\nD1,price\n", "This deal is open"),
        ("deal_reasons", "deal,reason\nD1,magic\n", "There is no such reason; there is"),
        ("custom_fields", "noun,key,label,kind\naccount,tier,Tier,choice\n", "A field of kind choice has choices"),
        ("custom_values", "noun,record,field,value\naccount,A1,tier,gold\n", "There is no such field of accounts"),
        ("account_owners", "account,owner,from,until\nA1,Ana,2026-02-01,2026-01-01\n", "It must come after from"),
        ("leaderships", "team,person,from,until\nNorth,Ana,2026-02-01,2026-02-01\n", "It must come after from"),
        ("campaigns", "name,starts_on,ends_on\nFair,2026-02-01,2026-01-01\n", "A campaign ends after it starts"),
        ("complaints", "account,text,received_on,resolved_on\nA1,Late,2026-05-01,2026-05-02\n", "What is resolved"),
        ("delivery_problems", "order,kind,found_on,resolved_on\nN1,wrong,2026-05-02,2026-05-01\n", "before it was"),
        ("time_entries", "owner,on,kind,minutes\nAna,2026-05-01,travel,900\nAna,2026-05-01,other,900\n", "1,440"),
        ("closings", "period,act,at\n2026-01,reopened,2026-02-01\n", "2026-01 was open then already"),
        ("closings", "period,act,at\n2026-13,closed,2026-02-01\n", "It is no month that can be closed"),
        ("plans", "name,period,amount\nQ3,summer,5\n", "is not a period"),
        ("deals", "owner,pipeline\nAna,Nowhere\n", "There is no such pipeline; there is Sales"),
        ("contracts", "external_id,account,starts_on,amends\nK1,A1,2026-01-01,K1\n", "It names itself"),
        ("assignment_rules", "name,method\nAll,load\n", "names the team"),
        ("gifts", "contact,owner,occasion,amount,given_on\nKim,Ana,Birthday,5,2026-05-01\n", "There is no contact"),
    ):  # fmt: skip
        answer = take(kind, text)
        assert any(expected in no.reason for no in answer.refusals), (kind, answer.refusals)


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", value) for value in ("NaN", "1e20", "Infinity", "100000000000000", "-1", "1_0", "٣")]
    + [("expected_close_on", value) for value in ("2026-03-31xyz", "0001-01-01", "2026-02-30")],
)
def test_a_change_says_a_value_that_its_field_can_have(cast: Cast, field: str, value: str) -> None:
    take("deals", "external_id,owner,stage\nD1,Ana,Proposal\n")
    changes = f"deal,changed_at,field,value\nD1,2026-01-01,{field},{value}\nD1,2026-02-01,{field},\n"
    answer = take("deal_changes", changes, dry_run=True)
    assert [(no.line, no.column) for no in answer.refusals] == [(2, "value")]


def test_history_above_the_discount_limit_is_taken_and_listed_and_what_is_open_here_waits_for_approval(
    cast: Cast,
) -> None:
    DiscountLimit.objects.create(role="rep", percent=10)
    Product.objects.create(name="Tick", list_price=100, currency="EUR")
    take("deals", "external_id,owner,stage,status,amount,closed_on\nD1,Ana,Proposal,won,70,2026-05-01\nD2,Ana,,,,\n")
    lines = "deal,product,quantity,list_price,unit_price\nD1,Tick,1,100,70\nD2,Tick,1,100,70\n"
    for dry_run in (True, False):
        answer = take("deal_lines", lines, dry_run=dry_run)
        sentence = "30 % off this deal is more than the 10 % that Ana may give, and nobody approved it."
        assert (counts(answer), answer.look_alikes) == (
            (2, 0, 0, 0), [f"Line 2: “D1” was won though {sentence}"],
        )  # fmt: skip
    won = "external_id,owner,status,amount,closed_on\nD2,Ana,won,70,2026-05-02\n"
    answer = take("deals", won)
    assert reasons(answer) == [
        (2, "status", "30 % off this deal is more than the 10 % that Ana may give; have it approved before the win.")
    ]
    approval = "deal,percent,reason,asked_at,asked_by,is_approved,decided_at,decided_by\n"
    take("deal_approvals", f"{approval}D2,30,Big,2026-05-01,ana,yes,2026-05-01,maya\n")
    assert counts(take("deals", won)) == (0, 1, 0, 0)


def test_logins_are_for_admin_alone_and_let_nobody_in(cast: Cast) -> None:
    text = "username,person,email,is_admin\nnew,Ben,new@example.com,no\n"
    with pytest.raises(Refused, match="Only admin imports logins"):
        take("logins", text, by=cast.olga.user)
    assert "logins" not in kinds_for(cast.olga.user)
    assert reasons(take("logins", text, by=cast.admin)) == [(2, "person", "Ben has another login already.")]
    take("people", "name,team\nZoe,North\n")
    answer = take("logins", "username,person,is_admin\nzoe,Zoe,no\nadmin,,no\n", by=cast.admin)
    assert reasons(answer) == [(3, "username", "Nobody changes their own login by an import.")]
    zoe = User.objects.get(username="zoe")
    assert (zoe.has_usable_password(), zoe.person.name, zoe.is_superuser) == (False, "Zoe", False)
    assert answer.batch is not None
    with pytest.raises(Refused, match="Only admin imports logins"):
        undo_batch(batch=answer.batch, by=cast.olga.user, at=AT)
    undo_batch(batch=answer.batch, by=cast.admin, at=AT)
    assert not User.objects.filter(username="zoe").exists()


def test_new_kinds_go_by_the_bulk_call_and_are_undone(cast: Cast) -> None:
    Account.objects.create(name="Acme", external_id="A1")
    rows = [{"external_id": "T1", "owner": "Ana", "text": "Ring", "due_on": "2026-06-01", "account": "A1"}]
    taken, batch, _ = take_rows(kind="tasks", rows=rows, options=Options(by_row=True), by=cast.admin, at=AT)
    assert [one.act for one in taken] == ["created"]
    assert Task.objects.get().account.name == "Acme"
    assert batch is not None
    undo_batch(batch=batch, by=cast.admin, at=AT)
    assert not Task.objects.exists()
    assert not Deal.objects.exists()
    assert not DealLine.objects.exists()
