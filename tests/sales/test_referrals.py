"""Referrals: a happy customer is suggested, asked once a year, followed to the deal, and thanked."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sales import services
from sales.models import Account, Complaint, Contact, Feedback, Recommendation, Referral, Task
from sales.selectors.referrals import happy_accounts
from sales.services import leads, referrals
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ON = date(2026, 7, 1)


@pytest.fixture
def brandt(cast: Cast) -> Account:
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    Contact.objects.create(name="Marta Ruiz", account=account)
    return account


def rated(account: Account, score: int, kind: str = "nps", days_ago: int = 10, **more: Any) -> Feedback:
    on = ON - timedelta(days=days_ago)
    contact = account.contacts.first()
    return Feedback.objects.create(account=account, contact=contact, kind=kind, score=score, given_on=on, **more)


def ask(account: Account, **more: Any) -> Referral:
    said = {
        "account": account,
        "owner": account.owner,
        "contact": account.contacts.first(),
        "on": ON,
        "at": AT,
        "by": None,
    }
    return referrals.ask_for_referral(**(said | more))


@pytest.mark.parametrize(
    ("score", "kind", "days_ago", "is_happy"),
    [
        (9, "nps", 10, True),
        (8, "nps", 10, False),
        (5, "csat", 89, True),
        (4, "csat", 10, False),
        (10, "nps", 90, False),
    ],
)
def test_who_is_happy_enough_to_be_asked(brandt: Account, score: int, kind: str, days_ago: int, is_happy: bool) -> None:
    rated(brandt, score, kind, days_ago)
    assert bool(happy_accounts(ON)) == is_happy


def test_who_complains_was_asked_lately_or_is_not_to_be_contacted_is_not_suggested(brandt: Account) -> None:
    rated(brandt, 10)
    [happy] = happy_accounts(ON)
    assert happy.said == "Marta Ruiz would recommend us with 10 of 10 (21 Jun)"
    complaint = Complaint.objects.create(account=brandt, text="Late", received_on=ON)
    assert not happy_accounts(ON)
    complaint.delete()
    asked = ask(brandt, on=ON - timedelta(days=364))
    assert not happy_accounts(ON)
    asked.delete()
    brandt.contacts.update(is_not_to_be_contacted=True)
    assert not happy_accounts(ON)


def test_what_they_said_last_counts(brandt: Account) -> None:
    rated(brandt, 10, days_ago=20)
    rated(brandt, 3, days_ago=5)
    assert not happy_accounts(ON)


def test_nobody_is_asked_twice_in_a_year(cast: Cast, brandt: Account) -> None:
    suggested = Recommendation.objects.create(
        account=brandt, owner=cast.ana, kind="referral", sentence="Ask", made_on=ON
    )
    ask(brandt)
    suggested.refresh_from_db()
    assert suggested.state == "taken"
    with pytest.raises(Refused, match="was asked on 1 Jul 2026"):
        ask(brandt, on=ON + timedelta(days=364))
    ask(brandt, on=ON + timedelta(days=365))


def test_who_is_not_to_be_contacted_is_not_asked(brandt: Account) -> None:
    brandt.contacts.update(is_not_to_be_contacted=True)
    with pytest.raises(Refused, match="not to be contacted"):
        ask(brandt)


def test_a_referral_is_followed_to_its_deal_and_thanked_for_each_step_once(cast: Cast, brandt: Account) -> None:
    referral = ask(brandt)
    lead = leads.add_lead(name="Nadia Ek", owner=cast.ana, referrer=brandt.contacts.get(), by=cast.ana.user, at=AT)
    referral.refresh_from_db()
    assert referral.lead == lead
    lead = leads.qualify_lead(lead=lead, by=cast.ana.user, at=AT, on=ON, amount=Decimal(900))
    task = Task.objects.get(source="referral")
    assert (task.owner, task.reason) == (cast.ana, "Their referral became a deal.")
    assert task.text == "Thank Marta Ruiz (Brandt Optik) for referring Nadia Ek"
    assert referrals.ask_to_thank(at=AT, on=ON) == 0
    referrals.thank_for_referral(referral=referral, by=cast.ana.user, on=ON, at=AT)
    task.refresh_from_db()
    assert task.done_at == AT
    assert referrals.ask_to_thank(at=AT, on=ON) == 0
    services.win_deal(deal=lead.deal, by=None, at=AT + timedelta(days=9), on=ON + timedelta(days=9))
    assert [referrals.ask_to_thank(at=AT, on=ON) for _ in range(2)] == [1, 0]
    assert Task.objects.get(source="referral", done_at=None).reason == "Their referral became a customer."


def test_one_lead_comes_of_one_referral(cast: Cast, brandt: Account) -> None:
    other = Account.objects.create(name="Vega", owner=cast.ana)
    first, second = ask(brandt), ask(other, contact=None)
    lead = leads.add_lead(name="Nadia Ek", owner=cast.ana, by=None, at=AT)
    referrals.follow_referral(referral=first, lead=lead, by=cast.ana.user, at=AT, on=ON)
    lead.refresh_from_db()
    assert lead.referrer == brandt.contacts.get()
    with pytest.raises(Refused, match="another referral"):
        referrals.follow_referral(referral=second, lead=lead, by=cast.ana.user, at=AT, on=ON)
    with pytest.raises(Refused, match="A lead came of it"):
        referrals.decline_referral(referral=first, by=cast.ana.user, on=ON)
    with pytest.raises(Refused):
        referrals.thank_for_referral(referral=first, by=cast.cleo.user, on=ON, at=AT)


def test_referrals_by_plain_forms(cast: Cast, brandt: Account) -> None:
    client = signed_in(cast.ana)
    assert client.get("/referrals/").status_code == 200
    said = {"account": f"Brandt Optik #{brandt.pk}", "contact": "Marta Ruiz", "idempotency_key": "k"}
    assert [client.post("/referrals/ask/", said).status_code for _ in range(2)] == [303, 303]
    referral = Referral.objects.get()
    again = client.post("/referrals/ask/", {"account": "Brandt Optik"})
    assert again.status_code == 422
    assert "ask again a year after" in again.content.decode()
    leads.add_lead(name="Nadia Ek", owner=cast.ana, by=None, at=AT)
    wrong = client.post(f"/referrals/{referral.pk}/follow/", {"lead": "Nobody"}, follow=True)
    assert "There is no lead called" in wrong.content.decode()
    assert client.post(f"/referrals/{referral.pk}/follow/", {"lead": "Nadia Ek"}).status_code == 303
    assert client.post(f"/referrals/{referral.pk}/thank/").status_code == 303
    referral.refresh_from_db()
    assert referral.lead.name == "Nadia Ek"
    assert referral.thanked_on is not None
    assert "Brandt Optik" in client.get("/referrals/?export=csv").getvalue().decode()
    for who in (cast.cleo, cast.ben):
        assert "Brandt" not in signed_in(who).get("/referrals/").content.decode()
        assert signed_in(who).post(f"/referrals/{referral.pk}/thank/").status_code == 404


@pytest.mark.parametrize("text", NAUGHTY)
def test_bad_input_is_a_sentence(cast: Cast, brandt: Account, text: str) -> None:
    client = signed_in(cast.ana)
    assert client.post("/referrals/ask/", {"account": text, "contact": text, "note": text}).status_code == 422
    assert client.get("/referrals/", {"cursor": text, "owner": text}).status_code == 200


def test_referrals_by_the_api(cast: Cast, brandt: Account) -> None:
    client = signed_in(cast.ana)
    made = client.post("/api/v1/referrals/", {"account": brandt.pk}, content_type="application/json")
    assert (made.status_code, made.json()["owner"]) == (201, cast.ana.pk)
    path = f"/api/v1/referrals/{made.json()['id']}/"
    lead = leads.add_lead(name="Nadia Ek", owner=cast.ana, by=None, at=AT)
    hidden = leads.add_lead(name="Hidden", owner=cast.cleo, by=None, at=AT)
    follow = [
        client.post(f"{path}follow/", {"lead": pk}, content_type="application/json").status_code
        for pk in (hidden.pk, lead.pk, lead.pk)
    ]
    assert follow == [400, 200, 200]
    assert client.post(f"{path}decline/", {}, content_type="application/json").status_code == 409
    assert client.post(f"{path}thank/", {}, content_type="application/json").json()["thanked_on"]
    assert signed_in(cast.cleo).get(path).status_code == 404
