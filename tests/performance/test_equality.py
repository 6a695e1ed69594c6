"""Rollups, pages, files, API and a plain recomputation in pandas agree, whatever happened and whatever the way in.

EQUALITY=200 tries as many histories; by default a few, the same ones every time.
"""

import csv
import io
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from performance.models import Call
from performance.selectors import Scope, catalogue, figures
from performance.services import rollups
from sales import services as sales
from sales.models import (
    Account,
    Activity,
    Complaint,
    Contract,
    Credit,
    Deal,
    Feedback,
    Lead,
    LostReason,
    Order,
    OrderLine,
    Product,
    Referral,
    TimeEntry,
)
from salesmgmt.desk.models import Mark
from salesmgmt.lib import clock
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets import services as targets
from teams import services as teams
from teams.models import Organisation, Person
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.plainly import Plain

HISTORIES = int(os.environ.get("EQUALITY", 4))
YEAR = Period.parse("2025-FY")
TODAY = date(2025, 11, 20)
SKETCHED = {"median_deal"}
AGAINST_PLAN = {"pipeline", "quota", "expected", "attainment", "pace", "gap", "coverage"}


class Company:
    """The cast, some customers and goods, and a random choice of what exists."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.random, self.admin = cast, Random(seed), cast.admin
        self.reps = [cast.ana, cast.ben, cast.cleo]

    def day(self, first: date = date(2025, 1, 2), last: date = TODAY) -> date:
        return first + timedelta(days=self.random.randrange((last - first).days + 1))

    def at(self, on: date) -> datetime:
        return datetime.combine(on, time(self.random.randrange(24), self.random.randrange(60)), UTC)

    def rep(self) -> Person:
        return self.random.choice(self.reps)

    def amount(self) -> Decimal:
        return Decimal(self.random.randrange(1, 10**7)) / 100

    def one(self, model: Any, **which: Any) -> Any:
        pks = list(model.objects.filter(**which).order_by("pk").values_list("pk", flat=True))
        return model.objects.get(pk=self.random.choice(pks)) if pks else None

    def maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.7 else None

    def currency(self) -> str:
        return self.random.choice(["EUR", "EUR", "USD", "CHF"])


def log(it: Company) -> None:
    kind = it.random.choice(Activity.Kind.values)
    sales.log_activity(owner=it.rep(), kind=kind, at=it.at(it.day()), by=it.admin, minutes=it.maybe(25))


def move_activity(it: Company) -> None:
    found = it.one(Activity, withdrawn_at=None)
    if found and it.random.random() < 0.5:
        sales.withdraw_activity(activity=found, by=it.admin, at=it.at(TODAY))
    elif found:
        sales.change_activity(activity=found, by=it.admin, owner=it.rep(), occurred_at=it.at(it.day()))


def open_deal(it: Company) -> None:
    opened = it.day()
    sales.open_deal(
        owner=it.rep(), name="A deal", by=it.admin, at=it.at(opened), account=it.one(Account), opened_on=opened,
        product=it.one(Product), amount=it.maybe(it.amount()), currency=it.currency(), source="Web",
        expected_close_on=it.maybe(it.day(opened)), next_step=it.maybe("Call") or "", next_step_on=it.maybe(TODAY),
    )  # fmt: skip


def decide_deal(it: Company) -> None:
    deal = it.one(Deal, status="open", withdrawn_at=None)
    if deal is None:
        return
    on = it.day(deal.opened_on)
    if it.random.random() < 0.7:
        sales.win_deal(deal=deal, by=it.admin, at=it.at(on), on=on, amount=it.amount())
    else:
        sales.lose_deal(deal=deal, reason=it.one(LostReason), by=it.admin, at=it.at(on), on=on)


def reopen_deal(it: Company) -> None:
    deal = it.one(Deal, status__in=["won", "lost"])
    if deal is not None:
        on = it.day(deal.closed_on)
        sales.reopen_deal(deal=deal, by=it.admin, at=it.at(on), on=on)


def book_order(it: Company) -> None:
    on = it.day()
    order = sales.book_order(
        owner=it.rep(), ordered_on=on, by=it.admin, at=it.at(on), amount=it.amount(), account=it.one(Account),
        product=it.one(Product), currency=it.currency(),
    )  # fmt: skip
    for _ in range(it.random.randrange(3)):
        OrderLine.objects.create(
            order=order, product=it.maybe(it.one(Product)), quantity=it.maybe(Decimal(it.random.randrange(1, 9))),
            list_price=it.maybe(it.amount()), unit_cost=it.maybe(it.amount()), amount=it.amount(),
        )  # fmt: skip


def turn_order(it: Company) -> None:
    order = it.one(Order, cancelled_on=None, withdrawn_at=None)
    if order is None:
        return
    on = it.day(order.ordered_on)
    match it.random.randrange(3):
        case 0:
            sales.refund_order(order=order, amount=order.amount / 3, on=on, by=it.admin, at=it.at(on), reason="Late")
        case 1:
            sales.cancel_order(order=order, on=on, by=it.admin, at=it.at(on), reason="No need")
        case _:
            shares = {it.cast.ana: Decimal(60), it.cast.cleo: Decimal(40)}
            sales.share_credit(
                order=order, shares=shares, overlays={it.cast.ben: Decimal(20)}, by=it.admin, at=it.at(on)
            )


def deliver(it: Company) -> None:
    order = it.one(Order, cancelled_on=None, withdrawn_at=None)
    if order is None:
        return
    made = it.day(order.ordered_on)
    user = it.random.choice([it.cast.olga.user, it.admin])
    sales.record_delivery(
        order=order, on=TODAY, by=user, promised_on=it.maybe(it.day(order.ordered_on)), produced_on=made,
        delivered_on=it.maybe(it.day(made)),
    )  # fmt: skip


def transfer(it: Company) -> None:
    team = it.random.choice([it.cast.north, it.cast.south])
    teams.post_person(person=it.rep(), team=team, on=it.day(), by=it.admin)


def close_or_rate(it: Company) -> None:
    if it.random.random() < 0.4:
        teams.close_period(key=f"2025-{it.random.randrange(1, 11):02}", by=it.admin, at=it.at(TODAY))
    else:
        rate = Decimal(it.random.randrange(1, 400)) / 100
        kind = it.random.choice(["actual", "actual", "plan"])
        teams.set_rate(currency=it.random.choice(["USD", "CHF"]), rate=rate, on=it.day(), by=it.admin, kind=kind)


def serve(it: Company) -> None:
    """What comes in otherwise: leads, answers, complaints, contracts, referrals, time."""
    account, on = it.one(Account), it.day()
    came = it.at(on)
    Lead.objects.create(
        name="Lead", owner=it.maybe(it.rep()), received_at=came, referrer=None,
        first_response_at=it.maybe(came + timedelta(minutes=it.random.randrange(9000))),
        status=(status := it.random.choice(["new", "qualified", "disqualified"])),
        decided_at=None if status == "new" else came + timedelta(days=3),
    )  # fmt: skip
    for _ in range(12):
        kind = it.random.choice(["csat", "nps"])
        score = it.random.randrange(1, 6) if kind == "csat" else it.random.randrange(11)
        Feedback.objects.create(account=account, owner=it.rep(), kind=kind, score=score, given_on=it.day())
    Complaint.objects.create(
        account=account, owner=it.rep(), text="Late", received_on=on, answered_on=it.maybe(it.day(on))
    )
    Contract.objects.create(
        account=account, owner=it.maybe(it.rep()), starts_on=date(2024, 6, 1), ends_on=on, currency=it.currency(),
        value=it.maybe(it.amount()), renewal_deal=it.one(Deal, status="won", renews=None),
    )  # fmt: skip
    Referral.objects.create(owner=it.rep(), account=account, asked_on=on, lead=it.one(Lead, referral=None))
    TimeEntry.objects.create(owner=it.rep(), on=on, kind="travel", minutes=45)


def call(it: Company) -> None:
    quarter = Period.parse(f"2025-Q{it.random.randrange(1, 4)}")
    made = it.day(quarter.start, quarter.last_day)
    Call.objects.create(
        person=it.rep(), period=quarter.key, starts_on=quarter.start, until=quarter.end, commit=it.amount(),
        best_case=Decimal(10**7), currency="EUR", made_on=made, made_at=it.at(made),
    )  # fmt: skip


def plan(it: Company) -> None:
    """A quota for a whole month or quarter, or another amount of one that stands."""
    kind = it.random.choice(["-Q{}", "-0{}"]).format(it.random.randrange(1, 5))
    period, person = Period.parse(f"2025{kind}"), it.rep()
    if it.random.random() < 0.6:
        targets.enter_quota(person=person, start=period.start, end=period.end, amount=it.amount(), reason="Plan",
                            by=it.admin, at=it.at(TODAY))  # fmt: skip
    else:
        targets.adjust_quota(
            person=person, period=period, amount=it.amount(), reason="Other news", by=it.admin, at=it.at(TODAY)
        )


STATEMENTS = (
    "UPDATE sales_activity SET owner_id = %(person)s, kind = 'demo' WHERE id %% 2 = 0",
    "DELETE FROM sales_timeentry WHERE id %% 2 = 0",
    "UPDATE sales_deal SET amount = amount + 1.01, expected_close_on = expected_close_on + 9 WHERE status = 'open'",
    "UPDATE sales_deal SET withdrawn_at = now() WHERE status = 'open' AND id %% 3 = 0",
    "UPDATE sales_order SET account_id = (SELECT min(id) FROM sales_account) WHERE id %% 2 = 0",
    "UPDATE sales_order SET ordered_on = ordered_on - 20 WHERE id %% 3 = 0",
    "UPDATE sales_order SET withdrawn_at = now(), version = version + 1 WHERE id %% 5 = 0",
    "UPDATE sales_order SET version = version + 1, ordered_on = ordered_on - CASE WHEN id %% 2 = 0 THEN 40 ELSE 0 END",
    "UPDATE sales_orderline SET amount = amount * 2, quantity = 3 WHERE id %% 2 = 0",
    "DELETE FROM sales_orderline WHERE id %% 4 = 0",
    "UPDATE sales_product SET unit_cost = unit_cost + 1, currency = 'USD' WHERE id %% 2 = 0",
    "UPDATE sales_feedback SET score = 1, given_on = given_on - 3 WHERE id %% 2 = 0",
    "UPDATE sales_lead SET owner_id = %(person)s, received_at = received_at - interval '1 day' WHERE id %% 2 = 0",
    "UPDATE sales_contract SET value = 7, owner_id = %(person)s WHERE id %% 2 = 0",
    "UPDATE sales_complaint SET owner_id = NULL WHERE id %% 3 = 0",
    "UPDATE sales_referral SET withdrawn_at = now() WHERE id %% 3 = 0",
    "DELETE FROM teams_exchangerate WHERE id %% 3 = 0",
)


def by_sql(it: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(it.random.choice(STATEMENTS), {"person": it.rep().pk})


def by_admin(it: Company) -> None:
    """What the admin site writes: a product's cost."""
    product = it.one(Product)
    client = Client()
    client.force_login(it.admin)
    client.post(
        f"/admin/sales/product/{product.pk}/change/",
        {"name": product.name, "family": "Probes", "unit_cost": str(it.amount()), "currency": "EUR", "list_price": "9"},
    )


