"""Where time is lost: medians, spread and the bottleneck, for whom one may see, and the orders behind each figure."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sales import selectors, services
from sales.models import Account, Deal, Order, OrderLine, Product, Task
from salesmgmt.lib.ranges import half_open
from teams.models import Posting, Territory
from tests.cast import Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
Q2 = "period=2026-Q2"
APRIL = date(2026, 4, 6)


def sold(cast: Cast, *, days: tuple[int, int, int, int], start: date = APRIL, **more: Any) -> Order:
    """An order whose quote, order, production and delivery came so many days after one another."""
    owner = more.pop("owner", cast.ana)
    account = more.pop("account", None)
    quoted, ordered, produced, delivered = (start + timedelta(days=sum(days[: n + 1])) for n in range(4))
    deal = services.open_deal(owner=owner, name="D", by=None, at=AT, opened_on=start, amount=Decimal(5))
    Deal.objects.filter(pk=deal.pk).update(quoted_on=quoted)
    return services.book_order(
        **{
            "owner": owner, "deal": deal, "account": account, "amount": Decimal(5), "ordered_on": ordered,
            "produced_on": produced, "delivered_on": delivered, "by": None, "at": AT,
        } | more
    )  # fmt: skip


def asked(**more: Any) -> selectors.ProcessFilter:
    said = {"start": date(2026, 4, 1), "end": date(2026, 7, 1), "before": date(2026, 1, 1), "zone": "Europe/Berlin"}
    return selectors.ProcessFilter(**said | more)


def test_medians_spread_and_the_bottleneck_named(cast: Cast) -> None:
    for produced in (4, 8, 12, 16, 40):
        sold(cast, days=(2, 3, produced, 5))
    whole = selectors.process(asked())
    steps = whole.steps
    assert (steps["quote"].median, steps["order"].median, steps["delivery"].median) == (2, 3, 5)
    made = steps["production"]
    assert (made.low, made.median, made.high, made.count) == (8, 12, 16, 5)
    assert (steps["sale"].median, steps["fulfilment"].median) == (5, 17)
    assert whole.bottleneck == made
    page = signed_in(cast.vera).get(f"/process/?{Q2}").content.decode()
    assert "Most time is lost between order and production: 12 days in the median." in page


def test_fewer_than_five_orders_name_no_bottleneck(cast: Cast) -> None:
    for _ in range(4):
        sold(cast, days=(2, 3, 40, 5))
    assert selectors.process(asked()).bottleneck is None
    assert "Too few orders" in signed_in(cast.vera).get(f"/process/?{Q2}").content.decode()


def test_unknown_production_is_no_step_and_the_whole_stands_for_its_parts(cast: Cast) -> None:
    for _ in range(5):
        sold(cast, days=(1, 1, 0, 30), produced_on=None)
    whole = selectors.process(asked())
    assert "production" not in whole.steps
    assert whole.bottleneck is not None
    assert whole.bottleneck.key == "fulfilment"


def test_the_first_contact_is_the_earliest_of_opening_activity_and_lead(cast: Cast) -> None:
    order = sold(cast, days=(10, 5, 1, 1))
    services.log_activity(
        owner=cast.ana, kind="call", deal=order.deal, by=None, at=datetime(2026, 4, 1, 9, tzinfo=UTC)
    )  # fmt: skip
    assert selectors.process(asked()).steps["sale"].median == 20


def test_the_follow_up_ends_with_the_task_done_or_the_answer(cast: Cast) -> None:
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    by_task, by_answer = (sold(cast, days=(1, 1, 1, 1), account=account) for _ in range(2))
    Task.objects.create(
        owner=cast.ana, text="x", due_on=APRIL, source="follow_up", order=by_task,
        done_at=datetime(2026, 4, 20, 12, tzinfo=UTC),
    )  # fmt: skip
    services.record_feedback(
        account=account, order=by_answer, kind="csat", score=5, given_on=date(2026, 4, 14), on=date(2026, 5, 1), by=None
    )
    step = selectors.process(asked()).steps["followup"]
    assert (step.count, step.low, step.high) == (2, 5.5, 8.5)


def test_a_step_belongs_to_the_period_in_which_it_ended_and_is_compared_with_the_one_before(cast: Cast) -> None:
    sold(cast, days=(1, 1, 10, 1), start=date(2026, 1, 10))
    sold(cast, days=(1, 1, 14, 1))
    sold(cast, days=(1, 1, 100, 1), start=date(2026, 5, 1))
    step = selectors.process(asked()).steps["production"]
    assert (step.count, step.median, step.before, step.change) == (1, 14, 10, 4)


def test_late_makers_and_late_carriers_are_counted_apart(cast: Cast) -> None:
    promised = APRIL + timedelta(days=10)
    sold(cast, days=(1, 1, 9, 5), promised_on=promised)  # made late
    sold(cast, days=(1, 1, 2, 9), promised_on=promised)  # carried late
    sold(cast, days=(1, 1, 2, 9), promised_on=promised)
    sold(cast, days=(1, 1, 0, 20), promised_on=promised, produced_on=None)  # nobody says where
    sold(cast, days=(1, 1, 2, 2), promised_on=promised)  # in time
    cancelled = sold(cast, days=(1, 1, 9, 5), promised_on=promised)
    services.cancel_order(order=cancelled, on=date(2026, 5, 1), reason="No", by=None, at=AT)
    whole = selectors.process(asked())
    counts = {step.key: step.count for step in whole.lateness}
    assert counts == {"late_production": 1, "late_carrier": 2, "late_unknown": 1}
    assert (whole.late, whole.promised) == (4, 5)
    client = signed_in(cast.vera)
    assert "4 orders shipped late" in client.get(f"/process/?{Q2}").content.decode()
    for step, count in {**counts, "late": 4}.items():
        page = client.get(f"/orders/?step={step}&{Q2}")
        assert len(page.context["page"].rows) == count
    assert len(client.get("/orders/?late=1").context["page"].rows) == 4
    assert len(client.get("/orders/?late=carrier").context["page"].rows) == 2


def test_teams_products_and_territories_have_their_own_figures(cast: Cast) -> None:
    north, probe = Territory.objects.create(name="Coast"), Product.objects.create(name="Probe")
    account = Account.objects.create(name="Brandt", owner=cast.ana, territory=north)
    for _ in range(5):
        sold(cast, days=(1, 1, 9, 1), account=account)
        order = sold(cast, days=(1, 1, 30, 1), owner=cast.cleo)
        OrderLine.objects.create(order=order, product=probe, amount=Decimal(5))
    by_team = {group.name: group.steps["production"].median for group in selectors.process_by(asked(), "team")}
    by_product = {group.name: group.steps["production"].median for group in selectors.process_by(asked(), "product")}
    by_territory = {group.name: group.steps["production"].count for group in selectors.process_by(asked(), "territory")}
    assert (by_team, by_product, by_territory) == (
        {"South": 30, "North": 9}, {"Probe": 30, "None": 9}, {"None": 5, "Coast": 5},
    )  # fmt: skip
    assert selectors.process(asked(territory=north.pk)).steps["production"].median == 9
    client = signed_in(cast.vera)
    for by in ("team", "product", "territory"):
        assert client.get(f"/process/?{Q2}&by={by}").status_code == 200
    narrowed = client.get(f"/process/?{Q2}&product={probe.pk}").content.decode()
    assert "30 days in the median" in narrowed
    assert "Product: Probe" in narrowed


def test_each_sees_the_process_of_their_own_and_no_other(cast: Cast) -> None:
    for _ in range(5):
        sold(cast, days=(1, 1, 9, 1))
        sold(cast, days=(1, 1, 30, 1), owner=cast.cleo)

    def median(who: Any, query: str = "") -> Any:
        answer = signed_in(who).get(f"/process/?{Q2}{query}")
        step = answer.context["whole"].steps.get("production") if answer.status_code == 200 else None
        return step.median if step else answer.status_code

    assert [median(who) for who in (cast.ana, cast.ben, cast.maya, cast.omar, cast.vera)] == [9, 200, 9, 30, 19.5]
    assert median(cast.maya, f"&team={cast.south.pk}") == 404
    assert median(cast.ana, f"&team={cast.north.pk}") == 404
    assert median(cast.maya, f"&owner={cast.cleo.pk}") == 404
    assert median(cast.ana, f"&owner={cast.cleo.pk}") == 404
    assert median(cast.vera, f"&team={cast.south.pk}") == 30
    assert signed_in(cast.maya).get(f"/orders/?step=production&{Q2}&team={cast.south.pk}").status_code == 404
    assert len(signed_in(cast.ana).get(f"/orders/?step=production&{Q2}").context["page"].rows) == 5


def test_the_api_says_what_the_page_shows_and_leads_to_the_orders_behind(cast: Cast) -> None:
    probe, promised = Product.objects.create(name="Probe"), APRIL + timedelta(days=10)
    for _ in range(5):
        sold(cast, days=(1, 1, 9, 1), promised_on=promised)
        OrderLine.objects.create(
            order=sold(cast, days=(1, 1, 30, 1), owner=cast.cleo), product=probe, amount=Decimal(5)
        )
    for who in (cast.vera, cast.maya, cast.ana):
        client = signed_in(who)
        said = client.get(f"/api/v1/process/?{Q2}").json()
        page = client.get(f"/process/?{Q2}").context
        whole = page["whole"]
        figures = ("key", "count", "low", "median", "high", "before")
        assert [[step[name] for name in figures] for step in said["whole"]["steps"]] == [
            [getattr(step, name) for name in figures] for step in (*whole.shown, *whole.lateness) if step.count
        ]
        assert (said["whole"]["late"], said["whole"]["promised"]) == (whole.late, whole.promised) == (5, 5)
        assert (said["by"], [one["name"] for one in said["groups"]]) == (
            page["by"], [group.name for group in page["groups"]],
        )  # fmt: skip
        for group in (said["whole"], *said["groups"]):
            for step in group["steps"]:
                rows = client.get(step["behind"]).json()["results"] if step["behind"] else ()
                assert len(rows) == (0 if group["name"] == "None" else step["count"])
    vera = signed_in(cast.vera)
    assert vera.get(f"/api/v1/process/?{Q2}&product={probe.pk}").json()["whole"]["bottleneck"] == "production"
    for who, more in (
        (cast.maya, f"team={cast.south.pk}"), (cast.maya, f"owner={cast.cleo.pk}"), (cast.ana, f"team={cast.north.pk}"),
        (cast.ana, f"owner={cast.cleo.pk}"), (cast.ana, "by=team"),
    ):  # fmt: skip
        assert signed_in(who).get(f"/api/v1/process/?{Q2}&{more}").status_code == 404
    assert signed_in(cast.maya).get(f"/api/v1/orders/?step=late&{Q2}&team={cast.south.pk}").status_code == 404
    for more in ("period=2026-Q9", "team=x", "by=x", "owner=0", "product=99999999999999999999"):
        assert vera.get(f"/api/v1/process/?{more}").status_code == 400
    for more in ("step=x", "product=5", "step=late&period=x", "step=late&team=99999999999999999999"):
        assert vera.get(f"/api/v1/orders/?{more}").status_code == 400


def test_a_teams_figure_counts_people_as_posted_that_day_and_the_drill_closes_the_sum(cast: Cast) -> None:
    sold(cast, days=(1, 1, 9, 1))
    sold(cast, days=(1, 1, 9, 1), owner=cast.ben)
    Posting.objects.filter(person=cast.ben).update(during=half_open(date(2024, 1, 1), date(2026, 7, 1)))
    Posting.objects.create(person=cast.ben, team=cast.south, during=half_open(date(2026, 7, 1)))
    client = signed_in(cast.maya)
    assert client.get(f"/process/?{Q2}").context["whole"].steps["production"].count == 2
    drill = client.get(f"/orders/?step=production&{Q2}")
    assert len(drill.context["page"].rows) == 1
    assert "And 1 order of people who have left your team." in drill.content.decode()
    omar = signed_in(cast.omar).get(f"/process/?{Q2}").context["whole"]
    assert not omar.steps


def test_the_page_costs_a_fixed_number_of_queries_and_exports_what_it_shows(cast: Cast) -> None:
    counts = []
    client = signed_in(cast.vera)
    for _ in range(2):
        for _ in range(5):
            sold(cast, days=(1, 1, 9, 1))
        counts.append(int(client.get(f"/process/?{Q2}")["X-Query-Count"]))
    assert counts[0] == counts[1] <= 10
    lines = client.get(f"/process/?{Q2}&export=csv").getvalue().decode().splitlines()
    assert lines[0] == "group,step,orders,low,median,high,median_before"
    assert "All,Order → production,10,9,9,9," in lines


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_addresses_are_answered_or_not_found(cast: Cast, value: str) -> None:
    client = signed_in(cast.vera)
    for query in ("period", "team", "product", "territory", "owner", "by"):
        assert client.get("/process/", {query: value}).status_code in {200, 404}
