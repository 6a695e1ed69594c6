"""Accounts and contacts: what they say, who had them when, what happened with them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sales import selectors, services
from sales.models import (
    Account,
    AccountOwnership,
    AccountProfile,
    Activity,
    Complaint,
    Contact,
    ContactRole,
    Contract,
    CustomField,
    Deal,
    DealChange,
    DealShare,
    DeliveryProblem,
    Feedback,
    Gift,
    Lead,
    MarketNote,
    Order,
    Refund,
    Task,
)
from salesmgmt.lib.ranges import BEFORE_ALL_RECORDS, half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Person, Territory, User
from tests.answers import refused
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
DAY = date(2026, 7, 1)
NAUGHTY = [
    "\x00",
    "a\x00b",
    "x" * 20_000,
    "<script>alert(1)</script>",
    "NaN",
    "1e400",
    "-1",
    "9" * 40,
    "0001-01-01",
    "𝟙",
]


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None, on=date(2025, 1, 1))


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)
    return client


def owners(account: Account) -> list[tuple[str, date, date | None]]:
    rows = AccountOwnership.objects.filter(account=account).select_related("owner").order_by("during")
    return [(row.owner.name, row.starts_on, row.until) for row in rows]


# ── Who had them when ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_its_owners_from_the_day_it_was_added(account: Account) -> None:
    assert owners(account) == [("Ana", date(2025, 1, 1), None)]


def test_a_new_owner_has_an_account_from_their_day_and_the_past_stays(cast: Cast, account: Account) -> None:
    services.change_account(account=account, owner=cast.ben, by=None, on=DAY)
    assert owners(account) == [("Ana", date(2025, 1, 1), DAY), ("Ben", DAY, None)]


def test_following_owners_twice_changes_nothing(cast: Cast, account: Account) -> None:
    assert services.follow_owners(account_ids=[account.pk], on=DAY, by=None) == 0
    Account.objects.filter(pk=account.pk).update(owner=cast.ben)
    assert services.follow_owners(account_ids=[account.pk], on=DAY, by=None, reason="x") == 1
    assert services.follow_owners(account_ids=[account.pk], on=DAY + timedelta(days=9), by=None) == 0
    assert owners(account)[-1] == ("Ben", DAY, None)


def test_a_change_of_hands_on_the_same_day_leaves_one_row_for_it(cast: Cast, account: Account) -> None:
    services.change_account(account=account, owner=cast.ben, by=None, on=DAY)
    services.change_account(account=account, owner=cast.maya, by=None, on=DAY)
    assert owners(account) == [("Ana", date(2025, 1, 1), DAY), ("Maya", DAY, None)]
    services.change_account(account=account, owner=cast.ana, by=None, on=DAY)
    assert owners(account)[0][0] == owners(account)[-1][0] == "Ana"


def test_an_account_that_nobody_owns_belongs_to_nobody_from_that_day(cast: Cast, account: Account) -> None:
    services.change_account(account=account, owner=None, by=None, on=DAY)
    assert owners(account) == [("Ana", date(2025, 1, 1), DAY)]
    assert services.follow_owners(account_ids=[account.pk], on=DAY, by=None) == 0


def test_every_owner_equals_the_row_in_force_today(cast: Cast) -> None:
    made = [
        services.add_account(name=f"A{n}", owner=owner, by=None) for n, owner in enumerate([cast.ana, None, cast.cleo])
    ]
    services.change_account(account=made[0], owner=cast.ben, by=None, on=DAY)
    services.change_account(account=made[1], owner=cast.ben, by=None, on=DAY)
    services.change_account(account=made[2], owner=None, by=None, on=DAY)
    in_force = dict(AccountOwnership.objects.on(DAY).values_list("account", "owner"))
    assert dict(Account.objects.filter(owner__isnull=False).values_list("pk", "owner")) == in_force


# ── What they say ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_says_where_it_belongs_and_what_it_is_tagged(cast: Cast, account: Account) -> None:
    territory = Territory.objects.create(name="Coast")
    client = signed_in(cast.ana)
    data = {
        "name": "Brandt Kiel", "industry": "Optics", "territory": territory.pk, "parent": "Brandt Optik",
        "tags": "key, Nord, KEY", "owner": cast.ana.pk,
    }  # fmt: skip
    answer = client.post(reverse("account-add"), data | {"is_another": "on"})
    made = Account.objects.get(name="Brandt Kiel")
    assert answer.status_code == 303
    assert (made.parent, made.territory, made.tags) == (account, territory, ["key", "Nord"])
    page = client.get(reverse("account", args=[account.pk])).content.decode()
    assert "Parts of it" in page
    assert "Brandt Kiel" in page
    for query in ("tag=Nord", "industry=Optics", f"territory={territory.pk}", "text=kiel"):
        listed = client.get(f"/accounts/?{query}").content.decode()
        assert "Brandt Kiel" in listed, query
        assert "Brandt Optik" not in listed, query


def test_a_stale_form_is_refused_and_keeps_what_was_typed(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    data = {"change-name": "Renamed", "change-owner": cast.ana.pk, "change-version": account.version}
    services.change_account(account=account, industry="Optics", by=None)
    answer = client.post(reverse("account-change", args=[account.pk]), data)
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "has changed since you opened it" in body
    assert "Renamed" in body
    account.refresh_from_db()
    assert account.name == "Brandt Optik"


def test_bad_values_are_refused_in_a_sentence_never_an_error(cast: Cast, account: Account) -> None:
    CustomField.objects.create(noun="account", key="fleet", label="Fleet", kind="number")
    client = signed_in(cast.ana)
    contact = services.add_contact(name="Eva", account=account, by=None)
    urls = {
        reverse("account-add"): (
            "name",
            "industry",
            "tags",
            "parent",
            "employees",
            "revenue",
            "territory",
            "custom_fleet",
        ),
        reverse("account-profile", args=[account.pk]): ("profile-needs", "profile-decision", "profile-cares_about"),
        reverse("contact-new"): ("name", "email", "birthday", "prefers", "account", "tags"),
        reverse("contact-change", args=[contact.pk]): ("change-name", "change-birthday", "change-account"),
        reverse("role-add", args=[contact.pk]): ("role-account", "role-title"),
    }
    good = {"name": "N", "change-name": "N"}
    for url, fields in urls.items():
        for value in NAUGHTY:
            for field in {*fields} - refused(client.post(url, good | dict.fromkeys(fields, value))):
                assert client.post(url, good | {field: value}).status_code in (200, 303, 422), (url, field)
    for value in NAUGHTY:
        for url in ("/accounts/", "/contacts/"):
            for field in ("tag", "industry", "territory", "cursor", "text", "account"):
                assert client.get(url, {field: value}).status_code == 200
        for url in (f"/accounts/{account.pk}/", f"/contacts/{contact.pk}/"):
            for field in ("cursor", "kind"):
                assert client.get(url, {field: value}).status_code == 200


def test_the_export_gives_what_the_list_shows(cast: Cast, account: Account) -> None:
    services.change_account(account=account, tags=["key"], by=None)
    services.add_account(name="Other", owner=cast.ana, by=None)
    body = signed_in(cast.ana).get("/accounts/?tag=key&export=csv").getvalue().decode()
    assert "Brandt Optik" in body
    assert "Other" not in body


# ── Fields that were added ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def added(db: None) -> None:
    for kind in ("text", "number", "date", "yes_no"):
        CustomField.objects.create(noun="account", key=kind, label=kind.capitalize(), kind=kind)
    CustomField.objects.create(noun="account", key="choice", label="Class", kind="choice", choices=["A", "B"])
    CustomField.objects.create(noun="deal", key="bid", label="Bid", kind="text")


@pytest.mark.parametrize(
    ("key", "said", "kept"),
    [
        ("text", " Sea ", "Sea"),
        ("number", "12", 12),
        ("number", "0.5", 0.5),
        ("date", "2026-07-31", "2026-07-31"),
        ("yes_no", "no", False),
        ("choice", "A", "A"),
    ],
)
def test_values_of_added_fields_are_typed(
    cast: Cast, added: None, account: Account, key: str, said: str, kept: Any
) -> None:
    services.change_account(account=account, custom={key: said}, by=None)
    account.refresh_from_db()
    assert account.custom == {key: kept}
    services.change_account(account=account, custom={key: None}, by=None)
    account.refresh_from_db()
    assert account.custom == {}


@pytest.mark.parametrize(
    ("key", "said", "sentence"),
    [
        ("number", "many", "Number is a number, not “many”."),
        ("date", "soon", "Date is a day like 2026-07-31, not “soon”."),
        ("choice", "C", "Class is one of A, B, not “C”."),
        ("yes_no", "perhaps", "Yes_no is yes or no, not “perhaps”."),
        ("colour", "red", "There is no field “colour” on accounts; there is choice, date, number, text, yes_no."),
    ],
)
def test_a_bad_value_is_refused_in_the_words_of_its_field(
    cast: Cast, added: None, account: Account, key: str, said: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        services.change_account(account=account, custom={key: said}, by=None)
    assert refused.value.sentence == sentence
    answer = api(cast.ana).patch(
        f"/api/v1/accounts/{account.pk}/", {"custom": {key: said}}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]


def test_the_forms_of_a_noun_ask_for_its_added_fields(cast: Cast, added: None, account: Account) -> None:
    client = signed_in(cast.ana)
    data = {"name": "With class", "custom_choice": "B", "custom_number": "3", "custom_yes_no": "yes"}
    assert client.post(reverse("account-add"), data).status_code == 303
    made = Account.objects.get(name="With class")
    assert made.custom == {"choice": "B", "number": 3, "yes_no": True}
    page = client.get(reverse("account", args=[made.pk])).content.decode()
    assert "<dt>Class</dt><dd>B</dd>" in page
    wrong = client.post(reverse("account-add"), {"name": "Wrong", "custom_choice": "Z"})
    assert wrong.status_code == 422
    deal = client.post(
        reverse("deal-add"),
        {"name": "D", "owner": cast.ana.pk, "stage": services.first_stage().pk, "currency": "EUR", "custom_bid": "B-7"},
    )
    assert deal.status_code == 303
    assert Deal.objects.get(name="D").custom == {"bid": "B-7"}
    CustomField.objects.create(noun="lead", key="fair", label="Fair", kind="text")
    lead = client.post(reverse("lead-add"), {"name": "Tom", "owner": cast.ana.pk, "custom_fair": "Hanover"})
    assert lead.status_code == 303
    assert Lead.objects.get(name="Tom").custom == {"fair": "Hanover"}
    said = {"name": "Ria", "custom": {"fair": "Lyon"}}
    assert api(cast.ana).post("/api/v1/leads/", said, "application/json").json()["custom"] == {"fair": "Lyon"}


# ── Contacts ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contact_is_added_changed_withdrawn_and_brought_back(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    data = {
        "name": "Eva Brandt", "account": "Brandt Optik", "email": "eva@brandt.de", "birthday": "1980-02-29",
        "prefers": "phone", "is_not_to_be_contacted": "on", "tags": "board",
    }  # fmt: skip
    made = client.post(reverse("contact-new"), data)
    contact = Contact.objects.get()
    assert made["Location"] == reverse("contact", args=[contact.pk])
    assert (contact.account, contact.birthday, contact.prefers) == (account, date(1980, 2, 29), "phone")
    assert "Does not want to be contacted" in client.get(made["Location"]).content.decode()
    gone = client.post(reverse("contact-withdraw", args=[contact.pk]), follow=True).content.decode()
    assert reverse("contact-restore", args=[contact.pk]) in gone
    assert client.get(reverse("contact", args=[contact.pk])).status_code == 404
    assert client.post(reverse("contact-restore", args=[contact.pk])).status_code == 303
    assert client.get(reverse("contact", args=[contact.pk])).status_code == 200
    for who in (cast.ben, cast.cleo, cast.omar):
        assert signed_in(who).get(reverse("contact", args=[contact.pk])).status_code == 404
        assert "Eva" not in signed_in(who).get("/contacts/?export=csv").getvalue().decode()


def test_a_contact_has_roles_at_several_accounts_and_is_found_at_each(cast: Cast, account: Account) -> None:
    other = services.add_account(name="Brandt Stiftung", owner=cast.ana, by=None)
    contact = services.add_contact(name="Eva Brandt", account=account, by=None)
    client = signed_in(cast.ana)
    answer = client.post(
        reverse("role-add", args=[contact.pk]), {"role-account": "Brandt Stiftung", "role-title": "Chair"}
    )
    assert answer.status_code == 303
    assert "Chair" in client.get(reverse("account", args=[other.pk])).content.decode()
    assert "Eva" in client.get(f"/contacts/?account={other.pk}").content.decode()
    role = ContactRole.objects.get()
    assert client.post(reverse("role-remove", args=[contact.pk, role.pk])).status_code == 303
    assert not ContactRole.objects.exists()
    with pytest.raises(Refused, match="already"):
        services.add_role(contact=contact, account=account, by=None)


def test_a_contact_that_looks_like_another_is_asked_about_once(cast: Cast, account: Account) -> None:
    services.add_contact(name="Eva Brandt", account=account, email="eva@brandt.de", phone="+49 30 555-1234", by=None)
    client = signed_in(cast.ana)
    for data in (
        {"name": "E. Brand", "email": "EVA@brandt.de"},
        {"name": "Somebody", "phone": "+493 0555 1234"},
        {"name": "Eva Brand", "account": "Brandt Optik"},
    ):
        asked = client.post(reverse("contact-new"), data)
        assert asked.status_code == 422, data
        assert "This looks like" in asked.content.decode()
    assert client.post(reverse("contact-new"), data | {"is_another": "on"}).status_code == 303
    assert client.post(reverse("contact-new"), {"name": "Eva Brandt", "email": "x@example.com"}).status_code == 303
    asked = client.post(reverse("contact-add", args=[account.pk]), {"contact-name": "Eva Brandt"})
    assert asked.status_code == 422


def test_look_alikes_on_entry_are_among_those_seen(cast: Cast, account: Account) -> None:
    services.add_contact(name="Eva Brandt", account=account, email="eva@brandt.de", by=None)
    client = signed_in(cast.cleo)
    assert client.post(reverse("contact-new"), {"name": "Eva Brandt", "email": "eva@brandt.de"}).status_code == 303
    assert client.post(reverse("account-add"), {"name": "Brandt Optik"}).status_code == 303


def test_a_contact_is_named_in_the_log_and_on_a_deal(cast: Cast, account: Account) -> None:
    contact = services.add_contact(name="Eva Brandt", account=account, by=None)
    client = signed_in(cast.ana)
    page = client.get(f"/activities/log/?account={account.pk}&contact={contact.pk}").content.decode()
    assert 'value="Eva Brandt"' in page
    assert client.post("/activities/log/", {"kind": "call", "contact": "Eva Brandt"}).status_code == 303
    activity = Activity.objects.get()
    assert (activity.contact, activity.account) == (contact, account)
    deal = services.open_deal(owner=cast.ana, name="Lenses", account=account, contact=contact, by=None, at=AT)
    services.add_contact(name="Eva Brandt", account=account, by=None)
    data = {
        "change-name": "Lenses",
        "change-account": "Brandt Optik",
        "change-contact": "Eva Brandt",
        "change-owner": cast.ana.pk,
        "change-currency": "EUR",
    }
    assert client.post(reverse("deal-change", args=[deal.pk]), data).status_code == 303
    deal.refresh_from_db()
    assert deal.contact == contact


# ── What they are like ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_to_do_differently_stands_on_top_and_in_the_log(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    data = {
        "profile-do_differently": "Bring samples",
        "profile-cares_about": ["quality", "safety"],
        "profile-version": 0,
    }
    assert client.post(reverse("account-profile", args=[account.pk]), data).status_code == 303
    profile = AccountProfile.objects.get()
    assert (profile.do_differently, profile.cares_about, profile.version) == ("Bring samples", ["quality", "safety"], 1)
    for url in (reverse("account", args=[account.pk]), f"/activities/log/?account={account.pk}"):
        body = client.get(url).content.decode()
        assert "Bring samples" in body
        assert "quality, safety and proof" in body
    options = client.get(
        "/accounts/options/?account=brandt optik",
        headers={"HX-Request": "true", "HX-Current-URL": "http://x/activities/log/"},
    )
    assert "Bring samples" in options.content.decode()
    stale = client.post(reverse("account-profile", args=[account.pk]), data)
    assert stale.status_code == 422
    assert "Ana changed this profile" in stale.content.decode()


# ── Everything that happened ────────────────────────────────────────────────────────────────────────────────────


def everything(cast: Cast, account: Account) -> Contact:
    """One of each that can happen with a customer."""
    contact = services.add_contact(name="Eva Brandt", account=account, by=None)
    services.log_activity(
        owner=cast.ana, kind="call", at=AT, account=account, contact=contact, by=None, notes="Rang twice"
    )
    deal = services.open_deal(
        owner=cast.ana, name="Lenses", account=account, contact=contact, amount=Decimal(900), by=None, at=AT
    )
    services.change_deal(deal=deal, amount=Decimal(950), by=None, at=AT)
    services.win_deal(deal=deal, by=None, at=AT, on=DAY)
    order = Order.objects.get()
    Order.objects.update(delivered_on=DAY + timedelta(days=3), promised_on=DAY)
    Refund.objects.create(order=order, amount=5, occurred_on=DAY, reason="Scratch")
    DeliveryProblem.objects.create(order=order, kind="damaged", found_on=DAY, text="Box crushed")
    Feedback.objects.create(
        account=account, contact=contact, owner=cast.ana, kind="csat", score=4, given_on=DAY, comment="Good"
    )
    Complaint.objects.create(
        account=account,
        contact=contact,
        owner=cast.ana,
        text="Too loud",
        received_on=DAY,
        resolved_on=DAY,
        resolution="Muffled",
    )
    Contract.objects.create(account=account, owner=cast.ana, number="C-1", starts_on=DAY, signed_on=DAY, currency="EUR")
    Lead.objects.create(name="Tom", owner=cast.ana, account=account, contact=contact, received_at=AT)
    MarketNote.objects.create(owner=cast.ana, account=account, noted_at=AT, text="They build a hall")
    Task.objects.create(
        owner=cast.ana, account=account, contact=contact, text="Send papers", due_on=DAY, source="manual", done_at=AT
    )
    Gift.objects.create(
        contact=contact, account=account, owner=cast.ana, occasion="Jubilee", amount=20, currency="EUR", given_on=DAY
    )
    services.change_account(account=account, owner=cast.ben, by=None, on=DAY)
    services.change_account(account=account, owner=cast.ana, by=None, on=DAY + timedelta(days=1))
    return contact


SAID = {
    "activity": "Rang twice", "deal": "Won", "order": "Box crushed", "feedback": "Muffled", "contract": "C-1",
    "lead": "Lead: Tom", "note": "They build a hall", "task": "Send papers", "gift": "Jubilee",
    "record": "Ben looks after them",
}  # fmt: skip


def test_one_timeline_tells_everything_of_an_account_the_latest_first(cast: Cast, account: Account) -> None:
    contact = everything(cast, account)
    client = signed_in(cast.ana)
    url = reverse("account-timeline", args=[account.pk])
    page = client.get(url).content.decode()
    for kind, words in SAID.items():
        assert words in page, kind
        only = client.get(url, {"kind": kind})
        events = only.context["timeline"].events
        assert events, kind
        assert words in " ".join(f"{event.text} {event.detail}" for event in events), kind
    events = selectors.timeline(cast.ana.user, account, "Europe/Berlin").events
    assert [event.on for event in events] == sorted((event.on for event in events), reverse=True)
    theirs = client.get(reverse("contact-timeline", args=[contact.pk])).content.decode()
    for kind in ("activity", "deal", "feedback", "lead", "task", "gift"):
        assert SAID[kind] in theirs, kind


def test_the_page_of_an_account_shows_the_first_events_and_leads_on_to_the_others(cast: Cast, account: Account) -> None:
    everything(cast, account)
    client = signed_in(cast.ana)
    shown = client.get(reverse("account", args=[account.pk])).context["timeline"]
    url = reverse("account-timeline", args=[account.pk])
    whole = client.get(url).context["timeline"]
    onwards = client.get(url, {"cursor": shown.next})
    assert shown.events == whole.events[: len(shown.events)]
    assert onwards.context["timeline"].events[0] == whole.events[len(shown.events)]
    part = client.get(url, {"cursor": shown.next}, headers={"HX-Request": "true"})
    assert "HX-Request" in part["Vary"]
    assert part.content.decode().lstrip().startswith("<section")
    assert signed_in(cast.cleo).get(url).status_code == 404


def test_a_statement_that_is_kept_serves_every_record_and_nobody_else(cast: Cast, account: Account) -> None:
    """The same access asks about one account after the other; another's access has a statement of its own."""
    other = services.add_account(name="Nobody's", owner=None, by=None)
    for at, owner, notes in ((account, cast.ana, "Brandt's"), (other, cast.ana, "Ana's"), (other, cast.ben, "Ben's")):
        services.log_activity(owner=owner, kind="call", at=AT, account=at, by=None, notes=notes)

    def read(reader: Any, at: Account) -> set[str]:
        user = type(reader.user)._default_manager.get(pk=reader.user.pk)  # what a user sees is worked out per request
        told = selectors.timeline(user, at, "UTC", kind="activity").events
        return {event.detail for event in told}

    assert read(cast.ana, account) == {"Brandt's"}
    assert read(cast.ana, other) == {"Ana's"}
    assert read(cast.ben, other) == {"Ben's"}
    assert read(cast.vera, other) == {"Ana's", "Ben's"}
    deal = services.open_deal(owner=cast.ben, name="Shared soon", account=other, by=None, at=AT)
    assert not selectors.timeline(cast.ana.user, other, "UTC", kind="deal").events
    DealShare.objects.create(deal=deal, person=cast.ana, percent=50)
    fresh = type(cast.ana.user)._default_manager.get(pk=cast.ana.user.pk)
    assert selectors.timeline(fresh, other, "UTC", kind="deal").events