def drain(it: Company) -> None:
    call_command("refresh_rollups", verbosity=0)


ACTS: tuple[Callable[[Company], None], ...] = (
    log, log, move_activity, open_deal, open_deal, open_deal, decide_deal, decide_deal, reopen_deal, book_order,
    book_order, turn_order, deliver, deliver, transfer, plan, plan, plan, call, call, close_or_rate, serve,
    by_sql, by_sql, by_admin, drain,
)  # fmt: skip


@settings(
    max_examples=HISTORIES, deadline=None, derandomize=HISTORIES < 20, database=None,
    phases=[Phase.generate, *([Phase.shrink] if HISTORIES >= 20 else [])],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(history=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 10**6)), min_size=60, max_size=90))
def agrees(cast: Cast, history: list[tuple[Callable[[Company], None], int]]) -> None:
    with transaction.atomic():
        for name in ("Brandt", "Söhne", "Weiß"):
            Account.objects.create(name=name, industry="Steel")
        for place, name in enumerate(("Probe", "Lens")):
            Product.objects.create(name=name, family="Optics", unit_cost=Decimal(f"{place}.37"), currency="EUR")
        for currency in ("USD", "CHF"):
            teams.set_rate(currency=currency, rate=Decimal("0.87"), on=YEAR.start, by=cast.admin)
        teams.set_rate(currency="USD", rate=Decimal("0.79"), on=YEAR.start, by=cast.admin, kind="plan")
        for act, seed in history:
            with suppress(Refused, Error), transaction.atomic():
                act(Company(cast, seed))
        look(cast, Random(len(history)))
        transaction.set_rollback(True)


