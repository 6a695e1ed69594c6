"""What is known of the customers: groups, tags, what they are like, who is who, who had them, who may be twice."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from sales.models import Account, AccountProfile, Contact, ContactRole, CustomField, Deal, Handover, HandoverItem
from sales.services import ask_for_look_alikes
from teams.models import Leadership, Person

from .organisation import ZONE, Company

TAGS = ("key account", "newsletter", "fair 2026", "framework", "reference", "at risk")
TITLES = ("Head of purchasing", "Plant manager", "Managing director", "Engineer", "Quality manager", "Buyer")
DIFFERENTLY = (
    "Bring samples: they decide with their hands, not by slides.",
    "Never quote by mail alone. Call first, then send it.",
    "Their buyer changes every spring; ask who decides before each quote.",
    "Prices are compared in public. Sell the delivery date instead.",
    "They want the safety papers before they talk of anything else.",
    "Let the plant manager speak first. Purchasing follows.",
)
NEEDS = (
    "Short notice deliveries in autumn, when their season starts.",
    "One contact for all plants and one invoice a month.",
    "Proof that the new line runs through the night without anybody there.",
    "Spare parts within a day.",
)
OWNED = """
    INSERT INTO sales_accountownership (account_id, owner_id, during, reason)
    SELECT id, owner_id, daterange('1900-01-01', NULL), '' FROM sales_account WHERE owner_id IS NOT NULL ORDER BY id
"""


def write_knowledge(company: Company, *, seed: int, today: date) -> None:
    """Nothing here changes what was sold, or by whom."""
    random = np.random.default_rng([seed, 4])
    at = datetime.combine(today - timedelta(days=1), time(10), ZoneInfo(ZONE))
    accounts = list(Account.objects.order_by("pk"))
    _twice(random, accounts)
    with connection.cursor() as cursor:
        cursor.execute(OWNED)
    if len(accounts) < 20:
        return
    CustomField.objects.bulk_create(
        [
            CustomField(noun="account", key="fleet", label="Machines in use", kind="number", position=1),
            CustomField(
                noun="account", key="standard", label="Standard", kind="choice", choices=["ISO 9001", "IATF", "None"],
                position=2,
            ),
            CustomField(noun="deal", key="tender", label="Tender number", kind="text", position=1),
        ]
    )  # fmt: skip
    picked = random.permutation(len(accounts))
    for place, row in enumerate(picked[: len(accounts) // 3].tolist()):
        account = accounts[row]
        account.tags = sorted({TAGS[place % 6], TAGS[int(random.integers(6))]})
        account.custom = {"fleet": int(random.integers(2, 90)), "standard": ("ISO 9001", "IATF")[place % 2]}
        if place % 9 == 0 and row:
            account.parent = accounts[int(picked[-1 - place // 9])]
    Account.objects.bulk_update(
        [accounts[row] for row in picked[: len(accounts) // 3].tolist()], ["tags", "custom", "parent"], 500
    )
    cares, decides = AccountProfile.Care.values, AccountProfile.Decision.values
    AccountProfile.objects.bulk_create(
        AccountProfile(
            account=accounts[row],
            decision=decides[place % 4],
            cares_about=sorted({cares[place % 6], cares[(place * 5 + 1) % 6]}),
            needs=NEEDS[place % 4],
            do_differently=DIFFERENTLY[place % 6],
            changed_at=at,
        )
        for place, row in enumerate(picked[:90].tolist())
    )
    contacts = list(Contact.objects.order_by("pk"))
    for place, contact in enumerate(contacts):
        contact.title = TITLES[int(random.integers(6))]
        contact.birthday = date(1958 + place % 40, 1 + place * 7 % 12, 1 + place * 11 % 28) if place % 4 == 0 else None
        contact.prefers = Contact.Channel.values[place % 4] if place % 5 == 0 else ""
        contact.is_not_to_be_contacted, contact.is_public_official = place % 97 == 5, place % 61 == 7
    Contact.objects.bulk_update(
        contacts, ["title", "birthday", "prefers", "is_not_to_be_contacted", "is_public_official"], 1000
    )
    ContactRole.objects.bulk_create(
        ContactRole(
            contact=contacts[row], account=accounts[int(picked[row % len(picked)])], title="Member of the board"
        )
        for row in range(3, len(contacts), 60)
        if contacts[row].account_id != accounts[int(picked[row % len(picked)])].pk
    )
    _hand_over(today, at)
    ask_for_look_alikes(on=today)


def _twice(random: np.random.Generator, accounts: list[Account]) -> None:
    """A few accounts that somebody entered a second time."""
    some = random.choice(len(accounts), min(6, len(accounts) // 30), replace=False).tolist() if accounts else []
    endings = ("Holding", "International", "Group")
    Account.objects.bulk_create(
        Account(
            external_id=f"A-9{place:04d}",
            name=f"{accounts[row].name.rsplit(' ', 1)[0]} {endings[place % 3]}",
            country=accounts[row].country,
            owner_id=accounts[row].owner_id,
        )
        for place, row in enumerate(some)
    )


def _hand_over(today: date, at: datetime) -> None:
    """A proposal that waits for the second of two managers."""
    teams = Leadership.objects.on(today).order_by("team").values_list("team", "person")
    pairs: list[tuple[int, Person]] = []
    for team, leader in teams:
        reps = Person.objects.filter(postings__team=team, postings__during__contains=today, postings__role="rep")
        giver = reps.exclude(pk=leader).filter(accounts__isnull=False).order_by("pk").first()
        if giver is not None:
            pairs.append((leader, giver))
    if len(pairs) < 2:
        return
    (leader, giver), (_, taker) = pairs[0], pairs[-1]
    user = Person.objects.get(pk=leader).user
    accounts = list(Account.objects.filter(owner=giver).order_by("pk")[:3])
    made = Handover.objects.create(
        giver=giver, taker=taker, on=today + timedelta(days=10), reason="The coast becomes a territory of its own",
        proposed_at=at, proposed_by=user, giver_consent_at=at, giver_consent_by=user,
    )  # fmt: skip
    deals = Deal.objects.filter(owner=giver, status="open", account__in=accounts).order_by("pk")
    HandoverItem.objects.bulk_create(
        [HandoverItem(handover=made, account=account) for account in accounts]
        + [HandoverItem(handover=made, deal=deal) for deal in deals]
    )
