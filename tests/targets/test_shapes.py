"""Seasons are learned, shown, set and rebalanced; ramps go by role and kind of start."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from django.test import Client
from django.urls import reverse

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused
from targets.analysis import learn_shares
from targets.models import QuotaEntry, RampChange, RampProfile, SeasonChange, SeasonProfile
from targets.selectors import learned_season, ramp_differences
from targets.services import enter_quota, flatten_season, relearn_season, set_ramp, set_season
from teams.models import Leave, LeaveKind, Organisation, Posting
from tests.cast import Cast
from tests.targets.test_plan import credit

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
Q3 = Period.parse("2026-Q3")


def shares(period: Period = Q3) -> dict[str, D]:
    profile = SeasonProfile.objects.get(during=half_open(period.start, period.end))
    return dict(profile.shares.order_by("starts_on").values_list("bucket", "percent"))


# ── Seasons ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_differs_by_chance_is_drawn_to_flat_and_what_holds_every_time_counts() -> None:
    steady = {"0": [(D(10), 1)] * 4, "1": [(D(10), 1)] * 4, "2": [(D(40), 1)] * 4}
    restless = {
        "0": [(D(10), 1), (D(40), 1), (D(10), 1), (D(20), 1)],
        "1": [(D(40), 1), (D(10), 1), (D(20), 1), (D(10), 1)],
        "2": [(D(10), 1), (D(10), 1), (D(40), 1), (D(30), 1)],
    }
    ahead = {str(place): (str(place), 20) for place in range(3)}
    assert learn_shares(steady, ahead).weight == 1
    assert learn_shares(steady, ahead).shares == {"0": D("16.6667"), "1": D("16.6667"), "2": D("66.6666")}
    assert learn_shares(restless, ahead).weight == 0
    assert set(learn_shares(restless, ahead).shares.values()) == {D("33.3334"), D("33.3333")}


def test_a_yearly_season_needs_two_full_years_and_is_flat_until_then(cast: Cast) -> None:
    year = Period.parse("2026-FY")
    for month in range(1, 13):
        credit(cast.ana, date(2025, month, 2), 100 if month < 12 else 1300)
    assert not learned_season(year).is_enough
    credit(cast.ana, date(2024, 6, 3), 5000)
    assert not learned_season(year).is_enough  # 2024 is there from June on only
    with pytest.raises(Refused, match="needs 2 full years of results before it and has 1"):
        relearn_season(period=year, by=cast.vera.user, at=AT, reason="Try")
    for month in range(1, 13):
        credit(cast.ana, date(2024, month, 2), 100 if month < 12 else 1300)
    evidence = learned_season(year)
    assert (evidence.is_enough, evidence.periods) == (True, 2)
    assert sum(evidence.learned.shares.values()) == 100


def test_a_season_is_learned_by_weeks_too(cast: Cast) -> None:
    for key in ("2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"):
        for week in Period.parse(key).weeks()[1:-1]:
            credit(cast.ana, week.start, 100)
        credit(cast.ana, Period.parse(key).last_day, 5000)
    relearn_season(period=Q3, buckets="weeks", by=cast.vera.user, at=AT, reason="Last weeks weigh")
    found = shares()
    assert next(iter(found)) == "2026-W27"
    assert sum(found.values()) == 100


def test_a_season_is_set_in_part_and_the_rest_follows_by_the_rule(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    # July 2026 has 23 weekdays, August 21, September 22: flat is 34.8485, 31.8182, 33.3333.
    set_season(
        period=Q3, shares={"2026-09": D(50)}, rule="proportional", by=cast.vera.user, at=AT, reason="Fair in September"
    )
    assert shares() == {"2026-07": D("26.1364"), "2026-08": D("23.8636"), "2026-09": D(50)}
    set_season(
        period=Q3, shares={"2026-09": D(40)}, rule="equal", by=cast.vera.user, at=AT, reason="Smaller", version=1
    )
    assert shares() == {"2026-07": D("31.1364"), "2026-08": D("28.8636"), "2026-09": D(40)}
    with pytest.raises(Refused, match=r"sum to 105\.00 %"):
        set_season(
            period=Q3, shares={"2026-09": D(45)}, rule="none", by=cast.vera.user, at=AT, reason="As typed", version=2
        )
    with pytest.raises(Refused, match="meanwhile"):
        set_season(period=Q3, shares={"2026-09": D(45)}, rule="equal", by=cast.vera.user, at=AT, reason="Stale")
    with pytest.raises(Refused, match="2026-10 is no part of Q3 2026"):
        set_season(
            period=Q3, shares={"2026-10": D(45)}, rule="equal", by=cast.vera.user, at=AT, reason="Not", version=2
        )
    flatten_season(period=Q3, by=cast.vera.user, at=AT, reason="Back", version=2)
    assert shares()["2026-07"] == D("34.8485")
    assert list(SeasonChange.objects.order_by("pk").values_list("reason", flat=True)) == [
        "Fair in September", "Smaller", "Back",
    ]  # fmt: skip


def test_only_who_sees_all_sets_seasons_and_ramps(cast: Cast) -> None:
    for person in (cast.maya, cast.ana):
        with pytest.raises(Refused):
            flatten_season(period=Q3, by=person.user, at=AT, reason="Mine")
        with pytest.raises(Refused):
            set_ramp(name="Mine", percents={1: D(0)}, by=person.user, at=AT, reason="Mine")


def test_the_season_page_shows_the_evidence_and_refuses_a_stale_form(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera.user)  # type: ignore[arg-type]
    page = reverse("season", args=["2026-Q3"])
    assert "4 full quarters of results are needed before it, 0 are there" in client.get(page).content.decode()
    said = {"rule": "proportional", "reason": "Fair", "version": "0", "share_2026-07": "20"}
    first = client.get(page).context["form"]
    said |= {f"share_{key}": str(first[f"share_{key}"].initial) for key in first.keys if key != "2026-07"}
    assert client.post(page, said).status_code == 302
    assert shares()["2026-07"] == 20
    again = client.post(page, said)
    assert again.status_code == 422
    assert "meanwhile" in again.content.decode()
    assert client.post(page, {**said, "share_2026-07": "x"}).status_code == 422
    assert client.post(page, {"act": "flat", "reason": "Back", "version": "1"}).status_code == 303
    assert client.get(reverse("season", args=["2026-07"])).status_code == 404
    assert client.get(reverse("seasons")).status_code == 200


# ── Ramps ───────────────────────────────────────────────────────────────────────────────────────────────────────


def give(cast: Cast) -> list[tuple[str, D]]:
    enter_quota(
        person=cast.ana, amount=D(66000), basis="base", team=cast.north, reason="Plan", by=cast.admin, at=AT,
        start=Q3.start, end=Q3.end,
    )  # fmt: skip
    rows = QuotaEntry.objects.filter(seat=cast.ana, person__isnull=False).order_by("pk")
    return [(row.kind, row.amount) for row in rows]


def rule(cast: Cast, start: str, *percents: int, role: str = "") -> RampProfile:
    steps = {month: D(percent) for month, percent in enumerate(percents, 1)}
    return set_ramp(
        name=f"After {start} {role}", percents=steps, start=start, role=role, by=cast.vera.user, at=AT, reason="Usual"
    )


def test_who_is_new_ramps_from_the_day_of_joining(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    cast.ana.hired_on = date(2026, 7, 13)
    cast.ana.save()
    Posting.objects.filter(person=cast.ana).update(during=half_open(date(2026, 7, 13)))
    rule(cast, "new", 50)
    # 66 weekdays at 1,000. Eight before 13 July are vacant; month 1, 13 July to 12 August, has 23 days at half.
    assert give(cast) == [("base", D(66000)), ("employment", D(-8000)), ("ramp", D(-11500))]


def test_who_moves_to_another_team_ramps_from_the_day_of_moving(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    Posting.objects.filter(person=cast.ana).update(
        team=cast.south, during=half_open(date(2024, 1, 1), date(2026, 7, 6))
    )
    Posting.objects.create(person=cast.ana, team=cast.north, during=half_open(date(2026, 7, 6)))
    rule(cast, "new", 0, 0, 0)
    rule(cast, "transfer", 80)
    # From 6 July: 63 days. Month 1 is 6 July to 5 August, 23 weekdays, each 200 less.
    assert give(cast) == [("base", D(66000)), ("employment", D(-3000)), ("ramp", D(-4600))]


def test_who_is_back_from_a_long_leave_ramps_from_the_day_of_return(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    parental = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=parental, during=through(date(2026, 3, 1), date(2026, 7, 31)))
    rule(cast, "return", 60)
    # 23 days of July are relieved; month 1 is August (3 to 31 Aug), 21 days, each 400 less.
    assert give(cast) == [("base", D(66000)), ("leave", D(-23000)), ("ramp", D(-8400))]


def test_a_ramp_of_ones_role_goes_before_that_of_every_role(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    cast.ana.hired_on = date(2026, 7, 1)
    cast.ana.save()
    rule(cast, "new", 0)
    rule(cast, "new", 50, role="rep")
    assert give(cast)[-1] == ("ramp", D(-11500))  # July has 23 weekdays


def test_a_posting_that_names_a_ramp_goes_by_that_one(cast: Cast) -> None:
    Organisation.objects.update(holiday_region="")
    cast.ana.hired_on = date(2026, 7, 1)
    cast.ana.save()
    rule(cast, "new", 0, 0)
    named = set_ramp(name="Gentle", percents={1: D(90)}, by=cast.vera.user, at=AT, reason="For Ana")
    Posting.objects.filter(person=cast.ana).update(ramp=named.name)
    assert give(cast)[-1] == ("ramp", D(-2300))


def test_changing_a_ramp_changes_no_entry_and_keeps_who_and_why(cast: Cast) -> None:
    profile = rule(cast, "transfer", 80)
    before = list(QuotaEntry.objects.values())
    set_ramp(
        name=profile.name, percents={1: D(50), 2: D(75)}, start="transfer", by=cast.vera.user, at=AT, reason="Slower",
        profile=profile, version=1,
    )  # fmt: skip
    assert list(QuotaEntry.objects.values()) == before
    assert RampChange.objects.get(reason="Slower").was["month 1"] == "80 %"
    with pytest.raises(Refused, match="meanwhile"):
        set_ramp(
            name=profile.name, percents={1: D(1)}, start="transfer", by=cast.vera.user, at=AT, reason="Stale",
            profile=profile, version=1,
        )  # fmt: skip
    with pytest.raises(Refused, match="applies to this role and start already"):
        set_ramp(name="Another", percents={1: D(1)}, start="transfer", by=cast.vera.user, at=AT, reason="Twice")
    assert ramp_differences(date(2026, 7, 1)) == []


def test_the_ramp_pages_take_what_people_type(cast: Cast, client: Client) -> None:
    client.force_login(cast.vera.user)  # type: ignore[arg-type]
    said = {
        "name": "New reps",
        "start": "new",
        "role": "rep",
        "percents": "25, 50 %, 75",
        "reason": "Usual",
        "version": 0,
    }
    assert client.post(reverse("ramp-add"), said).status_code == 302
    profile = RampProfile.objects.get()
    assert list(profile.steps.order_by("month").values_list("percent", flat=True)) == [25, 50, 75]
    assert "New reps" in client.get(reverse("ramps")).content.decode()
    page = reverse("ramp", args=[profile.pk])
    assert client.post(page, {**said, "version": 1, "percents": "25 abc"}).status_code == 422
    assert client.post(page, {**said, "version": 1, "percents": "25 130"}).status_code == 422
    assert client.post(page, {**said, "version": 0}).status_code == 422
    assert client.post(page, {**said, "version": 1, "percents": "10"}).status_code == 302
    assert "Usual" in client.get(page).content.decode()


# ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_calendar_seasons_and_ramps_stand_in_the_api(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga.user)  # type: ignore[arg-type]
    said = {"number": 2027, "starts_on": "2027-01-04", "layout": "4-4-5", "reason": "Retail"}
    assert client.post("/api/v1/fiscal-years/", said, "application/json").status_code == 201
    assert client.post("/api/v1/fiscal-years/", {**said, "number": 1}, "application/json").status_code == 400
    clash = client.post("/api/v1/fiscal-years/", {**said, "starts_on": "2027-01-14"}, "application/json")
    assert (clash.status_code, clash.json()["errors"][0]["field"]) == (409, "starts_on")
    row = client.get("/api/v1/periods/", {"key": "2027-P01"}).json()["results"][0]
    assert (row["starts_on"], row["until"], row["closed_at"]) == ("2027-01-04", "2027-02-01", None)
    closed = client.post(f"/api/v1/periods/{row['id']}/close/", {"reason": "Done"}, "application/json")
    assert closed.json()["closed_at"]
    assert client.post(f"/api/v1/periods/{row['id']}/reopen/", {}, "application/json").status_code == 400
    season = {"period": "2026-Q3", "shares": {"2026-09": "50"}, "reason": "Fair"}
    made = client.post("/api/v1/seasons/", season, "application/json").json()
    assert made["shares"][2]["percent"] == "50.0000"
    assert client.post("/api/v1/seasons/", {**season, "period": "2026"}, "application/json").status_code == 400
    ramp = {"name": "New", "percents": ["25", "50"], "start": "new", "reason": "Usual"}
    assert client.post("/api/v1/ramps/", ramp, "application/json").json()["steps"][1]["percent"] == "50.00"
    client.force_login(cast.ana.user)  # type: ignore[arg-type]
    for noun in ("fiscal-years", "periods", "seasons", "ramps"):
        assert client.get(f"/api/v1/{noun}/").json()["results"] == []
    assert client.post("/api/v1/ramps/", {**ramp, "name": "Mine"}, "application/json").status_code == 409