def look(cast: Cast, random: Random) -> None:
    """Everything there is to be seen, at every level."""
    call_command("refresh_rollups", verbosity=0)
    assert not Mark.objects.filter(topic__in=rollups.TOPICS).exists()
    assert [str(difference) for difference in rollups.rebuild(write=False)] == []
    plain = Plain(YEAR.start, YEAR.end)
    worked_out = plain.measures()
    assert set(catalogue()) - AGAINST_PLAN == set(worked_out)
    scopes: list[tuple[Scope, int | None, set[int] | None]] = [(Scope.company(), None, None)]
    scopes += [(Scope.team(t), None, set(Scope.team(t).team_ids)) for t in (cast.company, cast.north, cast.south)]
    scopes += [(Scope.person(p), p.pk, None) for p in (cast.ana, cast.ben, cast.cleo, cast.olga)]
    for scope, person, of in scopes:
        found = figures(scope=scope, measures=list(worked_out), period=YEAR, as_of=YEAR.last_day)
        for key, (method, parts) in worked_out.items():
            ours, theirs = found[key].value, plain.value(method, parts, person=person, teams=of)
            assert same(ours, theirs, key, found[key].unit), f"{key} of {scope}: {ours}, plainly {theirs}"
    against_plan(scopes, plain)
    for scope, _, _ in random.sample(scopes, 2):
        for key in [*random.sample(sorted(worked_out), 3), *random.sample(sorted(AGAINST_PLAN), 2)]:
            as_of = random.choice([date(2025, 5, 15), YEAR.last_day, clock.today(Organisation.get().time_zone)])
            ask(cast, scope, key, as_of, random.choice(["restated", "reported"]))


