"""Writes how customers come and stay: campaigns, leads and who gets them, referrals, gifts, and what was suggested."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from sales.models import (
    Account,
    AssignmentRule,
    Campaign,
    Contact,
    Deal,
    Gift,
    Lead,
    LeadChange,
    Recommendation,
    Referral,
)
from sales.selectors import repeat
from sales.services.recommendations import refresh_recommendations

from . import names
from .organisation import ZONE, Company

CAMPAIGNS: tuple[tuple[Any, ...], ...] = (
    # name, channel, audience, industries, countries, least, most, days ago, days long, cost
    ("Water days", "Trade fair", "Water works that read by hand", ["Water"], [], 50, None, 210, 3, 24_000),
    (
        "Hygiene in the dairy",
        "Webinar",
        "Quality managers of dairies",
        ["Food and drink"],
        [],
        20,
        1500,
        150,
        30,
        6_500,
    ),
    (
        "Ex without fear",
        "Mailing",
        "Chemical plants in DACH",
        ["Chemicals"],
        ["DE", "AT", "CH"],
        None,
        None,
        95,
        20,
        9_800,
    ),
    ("Remote reading", "Website", "Anybody who drives to a meter", [], [], None, None, 60, 60, 12_000),
    ("Energy audit", "Partner", "Mid-sized energy users", ["Energy", "Paper"], [], 100, 2000, 35, 21, 7_200),
)
YEAR = 365
LOOKS = (150, 100)  # days ago on which suggestions were made that are decided by now
ENDS = (
    (Lead.Reason.NO_NEED, 0.3), (Lead.Reason.BAD_FIT, 0.22), (Lead.Reason.NO_ANSWER, 0.2),
    (Lead.Reason.NO_BUDGET, 0.15), (Lead.Reason.NOT_REAL, 0.09), (Lead.Reason.DUPLICATE, 0.04),
)  # fmt: skip
ASKS = (
    "Asks for a quote for {count} measuring points.",
    "Downloaded the data sheet and wants a call.",
    "Saw the radar at the stand; a line is to be rebuilt.",
    "Compares three suppliers, decides within the quarter.",
)
OCCASIONS = (("Birthday", 25), ("Anniversary of the plant", 40), ("Christmas", 30), ("Thanks for a referral", 20))


def write_leads(company: Company, *, seed: int) -> None:
    """The same for a seed and a day. Deals stay as they are: some say now which lead they came from."""
    today = company.calendar.today
    random = np.random.default_rng([seed, today.toordinal(), 11])
    _write_rules(company)
    campaigns = _write_campaigns(today)
    leads = [*_qualified(random, today, campaigns), *_others(random, company, campaigns)]
    Lead.objects.bulk_create(leads, batch_size=1000)
    _write_changes(company, leads)
    _write_referrals(random, today)
    _write_gifts(random, today)


def _write_rules(company: Company) -> None:
    """Each market by its countries, to whoever has least to do; what comes from partners to one person."""
    rules, seen = [], set()
    for market in company.markets.values():
        team = company.teams.get(market.name)
        for country in market.countries if team else ():
            if country not in seen:
                seen.add(country)
                rules.append(
                    AssignmentRule(name=f"{country} to {market.name}", country=country, method="load", team=team)
                )
    for position, rule in enumerate(rules, start=1):
        rule.position = position
    AssignmentRule.objects.bulk_create(rules)


def _write_campaigns(today: date) -> list[Campaign]:
    return Campaign.objects.bulk_create(
        Campaign(
            external_id=f"M-{row:02d}",
            name=name,
            channel=channel,
            audience=audience,
            industries=industries,
            countries=countries,
            least_employees=least,
            most_employees=most,
            starts_on=today - timedelta(days=ago),
            ends_on=today - timedelta(days=ago - long),
            cost=cost,
            currency="EUR",
        )
        for row, (name, channel, audience, industries, countries, least, most, ago, long, cost) in enumerate(
            CAMPAIGNS, start=1
        )
    )


def _moment(day: date, random: np.random.Generator) -> datetime:
    local = datetime.combine(day, time(8), ZoneInfo(ZONE)) + timedelta(minutes=int(random.integers(0, 540)))
    return local.astimezone(UTC)


def _campaign(
    random: np.random.Generator, campaigns: list[Campaign], came: date, *, industry: str, country: str
) -> Campaign | None:
    """One that ran lately, for every other lead; mostly one that was meant for it."""
    ran = [one for one in campaigns if one.starts_on and one.starts_on <= came <= one.starts_on + timedelta(days=75)]
    meant = [
        one
        for one in ran
        if (not one.industries or industry in one.industries) and (not one.countries or country in one.countries)
    ]
    among = meant if random.random() < 0.85 else ran
    return among[int(random.integers(0, len(among)))] if among and random.random() < 0.7 else None


def _answered(random: np.random.Generator, came: datetime) -> datetime:
    return came + timedelta(minutes=float(np.exp(random.normal(5.2, 1.1))))


def _qualified(random: np.random.Generator, today: date, campaigns: list[Campaign]) -> list[Lead]:
    """Where deals of the last year that came in from outside came from."""
    from_outside = ["Website", "Trade fair", "Partner", "Referral"]
    deals = (
        Deal.objects.filter(source__in=from_outside, account__isnull=False, contact__isnull=False)
        .filter(opened_on__gte=today - timedelta(days=YEAR), opened_on__lt=today)
        .select_related("account", "contact")
        .order_by("-opened_on", "-pk")[:900:3]
    )
    found = []
    for deal in deals:
        assert deal.opened_on
        assert deal.account
        assert deal.contact
        came = _moment(deal.opened_on - timedelta(days=int(random.integers(1, 12))), random)
        decided = max(_moment(deal.opened_on, random), came + timedelta(days=1))
        found.append(
            Lead(
                name=deal.contact.name,
                company=deal.account.name,
                email=deal.contact.email,
                phone=deal.contact.phone,
                country=deal.account.country,
                industry=deal.account.industry,
                employees=deal.account.employees,
                owner_id=deal.owner_id,
                source=deal.source,
                campaign=_campaign(
                    random, campaigns, came.date(), industry=deal.account.industry, country=deal.account.country
                ),
                received_at=came,
                first_response_at=min(_answered(random, came), decided),
                status=Lead.Status.QUALIFIED,
                decided_at=decided,
                account_id=deal.account_id,
                contact_id=deal.contact_id,
                deal=deal,
            )
        )
    return found


def _others(random: np.random.Generator, company: Company, campaigns: list[Campaign]) -> list[Lead]:
    """Those of whom nothing came, and those that wait: mostly of the last two weeks, a few with nobody."""
    today, found = company.calendar.today, []
    reps = [
        (person, company.markets[seat.team])
        for seat, person in zip(company.seats, company.people, strict=True)
        if seat.role == "rep" and seat.team in company.markets and person.left_on is None
    ]
    reasons = [reason for reason, _ in ENDS]
    shares = [share for _, share in ENDS]
    waiting = 3 * len(reps)
    countries = [reps[row % len(reps)][1].countries for row in range(9 * len(reps))]
    of = [places[int(random.integers(0, len(places)))] for places in countries]
    for row, (country, company_name) in enumerate(zip(of, names.of_companies(random, of), strict=True)):
        person, _ = reps[row % len(reps)]
        waits = row < waiting
        ago = int(random.exponential(6)) if waits else int(random.integers(4, YEAR))
        came = min(_moment(today - timedelta(days=ago + 1), random), _moment(today - timedelta(days=1), random))
        answered: datetime | None = _answered(random, came)
        end = datetime.combine(today, time(6), ZoneInfo(ZONE)).astimezone(UTC)
        if (waits and random.random() < 0.35) or answered is None or answered > end:
            answered = None
        knows = random.random()
        reason = reasons[int(random.choice(len(reasons), p=np.array(shares) / sum(shares)))]
        industry = names.INDUSTRIES[int(random.integers(0, len(names.INDUSTRIES)))]
        first, last = (part[int(random.integers(0, len(part)))] for part in (names.FIRST, names.LAST))
        found.append(
            Lead(
                name=f"{first} {last}",
                company=company_name,
                email=f"lead{row + 1}@example.com",
                phone=f"+49 30 555 {int(random.integers(0, 10_000)):04d}" if knows > 0.4 else "",
                country=country,
                industry=industry if knows > 0.2 else "",
                employees=int(np.exp(random.normal(5.2, 1.1))) + 3 if knows > 0.5 else None,
                notes=ASKS[row % len(ASKS)].format(count=2 + row % 9),
                owner=None if waits and row % 23 == 5 else person,
                source=("Website", "Trade fair", "Partner", "Website", "Cold call")[row % 5],
                campaign=_campaign(random, campaigns, came.date(), industry=industry, country=country),
                received_at=came,
                first_response_at=None if waits and row % 23 == 5 else answered,
                status=(Lead.Status.WORKING if answered else Lead.Status.NEW) if waits else Lead.Status.DISQUALIFIED,
                disqualified_for="" if waits else reason,
                decided_at=None if waits else max(answered or came, came) + timedelta(days=int(random.integers(1, 20))),
            )
        )
    for lead in found:
        if lead.decided_at and lead.decided_at > end:
            lead.decided_at = end
        if lead.owner is None:
            lead.status = Lead.Status.NEW
    return found


def _write_changes(company: Company, leads: list[Lead]) -> None:
    logins = {person.pk: person.user_id for person in company.people}
    rows = []
    for lead in leads:
        by = logins.get(lead.owner_id or 0)
        rows.append(LeadChange(lead=lead, changed_at=lead.received_at, field="status", value="new"))
        if lead.owner_id:
            why = f"Rule “{lead.country}”: who has the fewest open leads"
            rows.append(
                LeadChange(lead=lead, changed_at=lead.received_at, field="owner", value=str(lead.owner_id), reason=why)
            )
        if lead.first_response_at:
            moment = lead.first_response_at
            rows.append(
                LeadChange(
                    lead=lead, changed_at=moment, by_id=by, field="first_response_at", value=moment.isoformat(),
                    reason="Call",
                )
            )  # fmt: skip
        if lead.decided_at:
            reason = str(Lead.Reason(lead.disqualified_for).label) if lead.disqualified_for else "Became a deal"
            rows.append(
                LeadChange(
                    lead=lead, changed_at=lead.decided_at, by_id=by, field="status", was="working", value=lead.status,
                    reason=reason,
                )
            )  # fmt: skip
    LeadChange.objects.bulk_create(rows, batch_size=2000)


def _write_referrals(random: np.random.Generator, today: date) -> None:
    """Customers who were asked: of some came the lead of a deal, some would rather not."""
    came = list(Lead.objects.filter(source="Referral", status="qualified").order_by("-received_at", "pk")[:60:3])
    customers = Account.objects.filter(orders__isnull=False, owner__isnull=False).select_related("owner").distinct()
    accounts = list(customers.exclude(leads__in=came).order_by("pk")[: 12 * len(came) : 6])
    first = dict(Contact.objects.filter(account__in=accounts).order_by("-pk").values_list("account_id", "pk"))
    rows = []
    for row, account in enumerate(accounts):
        assert account.owner
        lead = came[row] if row < len(came) else None
        asked = (
            lead.received_at.date() - timedelta(days=9)
            if lead
            else today - timedelta(days=int(random.integers(5, 300)))
        )
        declined = lead is None and row % 4 == 0
        thanked = lead is not None and lead.decided_at is not None and row % 5 != 0
        rows.append(
            Referral(
                external_id=f"F-{row + 1:04d}",
                owner=account.owner,
                account=account,
                contact_id=first.get(account.pk),
                asked_on=asked,
                lead=lead,
                declined_on=asked + timedelta(days=3) if declined else None,
                thanked_on=lead.decided_at.date() + timedelta(days=2) if thanked and lead and lead.decided_at else None,
            )
        )
        if lead is not None:
            lead.referrer_id = first.get(account.pk)
    Lead.objects.bulk_update(came, ["referrer"])
    Referral.objects.bulk_create(rows)


def _write_gifts(random: np.random.Generator, today: date) -> None:
    people = list(
        Contact.objects.filter(account__owner__isnull=False, is_public_official=False)
        .select_related("account__owner")
        .order_by("pk")[: 45 * 13 : 13]
    )
    Gift.objects.bulk_create(
        Gift(
            external_id=f"G-{row + 1:04d}",
            contact=person,
            account=person.account,
            owner=person.account.owner,
            occasion=OCCASIONS[row % len(OCCASIONS)][0],
            amount=Decimal(OCCASIONS[row % len(OCCASIONS)][1]),
            currency="EUR",
            given_on=today - timedelta(days=int(random.integers(1, 320))),
        )
        for row, person in enumerate(people)
        if person.account and person.account.owner
    )


def suggest(*, seed: int, today: date) -> None:
    """What would have been suggested on some days of the past, and became of it; then what is suggested now."""
    if Recommendation.objects.exists():
        return
    random = np.random.default_rng([seed, today.toordinal(), 13])
    owners = dict(Account.objects.values_list("pk", "owner_id"))
    rows, seen = [], set()
    for ago in LOOKS:
        day = today - timedelta(days=ago)
        for one in repeat.wanted(day):
            if one.key in seen or one.kind == Recommendation.Kind.REFERRAL:
                continue
            seen.add(one.key)
            state = ("taken", "dismissed", "expired")[int(random.choice(3, p=(0.4, 0.25, 0.35)))]
            rows.append(
                Recommendation(
                    account_id=one.account,
                    owner_id=owners[one.account],
                    kind=one.kind,
                    product_id=one.product,
                    contact_id=one.contact,
                    contract_id=one.contract,
                    sentence=one.sentence,
                    evidence=one.evidence,
                    made_on=day,
                    state=state,
                    decided_at=_moment(day + timedelta(days=int(random.integers(0, 9))), random),
                )
            )
    Recommendation.objects.bulk_create(rows, batch_size=2000)
    refresh_recommendations(day=today, at=datetime.combine(today, time(5), ZoneInfo(ZONE)))
