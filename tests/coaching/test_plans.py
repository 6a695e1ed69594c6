"""Plans of coaching: who plans, what is fixed at the start, who sees them, what comes of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.test import Client

from coaching import selectors, services
from coaching.models import CoachingPlan
from coaching.selectors.effects import monday
from performance.models import Rollup
from recognition.models import Suggestion
from recognition.services import suggest_awards
from salesmgmt.desk.models import Notice
from salesmgmt.exchange.services.erasing import erase
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams import services as teams
from teams.models import Person, Posting, Role, User
from tests.cast import SINCE, Cast
from tests.coaching.test_coaching import signed_in, user

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
START = date(2026, 8, 17)


def planned(cast: Cast, person: Person | None = None, **more: Any) -> CoachingPlan:
    said: dict[str, Any] = {
        "person": person or cast.ana, "kind": "ride_along", "measure": "bookings", "starts_on": TODAY,
        "until": TODAY + timedelta(weeks=8), "by": user(cast.maya), "at": NOW, "on": TODAY,
    }  # fmt: skip
    return services.plan_coaching(**(said | more))


@pytest.fixture
def selling(cast: Cast) -> list[Person]:
    """Ana and sixteen more who book each week; ana twice as much from the day on which she is helped."""
    rng = np.random.default_rng(11)
    people = [cast.ana]
    for n in range(16):
        person = Person.objects.create(name=f"Rep {n:02}", external_id=f"R-{n}", hired_on=SINCE)
        Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(SINCE))
        people.append(person)
    days = [date(2024, 9, 2) + timedelta(days=n) for n in range((TODAY - date(2024, 9, 2)).days)]
    rows = []
    for place, person in enumerate(people):
        for day in (day for day in days if day.weekday() < 5):
            times = 2 if place == 0 and day >= START else 1
            amount = Decimal(str(round(float(rng.gamma(20, 50)) * times, 2)))
            rows.append(
                Rollup(
                    person=person,
                    team=cast.north,
                    on=day,
                    posted_month=day.replace(day=1),
                    measure="bookings",
                    total=amount,
                    count=1,
                )
            )
    Rollup.objects.bulk_create(rows)
    return people


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "magic"}, "kind"),
        ({"measure": "pipeline"}, "measure"),
        ({"starts_on": TODAY - timedelta(days=14)}, "starts_on"),
        ({"until": TODAY}, "until"),
        ({"until": TODAY + timedelta(days=900)}, "until"),
    ],
)
def test_what_makes_no_plan_is_refused_with_its_field(cast: Cast, change: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(cast, **change)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["ana", "ben", "omar", "olga"])
def test_only_who_leads_somebody_plans_their_help(cast: Cast, name: str) -> None:
    with pytest.raises(Refused):
        planned(cast, by=user(getattr(cast, name)))


def test_nobody_is_their_own_coach_and_the_same_help_is_planned_once(cast: Cast) -> None:
    with pytest.raises(Refused, match="own coach"):
        planned(cast, coach=cast.ana)
    planned(cast)
    with pytest.raises(Refused, match="already"):
        planned(cast)


def test_comparable_people_are_fixed_at_the_start_and_stay(cast: Cast, selling: list[Person]) -> None:
    plan = planned(cast, starts_on=START, on=START, at=datetime(2026, 8, 17, 9, tzinfo=UTC))
    plan.refresh_from_db()
    assert set(plan.peers) == {one.pk for one in selling[1:]}, "who sells nothing is not comparable"
    assert plan.baseline_amount
    assert 60 <= plan.baseline_units <= 65, "working days of thirteen weeks"
    before = list(plan.peers)
    Person.objects.filter(pk=before[0]).update(hired_on=TODAY)
    assert services.freeze_plans(on=TODAY, at=NOW) == 0
    plan.refresh_from_db()
    assert plan.peers == before


def test_a_later_start_is_fixed_by_the_night_it_begins(cast: Cast) -> None:
    plan = planned(cast, starts_on=TODAY + timedelta(days=3))
    assert plan.frozen_at is None
    assert services.freeze_plans(on=TODAY + timedelta(days=2), at=NOW) == 0
    assert services.freeze_plans(on=TODAY + timedelta(days=3), at=NOW) == 1


def test_a_doubled_measure_is_told_with_its_range_and_suggested_for_praise(cast: Cast, selling: list[Person]) -> None:
    plan = planned(cast, starts_on=START, on=START, until=START + timedelta(weeks=8), coach=cast.ben)
    as_of = monday(START) + timedelta(weeks=13)
    judged = selectors.effect_of(plan=plan, as_of=as_of)
    for one, reads in ((cast.ana, True), (cast.maya, True), (cast.vera, True), (cast.ben, False)):
        told = selectors.effect_of(plan=plan, as_of=as_of, user=user(one))
        assert (told == judged) == reads, "who helps reads no figure of a colleague"
    assert (told.effect, told.sentence) == (None, "Over since 11 Oct 2026.")
    assert judged.effect is not None
    assert judged.verdict == "better", judged.sentence
    assert judged.effect.low <= 1.0 <= judged.effect.high
    early = selectors.effect_of(plan=plan, as_of=as_of - timedelta(days=1))
    assert (early.verdict, early.sentence[:14]) == ("so far", "So far booking")
    assert early.sentence.endswith("; judged on 16 Nov 2026.")
    moved = services.move_plan(
        plan=plan, until=START + timedelta(weeks=20), reason="It goes well", by=user(cast.maya), at=NOW, on=START
    )
    other = selectors.effects_of([planned(cast, cast.ben, starts_on=TODAY), moved], as_of=as_of)[1]
    assert (other.verdict, other.effect) == (judged.verdict, judged.effect), "a later end doesn't move what counts"
    helped = planned(cast, selling[3], starts_on=START + timedelta(weeks=4), on=START + timedelta(weeks=4))
    year = selectors.effect_of(plan=moved, as_of=as_of)
    services.freeze_plans(on=TODAY, at=NOW)
    later = selectors.effect_of(plan=moved, as_of=as_of + timedelta(days=400))
    assert (later.effect, helped.person_id in moved.peers) == (year.effect, True), "the same whenever one looks"
    assert "comparable people" in judged.sentence
    suggest_awards(as_of=as_of)
    suggestion = Suggestion.objects.get(person=cast.ana, kind="improved")
    assert not {"coach", "help"} & set(suggestion.sentence.lower().split())


def test_before_four_weeks_it_is_too_little_to_tell(cast: Cast, selling: list[Person]) -> None:
    plan = planned(cast, starts_on=START, on=START)
    judged = selectors.effect_of(plan=plan, as_of=START + timedelta(days=20))
    assert judged.verdict == "too little to tell"
    assert "before 14 Sep 2026" in judged.sentence


def test_kinds_of_help_show_from_five_people_on(cast: Cast, selling: list[Person]) -> None:
    at_start = {"starts_on": START, "on": START, "until": START + timedelta(weeks=8)}
    for person in selling[:4]:
        planned(cast, person, **at_start)
    assert selectors.what_helps(as_of=TODAY) == []
    planned(cast, selling[4], **at_start)
    assert selectors.what_helps(as_of=TODAY - timedelta(days=5)) == [], "once the weeks that count are over"
    (row,) = selectors.what_helps(as_of=TODAY)
    assert (row.kind, row.people, row.whom) == ("Ride-along", 5, "Everybody")
    for person in selling[5:11]:
        planned(cast, person, **at_start)
    Person.objects.filter(pk__in=[person.pk for person in selling[5:11]]).update(hired_on=START - timedelta(days=200))
    rows = selectors.what_helps(as_of=TODAY)
    assert [(one.whom, one.people) for one in rows] == [
        ("Everybody", 11), ("In their first year", 6), ("Longer here", 5), ("Lower half before", 5),
        ("Upper half before", 6),
    ]  # fmt: skip
    assert services.refresh_help_effects(on=TODAY) == 5
    page = signed_in(cast.maya).get("/effects/").content.decode()
    assert "Upper half before" in page
    assert b"Upper half before" in b"".join(signed_in(cast.maya).get("/effects/?export=csv"))


def test_help_that_has_begun_is_ended_and_not_cancelled(cast: Cast) -> None:
    plan = planned(cast)
    with pytest.raises(Refused, match="begun"):
        services.cancel_plan(plan=plan, by=user(cast.maya), at=NOW, on=TODAY)
    moved = services.move_plan(
        plan=plan, until=TODAY + timedelta(weeks=2), reason="Enough", by=user(cast.maya), at=NOW, on=TODAY, version=1
    )
    with pytest.raises(Stale):
        services.move_plan(
            plan=moved, until=TODAY + timedelta(weeks=3), reason="More", by=user(cast.maya), at=NOW, on=TODAY, version=1
        )
    later = planned(cast, cast.ben, starts_on=TODAY + timedelta(days=9))
    services.cancel_plan(plan=later, by=user(cast.maya), at=NOW, on=TODAY)
    assert not selectors.plans_of(user(cast.ben)).exists()


def test_who_sees_a_plan_follows_the_line_of_today(cast: Cast) -> None:
    plan = planned(cast, coach=cast.ben, text="Secretly nervous on the phone")
    sees = {
        name
        for name in ("ana", "ben", "cleo", "maya", "omar", "vera", "olga")
        if selectors.plans_of(user(getattr(cast, name))).filter(pk=plan.pk).exists()
    }
    assert sees == {"ana", "ben", "maya", "vera"}
    assert not CoachingPlan.objects.visible_to(cast.admin).exists()
    boss = Person.objects.create(name="Boss", user=cast.admin)  # an admin who works here and leads nobody
    assert not CoachingPlan.objects.visible_to(User.objects.get(pk=cast.admin.pk)).exists()
    teams.appoint_manager(team=cast.north, person=boss, on=TODAY, by=None)
    assert CoachingPlan.objects.visible_to(User.objects.get(pk=cast.admin.pk)).exists()
    assert not CoachingPlan.objects.visible_to(user(cast.maya)).exists()  # who led them before
    CoachingPlan.objects.update(starts_on=TODAY - timedelta(days=9), until=TODAY)
    assert not CoachingPlan.objects.visible_to(user(cast.ben)).exists()  # who helped sees it as long as it goes on
    assert not Notice.objects.filter(text__icontains="nervous").exists()


def test_pages_of_plans_work_and_refuse_in_words(cast: Cast) -> None:
    today = clock.today("Europe/Berlin")
    maya, ana = signed_in(cast.maya), signed_in(cast.ana)
    said: dict[str, Any] = {
        "person": cast.ana.pk, "kind": "course", "measure": "win_rate", "starts_on": today.isoformat(),
        "until": (today + timedelta(weeks=6)).isoformat(), "text": "Closing course", "coach": "",
    }  # fmt: skip
    wrong = maya.post("/effects/add/", said | {"until": today.isoformat()})
    assert wrong.status_code == 422
    assert "choose a day after" in wrong.content.decode()
    answer = maya.post("/effects/add/", said, follow=True)
    plan = CoachingPlan.objects.get()
    assert answer.status_code == 200
    assert "Closing course" in answer.content.decode()
    assert ana.get(f"/effects/{plan.pk}/").status_code == 200
    assert "Course for win rate" in ana.get("/effects/").content.decode()
    part = ana.get(f"/effects/of/people/{cast.ana.pk}/", headers={"HX-Request": "1"})
    assert "Course for win rate" in part.content.decode()
    assert signed_in(cast.cleo).get(f"/effects/{plan.pk}/").status_code == 404
    assert ana.get("/effects/add/").status_code == 404
    move = maya.post(f"/effects/{plan.pk}/move/", {"until": (today + timedelta(weeks=2)).isoformat(), "reason": ""})
    assert move.status_code == 422
    for bad in ("\x00", "9" * 30, "x"):
        assert maya.get("/effects/", {"person": bad, "cursor": bad}).status_code == 200


def test_the_api_plans_and_tells_the_effect(cast: Cast) -> None:
    today = clock.today("Europe/Berlin")
    maya: Client = signed_in(cast.maya)
    said: dict[str, Any] = {
        "person": cast.ana.pk, "kind": "tool", "measure": "activities", "starts_on": today.isoformat(),
        "until": (today + timedelta(weeks=6)).isoformat(),
    }  # fmt: skip
    made = maya.post("/api/v1/coaching-plans/", said, content_type="application/json")
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    effect = maya.get(f"/api/v1/coaching-plans/{pk}/effect/").json()
    assert effect["verdict"] == "too little to tell"
    wrong = maya.post("/api/v1/coaching-plans/", said | {"measure": "nonsense"}, content_type="application/json")
    assert wrong.status_code == 409
    assert "nonsense" in wrong.json()["detail"]
    assert signed_in(cast.cleo).get(f"/api/v1/coaching-plans/{pk}/").status_code == 404


def test_erasing_somebody_blanks_what_their_plans_say(cast: Cast) -> None:
    plan = planned(cast, text="Nervous on the phone", starts_on=TODAY)
    cast.ana.user = None
    cast.ana.save()
    from teams.services import end_employment

    end_employment(person=cast.ana, on=TODAY, by=None)
    erase(noun="person", pk=cast.ana.pk, by=None, at=NOW, on=TODAY, reason="Asked for on paper")
    plan.refresh_from_db()
    assert plan.text == "Erased"
