"""What moved a pipeline between two days: exact to the cent, whatever happened (R20)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.selectors import Scope, mean_open_deals, open_pipeline, waterfall
from performance.selectors.pipeline import STEPS, moves
from performance.services import snapshots
from sales import services as sales
from sales.models import Deal, LostReason
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from teams.models import ExchangeRate, Person, Posting, Role
from tests.answers import content_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db
QUARTER, MONTH = Period.parse("2026-Q1"), Period.parse("2026-02")
ODD = Period(date(2026, 2, 3), date(2026, 3, 7), "month", "odd")
START = date(2026, 1, 5)


def at(days: int, hour: int = 9) -> datetime:
    return datetime(START.year, START.month, START.day, hour, tzinfo=UTC) + timedelta(days=days)


def on(days: int) -> date:
    return START + timedelta(days=days)


def drain() -> None:
    call_command("refresh_rollups", stdout=StringIO())


def a_deal(cast: Cast, days: int = 0, due: date = date(2026, 3, 20), **fields: Any) -> Deal:
    said: dict[str, Any] = {"owner": cast.ana, "name": "A deal", "amount": Decimal(100), "by": None, "at": at(days)}
    return sales.open_deal(**said | {"expected_close_on": due} | fields)


def steps(scope: Scope, first: int = -1, last: int = 30, period: Period = QUARTER) -> dict[str, int]:
    drain()
    found = waterfall(scope=scope, period=period, start=on(first), until=on(last))
    told = {name: int(amount) for name, (amount, _) in found.steps.items() if amount}
    return {"start": int(found.start), **told, "end": int(found.end)}


def test_a_new_deal_that_is_won_comes_in_and_goes_out(cast: Cast) -> None:
    deal = a_deal(cast)
    assert steps(Scope.company()) == {"start": 0, "new": 100, "end": 100}
    sales.win_deal(deal=deal, by=None, at=at(4), on=on(4), amount=Decimal(130))
    assert steps(Scope.company()) == {"start": 0, "new": 100, "grew": 30, "won": -130, "end": 0}
    assert steps(Scope.company(), 0, 3) == {"start": 100, "end": 100}


def test_moving_in_or_out_of_the_period_is_valued_at_the_new_amount(cast: Cast) -> None:
    deal = a_deal(cast, due=date(2026, 4, 2))
    sales.change_deal(deal=deal, by=None, at=at(2), amount=Decimal(120), expected_close_on=date(2026, 3, 2))
    assert steps(Scope.company()) == {"start": 0, "pulled_in": 120, "end": 120}
    sales.change_deal(deal=deal, by=None, at=at(3), amount=Decimal(90), expected_close_on=date(2026, 5, 2))
    assert steps(Scope.company()) == {"start": 0, "pulled_in": 120, "pushed_out": -90, "shrank": -30, "end": 0}


def test_a_deal_that_changes_hands_is_reassigned_between_teams_and_not_within_one(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.change_deal(deal=deal, by=None, at=at(2), owner=cast.ben, amount=Decimal(150))
    assert steps(Scope.team(cast.north)) == {"start": 0, "new": 100, "grew": 50, "end": 150}
    assert steps(Scope.person(cast.ana)) == {"start": 0, "new": 100, "reassigned": -100, "end": 0}
    assert steps(Scope.person(cast.ben)) == {"start": 0, "grew": 50, "reassigned": 100, "end": 150}
    sales.change_deal(deal=deal, by=None, at=at(3), owner=cast.cleo)
    assert steps(Scope.team(cast.north))["reassigned"] == -150
    assert steps(Scope.team(cast.south)) == {"start": 0, "reassigned": 150, "end": 150}
    assert steps(Scope.company()) == {"start": 0, "new": 100, "grew": 50, "end": 150}


def test_overdue_open_deals_stay_in(cast: Cast) -> None:
    a_deal(cast, due=on(3))
    assert steps(Scope.company(), 10, 20) == {"start": 100, "end": 100}


def test_a_reopened_and_a_withdrawn_deal(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.lose_deal(deal=deal, reason=LostReason.objects.get(key="price"), by=None, at=at(2), on=on(2))
    sales.reopen_deal(deal=deal, by=None, at=at(4), on=on(4))
    sales.withdraw_deal(deal=deal, by=None, at=at(6))
    assert steps(Scope.company()) == {
        "start": 0, "new": 100, "reopened": 100, "lost": -100, "removed": -100, "end": 0
    }  # fmt: skip


def test_amounts_are_taken_at_the_plan_rate_and_what_has_no_rate_is_left_out_and_said(cast: Cast) -> None:
    ExchangeRate.objects.create(currency="USD", kind="plan", rate=Decimal("0.8"), during=half_open(date(2026, 1, 1)))
    ExchangeRate.objects.create(currency="USD", kind="actual", rate=Decimal("0.9"), during=half_open(date(2026, 1, 1)))
    a_deal(cast, currency="USD")
    a_deal(cast, currency="CHF")
    assert steps(Scope.company()) == {"start": 0, "new": 80, "end": 80}
    assert waterfall(scope=Scope.company(), period=QUARTER, start=on(-1), until=on(5)).left_out == 1


def test_every_step_opens_its_deals(cast: Cast) -> None:
    deal = a_deal(cast)
    a_deal(cast, owner=cast.cleo, amount=Decimal(70))
    sales.win_deal(deal=deal, by=None, at=at(4), on=on(4))
    drain()
    asked: dict[str, Any] = {"scope": Scope.company(), "period": QUARTER, "start": on(-1), "until": on(9)}
    assert [(move.deal_id, move.on, move.amount) for move in moves(**asked, step="won")] == [
        (deal.pk, on(4), Decimal(-100))
    ]
    assert [move.amount for move in moves(**asked, step="new")] == [Decimal(100), Decimal(70)]
    assert [move.amount for move in moves(**asked, step="end")] == [Decimal(70)]
    assert moves(**asked, step="start") == []


def test_the_pipeline_of_a_past_day_is_that_days(cast: Cast) -> None:
    deal = a_deal(cast)
    sales.change_deal(deal=deal, by=None, at=at(3), amount=Decimal(150))
    sales.win_deal(deal=deal, by=None, at=at(5), on=on(5))
    drain()
    for scope in (Scope.company(), Scope.team(cast.north), Scope.person(cast.ana)):
        found = [open_pipeline(scope=scope, period=QUARTER, as_of=on(day))[:2] for day in (-1, 0, 3, 5)]
        assert found == [(0, 0), (100, 1), (150, 1), (0, 0)]
    assert open_pipeline(scope=Scope.team(cast.south), period=QUARTER, as_of=on(3))[0] == 0


def test_the_mean_of_open_deals_counts_each_close(cast: Cast) -> None:
    deal = a_deal(cast)
    a_deal(cast, days=5)
    sales.win_deal(deal=deal, by=None, at=at(4), on=on(4))
    drain()
    found = mean_open_deals(person_ids=[cast.ana.pk, cast.ben.pk], start=on(0), until=on(10))
    assert found == {cast.ana.pk: Decimal("0.9"), cast.ben.pk: 0}


# ── Against a plain recomputation ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class State:
    """A deal at the close of a day, as its record says it."""

    status: str
    owner: int
    team: int
    value: Decimal
    due: date | None


Snapshot = dict[int, State]


def photograph(day: date) -> Snapshot:
    """Every deal that is there, read from the records alone."""
    teams = dict(Posting.objects.on(day).values_list("person_id", "team_id"))
    rates = {"EUR": Decimal(1), "USD": Decimal("0.8137")}
    return {
        deal.pk: State(
            deal.status, deal.owner_id, teams[deal.owner_id],
            round((deal.amount or Decimal(0)) * rates[deal.currency], 2), deal.expected_close_on,
        )
        for deal in Deal.objects.filter(withdrawn_at=None)
    }  # fmt: skip


def holding(period: Period, is_mine: Callable[[State], bool]) -> Callable[[State], bool]:
    return lambda state: state.status == "open" and state.due is not None and state.due in period and is_mine(state)


def plainly(days: list[Snapshot], period: Period, is_mine: Callable[[State], bool]) -> dict[str, Decimal]:
    """R20, day by day and deal by deal."""
    found = dict.fromkeys(["start", *STEPS, "end"], Decimal(0))

    def is_due(state: State) -> bool:
        return state.due is not None and state.due in period

    holds = holding(period, is_mine)
    for name, day in (("start", days[0]), ("end", days[-1])):
        found[name] = sum((state.value for state in day.values() if holds(state)), Decimal(0))
    for before, after in pairwise(days):
        for pk in before.keys() | after.keys():
            old, new = before.get(pk), after.get(pk)
            if new is None:
                assert old is not None
                if holds(old):
                    found["removed"] -= old.value
                continue
            inside = False
            if old is None or old.status != "open":
                if old is not None and new.status == old.status:
                    continue
                if is_mine(new) and is_due(new):
                    found["new" if old is None else "reopened"] += new.value
                    inside = True
            else:
                inside = holds(old)
                if is_due(old) and is_mine(old) != is_mine(new):
                    found["reassigned"] += old.value if is_mine(new) else -old.value
                    inside = is_mine(new)
                if inside:
                    found["grew" if new.value > old.value else "shrank"] += new.value - old.value
                if inside and not is_due(new):
                    found["pushed_out"] -= new.value
                    inside = False
                elif not inside and is_mine(new) and is_due(new) and not is_due(old):
                    found["pulled_in"] += new.value
                    inside = True
            if inside and new.status != "open":
                found[new.status] -= new.value
    return found


ACTS = ("open", "amount", "date", "owner", "win", "lose", "reopen", "withdraw", "post", "currency")
histories = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(ACTS), st.integers(0, 9), st.integers(0, 999)), min_size=4, max_size=28
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, ends=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_whatever_happens_the_steps_are_those_of_a_plain_recomputation(
    cast: Cast, history: list[tuple[int, str, int, int]], ends: tuple[int, int]
) -> None:
    """Each act happens some days after the one before, or on the same; then any two days, each scope, two periods."""
    with transaction.atomic():
        rate = {"currency": "USD", "during": half_open(date(2025, 1, 1))}
        ExchangeRate.objects.create(kind="plan", rate=Decimal("0.8137"), **rate)
        ExchangeRate.objects.create(kind="actual", rate=Decimal("0.9"), **rate)
        photographs, day = [photograph(on(-1))], 0
        for place, (later, act, which, number) in enumerate(history):
            for _ in range(later):
                photographs.append(photograph(on(day)))
                day += 1
                if number % 3 == 0:
                    drain()
            do(cast, act, which, number, day, place)
        photographs.append(photograph(on(day)))
        drain()
        first, last = sorted(end % len(photographs) for end in ends)
        scopes: list[tuple[Scope, Callable[[State], bool]]] = [
            (Scope.company(), lambda state: True),
            (Scope.team(cast.north), lambda state: state.team == cast.north.pk),
            (Scope.person(cast.ana), lambda state: state.owner == cast.ana.pk),
        ]
        for period in (QUARTER, MONTH, ODD):
            for scope, is_mine in scopes:
                told = waterfall(scope=scope, period=period, start=on(first - 1), until=on(last - 1))
                said = {"start": told.start, "end": told.end} | {name: told.steps[name][0] for name in STEPS}
                assert said == plainly(photographs[first : last + 1], period, is_mine)
                assert told.end_count == sum(map(holding(period, is_mine), photographs[last].values()))
                for name in ("start", "end", *STEPS):
                    behind = moves(scope=scope, period=period, start=on(first - 1), until=on(last - 1), step=name)
                    assert sum((move.amount for move in behind), Decimal(0)) == said[name]
        assert list(snapshots.rebuild(write=False)) == []
        transaction.set_rollback(True)


def do(cast: Cast, act: str, which: int, number: int, day: int, place: int) -> None:
    """One act on some deal that it can be done to; nothing where there is none."""
    people: list[Person] = [cast.ana, cast.ben, cast.cleo]
    said: dict[str, Any] = {"by": None, "at": at(day, 8) + timedelta(minutes=place)}
    amount, due = Decimal(number * 7) / 4, date(2026, 1, 20) + timedelta(days=number % 90)
    person = people[number % 3]
    if act == "open":
        currency = "USD" if number % 2 else "EUR"
        sales.open_deal(
            owner=person, name="A deal", amount=amount if number % 5 else None, currency=currency,
            expected_close_on=due if number % 7 else None, **said,
        )  # fmt: skip
        return
    if act == "post":
        standing = Posting.objects.get(person=person, during__contains=on(day))
        if standing.starts_on < on(day):
            standing.during = half_open(standing.starts_on, on(day))
            standing.save()
            team = cast.south if standing.team_id == cast.north.pk else cast.north
            Posting.objects.create(person=person, team=team, role=Role.REP, during=half_open(on(day)))
        return
    closed = act == "reopen"
    deals = Deal.objects.filter(withdrawn_at=None).order_by("pk")
    fitting = [d for d in deals if act == "withdraw" or (d.status == "open") != closed]
    if not fitting:
        return
    deal = fitting[which % len(fitting)]
    if act == "amount":
        sales.change_deal(deal=deal, amount=amount, **said)
    elif act == "date":
        sales.change_deal(deal=deal, expected_close_on=due, **said)
    elif act == "owner":
        sales.change_deal(deal=deal, owner=person, **said)
    elif act == "currency":
        sales.change_deal(deal=deal, currency="USD" if deal.currency == "EUR" else "EUR", **said)
    elif act == "win":
        sales.win_deal(deal=deal, amount=amount, on=on(day), **said)
    elif act == "lose":
        sales.lose_deal(deal=deal, reason=LostReason.objects.get(key="price"), on=on(day), **said)
    elif act == "reopen":
        sales.reopen_deal(deal=deal, on=on(day), **said)
    elif act == "withdraw":
        sales.withdraw_deal(deal=deal, **said)


# ── The page, the deals behind it, the API ──────────────────────────────────────────────────────────────────────


def test_the_api_gives_the_waterfall_of_the_contract(client: Client, cast: Cast) -> None:
    deal = a_deal(cast)
    sales.win_deal(deal=deal, by=None, at=at(4), on=on(4))
    drain()
    client.force_login(cast.maya.user)
    asked = {"of": "team:North", "period": "2026-Q1", "from": "2026-01-04", "until": "2026-01-12"}
    told = client.get("/api/v1/waterfall/", asked).json()
    assert (told["start"], told["new"], told["won"], told["end"]) == ("0", "100.00", "-100.00", "0.00")
    assert told["from"] == "2026-01-04"
    assert told["deals"]["won"] == 1
    assert client.get("/api/v1/waterfall/", asked | {"of": "team:South"}).status_code == 404
    wrong = client.get("/api/v1/waterfall/", asked | {"until": "2026-01-02"})
    assert wrong.status_code == 400
    assert "lies before" in wrong.content.decode()


def test_each_bar_of_the_page_opens_its_deals_and_the_rest_is_one_line(client: Client, cast: Cast) -> None:
    deal = a_deal(cast, name="Brandt Optik")
    a_deal(cast, name="Of another", amount=Decimal(40))
    drain()
    sales.change_deal(deal=Deal.objects.get(name="Of another"), by=None, at=at(2), owner=cast.cleo)
    drain()
    client.force_login(cast.maya.user)
    asked = "of=team:North&period=2026-Q1&from=2026-01-04&until=2026-02-04"
    page = client.get(f"/pipeline/?{asked}").content.decode()
    assert "€100 of pipeline" in page
    assert "step=new" in page
    behind = client.get(f"/pipeline/deals/?{asked}&step=new").content.decode()
    assert f'href="/deals/{deal.pk}/"' in behind
    assert "New: €140" in behind
    assert "Of another" not in behind
    assert "and 1 of deals" in behind
    lines = content_of(client.get(f"/pipeline/?{asked}&format=csv")).decode().splitlines()
    assert lines[2].startswith("new,140")


def test_nonsense_in_the_address_is_not_found(client: Client, cast: Cast) -> None:
    client.force_login(cast.ana.user)
    for asked in ("period=2026-Q9", "from=yesterday", "of=team:North", "from=2026-02-01&until=2026-01-01"):
        assert client.get(f"/pipeline/?{asked}").status_code == 404
    assert client.get("/pipeline/deals/?step=none").status_code == 404
    assert client.get("/pipeline/").status_code == 200


def test_the_page_takes_as_many_queries_however_many_deals_there_are(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        a_deal(cast)
    drain()
    client.force_login(cast.vera.user)
    client.get("/pipeline/?period=2026-Q1")
    with django_assert_max_num_queries(20):
        client.get("/pipeline/?period=2026-Q1")
