"""The catalogue: an admin defines what is counted, and every figure follows; nothing else gets into a statement."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse

from performance.models import Call, MeasureDefinition, MeasureVersion, Rollup
from performance.selectors import Scope, catalogue, figure, preview, series
from performance.selectors.records import records
from performance.services import add_version, change_measure, define_measure, rollups
from performance.services.measures import worked_out
from sales.models import Account, Activity, Complaint, Contract, Feedback, Lead, Order, OrderLine, Product, TimeEntry
from salesmgmt.desk.models import Mark
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import ExchangeRate, Posting
from tests.cast import Cast
from tests.performance.records import AT, a_credit, a_deal, an_activity, an_outcome

Q2 = Period.parse("2026-Q2")
MAY = Period.parse("2026-05")
END = date(2026, 6, 30)
CALLS = {"source": "activities", "conditions": [["kind", "is", ["call"]]]}


def refresh() -> None:
    call_command("refresh_rollups", verbosity=0)
    assert [str(difference) for difference in rollups.rebuild(write=False)] == []


def value(scope: Scope, measure: str, period: Period = Q2) -> Decimal | None:
    return figure(scope=scope, measure=measure, period=period, as_of=END).value


def define(cast: Cast, **fields: Any) -> MeasureDefinition:
    said = {"key": "calls", "label": "Calls", "unit": "count", "method": "count", "spec": CALLS} | fields
    return define_measure(**said, by=cast.admin, at=AT)


def an_order(cast: Cast, on: date, amount: str = "100", **fields: Any) -> Order:
    return Order.objects.create(
        **{"owner": cast.ana, "amount": Decimal(amount), "currency": "EUR", "ordered_on": on} | fields
    )


@pytest.fixture
def calm(cast: Cast) -> Cast:
    refresh()
    return cast


# ── Defining ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_than_thirty_measures_ship_and_all_can_be_asked_for(calm: Cast) -> None:
    every = catalogue()
    assert len([key for key, one in every.items() if not one.is_built_in]) >= 30
    for key, one in every.items():
        found = figure(scope=Scope.company(), measure=key, period=Q2, as_of=END)
        assert found.definition == one.definition
        assert records(scope=Scope.company(), measure=key, period=Q2, user=calm.admin, as_of=END, today=END)


def test_a_family_that_is_renamed_moves_the_figures_of_who_delivered_too(calm: Cast) -> None:
    product = Product.objects.create(name="Lens", family="Optics")
    spec = {"source": "orders", "day": "delivered", "credit": "deliverer", "conditions": [["family", "is", ["Optics"]]]}
    define(calm, key="optics", spec=spec)
    an_order(calm, date(2026, 5, 4), product=product, delivered_by=calm.olga, delivered_on=date(2026, 5, 6))
    refresh()
    assert value(Scope.person(calm.olga), "optics") == 1
    Product.objects.update(family="Probes")
    refresh()
    assert value(Scope.person(calm.olga), "optics") == 0


def test_a_measure_that_an_admin_defines_counts_the_past_as_well(calm: Cast) -> None:
    an_activity(calm.ana, date(2026, 5, 4))
    an_activity(calm.ana, date(2026, 5, 4), "demo")
    an_activity(calm.cleo, date(2026, 5, 5))
    define(calm)
    refresh()
    assert value(Scope.company(), "calls") == 2
    assert value(Scope.team(calm.north), "calls") == 1
    assert value(Scope.person(calm.ana), "calls") == 1
    days = dict(series(scope=Scope.company(), measure="calls", period=MAY, as_of=END))
    assert (days[date(2026, 5, 4)], days[date(2026, 5, 5)], days[date(2026, 5, 6)]) == (1, 1, 0)


def test_a_version_counts_from_its_day_on_and_the_days_before_stay(calm: Cast) -> None:
    for day in (4, 20):
        an_activity(calm.ana, date(2026, 5, day))
        an_activity(calm.ana, date(2026, 5, day), "demo")
    made = define(calm)
    refresh()
    both = {"source": "activities", "conditions": [["kind", "is", ["call", "demo"]]]}
    add_version(definition=made, spec=both, from_on=date(2026, 5, 10), by=calm.admin, at=AT, reason="Demos count")
    assert set(Mark.objects.exclude(topic="presence").values_list("topic", flat=True)) == {"activities"}
    refresh()
    assert value(Scope.company(), "calls") == 3
    orders = {"source": "orders"}
    add_version(definition=made, spec=orders, from_on=date(2026, 5, 10), by=calm.admin, at=AT, reason="Orders do")
    an_order(calm, date(2026, 5, 30))
    refresh()
    assert value(Scope.company(), "calls") == 2  # the newer of two from one day: one call before it, one order after
    assert not Rollup.objects.filter(measure="activities:calls", on__gte=date(2026, 5, 10)).exists()


def test_a_hidden_measure_is_neither_worked_out_nor_asked_for(calm: Cast) -> None:
    an_activity(calm.ana, date(2026, 5, 4))
    made = define(calm)
    refresh()
    change_measure(definition=made, by=calm.admin, is_active=False)
    refresh()
    assert not Rollup.objects.filter(measure="activities:calls").exists()
    assert "calls" not in catalogue()
    change_measure(definition=made, by=calm.admin, is_active=True)
    refresh()
    assert value(Scope.company(), "calls") == 1


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"key": "bookings"}, "key", "already"),
        ({"key": "Calls; DROP"}, "key", "Small letters"),
        ({"spec": {"source": "pg_user"}}, "source", "no source; there are activities"),
        ({"spec": CALLS | {"value": "notes"}}, "value", "there are minutes"),
        ({"spec": CALLS | {"day": "created_at"}}, "day", "there are done"),
        ({"spec": CALLS | {"credit": "overlay"}}, "credit", "there are owner"),
        ({"spec": CALLS | {"conditions": [["notes", "is", ["x"]]]}}, "conditions", "no field"),
        ({"spec": CALLS | {"conditions": [["kind", "is", ["fax"]]]}}, "conditions", "there are call"),
        ({"spec": CALLS | {"conditions": [["kind__x", "is", ["call"]]]}}, "conditions", "no field"),
        ({"spec": CALLS | {"conditions": [["kind", "contains", ["c"]]]}}, "conditions", "can't be tested"),
        ({"spec": CALLS | {"conditions": [["minutes", "at_least", ["1; DROP"]]]}}, "conditions", "whole number"),
        ({"spec": CALLS | {"conditions": "1=1"}}, "conditions", "At most"),
        ({"spec": CALLS | {"conditions": [7]}}, "conditions", "is no condition"),
        ({"unit": "money"}, "unit", "it is count"),
        ({"method": "sum"}, "value", "Say of what"),
        ({"method": "median", "spec": CALLS | {"value": "minutes"}, "unit": "days"}, "unit", "it is minutes"),
        ({"method": "percentile", "spec": CALLS | {"value": "minutes"}}, "percentile", "which"),
        ({"method": "ratio"}, "of_source", "no source"),
        ({"method": "nps", "unit": "score", "spec": CALLS | {"value": "minutes"}}, "source", "Promoters"),
        ({"spec": {"source": "credits"}}, "value", "summed, not counted"),
        ({"label": ""}, "label", "blank"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_refused_in_one_sentence(
    calm: Cast, fields: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        define(calm, **fields)
    assert refused.value.field == field


def test_what_is_written_in_a_condition_stays_a_value(calm: Cast) -> None:
    evil = "x'); DELETE FROM sales_activity; --"
    an_activity(calm.ana, date(2026, 5, 4), outcome=evil)
    an_activity(calm.ana, date(2026, 5, 4), outcome="%s")
    define(calm, spec={"source": "activities", "conditions": [["outcome", "is", [evil, "%s", "%(x)s"]]]})
    refresh()
    assert value(Scope.company(), "calls") == 2
    assert Activity.objects.count() == 2


def test_only_an_admin_defines_and_nobody_rewrites_a_version(calm: Cast) -> None:
    with pytest.raises(Refused, match="Only an admin"):
        define_measure(key="calls", label="Calls", unit="count", method="count", spec=CALLS, by=calm.olga.user, at=AT)
    made = define(calm)
    with pytest.raises(Refused, match="Its method stays"):
        change_measure(definition=made, by=calm.admin, method="sum")
    for write in (
        lambda: MeasureVersion.objects.filter(definition=made).update(source="orders"),
        lambda: MeasureVersion.objects.filter(definition=made).delete(),
        lambda: MeasureDefinition.objects.filter(pk=made.pk).update(method="sum"),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            write()


# ── What ships ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_medians_percentiles_and_averages_are_exact_whatever_is_taken_together(calm: Cast) -> None:
    came = datetime(2026, 5, 4, 8, tzinfo=UTC)
    for place, minutes in enumerate([5, 10, 30, 600, None]):
        Lead.objects.create(
            name="Lead", owner=calm.ana if place % 2 else calm.cleo, received_at=came + timedelta(days=place),
            first_response_at=None if minutes is None else came + timedelta(days=place, minutes=minutes),
        )  # fmt: skip
    refresh()
    found = figure(scope=Scope.company(), measure="response_time", period=Q2, as_of=END)
    assert (found.value, found.denominator, found.left_out) == (20, 4, 1)
    assert value(Scope.company(), "slow_response") == 600
    assert value(Scope.person(calm.ana), "response_time") == Decimal("305")


def test_a_median_of_money_is_within_one_per_cent_and_says_so(calm: Cast) -> None:
    for amount in ("100", "12345.67", "99999"):
        an_outcome(calm.ana, "won", date(2026, 5, 4), amount=amount)
    refresh()
    found = figure(scope=Scope.company(), measure="median_deal", period=Q2, as_of=END)
    assert found.value is not None
    assert abs(found.value - Decimal("12345.67")) <= Decimal("123.46")
    assert "within 1 %" in found.definition


def test_a_net_promoter_score_of_a_person_alone_or_alone_in_a_team_shows_from_ten_answers_on(calm: Cast) -> None:
    account = Account.objects.create(name="Brandt")
    for score in [9, 10, 9, 10, 9, 7, 8, 0, 6]:
        Feedback.objects.create(account=account, owner=calm.ana, kind="nps", score=score, given_on=date(2026, 5, 4))
    for own in ({"recorded_by": calm.ana.user}, {"owner_had_link": True}):  # her own word
        Feedback.objects.create(account=account, owner=calm.ana, kind="nps", score=10, given_on=date(2026, 5, 4), **own)
    refresh()
    few = figure(scope=Scope.person(calm.ana), measure="nps", period=Q2, as_of=END)
    assert (few.value, few.note) == (None, "shown from 10 records on")
    alone = figure(scope=Scope.team(calm.north), measure="nps", period=Q2, as_of=END)
    assert (alone.value, alone.note) == (None, few.note)  # Ana's, by another name
    weeks = series(scope=Scope.company(), measure="nps", period=Q2, as_of=END, by="month")
    assert {told for _, told in weeks} == {None}
    Feedback.objects.create(account=account, owner=calm.ben, kind="nps", score=9, given_on=date(2026, 5, 5))
    refresh()
    assert value(Scope.team(calm.north), "nps") == 40
    Feedback.objects.filter(owner=calm.ben).delete()
    Feedback.objects.create(account=account, owner=calm.ana, kind="nps", score=3, given_on=date(2026, 5, 5))
    refresh()
    shown = figure(scope=Scope.person(calm.ana), measure="nps", period=Q2, as_of=END)
    assert (shown.value, shown.note) == (20, "5 promoters, 3 detractors")


def test_margin_is_of_the_lines_whose_cost_is_known_and_follows_the_product(calm: Cast) -> None:
    probe = Product.objects.create(name="Probe", unit_cost=Decimal("3.5"), currency="EUR")
    order = an_order(calm, date(2026, 5, 4))
    OrderLine.objects.create(order=order, product=probe, quantity=10, amount=Decimal(80), list_price=10)
    OrderLine.objects.create(order=order, text="Help", quantity=1, amount=Decimal(20), unit_cost=Decimal(5))
    OrderLine.objects.create(order=order, text="Extra", amount=Decimal(7))
    refresh()
    assert value(Scope.company(), "margin") == 60
    assert value(Scope.company(), "margin_rate") == Decimal("0.6")
    assert value(Scope.company(), "discount") == Decimal("0.2")
    Product.objects.update(unit_cost=Decimal(4))
    refresh()
    assert value(Scope.company(), "margin") == 55
    Order.objects.update(cancelled_on=date(2026, 5, 5))
    refresh()
    assert value(Scope.company(), "margin") == 0


def test_margin_in_another_currency_follows_the_rate(calm: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", rate="0.5", during=half_open(date(2026, 1, 1)))
    order = an_order(calm, date(2026, 5, 4), currency="USD")
    OrderLine.objects.create(order=order, quantity=1, amount=Decimal(80), unit_cost=Decimal(20))
    refresh()
    assert value(Scope.company(), "margin") == 30
    ExchangeRate.objects.update(rate="0.25")
    refresh()
    assert value(Scope.company(), "margin") == 15


def test_new_business_is_what_a_customer_orders_first_and_moves_with_an_earlier_order(calm: Cast) -> None:
    brandt = Account.objects.create(name="Brandt")
    first = an_order(calm, date(2026, 5, 10), account=brandt)
    second = an_order(calm, date(2026, 5, 20), account=brandt, owner=calm.cleo)
    a_credit(calm.ana, "100", date(2026, 5, 10), order=first)
    a_credit(calm.cleo, "40", date(2026, 5, 20), order=second)
    refresh()
    both = ("new_business", "existing_business", "new_customers")
    assert [value(Scope.company(), key) for key in both] == [100, 40, 1]
    earlier = an_order(calm, date(2026, 4, 2), account=brandt, owner=calm.ben)
    refresh()
    assert [value(Scope.company(), key) for key in both] == [0, 140, 1]
    assert value(Scope.person(calm.ben), "new_customers") == 1
    Order.objects.filter(pk__in=[earlier.pk, first.pk]).update(withdrawn_at=AT)
    refresh()
    assert value(Scope.person(calm.cleo), "new_business") == 40


def test_what_was_cancelled_before_the_first_order_that_stands_follows_an_earlier_one_too(calm: Cast) -> None:
    brandt = Account.objects.create(name="Brandt")
    cancelled = an_order(calm, date(2026, 5, 10), account=brandt, cancelled_on=date(2026, 5, 12))
    an_order(calm, date(2026, 5, 20), account=brandt)
    a_credit(calm.ana, "100", date(2026, 5, 10), order=cancelled)
    refresh()
    assert value(Scope.company(), "new_business") == 100
    an_order(calm, date(2026, 4, 2), account=brandt)
    refresh()
    assert [value(Scope.company(), key) for key in ("new_business", "existing_business")] == [0, 100]


def test_deliveries_count_for_who_sold_and_for_who_delivered(calm: Cast) -> None:
    made = {"promised_on": date(2026, 5, 20), "produced_on": date(2026, 5, 10), "delivered_by": calm.olga}
    an_order(calm, date(2026, 5, 1), delivered_on=date(2026, 5, 19), **made)
    late = an_order(calm, date(2026, 5, 1), delivered_on=date(2026, 5, 21), **made)
    an_order(calm, date(2026, 5, 1), delivered_on=date(2026, 5, 21))
    refresh()
    assert value(Scope.person(calm.ana), "on_time") == Decimal("0.5")
    assert value(Scope.person(calm.ana), "on_time_production") == 1
    assert value(Scope.person(calm.olga), "own_on_time") == Decimal("0.5")
    assert value(Scope.person(calm.olga), "deliveries") == 2
    Order.objects.filter(pk=late.pk).update(delivered_on=date(2026, 5, 20), delivered_by=calm.vera)
    refresh()
    assert value(Scope.person(calm.ana), "on_time") == 1
    assert value(Scope.person(calm.olga), "deliveries") == 1


def test_bookings_can_count_from_their_delivery_and_their_payment_on(calm: Cast) -> None:
    for key in ("delivered_bookings", "paid_bookings"):
        change_measure(definition=MeasureDefinition.objects.get(key=key), by=calm.admin, is_active=True)
    order = an_order(calm, date(2026, 5, 4))
    a_credit(calm.ana, "100", date(2026, 5, 4), order=order)
    refresh()
    assert value(Scope.company(), "delivered_bookings") == 0
    Order.objects.update(delivered_on=date(2026, 5, 10), paid_on=date(2026, 6, 1))
    a_credit(calm.ana, "-30", date(2026, 6, 2), order=order)
    refresh()
    assert value(Scope.company(), "delivered_bookings", MAY) == 100
    assert value(Scope.company(), "paid_bookings", MAY) == 0
    assert value(Scope.company(), "paid_bookings") == 70


def test_what_is_delivered_after_its_posting_is_reported_when_it_is_delivered(calm: Cast) -> None:
    change_measure(definition=MeasureDefinition.objects.get(key="delivered_bookings"), by=calm.admin, is_active=True)
    order = an_order(calm, date(2026, 3, 20), delivered_on=date(2026, 4, 15))
    a_credit(calm.ana, "100", date(2026, 3, 20), order=order)
    late = an_order(calm, date(2026, 3, 2), delivered_on=date(2026, 3, 9))
    a_credit(calm.ana, "7", date(2026, 3, 2), order=late, posted=date(2026, 4, 1))
    refresh()
    for key, amount, count in (("2026-Q1", 0, 0), ("2026-Q2", 107, 2)):
        asked: dict[str, Any] = {
            "scope": Scope.company(), "measure": "delivered_bookings", "period": Period.parse(key), "as_of": END,
            "basis": "reported",
        }  # fmt: skip
        behind = records(**asked, user=calm.admin, today=END)
        assert (figure(**asked).value, behind.total, behind.count) == (amount, amount, count)


def test_retention_is_stated_as_gross_and_as_net(calm: Cast) -> None:
    account = Account.objects.create(name="Brandt")
    for value_before, after in (("100", "150"), ("100", "60"), ("200", None)):
        won = after and a_deal(calm.ana, after, status="won", closed_on=date(2026, 5, 1))
        Contract.objects.create(
            account=account, owner=calm.ana, starts_on=date(2025, 6, 1), ends_on=date(2026, 5, 31), currency="EUR",
            value=Decimal(value_before), renewal_deal=won or None,
        )  # fmt: skip
    refresh()
    assert value(Scope.company(), "gross_retention") == Decimal("0.4")
    assert value(Scope.company(), "net_retention") == Decimal("0.525")


def test_selling_time_is_a_share_of_two_sources(calm: Cast) -> None:
    an_activity(calm.ana, date(2026, 5, 4), duration_minutes=90)
    TimeEntry.objects.create(owner=calm.ana, on=date(2026, 5, 4), kind="travel", minutes=30)
    refresh()
    found = figure(scope=Scope.person(calm.ana), measure="selling_time", period=Q2, as_of=END)
    assert (found.value, found.numerator, found.denominator) == (Decimal("0.75"), 90, 120)


def test_forecast_accuracy_judges_the_calls_that_stood_at_the_checkpoints(calm: Cast) -> None:
    def call(commit: str, made_on: date) -> None:
        Call.objects.create(
            person=calm.ana, period=Q2.key, starts_on=Q2.start, until=Q2.end, commit=Decimal(commit), made_on=made_on,
            best_case=Decimal(1000), currency="EUR", made_at=AT,
        )  # fmt: skip

    call("50", date(2026, 4, 2))
    call("90", date(2026, 4, 20))
    call("500", date(2026, 6, 20))  # after the last checkpoint
    a_credit(calm.ana, "100", date(2026, 5, 4))
    refresh()
    found = figure(scope=Scope.person(calm.ana), measure="forecast_accuracy", period=Q2, as_of=END)
    assert (found.numerator, found.denominator) == (230, 300)


def test_complaints_are_answered_by_those_who_have_to(calm: Cast) -> None:
    account = Account.objects.create(name="Brandt")
    for days in (1, 4):
        Complaint.objects.create(
            account=account, owner=calm.olga, text="Late", received_on=date(2026, 5, 4),
            answered_on=date(2026, 5, 4) + timedelta(days=days),
        )  # fmt: skip
    refresh()
    assert value(Scope.person(calm.olga), "answer_days") == Decimal("2.5")
    assert value(Scope.person(calm.olga), "complaints_answered") == 2


def test_a_defined_measure_goes_with_the_team_of_its_day(calm: Cast) -> None:
    an_order(calm, date(2026, 5, 4), delivered_on=date(2026, 5, 5), promised_on=date(2026, 5, 5))
    refresh()
    Posting.objects.filter(person=calm.ana).update(during=half_open(date(2024, 1, 1), date(2026, 5, 5)))
    Posting.objects.create(person=calm.ana, team=calm.south, during=half_open(date(2026, 5, 5)))
    refresh()
    assert value(Scope.team(calm.north), "on_time") is None
    assert value(Scope.team(calm.south), "on_time") == 1


# ── Where it shows ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_records_behind_a_ratio_say_which_count(calm: Cast, client: Client) -> None:
    made = {"promised_on": date(2026, 5, 20)}
    an_order(calm, date(2026, 5, 1), delivered_on=date(2026, 5, 19), **made)
    an_order(calm, date(2026, 5, 1), delivered_on=date(2026, 5, 21), **made)
    refresh()
    found = records(scope=Scope.company(), measure="on_time", period=Q2, user=calm.admin, as_of=END, today=END)
    assert (found.count, found.total) == (2, 1)
    client.force_login(calm.ana.user)
    page = client.get("/records/", {"measure": "on_time", "of": "person:E-Ana", "from": "2026-04-01",
                                    "until": "2026-07-01"})  # fmt: skip
    assert "Order, counts below the line only" in page.content.decode()
    assert "50.0%" in page.content.decode()


def test_an_admin_looks_at_last_month_and_then_defines(calm: Cast, client: Client) -> None:
    client.force_login(calm.admin)
    form = {
        "label": "Long calls", "key": "long_calls", "kind": "leading", "method": "count", "unit": "count",
        "better": "higher", "least": "0", "what": "activities.", "reason": "They sell",
        "conditions": "kind is call\nminutes at least 15",
    }  # fmt: skip
    page = client.post(reverse("measure-add"), form | {"act": "preview"})
    assert "Nothing is saved yet" in page.content.decode()
    assert not MeasureDefinition.objects.filter(key="long_calls").exists()
    wrong = client.post(reverse("measure-add"), form | {"act": "save", "conditions": "kind like '%'"})
    assert "is no condition" in wrong.content.decode()
    done: Any = client.post(reverse("measure-add"), form | {"act": "save"})
    assert (done.status_code, done["Location"]) == (303, "/measures/long_calls/")
    assert MeasureVersion.objects.get(definition__key="long_calls").conditions == [
        ["kind", "is", ["call"]], ["minutes", "at_least", ["15"]],
    ]  # fmt: skip
    said = {"what": "activities.", "conditions": "kind is call, demo", "from_on": "2026-05-01", "reason": "Demos too"}
    assert client.post("/measures/long_calls/", said | {"act": "save"}).status_code == 303
    text = client.get("/measures/long_calls/").content.decode()
    assert "Before 1 May" in text
    assert "Demos too" in text


def test_a_preview_is_what_the_rollups_will_say(calm: Cast) -> None:
    for day in (4, 11, 12):
        an_activity(calm.ana, date(2026, 5, day), duration_minutes=day)
    an_activity(calm.cleo, date(2026, 5, 4), duration_minutes=40)
    spec = {"source": "activities", "value": "minutes"}
    definition = MeasureDefinition(key="talk", label="Talk", unit="minutes", method="median")
    found = preview(version=worked_out(definition=definition, spec=spec, from_on=date(2026, 1, 1)), period=MAY)
    define(calm, key="talk", label="Talk", unit="minutes", method="median", spec=spec)
    refresh()
    assert found.value == value(Scope.company(), "talk", MAY) == Decimal("11.5")
    assert {team.name: said for team, said in found.teams} == {
        team.name: value(Scope.team(team), "talk", MAY) for team in (calm.company, calm.north, calm.south)
    }


def test_the_api_serves_the_catalogue_and_every_measure(calm: Cast, client: Client) -> None:
    client.force_login(calm.ana.user)
    found = client.get("/api/v1/measures/").json()
    assert {"margin", "bookings", "nps"} <= {one["key"] for one in found}
    assert client.get("/api/v1/measures/nps/").json()["versions"][0]["source"] == "feedback"
    assert client.get("/api/v1/measures/none/").status_code == 404
    for one in found:
        answer = client.get("/api/v1/figures/", {"of": "person:E-Ana", "measure": one["key"], "period": "2026-Q2"})
        assert answer.status_code == 200


def test_all_measures_cost_a_fixed_number_of_queries(calm: Cast, django_assert_max_num_queries: Any) -> None:
    from performance.selectors import figures

    keys = list(catalogue())
    with django_assert_max_num_queries(6):
        figures(scope=Scope.company(), measures=keys, period=Q2, as_of=END)
    assert connection.vendor == "postgresql"
