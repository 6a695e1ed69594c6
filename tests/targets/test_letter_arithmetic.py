"""Hand-computed figures, one per kind of entry, equal to the cent on the letter, in the API and in the export.

July 2026 has 23 weekdays, August 21, September 22: 66 in the quarter.
"""

import csv
from datetime import date
from decimal import Decimal as D

from salesmgmt.lib.ranges import through
from targets.models import Offer, Plan, RampProfile, RampStep
from targets.selectors import letters, quota_of
from targets.services import accept_offer, propose_redistribution
from teams.models import Holiday, Leave, LeaveKind, Person
from tests.cast import Cast
from tests.targets.letters import AT, END, START, get_json, published, repost, signed_in

from .test_quota import set_season
from .test_redistribution import landing, rep, user


def agree(cast: Cast, plan: Plan, person: Person, entries: list[tuple[str, str]], arithmetic: list[str]) -> None:
    """The letter's page, its API, the ledger in the API and the export say these amounts and this arithmetic."""
    total = sum((D(amount) for _, amount in entries), D(0))
    client = signed_in(person)
    page = client.get(f"/plans/{plan.pk}/letters/{person.pk}/").content.decode()
    for _, amount in entries:
        whole = D(amount) == D(amount).to_integral_value()
        assert f"{abs(D(amount)):,.{0 if whole else 2}f}" in page
    for line in arithmetic:
        assert line in page, [part for part in page.splitlines() if "÷" in part]
    letter = get_json(client, f"/api/v1/letters/?plan={plan.pk}&person={person.pk}")
    assert D(letter["revised"]) == total
    said = []
    for section in letter["sections"]:
        assert not section["note"]
        said.append(("base", section["base"]))
        said += [(step["kind"], step["amount"]) for step in section["steps"]]
        said += [(entry["kind"], entry["amount"]) for entry in section["entries"]]
    assert [(kind, D(amount)) for kind, amount in said] == [(kind, D(amount)) for kind, amount in entries]
    assert [step["arithmetic"] for section in letter["sections"] for step in section["steps"]] == arithmetic
    ledger = get_json(client, f"/api/v1/quotas/?person={person.pk}&ordering=id")["results"]
    stands = sorted((kind, D(amount)) for kind, amount in entries)
    assert sorted((row["kind"], D(row["amount"])) for row in ledger) == stands
    rows = csv.DictReader(client.get("/quotas/export/?period=2026-Q3").getvalue().decode().splitlines())
    exported = sorted((row["kind"], D(row["amount"])) for row in rows if row["person"] == person.external_id)
    assert exported == stands
    answer = client.get(f"/plans/{plan.pk}/letters/{person.pk}/pdf/")
    assert answer.content.startswith(b"%PDF")


def test_a_newcomer_on_ramp(cast: Cast) -> None:
    profile = RampProfile.objects.create(name="Newcomer")
    for month, percent in [(1, 25), (2, 50)]:
        RampStep.objects.create(profile=profile, month=month, percent=percent)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=START)
    repost(cast.ana, (START, None, {"ramp": "Newcomer"}))
    plan = published(cast, {(cast.north, cast.ana): "100000"})
    # July is month 1: 23 days at 25 % = 5.75. August is month 2: 21 at 50 % = 10.5. September: 22 in full.
    # 5.75 + 10.5 + 22 = 38.25; 100,000 × 38.25 ÷ 66 = 57,954.5454… → 57,954.55; less 100,000 = −42,045.45.
    agree(
        cast, plan, cast.ana, [("base", "100000"), ("ramp", "-42045.45")], ["100,000.00 × 38.25 ÷ 66 = 57,954.55"]
    )  # fmt: skip
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "23 working days at 25%, 1 Jul to 31 Jul 2026; 21 working days at 50%, 3 Aug to 31 Aug 2026" in page


def test_a_mid_period_joiner(cast: Cast) -> None:
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=date(2026, 8, 10))
    repost(cast.ana, (date(2026, 8, 10), None, {"fte": D("0.8")}))
    plan = published(cast, {(cast.north, cast.ana): "100000"})
    # Before 10 August: 23 + 5 = 28 days; 38 of 66 are hers: 100,000 × 38 ÷ 66 = 57,575.7575… → 57,575.76.
    # At 0.8: 38 × 0.8 = 30.4; 100,000 × 30.4 ÷ 66 = 46,060.6060… → 46,060.61; less 57,575.76 = −11,515.15.
    agree(
        cast,
        plan,
        cast.ana,
        [("base", "100000"), ("employment", "-42424.24"), ("fte", "-11515.15")],
        ["100,000.00 × 38 ÷ 66 = 57,575.76", "100,000.00 × 30.4 ÷ 66 = 46,060.61"],
    )


