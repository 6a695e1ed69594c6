"""Every measure worked out again from the records with pandas: no rollup, no statement, nothing of the product's."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from performance.models import Call
from sales.models import (
    Activity,
    Complaint,
    Contract,
    Credit,
    Deal,
    Feedback,
    Lead,
    Order,
    OrderLine,
    Outcome,
    Product,
    Referral,
    TimeEntry,
)
from targets.models import QuotaEntry
from teams.models import ExchangeRate, Posting, Team

ZERO, CENT, FOUR = Decimal(0), Decimal("0.01"), Decimal("0.0001")
BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = ["person", "team", "on", "part", "value", "count"]


def table(model: Any) -> pd.DataFrame:
    rows = list(model.objects.values())
    frame = pd.DataFrame(rows, columns=[field.attname for field in model._meta.concrete_fields], dtype=object)
    return frame.where(frame.notna(), None)


def present(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame.withdrawn_at.isna()]


def rounded(amount: Decimal, places: Decimal = CENT) -> Decimal:
    return amount.quantize(places, rounding=ROUND_HALF_UP)


class Plain:
    """What stands in the database, and what it comes to in `[start, until)`."""

    def __init__(self, start: date, until: date) -> None:
        self.start, self.until = start, until
        self.postings, self.rates = list(Posting.objects.values()), list(ExchangeRate.objects.values())
        self.paths = {team.pk: team.path for team in Team.objects.all()}
        self.activities = present(table(Activity))
        self.credits, self.outcomes = table(Credit), table(Outcome)
        planned = zip(self.credits.plan_amount, self.credits.reporting_amount, strict=True)
        self.credits["judged"] = pd.Series([a if b is None else b for b, a in planned], dtype=object)
        self.deals = present(table(Deal))
        every = table(Order)
        self.orders = present(every)[present(every).cancelled_on.isna()]
        lines = present(table(OrderLine))
        self.lines = lines[lines.order_id.isin(self.orders.id)].merge(
            every.add_prefix("o_"), left_on="order_id", right_on="o_id"
        )
        products = table(Product).add_prefix("p_")
        self.lines = self.lines.merge(products, how="left", left_on="product_id", right_on="p_id")
        self.lines = self.lines.where(self.lines.notna(), None)
        self.booked = self.credits.merge(every.add_prefix("o_"), left_on="order_id", right_on="o_id")
        self.leads, self.feedback, self.complaints = (present(table(model)) for model in (Lead, Feedback, Complaint))
        contracts = present(table(Contract)).merge(
            table(Deal).add_prefix("d_"), how="left", left_on="renewal_deal_id", right_on="d_id"
        )
        self.contracts = contracts.where(contracts.notna(), None)
        self.referrals, self.time = present(table(Referral)), present(table(TimeEntry))
        self.calls = self.judged()
        self.quotas = [row for row in QuotaEntry.objects.values() if row["measure"] == "bookings"]

    def judged(self) -> pd.DataFrame:
        """A row for each call that stood at the end of week 1, 5 or 9 of its quarter, with what was credited."""
        made = []
        calls = [call for call in Call.objects.filter(team=None).order_by("made_on", "made_at", "pk").values()
                 if "-Q" in call["period"]]  # fmt: skip
        for (person, _), own in groupby(
            sorted(calls, key=lambda c: (c["person_id"], c["period"])), key=lambda c: (c["person_id"], c["period"])
        ):
            every = list(own)
            first, until = every[0]["starts_on"], every[0]["until"]
            mine = self.credits[(self.credits.person_id == person) & (self.credits.occurred_on >= first)]
            result = sum(mine[mine.occurred_on < until].judged, ZERO)
            for week in (1, 5, 9):
                standing = [c for c in every if c["made_on"] <= first + timedelta(days=7 * week - 1)]
                if standing:
                    made.append((person, until - timedelta(days=1), standing[-1]["commit"], result))
        return pd.DataFrame(made, columns=["person_id", "on", "commit", "result"])

    # ── What it is made of ──────────────────────────────────────────────────────────────────────────────────────

    def team_on(self, person: int, day: date) -> int:
        return next(
            (
                posting["team_id"] for posting in self.postings
                if posting["person_id"] == person and day in _days(posting["during"])
            ),
            0,
        )  # fmt: skip

    def worth(
        self, amount: Any, currency: str | None, day: date, places: Decimal = CENT, *, is_planned: bool = False
    ) -> Decimal | None:
        if amount is None or currency is None:
            return None
        if currency in {"EUR", ""}:
            return rounded(amount, places)
        begun = [
            r for r in self.rates if r["currency"] == currency and r["kind"] == "actual" and r["during"].lower <= day
        ]
        planned = [
            r for r in self.rates if r["currency"] == currency and r["kind"] == "plan" and r["during"].lower <= day
        ]
        begun = planned or begun if is_planned else begun
        if not begun:
            return None
        return rounded(amount * max(begun, key=lambda r: r["during"].lower)["rate"], places)

    def is_first(self, account: Any, day: date) -> bool:
        """Whether a customer had ordered nothing before a day."""
        if account is None:
            return False
        earlier = self.orders[(self.orders.account_id == account) & (self.orders.ordered_on < day)]
        return earlier.empty

    def items(
        self, frame: pd.DataFrame, person: str, day: Callable[[Any], Any] | str, *, part: str = "a",
        value: Callable[[Any, date], Any] = lambda row, on: Decimal(1), team: str = "", sign: str = "",
        where: Callable[[Any], bool] = lambda row: True,
    ) -> pd.DataFrame:  # fmt: skip
        """One row per record that counts."""
        made = []
        for row in frame.itertuples():
            on = getattr(row, day) if isinstance(day, str) else day(row)
            who = getattr(row, person)
            if on is None or who is None or not self.start <= on < self.until or not where(row):
                continue
            amount = value(row, on)
            if amount is None:
                continue
            where_to = (getattr(row, team) or 0) if team else self.team_on(who, on)
            made.append((who, where_to, on, part, amount, getattr(row, sign) if sign else 1))
        return pd.DataFrame(made, columns=COLUMNS)

    # ── Every measure ───────────────────────────────────────────────────────────────────────────────────────────

    def measures(self) -> dict[str, tuple[str, list[pd.DataFrame]]]:
        def activities(**more: Any) -> pd.DataFrame:
            return self.items(self.activities, "owner_id", "occurred_on", **more)

        def kinds(*wanted: str) -> Callable[[Any], bool]:
            return lambda row: row.kind in wanted

        def credits(kind: str = "primary", **more: Any) -> pd.DataFrame:
            also = more.pop("where", lambda row: True)
            return self.items(
                self.booked, "person_id", more.pop("day", "occurred_on"), value=lambda row, on: row.reporting_amount,
                team="team_id", where=lambda row: row.kind == kind and also(row), **more,
            )  # fmt: skip

        def outcomes(value: Callable[[Any, date], Any], where: Callable[[Any], bool], part: str = "a") -> pd.DataFrame:
            return self.items(
                self.outcomes, "person_id", "occurred_on", value=value, where=where, team="team_id", sign="count",
                part=part,
            )  # fmt: skip

        def won(row: Any) -> bool:
            return bool(row.status == "won")

        def amount(row: Any, on: date) -> Decimal:
            return Decimal(row.amount * row.count)  # as it was, whichever way it counts

        def one(row: Any, on: date) -> Decimal:
            return Decimal(1)

        def orders(day: str, part: str = "a", who: str = "owner_id", **more: Any) -> pd.DataFrame:
            return self.items(self.orders, who, day, part=part, **more)

        def deals(day: str, part: str = "a", **more: Any) -> pd.DataFrame:
            return self.items(self.deals, "owner_id", day, part=part, **more)

        def lines(value: Callable[[Any, date], Any], where: Callable[[Any], bool], part: str = "a") -> pd.DataFrame:
            return self.items(self.lines, "o_owner_id", "o_ordered_on", value=value, where=where, part=part)

        def cost(row: Any, on: date) -> Decimal | None:
            if row.unit_cost is not None:
                return self.worth(row.quantity * row.unit_cost, row.o_currency, on, FOUR)
            return self.worth(row.quantity * row.p_unit_cost, row.p_currency, on, FOUR)

        def net(row: Any, on: date) -> Decimal | None:
            return self.worth(row.amount, row.o_currency, on, FOUR)

        def margin(row: Any, on: date) -> Decimal | None:
            gained, spent = net(row, on), cost(row, on)
            return None if gained is None or spent is None else gained - spent

        def is_costed(row: Any) -> bool:
            return row.quantity is not None and (row.unit_cost is not None or row.p_unit_cost is not None)

        def is_listed(row: Any) -> bool:
            return row.list_price is not None and row.list_price > 0

        def off_list(row: Any, on: date) -> Decimal | None:
            if row.quantity is None:
                return None
            return self.worth(row.quantity * row.list_price - row.amount, row.o_currency, on, FOUR)

        def listed(row: Any, on: date) -> Decimal | None:
            return None if row.quantity is None else self.worth(row.quantity * row.list_price, row.o_currency, on, FOUR)

        def leads(day: str, part: str = "a", **more: Any) -> pd.DataFrame:
            return self.items(self.leads, "owner_id", lambda row: _local(getattr(row, day)), part=part, **more)

        def response(row: Any, on: date) -> Decimal | None:
            if row.first_response_at is None:
                return None
            return Decimal((row.first_response_at - row.received_at) // timedelta(minutes=1))

        def answers(kind: str, part: str = "a", least: int = 0, value: Any = one) -> pd.DataFrame:
            fits = lambda row: row.kind == kind and row.score >= least  # noqa: E731
            return self.items(self.feedback, "owner_id", "given_on", where=fits, part=part, value=value)

        def contracts(value: Callable[[Any, date], Any], part: str = "a") -> pd.DataFrame:
            return self.items(self.contracts, "owner_id", "ends_on", value=value, part=part)

        def before(row: Any, on: date) -> Decimal | None:
            return self.worth(row.value, row.currency, on)

        def after(row: Any, on: date) -> Decimal | None:
            if row.d_status != "won" or row.d_withdrawn_at is not None:
                return ZERO
            return self.worth(row.d_amount, row.d_currency, on)

        def kept(row: Any, on: date) -> Decimal | None:
            if row.d_status != "won" or row.d_withdrawn_at is not None:
                return ZERO
            both = [one for one in (before(row, on), after(row, on)) if one is not None]
            return min(both) if both else None

        def first(row: Any) -> bool:
            return self.is_first(row.o_account_id, row.o_ordered_on)

        def complaints(day: str, **more: Any) -> pd.DataFrame:
            return self.items(self.complaints, "owner_id", day, **more)

        def promised(row: Any) -> bool:
            return row.promised_on is not None

        def in_time(day: str) -> Callable[[Any], bool]:
            return lambda row: row.promised_on is not None and getattr(row, day) <= row.promised_on

        def has_step(row: Any) -> bool:
            return bool(row.status == "open" and row.next_step and row.next_step_on)

        def worth(row: Any, on: date) -> Decimal | None:
            return self.worth(row.amount, row.currency, on)

        def days(row: Any, on: date) -> Decimal | None:
            return None if row.answered_on is None else Decimal((row.answered_on - row.received_on).days)

        def in_log(row: Any, on: date) -> Decimal | None:
            return None if row.duration_minutes is None else Decimal(row.duration_minutes)

        def counted(row: Any) -> bool:
            return bool(row.counts)

        asked = self.items(self.referrals, "owner_id", "asked_on")
        return {
            "bookings": ("sum", [credits(), credits("overlay", part="own")]),
            "overlay": ("sum", [credits("overlay")]),
            "deals_won": ("count", [outcomes(one, won)]),
            "deals_lost": ("count", [outcomes(one, lambda row: row.status == "lost")]),
            "won_value": ("sum", [outcomes(amount, won)]),
            "win_rate": ("wins", [outcomes(one, lambda row: won(row) and counted(row)),
                                  outcomes(one, lambda row: row.status == "lost" and counted(row), "b")]),
            "win_rate_value": ("wins", [outcomes(amount, lambda row: won(row) and counted(row)),
                                        outcomes(amount, lambda row: row.status == "lost" and counted(row), "b")]),
            "average_deal": ("average", [outcomes(amount, won)]),
            "sales_cycle": ("median", [outcomes(lambda row, on: row.cycle_days, won)]),
            "activities": ("count", [activities()]),
            **{f"activities.{kind}": ("count", [activities(where=kinds(kind))]) for kind in Activity.Kind.values},
            "meetings_set": ("count", [activities(where=kinds("meeting", "demo", "visit"))]),
            "new_pipeline": ("sum", [deals("opened_on", value=worth)]),
            "new_deals": ("count", [deals("opened_on")]),
            "response_time": ("median", [leads("received_at", value=response)]),
            "slow_response": ("90", [leads("received_at", value=response)]),
            "leads_qualified": ("count", [leads("decided_at", where=lambda row: row.status == "qualified")]),
            "lead_conversion": ("ratio", [leads("decided_at", where=lambda row: row.status == "qualified"),
                                          leads("decided_at", "b")]),
            "next_steps": ("ratio", [deals("expected_close_on", where=has_step),
                                     deals("expected_close_on", "b", where=lambda row: row.status == "open")]),
            "selling_time": ("share", [activities(value=in_log), self.items(
                self.time, "owner_id", "on", part="b", value=lambda row, on: Decimal(row.minutes))]),
            "referrals": ("count", [asked]),
            "referral_yield": ("ratio", [
                self.items(self.referrals, "owner_id", "asked_on", where=lambda row: row.lead_id is not None),
                asked.assign(part="b")]),
            "margin": ("sum", [lines(margin, is_costed)]),
            "margin_rate": ("ratio", [lines(margin, is_costed), lines(net, is_costed, "b")]),
            "discount": ("ratio", [lines(off_list, is_listed), lines(listed, is_listed, "b")]),
            "new_business": ("sum", [credits(where=first)]),
            "existing_business": ("sum", [credits(where=lambda row: not first(row))]),
            "new_customers": ("count", [orders("ordered_on", where=lambda row: self.is_first(
                row.account_id, row.ordered_on))]),
            "gross_retention": ("ratio", [contracts(kept), contracts(before, "b")]),
            "net_retention": ("ratio", [contracts(after), contracts(before, "b")]),
            "median_deal": ("sketch", [outcomes(amount, won)]),
            "closed_as_expected": ("ratio", [
                deals("closed_on", where=lambda row: won(row) and row.expected_close_on is not None
                      and row.closed_on <= row.expected_close_on),
                deals("closed_on", "b", where=won)]),
            "satisfaction": ("ratio", [answers("csat", least=4), answers("csat", "b")]),
            "csat_score": ("average", [answers("csat", value=lambda row, on: Decimal(row.score))]),
            "nps": ("nps", [answers("nps", value=lambda row, on: Decimal(row.score))]),
            "complaints": ("count", [complaints("received_on")]),
            "on_time_production": ("ratio", [orders("produced_on", where=in_time("produced_on")),
                                             orders("produced_on", "b", where=promised)]),
            "on_time": ("ratio", [orders("delivered_on", where=in_time("delivered_on")),
                                  orders("delivered_on", "b", where=promised)]),
            "deliveries": ("count", [orders("delivered_on", who="delivered_by_id")]),
            "own_on_time": ("ratio", [
                orders("delivered_on", who="delivered_by_id", where=in_time("delivered_on")),
                orders("delivered_on", "b", "delivered_by_id", where=promised)]),
            "complaints_answered": ("count", [complaints("answered_on")]),
            "forecast_accuracy": ("ratio", [
                self.items(self.calls, "person_id", "on",
                           value=lambda row, on: row.result - abs(row.commit - row.result)),
                self.items(self.calls, "person_id", "on", part="b", value=lambda row, on: row.result)]),
            "answer_days": ("median", [complaints("received_on", value=days)]),
        }  # fmt: skip

    def judged_by(self) -> tuple[str, list[pd.DataFrame]]:
        """Credit at the plan's rates, by which people are judged."""

        def credits(kind: str, part: str) -> pd.DataFrame:
            return self.items(
                self.booked, "person_id", "occurred_on", value=lambda row, on: row.judged, team="team_id", part=part,
                where=lambda row: row.kind == kind,
            )  # fmt: skip

        return "sum", [credits("primary", "a"), credits("overlay", "own")]

    def against_plan(
        self, credited: Decimal, until: date, today: date, *, person: int | None, teams: Collection[int] | None
    ) -> dict[str, Decimal | None]:
        """What compares with the plan and the pipeline; quota entries lie in whole months, and `until` ends one."""
        ours = [row for row in self.quotas if row["during"].lower < self.until and row["during"].upper > self.start]
        if person is not None or teams is not None:
            ours = [row for row in ours if (row["person_id"] == person if teams is None else row["team_id"] in teams)]
        ended = [row for row in ours if row["during"].upper <= until]
        quota, expected = (sum((row["reporting_amount"] for row in rows), ZERO) for rows in (ours, ended))
        pipeline = ZERO
        for deal in self.deals[self.deals.status == "open"].itertuples():
            owner, due = deal.owner_id, deal.expected_close_on
            is_ours = owner == person if person is not None else teams is None or self.team_on(owner, today) in teams
            if due is not None and self.start <= due < self.until and is_ours:
                pipeline += self.worth(deal.amount, deal.currency, due, is_planned=True) or ZERO
        gap = quota - credited if ours else None
        return {
            "quota": quota if ours else None,
            "expected": expected if ours else None,
            "attainment": credited / quota if quota > 0 else None,
            "pace": credited / expected if expected > 0 else None,
            "gap": gap,
            "pipeline": pipeline,
            "coverage": pipeline / gap if gap is not None and gap > 0 else None,
        }

    def value(
        self, method: str, parts: list[pd.DataFrame], *, person: int | None, teams: Collection[int] | None
    ) -> Any:
        """Of a person, of teams, or (neither) of all."""
        rows = pd.concat(parts) if len(parts) > 1 else parts[0]
        if person is not None:
            rows = rows[rows.person == person]
        else:
            rows = rows[rows.part != "own"]
            rows = rows if teams is None else rows[rows.team.isin(list(teams))]
        above, below = rows[rows.part != "b"], rows[rows.part == "b"]
        total = sum((v * c for v, c in zip(above.value, above["count"], strict=True)), ZERO)
        other = sum((v * c for v, c in zip(below.value, below["count"], strict=True)), ZERO)
        count = int(above["count"].sum()) if len(above) else 0
        if method in {"sum", "count"}:
            return total
        if method == "average":
            return total / count if count > 0 else None
        if method in {"ratio", "share", "wins"}:
            other = other if method == "ratio" else total + other
            return None if other <= 0 or (method == "wins" and total < 0) else total / other
        values: dict[int, int] = {}
        for one, times in zip(above.value, above["count"], strict=True):
            values[one] = values.get(one, 0) + times
        spread = sorted(one for one, times in values.items() for _ in range(max(times, 0)))
        if method == "nps":
            if not spread or (rows.person.nunique() == 1 and len(spread) < 10):
                return None
            return 100 * Decimal(sum(s >= 9 for s in spread) - sum(s <= 6 for s in spread)) / len(spread)
        if not spread:
            return None
        if method == "median":
            return (Decimal(spread[(len(spread) - 1) // 2]) + spread[len(spread) // 2]) / 2
        share = Decimal("0.9") if method == "90" else Decimal("0.5")
        return spread[int((share * len(spread)).to_integral_value("ROUND_CEILING")) - 1]


def _days(during: Any) -> Any:
    class Range:
        def __contains__(self, day: date) -> bool:
            return during.lower <= day and (during.upper is None or day < during.upper)

    return Range()


def _local(moment: Any) -> date | None:
    return None if moment is None else moment.astimezone(BERLIN).date()