def against_plan(scopes: list[tuple[Scope, int | None, set[int] | None]], plain: Plain) -> None:
    """At the ends of two quarters, and of the pipeline as it stands today."""
    today = clock.today(Organisation.get().time_zone)
    for as_of in (date(2025, 3, 31), date(2025, 9, 30), today):
        until = min(as_of + timedelta(days=1), YEAR.end)
        to_date = Plain(YEAR.start, until).judged_by()
        wanted = AGAINST_PLAN if as_of == today else AGAINST_PLAN - {"pipeline", "coverage"}
        for scope, person, of in scopes:
            found = figures(scope=scope, measures=sorted(wanted), period=YEAR, as_of=as_of)
            credited = plain.value(*to_date, person=person, teams=of)
            worked_out = plain.against_plan(credited, until, today, person=person, teams=of)
            for key in wanted:
                ours, theirs = found[key].value, worked_out[key]
                assert same(ours, theirs, key, found[key].unit), f"{key} of {scope} on {as_of}: {ours}, {theirs}"


def same(ours: Decimal | None, theirs: Any, key: str, unit: str) -> bool:
    if ours is None or theirs is None:
        return ours is None and theirs is None
    theirs = Decimal(theirs)
    if key in SKETCHED:
        return abs(ours - theirs) <= max(theirs * Decimal("0.011"), Decimal("0.01"))
    if unit == "money":
        return ours == to_cents(theirs)
    return abs(ours - theirs) < Decimal("0.000001")


def ask(cast: Cast, scope: Scope, key: str, as_of: date, basis: Any) -> None:
    """A figure as of a day by API, and its records as a page and as a file."""
    client = Client()
    client.force_login(cast.admin)
    shown = figures(scope=scope, measures=[key], period=YEAR, as_of=as_of, basis=basis)[key]
    said = client.get("/api/v1/figures/", {"of": scope.key, "measure": key, "period": YEAR.key, "basis": basis,
                                           "as_of": as_of.isoformat()}).json()  # fmt: skip
    assert (said["value"] and Decimal(said["value"])) == shown.value, key
    page = client.get(shown.records)
    assert page.context["figure"].value == shown.value, key
    file = content_of(client.get(f"{shown.records}&format=csv"))
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    found = page.context["found"]
    assert len(rows) == found.count + bool(found.outside), key
    assert sum((Decimal(row["value"] or 0) for row in rows), Decimal(0)) == found.total - found.outside, key
    if shown.unit in {"money", "count"} and key not in SKETCHED | {"average_deal", "gap"}:
        assert to_cents(found.total - found.outside) == to_cents(shown.value or Decimal(0)), key


@pytest.fixture
def company(cast: Cast) -> Cast:
    call_command("refresh_rollups", verbosity=0)
    return cast


def test_every_way_to_a_figure_agrees_with_the_records(company: Cast) -> None:
    assert not Credit.objects.exists()
    agrees(company)