def test_leave_with_public_holidays(cast: Cast) -> None:
    for day in (3, 4):
        Holiday.objects.create(region="DE", on=date(2026, 8, day), name="A day off")
    leave = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=leave, during=through(date(2026, 8, 1), date(2026, 8, 31)))
    plan = published(cast, {(cast.north, cast.ana): "100000"})
    # 66 − 2 = 64 working days, 19 of them in August. 100,000 × 45 ÷ 64 = 70,312.50; less 100,000 = −29,687.50.
    agree(
        cast, plan, cast.ana, [("base", "100000"), ("leave", "-29687.50")], ["100,000.00 × 45 ÷ 64 = 70,312.50"]
    )  # fmt: skip
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "public holidays left out: 3 Aug A day off, 4 Aug A day off" in page
    assert "64 working days" in page
    assert "19 working days, 5 Aug to 31 Aug 2026" in page


def test_a_transfer_mid_quarter(cast: Cast) -> None:
    repost(cast.ana, (date(2024, 1, 1), date(2026, 9, 1), {}), (date(2026, 9, 1), None, {"team": cast.south}))
    plan = published(cast, {(cast.north, cast.ana): "90000", (cast.south, cast.ana): "30000"})
    # North: July and August, 44 of 66 days: 90,000 × 44 ÷ 66 = 60,000. South: September, 22 of 66: 10,000.
    agree(
        cast,
        plan,
        cast.ana,
        [("base", "90000"), ("employment", "-30000"), ("base", "30000"), ("employment", "-20000")],
        ["90,000.00 × 44 ÷ 66 = 60,000.00", "30,000.00 × 22 ÷ 66 = 10,000.00"],
    )


def test_a_redistribution_stands_beside_the_original_figure(cast: Cast) -> None:
    dora = rep(cast, "Dora")
    north = {cast.ana: "100000", cast.ben: "80000", dora: "60000"}
    plan = published(cast, {(cast.north, person): amount for person, amount in north.items()})
    # Ben lands 7,000 short. Ana's room: min(50 % of 20,000, 10 % of 100,000) = 10,000. Dora's: min(50 % of 8,001,
    # 10 % of 60,000) = 4,000.50. Of 14,000.50 Ana's part is 7,000 × 10,000 ÷ 14,000.50 = 4,999.8214…, Dora's
    # 7,000 × 4,000.50 ÷ 14,000.50 = 2,000.1785…: 4,999.82 + 2,000.17 lack a cent, which goes to the larger remainder.
    propose_redistribution(
        giver=cast.ben, during=(START, END), reason="A budget is frozen", by=user(cast.maya), at=AT, on=START,
        landings={cast.ben.pk: landing("80000", "73000"), cast.ana.pk: landing("100000", "120000"),
                  dora.pk: landing("60000", "68001")},
    )  # fmt: skip
    for offer in Offer.objects.order_by("pk"):
        accept_offer(offer=offer, by=user(offer.candidate.person), at=AT, on=START)
    # 100,000 + 4,999.82 = 104,999.82; 60,000 + 2,000.18 = 62,000.18; 80,000 − 4,999.82 − 2,000.18 = 73,000.
    agree(cast, plan, cast.ana, [("base", "100000"), ("redistribution", "4999.82")], [])
    agree(cast, plan, dora, [("base", "60000"), ("redistribution", "2000.18")], [])
    agree(cast, plan, cast.ben, [("base", "80000"), ("redistribution", "-4999.82"), ("redistribution", "-2000.18")], [])
    assert quota_of(team_ids=[cast.north.pk], start=START, end=END, revised=True) == {cast.north.pk: D(240_000)}
    letter = get_json(signed_in(cast.ana), f"/api/v1/letters/?plan={plan.pk}&person={cast.ana.pk}")
    assert D(letter["original"]) == 100_000
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "Judged by the original figure, €100,000" in page
    assert "Ben" not in page


def test_a_season_shows_in_the_arithmetic(cast: Cast) -> None:
    set_season("2026-Q3", 20, 30, 50)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=date(2026, 8, 17))
    repost(cast.ana, (date(2026, 8, 17), None, {}))
    plan = published(cast, {(cast.north, cast.ana): "100000"})
    # 11 of August's 21 days and all of September: 30 % × 11 ÷ 21 + 50 % = 65.714285… % → 65,714.29.
    agree(
        cast,
        plan,
        cast.ana,
        [("base", "100000"), ("employment", "-34285.71")],
        ["100,000.00 × (30% × 11 ÷ 21 + 50% × 22 ÷ 22) = 65,714.29"],
    )


def test_a_letter_says_so_when_the_facts_have_moved_on_since(cast: Cast) -> None:
    leave = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=leave, during=through(date(2026, 8, 1), date(2026, 8, 31)))
    plan = published(cast, {(cast.north, cast.ana): "66000"})
    Leave.objects.filter(person=cast.ana).delete()
    (letter,) = letters(plan, [cast.ana], as_of=START)
    assert letter.revised == 45_000
    assert "have changed since" in letter.sections[0].note
    assert [(step.amount, step.arithmetic) for step in letter.sections[0].steps] == [(D(-21_000), "")]


def test_letters_of_many_cost_as_many_queries_as_one(cast: Cast, django_assert_max_num_queries: object) -> None:
    plan = published(cast, {(cast.north, cast.ana): "1000", (cast.north, cast.ben): "2000"})
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        assert [letter.revised for letter in letters(plan, [cast.ben, cast.ana], as_of=START)] == [2000, 1000]
