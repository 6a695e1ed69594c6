"""Market notes: noted in ten seconds, found by whom and what they are about, seen by who may."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sales import selectors, services
from sales.models import Account, Competitor, MarketNote, Product
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def noted(owner: Person, text: str, **more: Any) -> MarketNote:
    return services.add_market_note(owner=owner, text=text, by=owner.user, at=AT, **more)


def test_one_box_is_enough(cast: Cast, account: Account) -> None:
    rival = Competitor.objects.create(name="Nordwind Controls")
    product = Product.objects.create(name="Probe 7")
    client = signed_in(cast.ana)
    text = "@Nordwind Controls offers 12 % off at @brandt optik, instead of @Probe 7. #Price #tender-2026 #price"
    assert client.post("/market/", {"text": text}).status_code == 303
    note = MarketNote.objects.get()
    assert (note.competitor, note.account, note.product) == (rival, account, product)
    assert note.tags == ["price", "tender-2026"]
    assert noted(cast.ana, "@Nobody we know did ana@example.com something").competitor is None


def test_an_at_names_only_what_its_author_sees(cast: Cast, account: Account) -> None:
    assert noted(cast.cleo, "@Brandt Optik buys").account is None
    with pytest.raises(Refused, match="no such account"):
        noted(cast.cleo, "They buy", account=account)


def test_notes_about_the_market_are_everybodys_those_about_an_account_of_who_sees_it(
    cast: Cast, account: Account
) -> None:
    free, tied = noted(cast.ana, "Steel gets dear"), noted(cast.ana, "They move", account=account)
    assert set(selectors.market_notes(cast.cleo.user)) == {free}
    assert set(selectors.market_notes(cast.maya.user)) == {free, tied}
    assert signed_in(cast.cleo).get(reverse("market-note", args=[tied.pk])).status_code == 404
    assert signed_in(cast.cleo).get(reverse("market-note", args=[free.pk])).status_code == 200
    assert signed_in(cast.cleo).post(reverse("market-note", args=[free.pk]), {"text": "Cheap"}).status_code == 404
    assert signed_in(cast.cleo).post(reverse("market-note-withdraw", args=[free.pk])).status_code == 404


def test_the_list_is_narrowed_by_words_tag_competitor_product_and_account(cast: Cast, account: Account) -> None:
    rival = Competitor.objects.create(name="Nordwind")
    noted(cast.ana, "@Nordwind senkt die Preise für Gehäuse #price")
    noted(cast.ana, "They move", account=account)
    client = signed_in(cast.ana)

    def found(**asked: Any) -> int:
        return len(client.get("/market/", asked).context["page"].rows)

    assert found() == 2
    assert found(text="gehause preis") == 1
    assert found(tag="#Price") == 1
    assert found(competitor=rival.pk) == 1
    assert found(account=account.pk) == 1
    assert found(product=999) == 0
    assert b"@Nordwind" in client.get("/market/", {"export": "csv"}).getvalue()
    for value in ("\x00", "x" * 5000, "-1", "'; --", "%"):
        asked = {"text": value, "tag": value, "competitor": value, "account": value, "cursor": value}
        assert client.get("/market/", asked).status_code == 200


def test_what_is_being_typed_is_completed(cast: Cast, account: Account) -> None:
    Competitor.objects.create(name="Brand X")
    noted(cast.ana, "Heard #price #pricelist")
    client = signed_in(cast.ana)

    def offered(text: str, who: Client = client) -> str:
        return str(who.get("/market/options/", {"text": text}, headers={"HX-Request": "true"}).content.decode())

    assert 'data-complete="#price"' in offered("They cut #pri")
    assert 'data-complete="@Brandt Optik"' in offered("Seen at @bran")
    assert 'data-complete="@Brand X"' in offered("Seen at @bran")
    assert "Brandt" not in offered("Seen at @bran", signed_in(cast.cleo))
    for text in ("", "@", "mail@bra", "\x00@", "@'; --", "#" * 300):
        assert "data-complete=" not in offered(text)


def test_a_note_is_changed_and_taken_out_and_brought_back_by_whose_it_is(cast: Cast) -> None:
    note = noted(cast.ana, "Price falls #price")
    client = signed_in(cast.ana)
    said = {"text": "Price rises #steel", "version": 1, "competitor": "", "product": "", "account": ""}
    assert client.post(reverse("market-note", args=[note.pk]), said).status_code == 303
    note.refresh_from_db()
    assert note.tags == ["steel"]
    assert client.post(reverse("market-note", args=[note.pk]), said).status_code == 422
    with pytest.raises(Stale):
        services.change_market_note(note=note, by=cast.ana.user, version=1, text="Old")
    client.post(reverse("market-note-withdraw", args=[note.pk]))
    assert not selectors.market_notes(cast.ana.user).exists()
    client.post(reverse("market-note-restore", args=[note.pk]))
    assert selectors.market_notes(cast.ana.user).exists()


def test_a_note_needs_words(cast: Cast) -> None:
    client = signed_in(cast.ana)
    for text in ("", "   ", "x" * 2001, "\x00"):
        assert client.post("/market/", {"text": text}).status_code == 422
    client.post("/market/", {"text": "<script>alert(1)</script> #<b>", "idempotency_key": "k"})
    client.post("/market/", {"text": "<script>alert(1)</script> #<b>", "idempotency_key": "k"})
    assert MarketNote.objects.count() == 1
    assert "<script>alert" not in client.get("/market/").content.decode()


def test_the_api_notes_and_finds(cast: Cast) -> None:
    Competitor.objects.create(name="Nordwind")
    client = signed_in(cast.ana)
    said = {"text": "They fall #price", "competitor": "Nordwind"}
    made = client.post("/api/v1/market-notes/", said, content_type="application/json")
    assert (made.status_code, made.json()["tags"], made.json()["competitor"]) == (201, ["price"], "Nordwind")
    assert len(client.get("/api/v1/market-notes/", {"tag": "price"}).json()["results"]) == 1
    for wrong in ({"competitor": "Nobody"}, {"competitor": 3}, {"competitor": "\x00"}, {"text": ""}, {"tags": ["x"]}):
        answer = client.post("/api/v1/market-notes/", said | wrong, content_type="application/json")
        assert answer.status_code == 400
    path = f"/api/v1/market-notes/{made.json()['id']}/"
    assert client.patch(path, {"text": "Up", "version": 1}, content_type="application/json").json()["tags"] == []
    assert client.patch(path, {"text": "Up", "version": 1}, content_type="application/json").status_code == 409
    assert client.delete(path).status_code == 204