def test_a_timeline_is_paged_without_loss_or_repeat(cast: Cast, account: Account) -> None:
    everything(cast, account)
    for hour in range(20):
        at = AT - timedelta(hours=hour // 4)
        services.log_activity(owner=cast.ana, kind="email", at=at, account=account, by=None)
        MarketNote.objects.create(owner=cast.ana, account=account, noted_at=at, text=f"Note {hour}")
    whole = selectors.timeline(cast.ana.user, account, "Europe/Berlin", size=500).events
    seen: list[Any] = []
    cursor, pages = "", 0
    while cursor is not None:
        page = selectors.timeline(cast.ana.user, account, "Europe/Berlin", cursor=cursor, size=7)
        seen += page.events
        cursor, pages = page.next, pages + 1
    assert pages > 5
    assert seen == whole


def test_a_timeline_shows_only_what_its_reader_may_see(cast: Cast) -> None:
    account = services.add_account(name="Nobody's", owner=None, by=None)
    services.log_activity(owner=cast.ana, kind="call", at=AT, account=account, by=None, notes="Ana's secret")
    services.open_deal(owner=cast.ana, name="Ana's deal", account=account, by=None, at=AT)
    Task.objects.create(owner=cast.ana, account=account, text="Ana's task", due_on=DAY, source="manual", done_at=AT)
    Feedback.objects.create(
        account=account, owner=cast.ana, kind="nps", score=9, given_on=DAY, comment="Open to all here"
    )
    body = signed_in(cast.cleo).get(reverse("account", args=[account.pk])).content.decode()
    for words in ("secret", "Ana&#x27;s deal", "Ana&#x27;s task"):
        assert words not in body
    assert "Open to all here" in body
    contact = services.add_contact(name="Eva", account=account, by=None)
    hidden = services.add_account(name="Ana's own", owner=cast.ana, by=None)
    Feedback.objects.create(
        account=hidden, contact=contact, owner=cast.ana, kind="nps", score=1, given_on=DAY, comment="Hidden"
    )
    assert "Hidden" not in signed_in(cast.cleo).get(reverse("contact", args=[contact.pk])).content.decode()
    assert "Hidden" in signed_in(cast.ana).get(reverse("contact", args=[contact.pk])).content.decode()


def test_a_page_of_a_timeline_costs_the_same_however_long_it_is(cast: Cast, account: Account) -> None:
    everything(cast, account)
    counts = []
    for more in (0, 200):
        Activity.objects.bulk_create(
            Activity(
                owner=cast.ana, account=account, kind="call", occurred_at=AT - timedelta(days=n + 1), occurred_on=DAY
            )
            for n in range(more)
        )
        client = signed_in(cast.ana)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("account-timeline", args=[account.pk])).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 40


