"""Gifts: within a yearly limit per recipient, none to public officials, all of them in the register."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from sales.models import Account, Contact, Gift, Recommendation
from sales.services.gifts import give_gift, withdraw_gift
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import ExchangeRate
from tests.cast import Cast, make_cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ON = date(2026, 7, 1)


@pytest.fixture
def marta(cast: Cast) -> Contact:
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    return Contact.objects.create(name="Marta Ruiz", account=account)


def give(contact: Contact, amount: Any, **more: Any) -> Gift:
    owner = contact.account.owner
    said = {"contact": contact, "owner": owner, "amount": Decimal(str(amount)), "occasion": "Birthday", "given_on": ON}
    return give_gift(**(said | {"by": None, "at": AT} | more))


def test_beyond_the_yearly_limit_a_gift_is_refused_and_says_what_is_left(cast: Cast, marta: Contact) -> None:
    give(marta, 30)
    with pytest.raises(Refused, match=r"may be given 50\.00 EUR a year and has had 30\.00 in 2026: 20\.00 EUR is left"):
        give(marta, "20.01")
    give(marta, 20)
    with pytest.raises(Refused, match="still to come"):
        give(marta, 50, given_on=date(2027, 1, 1))
    with pytest.raises(Refused, match="who leads you"):
        give(marta, 50, given_on=date(2025, 12, 31), by=marta.account.owner.user)
    give(marta, 50, given_on=date(2025, 12, 31), by=cast.maya.user)
    with pytest.raises(Refused, match=r"0\.00 EUR is left"):
        give(marta, "0.01")
    assert Gift.objects.count() == 3


def test_what_a_gift_is_worth_counts_in_reporting_currency(marta: Contact) -> None:
    ExchangeRate.objects.create(currency="GBP", rate=Decimal("1.25"), during=half_open(date(2026, 1, 1)))
    give(marta, 32, currency="GBP")
    with pytest.raises(Refused, match=r"has had 40\.00"):
        give(marta, "10.01")
    with pytest.raises(Refused, match="no actual rate for SEK"):
        give(marta, 1, currency="SEK")


def test_a_withdrawn_gift_leaves_its_room_and_only_on_its_day_by_its_giver(cast: Cast, marta: Contact) -> None:
    withdraw_gift(gift=give(marta, 50), by=cast.ana.user, at=AT)
    gift = give(marta, 50)
    with pytest.raises(Refused, match="by who leads you"):
        withdraw_gift(gift=gift, by=cast.ana.user, at=AT + timedelta(days=1))
    withdraw_gift(gift=gift, by=cast.maya.user, at=AT + timedelta(days=1))
    give(marta, 50)


def test_public_officials_are_given_nothing(marta: Contact) -> None:
    marta.is_public_official = True
    marta.save()
    with pytest.raises(Refused, match="public official"):
        give(marta, 1)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "0.004"])
def test_a_gift_is_worth_something(marta: Contact, amount: str) -> None:
    with pytest.raises(Refused):
        give(marta, amount)


def test_nobody_gives_to_customers_of_others_or_in_others_names(cast: Cast, marta: Contact) -> None:
    with pytest.raises(Refused, match="no such contact"):
        give(marta, 5, by=cast.cleo.user, owner=cast.cleo)
    with pytest.raises(Refused):
        give(marta, 5, by=cast.ana.user, owner=cast.ben)


@pytest.mark.django_db(transaction=True)
def test_two_gifts_at_once_keep_to_the_limit_together() -> None:
    cast = make_cast()
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    marta = Contact.objects.create(name="Marta Ruiz", account=account)
    start, refused = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait()
            give(marta, 20)
        except Refused as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Gift.objects.count(), len(refused)) == (2, 2)


def test_a_gift_for_a_birthday_takes_the_suggestion(cast: Cast, marta: Contact) -> None:
    row = Recommendation.objects.create(
        account=marta.account, owner=cast.ana, kind="birthday", contact=marta, sentence="Birthday on 3 Jul.", made_on=ON
    )
    client = signed_in(cast.ana)
    page = client.get(f"/gifts/?recommendation={row.pk}").content.decode()
    assert f"Marta Ruiz #{marta.pk}" in page
    said = {"contact": f"Marta Ruiz #{marta.pk}", "occasion": "Birthday", "amount": "30", "currency": "EUR"}
    said |= {"given_on": "2026-07-01", "recommendation": str(row.pk), "idempotency_key": "k"}
    assert [client.post("/gifts/give/", said).status_code for _ in range(2)] == [303, 303]
    row.refresh_from_db()
    assert (Gift.objects.get().amount, row.state, row.decided_by) == (30, "taken", cast.ana.user)
    again = client.post("/gifts/give/", said | {"idempotency_key": "l"})
    assert again.status_code == 422
    assert "20.00 EUR is left" in again.content.decode()


def test_the_register_is_of_ones_people(cast: Cast, marta: Contact) -> None:
    give(marta, 30)
    for who, sees in ((cast.ana, True), (cast.maya, True), (cast.olga, True), (cast.omar, False), (cast.ben, False)):
        client = signed_in(who)
        for url in ("/gifts/", "/gifts/?export=csv", "/api/v1/gifts/"):
            body = client.get(url).getvalue().decode()
            assert ("Birthday" in body) == sees


@pytest.mark.parametrize("text", NAUGHTY)
def test_bad_input_is_a_sentence(cast: Cast, marta: Contact, text: str) -> None:
    client = signed_in(cast.ana)
    said = {"contact": "Marta Ruiz", "occasion": "B", "amount": "3", "currency": "EUR", "given_on": "2026-07-01"}
    for name in ("amount", "given_on"):
        assert client.post("/gifts/give/", said | {name: text, "recommendation": text}).status_code in {303, 422}
    assert client.post("/gifts/give/", dict.fromkeys(said, text)).status_code == 422
    asked = dict.fromkeys(("owner", "year", "recommendation", "cursor"), text)
    assert client.get("/gifts/", asked).status_code == 200


def test_gifts_by_the_api(cast: Cast, marta: Contact) -> None:
    client = signed_in(cast.ana)
    said = {"contact": marta.pk, "occasion": "Birthday", "amount": "40.00"}
    made = client.post("/api/v1/gifts/", said, content_type="application/json")
    assert (made.status_code, made.json()["owner"]) == (201, cast.ana.pk)
    again = client.post("/api/v1/gifts/", said, content_type="application/json")
    assert (again.status_code, "10.00 EUR is left" in again.json()["detail"]) == (409, True)
    assert client.delete(f"/api/v1/gifts/{made.json()['id']}/").status_code == 204
