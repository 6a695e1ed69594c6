"""Odds from one's own history, and what is odd about a deal, with the figures behind it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sales import selectors, services
from sales.models import Activity, Deal, DealChange, LostReason, Pipeline, Stage
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast

TODAY = date(2026, 7, 1)
AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
D = Decimal


def past(
    cast: Cast, *, stages: list[str], opened: date, closed: date | None = None, lost: str = "", amount: int = 1000
) -> Deal:
    """A deal as it went: a stage every ten days, then its end."""
    at = datetime(opened.year, opened.month, opened.day, 9, tzinfo=UTC)
    by_name = {stage.name: stage for stage in Stage.objects.all()}
    first, *others = (by_name[name] for name in stages)
    deal = services.open_deal(
        owner=cast.ana, name="Past", by=None, at=at, stage=first, amount=D(amount), opened_on=opened
    )
    for place, stage in enumerate(others, start=1):
        services.move_deal(deal=deal, stage=stage, by=None, at=at + timedelta(days=10 * place))
    if closed and lost:
        reason = LostReason.objects.get(key=lost)
        services.lose_deal(deal=deal, reason=reason, by=None, at=AT, on=closed)
    elif closed:
        services.win_deal(deal=deal, by=None, at=AT, on=closed)
    return deal


ALL = ["Prospecting", "Qualification", "Proposal", "Negotiation"]


def test_odds_come_from_cohorts_old_enough_to_be_decided(cast: Cast) -> None:
    day = date(2026, 1, 1)
    for _ in range(3):
        past(cast, stages=ALL[:3], opened=day, closed=day + timedelta(days=40))
    for _ in range(4):
        past(cast, stages=ALL[:3], opened=day, closed=day + timedelta(days=40), lost="price")
    for _ in range(3):
        past(cast, stages=ALL[:3], opened=day)  # old, and still open: not won
    past(cast, stages=ALL[:3], opened=day, closed=day + timedelta(days=40), lost="duplicate")  # never was one
    for _ in range(5):
        past(cast, stages=ALL[:3], opened=date(2026, 6, 1))  # too young to tell
    services.learn_odds(as_of=TODAY)
    stage = Stage.objects.get(name="Proposal")
    assert (stage.reached_won, stage.reached) == (3, 10), "not 3 of 7, and not 3 of 15"
    assert stage.odds == D("40.0"), "(3 + 10 × 50 %) ÷ 20: drawn towards the default while deals are few"
    negotiation = Stage.objects.get(name="Negotiation")
    assert (negotiation.reached, negotiation.odds) == (None, 75)
    deal = past(cast, stages=ALL[:3], opened=date(2026, 6, 1))
    deal = Deal.objects.select_related("stage").get(pk=deal.pk)
    assert selectors.odds_sentence(deal) == (
        "3 of 10 deals that reached Proposal were won, drawn towards the usual 50 % while they are few."
    )


def test_with_enough_deals_the_default_hardly_weighs(db: None) -> None:
    stage = Stage(name="Proposal", probability=D(50), reached=990, reached_won=99)
    assert (stage.odds, stage.is_thin) == (D("10.4"), False)


@pytest.fixture
def history(cast: Cast) -> None:
    for place in range(12):
        opened = date(2025, 10, 1) + timedelta(days=place)
        deal = past(cast, stages=ALL, opened=opened, closed=opened + timedelta(days=60), amount=1000 + 100 * place)
        services.log_activity(
            owner=cast.ana, kind="call", at=AT - timedelta(days=(TODAY - opened).days - 45), by=None, deal=deal
        )
    services.learn_odds(as_of=TODAY)


def found(deal: Deal, today: date = TODAY) -> dict[str, str]:
    return {
        row.kind: row.sentence for row in selectors.warnings_of([deal], today, selectors.all_stages()).get(deal.pk, [])
    }


def fresh(cast: Cast, **more: Any) -> Deal:
    said = {
        "amount": D(1500), "opened_on": date(2026, 6, 20), "next_step": "Call", "next_step_on": date(2026, 7, 3)
    } | more  # fmt: skip
    return services.open_deal(owner=cast.ana, name="Fresh", by=None, at=AT - timedelta(days=3), **said)


def test_a_deal_like_those_that_were_won_is_not_odd(cast: Cast, history: None) -> None:
    assert found(fresh(cast)) == {}


def test_a_deal_left_alone_longer_than_won_ones_is_quiet(cast: Cast, history: None) -> None:
    deal = fresh(cast)
    assert Stage.objects.get(name="Prospecting").quiet_days == 10
    assert found(deal, date(2026, 7, 10))["quiet"] == (
        "Nothing has happened for 12 days; nine of ten of the 12 deals won were left alone in Prospecting "
        "for 10 days at most."
    )
    services.log_activity(owner=cast.ana, kind="call", at=AT + timedelta(days=8), by=None, deal=deal)
    assert "quiet" not in found(deal, date(2026, 7, 10))


def test_without_history_the_limit_says_that_it_is_one(cast: Cast) -> None:
    deal = fresh(cast)
    assert "30 days is the limit until enough won deals" in found(deal, date(2026, 8, 20))["quiet"]


def test_no_next_step_and_an_overdue_one_are_told(cast: Cast) -> None:
    assert found(fresh(cast, next_step=""))["no_step"] == "No next step is set."
    late = fresh(cast, next_step_on=date(2026, 6, 28))
    assert found(late)["step_overdue"] == "The next step was due on 28 Jun 2026, 3 days ago: Call."


def test_pushed_three_times_says_from_when_to_when(cast: Cast) -> None:
    deal = fresh(cast, expected_close_on=date(2026, 7, 5))
    for month in (8, 9):
        deal = services.change_deal(deal=deal, by=None, at=AT, expected_close_on=date(2026, month, 5))
    assert "pushed" not in found(deal)
    deal = services.change_deal(deal=deal, by=None, at=AT, expected_close_on=date(2026, 10, 5))
    deal = services.change_deal(deal=deal, by=None, at=AT, expected_close_on=date(2026, 10, 1))  # pulled in
    assert found(deal)["pushed"] == (
        "Its closing day was pushed 3 times, from 5 Jul 2026 to 1 Oct 2026: 88 days later."
    )


def test_a_stage_gone_past_is_told_with_what_won_deals_did(cast: Cast, history: None) -> None:
    deal = services.move_deal(deal=fresh(cast), stage=Stage.objects.get(name="Proposal"), by=None, at=AT)
    assert found(deal)["skipped"] == "It went past Qualification; none of the 12 deals won never stood there."
    straight = fresh(cast, stage=Stage.objects.get(name="Proposal"))
    assert "skipped" not in found(straight), "where a deal begins is a choice"


def test_unlike_any_that_was_won_says_the_figures(cast: Cast, history: None) -> None:
    assert found(fresh(cast, amount=D(5000)))["unlike"] == ("It is worth 5,000, the largest of 12 deals won was 2,100.")
    old = fresh(cast, opened_on=date(2026, 3, 1))
    assert found(old)["unlike"] == "It has been open for 122 days; the slowest of 12 deals won took 60 days."
    few = Pipeline.objects.get()
    few.won_deals = 9
    few.save()
    assert "unlike" not in found(old), "nine deals say little"


def test_warnings_of_a_page_are_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    rows = [fresh(cast) for _ in range(5)]
    stages = selectors.all_stages()
    with django_assert_num_queries(1):
        assert len(selectors.warnings_of(rows, TODAY, stages)) == 5


# ── Pipelines ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deal_moves_within_its_pipeline_and_changes_it_only_by_an_act_of_its_own(cast: Cast) -> None:
    partners = Pipeline.objects.create(name="Partners", position=1)
    first = Stage.objects.create(pipeline=partners, name="Introduction", position=1, probability=5)
    deal = fresh(cast)
    with pytest.raises(Refused, match="Introduction is a stage of Partners, this deal is in Sales"):
        services.move_deal(deal=deal, stage=first, by=None, at=AT)
    moved = services.change_pipeline(deal=deal, pipeline=partners, by=None, at=AT)
    assert moved.stage == first
    assert DealChange.objects.filter(deal=deal, field="stage").latest("pk").value == "Introduction"
    Pipeline.objects.filter(pk=partners.pk).update(is_active=False)
    with pytest.raises(Refused, match="No new deal starts in Partners"):
        services.open_deal(
            owner=cast.ana, name="X", by=None, at=AT, stage=Stage.objects.select_related("pipeline").get(pk=first.pk)
        )


def test_learning_twice_changes_nothing_and_forgets_withdrawn_deals(cast: Cast, history: None) -> None:
    before = list(Stage.objects.order_by("pk").values())
    services.learn_odds(as_of=TODAY)
    assert list(Stage.objects.order_by("pk").values()) == before
    Activity.objects.update(withdrawn_at=AT)
    Deal.objects.update(withdrawn_at=AT)
    services.learn_odds(as_of=TODAY)
    assert set(Stage.objects.values_list("reached", "quiet_days")) == {(None, None)}
