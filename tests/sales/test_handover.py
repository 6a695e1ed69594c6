"""Books of business that go from one person to another: consent of both managers, a day, and what stays."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sales import services
from sales.models import (
    Account,
    AccountOwnership,
    Contract,
    Credit,
    Deal,
    DealChange,
    DealShare,
    Handover,
    Order,
    Outcome,
    Task,
)
from sales.services import leads
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Posting, User
from tests.cast import Cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
Book = tuple[Account, Deal]


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)
    return client


@pytest.fixture
def book(cast: Cast) -> Book:
    account = services.add_account(name="Brandt Optik", owner=cast.ana, by=None)
    deal = services.open_deal(owner=cast.ana, name="Lenses", account=account, amount=Decimal(900), by=None, at=NOW)
    return account, deal


def propose(cast: Cast, book: Book, by: Person, taker: Person, on: date = TODAY, **more: Any) -> Handover:
    said: dict[str, Any] = {
        "giver": cast.ana,
        "accounts": [book[0]],
        "deals": [book[1]],
        "reason": "New territory",
    } | more
    return services.propose_handover(taker=taker, on=on, by=by.user, at=NOW, **said)


def owners(book: Book) -> set[str]:
    return {Account.objects.get(pk=book[0].pk).owner.name, Deal.objects.get(pk=book[1].pk).owner.name}


def test_a_book_goes_over_once_both_managers_consent(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.cleo)
    assert (made.state, owners(book)) == ("waiting", {"Ana"})
    services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    assert owners(book) == {"Ana"}
    services.answer_handover(handover=made, consents=True, by=cast.omar.user, at=NOW, answer="Welcome")
    made.refresh_from_db()
    assert (made.state, made.giver_consent_by, made.taker_consent_by) == ("done", cast.maya.user, cast.omar.user)
    assert owners(book) == {"Cleo"}
    change = DealChange.objects.get(field="owner", was=str(cast.ana.pk))
    assert (change.deal, change.value) == (book[1], str(cast.cleo.pk))
    row = AccountOwnership.objects.on(TODAY).get(account=book[0])
    assert (row.owner, row.starts_on, row.reason) == (cast.cleo, TODAY, f"Handover {made.pk}: New territory")
    assert Deal.objects.get().version == book[1].version + 1


def test_who_proposes_consents_for_their_own_side_only(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.maya, taker=cast.cleo)
    assert (made.giver_consent_by, made.taker_consent_by) == (cast.maya.user, None)
    with pytest.raises(Refused, match="each once"):
        services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    with pytest.raises(Refused, match="Only the managers"):
        services.answer_handover(handover=made, consents=True, by=cast.cleo.user, at=NOW)


def test_one_manager_of_both_consents_once_for_both(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.ben)
    services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    assert owners(book) == {"Ben"}
    back = services.propose_handover(
        giver=cast.ben, taker=cast.ana, on=TODAY, reason="Back", accounts=[Account.objects.get()],
        deals=[Deal.objects.get()], by=cast.maya.user, at=NOW,
    )  # fmt: skip
    assert (back.state, owners(book)) == ("done", {"Ana"})


def test_nobody_consents_to_their_own_book_leaving_or_coming(cast: Cast, book: Book) -> None:
    account = services.add_account(name="Maya's", owner=cast.maya, by=None)
    made = services.propose_handover(
        giver=cast.maya,
        taker=cast.ana,
        on=TODAY,
        reason="Less",
        accounts=[account],
        deals=[],
        by=cast.maya.user,
        at=NOW,
    )
    assert (made.giver_consent_by, made.taker_consent_by) == (None, cast.maya.user)
    services.answer_handover(handover=made, consents=True, by=cast.vera.user, at=NOW)
    account.refresh_from_db()
    assert account.owner == cast.ana


def test_a_refusal_needs_a_sentence_and_ends_it(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.cleo)
    with pytest.raises(Refused, match="Say why not"):
        services.answer_handover(handover=made, consents=False, by=cast.omar.user, at=NOW)
    services.answer_handover(handover=made, consents=False, by=cast.omar.user, at=NOW, answer="Cleo is full")
    made.refresh_from_db()
    assert (made.state, made.answer) == ("refused", "Cleo is full")
    with pytest.raises(Refused, match="refused already"):
        services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    assert Notice.objects.filter(user=cast.ana.user, text__contains="refused").exists()


def test_on_a_day_to_come_it_waits_for_that_day(cast: Cast, book: Book) -> None:
    later = TODAY + timedelta(days=3)
    made = propose(cast, book, by=cast.maya, taker=cast.ben, on=later)
    assert (made.state, owners(book)) == ("agreed", {"Ana"})
    assert services.carry_out_handovers(on=TODAY, at=NOW) == 0
    assert services.carry_out_handovers(on=later, at=NOW) == 1
    assert services.carry_out_handovers(on=later, at=NOW) == 0
    assert owners(book) == {"Ben"}
    assert AccountOwnership.objects.get(owner=cast.ben).starts_on == later


def test_nothing_goes_to_who_has_left_meanwhile_and_both_managers_are_told_once(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.maya, taker=cast.cleo, on=TODAY + timedelta(days=3))
    services.answer_handover(handover=made, consents=True, by=cast.omar.user, at=NOW)
    Posting.objects.filter(person=cast.cleo).update(during=half_open(date(2024, 1, 1), TODAY + timedelta(days=1)))
    Person.objects.filter(pk=cast.cleo.pk).update(left_on=TODAY + timedelta(days=1))
    Notice.objects.all().delete()
    for days in (3, 4):
        assert services.carry_out_handovers(on=TODAY + timedelta(days=days), at=NOW) == 0
    assert owners(book) == {"Ana"}
    assert sorted(Notice.objects.values_list("user__username", flat=True)) == ["maya", "omar"]


def test_open_leads_of_the_account_and_the_givers_share_go_along(cast: Cast, book: Book) -> None:
    contact = services.add_contact(name="Marta", by=None, account=book[0])
    lead = leads.add_lead(name="Marta", contact=contact, owner=cast.ana, by=None, at=NOW)
    services.share_deal(
        deal=book[1], shares={cast.ana: Decimal(60), cast.ben: Decimal(40)}, overlays={}, by=cast.maya.user, at=NOW
    )
    made = propose(cast, book, by=cast.maya, taker=cast.ben)
    lead.refresh_from_db()
    assert (made.state, lead.owner) == ("done", cast.ben)
    assert [(share.person, share.percent) for share in DealShare.objects.all()] == [(cast.ben, 100)]


def test_a_day_that_has_been_is_done_at_once_and_dates_the_ownership(cast: Cast, book: Book) -> None:
    propose(cast, book, by=cast.maya, taker=cast.ben, on=TODAY - timedelta(days=30))
    assert AccountOwnership.objects.get(owner=cast.ben).starts_on == TODAY - timedelta(days=30)


def test_what_was_earned_stays_with_who_earned_it(cast: Cast, book: Book) -> None:
    won = services.open_deal(owner=cast.ana, name="Won", account=book[0], amount=Decimal(100), by=None, at=NOW)
    services.win_deal(deal=won, by=None, at=NOW, on=TODAY)
    credits, outcomes = list(Credit.objects.values()), list(Outcome.objects.values())
    Task.objects.create(owner=cast.ana, account=book[0], text="Call", due_on=TODAY, source="manual")
    Contract.objects.create(account=book[0], owner=cast.ana, starts_on=TODAY, signed_on=TODAY, currency="EUR")
    propose(cast, book, by=cast.maya, taker=cast.ben)
    won.refresh_from_db()
    assert (won.owner, Order.objects.get().owner) == (cast.ana, cast.ana)
    assert (list(Credit.objects.values()), list(Outcome.objects.values())) == (credits, outcomes)
    assert (Task.objects.get().owner, Contract.objects.get().owner) == (cast.ben, cast.ben)


def test_what_changed_hands_or_was_decided_meanwhile_is_left_alone(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.ben)
    services.win_deal(deal=book[1], by=None, at=NOW, on=TODAY)
    services.change_account(account=book[0], owner=cast.maya, by=None, on=TODAY)
    services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    assert owners(book) == {"Ana", "Maya"}


def test_a_proposal_is_refused_in_a_sentence(cast: Cast, book: Book) -> None:
    theirs = services.add_account(name="Cleo's", owner=cast.cleo, by=None)
    won = services.open_deal(owner=cast.ana, name="Won", amount=Decimal(1), by=None, at=NOW)
    won = services.win_deal(deal=won, by=None, at=NOW, on=TODAY)
    for said, words in (
        ({"by": cast.omar}, "Only who owns"),
        ({"by": cast.ben}, "Only who owns"),
        ({"taker": cast.ana}, "between two"),
        ({"accounts": [], "deals": []}, "Choose what"),
        ({"accounts": [theirs]}, "is not Ana's"),
        ({"deals": [won]}, "stays with who earned it"),
        ({"on": TODAY + timedelta(days=4000)}, "at most a year"),
        ({"on": date(1, 1, 1)}, "not before 1990"),
    ):
        with pytest.raises(Refused, match=words):
            propose(cast, book, **({"by": cast.ana, "taker": cast.ben} | said))
    Person.objects.filter(pk=cast.ben.pk).update(left_on=TODAY)
    with pytest.raises(Refused, match="not here"):
        propose(cast, book, by=cast.ana, taker=Person.objects.get(pk=cast.ben.pk))


def test_those_concerned_are_told(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.cleo)
    told = Notice.objects.values_list("user__username", flat=True)
    assert set(told) == {"maya", "omar", "cleo"}
    assert set(Notice.objects.values_list("link", flat=True)) == {reverse("handover", args=[made.pk])}
    services.answer_handover(handover=made, consents=True, by=cast.maya.user, at=NOW)
    services.answer_handover(handover=made, consents=True, by=cast.omar.user, at=NOW)
    done = Notice.objects.filter(text__contains="went from Ana to Cleo")
    assert set(done.values_list("user__username", flat=True)) == {"ana", "cleo", "maya"}
    assert "1 account and 1 deal" in done[0].text


def test_a_leavers_book_is_handed_over_by_who_led_them(cast: Cast, book: Book) -> None:
    Person.objects.filter(pk=cast.ana.pk).update(left_on=TODAY)
    leaver = Person.objects.get(pk=cast.ana.pk)
    propose(cast, book, by=cast.maya, taker=cast.ben, giver=leaver)
    assert owners(book) == {"Ben"}


# ── Pages and API ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_handover_is_proposed_answered_and_shown(cast: Cast, book: Book) -> None:
    ana = signed_in(cast.ana)
    page = ana.get("/handovers/add/").content.decode()
    assert "Brandt Optik" in page
    data = {"giver": cast.ana.pk, "taker": cast.cleo.pk, "on": TODAY.isoformat(), "reason": "Moves", "everything": "on"}
    answer = ana.post("/handovers/add/", data | {"idempotency_key": "k1"})
    again = ana.post("/handovers/add/", data | {"idempotency_key": "k1"})
    made = Handover.objects.get()
    assert answer["Location"] == again["Location"] == reverse("handover", args=[made.pk])
    assert "It waits for both managers" in ana.get(answer["Location"]).content.decode()
    omar = signed_in(cast.omar)
    assert "Lenses" in omar.get(answer["Location"]).content.decode()
    refused = omar.post(reverse("handover-answer", args=[made.pk]), {"act": "refuse"})
    assert refused.status_code == 422
    assert "Say why not" in refused.content.decode()
    assert omar.post(reverse("handover-answer", args=[made.pk]), {"act": "consent"}).status_code == 303
    assert signed_in(cast.maya).post(reverse("handover-answer", args=[made.pk]), {"act": "consent"}).status_code == 303
    assert owners(book) == {"Cleo"}
    assert "Ana to Cleo" in signed_in(cast.cleo).get("/handovers/").content.decode()
    assert "Moves" in signed_in(cast.cleo).get("/handovers/?export=csv").getvalue().decode()
    for who in (cast.ben,):
        assert signed_in(who).get(answer["Location"]).status_code == 404
        assert "Ana to Cleo" not in signed_in(who).get("/handovers/").content.decode()


def test_a_proposal_is_taken_back_by_who_made_it(cast: Cast, book: Book) -> None:
    made = propose(cast, book, by=cast.ana, taker=cast.cleo)
    url = reverse("handover-take-back", args=[made.pk])
    assert signed_in(cast.omar).post(url).status_code == 404
    assert signed_in(cast.ana).post(url).status_code == 303
    made.refresh_from_db()
    assert made.state == "refused"


def test_bad_input_is_told_beside_its_field(cast: Cast, book: Book) -> None:
    client = signed_in(cast.ana)
    good = {
        "giver": cast.ana.pk,
        "taker": cast.ben.pk,
        "on": TODAY.isoformat(),
        "reason": "x",
        "accounts": [book[0].pk],
    }
    for field, value in (
        ("taker", "9" * 30), ("taker", "x"), ("taker", cast.vera.pk), ("on", "soon"), ("on", "0001-01-01"),
        ("on", "9999-12-31"), ("reason", ""), ("reason", "x" * 600), ("reason", "\x00"), ("accounts", ["x"]),
        ("accounts", ["9" * 30]), ("accounts", []),
    ):  # fmt: skip
        assert client.post("/handovers/add/", good | {field: value}).status_code == 422, (field, value)
    assert client.post("/handovers/add/", {"giver": "\x00"}).status_code == 422
    assert not Handover.objects.exists()


def test_the_api_proposes_and_answers(cast: Cast, book: Book) -> None:
    json = "application/json"
    said = {
        "giver": cast.ana.pk,
        "taker": cast.cleo.pk,
        "reason": "Moves",
        "accounts": [book[0].pk],
        "deals": [book[1].pk],
    }
    made = signed_in(cast.ana).post("/api/v1/handovers/", said, json)
    assert (made.status_code, made.json()["state"]) == (201, "waiting"), made.content
    url = f"/api/v1/handovers/{made.json()['id']}/"
    assert signed_in(cast.ben).get(url).status_code == 404
    assert signed_in(cast.omar).post(url + "answer/", {"consents": True}, json).json()["state"] == "waiting"
    assert signed_in(cast.maya).post(url + "answer/", {"consents": True}, json).json()["state"] == "done"
    assert signed_in(cast.maya).post(url + "answer/", {"consents": True}, json).status_code == 409
    assert signed_in(cast.ana).post("/api/v1/handovers/", said | {"on": "soon"}, json).status_code == 400
    assert signed_in(cast.ana).post("/api/v1/handovers/", said | {"accounts": [10**17]}, json).status_code == 400