def test_pages_of_customers_cost_a_fixed_number_of_queries(cast: Cast, account: Account) -> None:
    contact = services.add_contact(name="Eva", account=account, by=None)
    most = {
        "/accounts/": 11,
        "/contacts/": 10,
        reverse("contact", args=[contact.pk]): 22,
        "/duplicates/": 9,
        "/handovers/": 9,
    }
    counts: dict[str, list[int]] = {}
    for round_ in range(2):
        for n in range(round_ * 20):
            made = services.add_account(name=f"Number {n}", owner=cast.ana, by=None)
            services.add_contact(name=f"Person {n}", account=made, by=None)
        for path in most:
            client = signed_in(cast.olga)
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.setdefault(path, []).append(len(queries))
    for path, (few, many) in counts.items():
        assert few == many, path
        assert many <= most[path], (path, many)


# ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def api(person: Person | User) -> Client:
    return signed_in(person)


def test_the_api_reads_and_writes_customers(cast: Cast, account: Account) -> None:
    client, json = api(cast.ana), "application/json"
    Territory.objects.create(name="Coast")
    made = client.post(
        "/api/v1/accounts/", {"name": "New", "tags": ["key"], "territory": "Coast", "parent": account.pk}, json
    )
    assert made.status_code == 201, made.content
    assert made.json()["territory"] == "Coast"
    assert client.get("/api/v1/accounts/?tag=key").json()["results"][0]["name"] == "New"
    assert client.get("/api/v1/accounts/?territory=Coast").json()["results"][0]["name"] == "New"
    stale = client.patch(f"/api/v1/accounts/{account.pk}/", {"name": "X", "version": 9}, json)
    assert stale.status_code == 409
    contact = client.post(
        "/api/v1/contacts/", {"name": "Eva", "account": account.pk, "birthday": "1980-01-01", "prefers": "visit"}, json
    )
    assert contact.status_code == 201
    role = client.post(
        "/api/v1/contact-roles/",
        {"contact": contact.json()["id"], "account": made.json()["id"], "title": "Chair"},
        json,
    )
    assert role.status_code == 201
    assert client.get(f"/api/v1/contact-roles/?contact={contact.json()['id']}").json()["results"][0]["title"] == "Chair"
    assert client.delete(f"/api/v1/contact-roles/{role.json()['id']}/").status_code == 204
    owned = client.get(f"/api/v1/ownerships/?account={account.pk}&on=2026-07-01").json()["results"]
    assert [(row["owner_name"], row["starts_on"], row["until"]) for row in owned] == [("Ana", "2025-01-01", None)]
    assert client.get("/api/v1/ownerships/?on=2020-01-01").json()["results"] == []
    assert client.delete(f"/api/v1/accounts/{made.json()['id']}/").status_code == 204
    assert api(cast.cleo).get(f"/api/v1/accounts/{account.pk}/").status_code == 404
    assert client.patch(f"/api/v1/accounts/{account.pk}/", {"colour": "red"}, json).status_code == 400


def test_ownerships_before_all_records_are_not_told_as_events(cast: Cast) -> None:
    account = services.add_account(name="Old", owner=cast.ana, by=None)
    assert owners(account) == [("Ana", BEFORE_ALL_RECORDS, None)]
    assert selectors.timeline(cast.ana.user, account, "UTC").events == []
    assert DealChange.objects.count() == 0
    assert half_open(DAY).lower == DAY
