"""What people do with flags: the list, putting off, what being wrong costs, and the e-mail about new ones."""

from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client

from performance.analysis.flags import Chances
from performance.models import BacktestScore, Flag, FlagCost, FlagEvent, FlagKind
from performance.selectors.backtests import Case, tally
from performance.selectors.early import early
from performance.selectors.findings import readings
from performance.selectors.flags import outcomes, replayed
from performance.services import raise_flags, set_flag_cost, snooze_flag
from sales.models import Account, Activity, Deal, DealLine, Feedback, Stage
from salesmgmt.desk import digests
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import through
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.home import open_needs
from teams.models import Leave, LeaveKind, Person
from tests.answers import content_of
from tests.cast import Cast
from tests.performance.records import a_credit, a_quota
from tests.performance.test_flags import HALF, NOW, TODAY, flagged, look, sell

HERE = clock.now()
NOW_DAY = HERE.date()


def a_flag(person: Person, cast: Cast, **more: Any) -> Flag:
    given = {
        "team": cast.north, "measure": "bookings", "period": Period.of(NOW_DAY, "quarter").key, "raised_on": NOW_DAY,
        "behind_since": NOW_DAY - timedelta(9), "expected": Decimal(900), "actual": Decimal(400), "gap": Decimal(500),
        "severity": "behind", "cause": "activity", "sentence": "Half as many meetings as in recent quarters.",
        "as_of": NOW_DAY, "expires_on": NOW_DAY + timedelta(40), "cost": Decimal(450), "p_miss": Decimal("0.90"),
    }  # fmt: skip
    return Flag.objects.create(person=person, **(given | more))


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_manager_sees_the_dearest_first_and_the_others_nothing(cast: Cast, client: Client) -> None:
    a_flag(cast.ana, cast)
    a_flag(cast.ben, cast, sentence="Deals won are half as large.", cost=Decimal(900))
    client.force_login(cast.maya.user)
    page = client.get("/flags/").content.decode()
    assert "2 people need a word" in page
    assert page.index("half as large") < page.index("Half as many meetings")
    client.force_login(cast.ana.user)
    page = client.get("/flags/").content.decode()
    assert "Half as many meetings" in page
    assert "half as large" not in page
    client.force_login(cast.omar.user)
    assert "Nobody needs a word now" in client.get("/flags/").content.decode()


def test_the_list_is_filtered_and_exported(cast: Cast, client: Client) -> None:
    a_flag(cast.ana, cast)
    a_flag(cast.ben, cast, kind="stale", measure="pipeline", sentence="Left alone.", closed_on=NOW_DAY)
    client.force_login(cast.maya.user)
    assert "Left alone" not in client.get("/flags/").content.decode()
    assert "Left alone" in client.get("/flags/?state=closed&kind=stale").content.decode()
    assert "No flag here" in client.get("/flags/?person=nobody").content.decode()
    assert "Half as many" in client.get("/flags/?state=nonsense&kind=x&cursor=zzz").content.decode()
    rows = content_of(client.get("/flags/?state=all&export=csv")).decode().splitlines()
    assert len(rows) == 3


def test_the_api_says_how_likely_a_miss_is_where_that_may_be_shown(cast: Cast, client: Client) -> None:
    flag = a_flag(cast.ana, cast)
    client.force_login(cast.maya.user)
    said = client.get("/api/v1/flags/", {"of": "person:E-Ana", "open": "true"}).json()["results"][0]
    assert (said["p_miss"], said["state"], said["kind"], said["cost"]) == ("0.90", "open", "miss", "450.00")
    organisation = cast_organisation()
    organisation.shows_individual_chances = False
    organisation.save()
    assert client.get(f"/api/v1/flags/{flag.pk}/").json()["p_miss"] is None
    assert "90%" not in client.get(f"/flags/{flag.pk}/").content.decode()


def cast_organisation() -> Any:
    from teams.models import Organisation

    return Organisation.objects.get()


# ── Putting off ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_manager_puts_a_flag_off_with_a_reason_that_the_person_sees(cast: Cast, client: Client) -> None:
    flag, until = a_flag(cast.ana, cast), NOW_DAY + timedelta(10)
    client.force_login(cast.maya.user)
    sent = {"until": until.isoformat(), "reason": "We talked; two deals close next week."}
    assert client.post(f"/flags/{flag.pk}/snooze/", sent).status_code == 303
    assert client.post(f"/flags/{flag.pk}/snooze/", sent).status_code == 400  # twice does nothing twice
    assert FlagEvent.objects.filter(kind="snoozed").count() == 1
    assert open_needs(cast.maya.user, HERE, "EUR") == []
    assert "Nobody needs a word now" in client.get("/flags/").content.decode()
    assert "Half as many" in client.get("/flags/?state=snoozed").content.decode()
    client.force_login(cast.ana.user)
    page = client.get(f"/flags/{flag.pk}/").content.decode()
    assert "two deals close next week" in page
    assert Notice.objects.get(user=cast.ana.user).text == "A flag about you was put off."
    client.force_login(cast.maya.user)
    assert client.post(f"/flags/{flag.pk}/wake/").status_code == 303
    assert [need.flag.pk for need in open_needs(cast.maya.user, HERE, "EUR")] == [flag.pk]


def test_it_shows_again_on_its_day(cast: Cast) -> None:
    flag, until = a_flag(cast.ana, cast), NOW_DAY + timedelta(10)
    snooze_flag(flag=flag, until=until, reason="Wait.", by=cast.maya.user, on=NOW_DAY, at=HERE)
    flag.refresh_from_db()
    assert flag.is_snoozed(until - timedelta(1))
    assert not flag.is_snoozed(until)
    assert [need.flag.pk for need in open_needs(cast.maya.user, HERE + timedelta(10), "EUR")] == [flag.pk]


@pytest.mark.parametrize(
    ("days", "reason", "says"),
    [(0, "x", "after today"), (41, "x", "no later than"), (5, " ", "why it can wait"), (5, "x" * 301, "300")],
)
def test_what_can_not_be_put_off_is_told_in_a_sentence(cast: Cast, days: int, reason: str, says: str) -> None:
    flag = a_flag(cast.ana, cast)
    with pytest.raises(Refused, match=says):
        snooze_flag(flag=flag, until=NOW_DAY + timedelta(days), reason=reason, by=cast.maya.user, on=NOW_DAY, at=HERE)


def test_nobody_puts_off_a_flag_about_themselves_or_in_another_line(cast: Cast, client: Client) -> None:
    flag, own = a_flag(cast.ana, cast), a_flag(cast.maya, cast)
    sent = {"until": (NOW_DAY + timedelta(5)).isoformat(), "reason": "x"}
    for who, pk in ((cast.ana, flag.pk), (cast.omar, flag.pk), (cast.olga, flag.pk), (cast.maya, own.pk)):
        client.force_login(who.user)
        assert client.post(f"/flags/{pk}/snooze/", sent).status_code == 404
        with pytest.raises(Refused):
            snooze_flag(
                flag=Flag.objects.get(pk=pk), until=NOW_DAY + timedelta(5), reason="x", by=who.user, on=NOW_DAY, at=HERE
            )
    client.force_login(cast.vera.user)
    assert client.post(f"/flags/{own.pk}/snooze/", sent).status_code == 303  # up the line
    assert client.post(f"/flags/{flag.pk}/snooze/", {"until": "tomorrow", "reason": ""}).status_code == 400


# ── What being wrong costs ──────────────────────────────────────────────────────────────────────────────────────


def test_the_threshold_follows_the_costs_and_operations_set_them(cast: Cast, client: Client) -> None:
    cost = FlagCost.objects.get(kind="miss")
    assert round(cost.threshold, 2) == Decimal("0.33")
    client.force_login(cast.olga.user)
    sent = {"kind": "miss", "miss-needless_talk": "1", "miss-missed_warning": "3", "miss-version": cost.version}
    assert client.post("/flags/costs/", sent).status_code == 303
    cost.refresh_from_db()
    assert cost.threshold == Decimal("0.25")
    stale = client.post("/flags/costs/", sent)
    assert stale.status_code == 400
    assert "Look again" in stale.content.decode()
    assert client.post("/flags/costs/", sent | {"miss-missed_warning": "0"}).status_code == 400
    client.force_login(cast.maya.user)
    assert client.post("/flags/costs/", sent).status_code == 404
    assert "25%" in client.get("/flags/costs/").content.decode()
    with pytest.raises(Refused):
        set_flag_cost(kind="miss", needless_talk=Decimal(1), missed_warning=Decimal(1), by=cast.maya.user)


def test_dear_talks_make_fewer_flags(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=HALF)
    FlagCost.objects.filter(kind="miss").update(needless_talk=Decimal(999), missed_warning=Decimal("0.1"))
    look()
    assert "Ben" not in {name for name, cause in flagged().items() if Flag.objects.get().kind == "miss"}


def test_what_came_of_past_flags_is_counted(cast: Cast) -> None:
    before = Period.of(NOW_DAY, "quarter").shift(-1)
    for person, credited in ((cast.ana, "500"), (cast.ben, "2000"), (cast.cleo, "400")):
        a_quota(person, "1000", before.start, before.end)
        a_credit(person, credited, before.start)
    a_flag(cast.ben, cast, period=before.key, raised_on=before.start + timedelta(40), closed_on=before.end)
    running = Period.of(NOW_DAY, "quarter").key
    a_flag(cast.ana, cast, period=running, raised_on=before.start + timedelta(40))  # carried into the next quarter
    call_command("refresh_rollups")
    found = outcomes(on=NOW_DAY)
    assert (found.people, found.misses, found.flagged, found.missed) == (3, 2, 2, 1)
    assert (found.hits, found.false_alarms) == (Decimal("0.5"), Decimal("0.5"))


def test_the_back_test_says_which_threshold_is_cheapest(cast: Cast, client: Client) -> None:
    cases = [
        Case(
            n, 0, "2026-Q1", Decimal("0.5"), date(2026, 2, 14), Decimal(100), Decimal(10), Decimal(90), Decimal(50),
            Decimal(120), p_miss, p_miss, p_miss >= 0.5, Decimal(final), None, None,
        )
        for n, (p_miss, final) in enumerate(((0.9, 50), (0.6, 50), (0.4, 200), (0.2, 50), (0.1, 200)), start=1)
    ]  # fmt: skip
    BacktestScore.objects.create(
        level="person", measure="bookings", period="2026-Q1", checkpoint=Decimal("0.5"), as_of=date(2026, 2, 14),
        tally=asdict(tally(cases)), made_at=NOW,
    )  # fmt: skip
    found = {one.threshold: one for one in replayed(FlagCost.objects.get(kind="miss"))}
    ours, least = found[Decimal("0.33")], found[Decimal("0.2")]
    assert (round(ours.hits, 2), ours.false_alarms, ours.cost) == (Decimal("0.67"), Decimal("0.5"), Decimal("0.6"))
    assert ours.is_ours
    assert (least.hits, least.false_alarms, least.cost) == (1, Decimal("0.5"), Decimal("0.2"))
    assert least.is_cheapest
    client.force_login(cast.vera.user)
    assert "cheapest" in client.get("/flags/costs/").content.decode()


# ── Before it shows in the result ───────────────────────────────────────────────────────────────────────────────


def test_an_activity_drop_is_flagged_before_the_result_shows_it(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now={"activities": 0.4})
    look()
    flag = Flag.objects.get()
    assert (flag.person, flag.kind, flag.cause, flag.measure) == (cast.ben, "activity", "activity", "activities")
    assert "does not show it yet" in flag.sentence
    assert flag.actual < flag.expected
    assert Notice.objects.filter(text__contains="may fall behind").count() == 2


def test_deals_left_alone_are_flagged_where_others_look_after_theirs(cast: Cast) -> None:
    for person in (cast.ana, cast.ben, cast.cleo):
        sell(person, cast.north)
        for n in range(10):
            deal = Deal.objects.create(
                name=f"Open {n}", owner=person, stage=Stage.objects.order_by("pk")[0], amount=Decimal(500),
                currency="EUR", opened_on=date(2024, 3, 1),
            )  # fmt: skip
            if person != cast.ben:
                Activity.objects.create(
                    owner=person, kind="call", occurred_on=TODAY, occurred_at=f"{TODAY}T09:00Z", deal=deal
                )
    call_command("refresh_rollups")
    window, found = readings(as_of=TODAY)
    for reading in found.values():
        reading.chances = Chances()  # `sell` writes deals down once they are decided: their levers say nothing here
    (finding,) = early(list(found.values()), window, dict.fromkeys(FlagKind.values, 0.75))
    assert (finding.reading.person, finding.kind, finding.at_stake) == (cast.ben, "stale", Decimal(5000))
    assert finding.sentence.startswith("10 of 10 open deals have been left alone")


@pytest.mark.parametrize("key", ["csat", "discount"])
def test_quality_that_fell_is_flagged(cast: Cast, key: str) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north)
    for n in range(40):
        on, bad = TODAY - timedelta(10 + 10 * n), n < 8
        if key == "csat":
            account = Account.objects.create(name=f"A{n}", owner=cast.ben)
            said = {"account": account, "owner": cast.ben, "kind": "csat", "given_on": on}
            Feedback.objects.create(**said, score=2 if bad else 5)
            Feedback.objects.create(**said, score=5, recorded_by=cast.ben.user)  # his own word hides nothing
    if key == "discount":
        for deal in Deal.objects.filter(owner=cast.ben, status="won"):
            recent = deal.closed_on >= TODAY - timedelta(91)
            DealLine.objects.create(deal=deal, list_price=Decimal(100), unit_price=Decimal(45 if recent else 95))
    look()
    flag = Flag.objects.get()
    assert (flag.person, flag.kind, flag.measure) == (cast.ben, "quality", key)


def test_a_lighter_flag_becomes_the_weightier_one_and_nobody_is_told_twice(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=HALF)
    a_flag(
        cast.ben, cast, kind="stale", measure="pipeline", period="2026-Q2", raised_on=TODAY - timedelta(3),
        as_of=TODAY - timedelta(3), expires_on=date(2026, 7, 1),
    )  # fmt: skip
    assert look() == {"raised": 0, "changed": 1, "closed": 0, "waiting": 0}
    flag = Flag.objects.get()
    assert (flag.kind, flag.cause) == ("miss", "conversion")
    assert not Notice.objects.exists()


def test_what_is_weightier_than_what_was_put_off_shows_at_once_and_both_are_told(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=HALF)
    flag = a_flag(
        cast.ben, cast, kind="stale", measure="pipeline", period="2026-Q2", raised_on=TODAY - timedelta(3),
        as_of=TODAY - timedelta(3), expires_on=date(2026, 7, 1), snoozed_until=TODAY + timedelta(20),
    )  # fmt: skip
    look()
    look()
    flag.refresh_from_db()
    assert (flag.kind, flag.snoozed_until) == ("miss", None)
    assert list(flag.events.order_by("pk").values_list("kind", flat=True)) == ["changed", "woken"]
    told = Notice.objects.values_list("user__username", flat=True)
    assert sorted(told) == ["ben", "maya"]
    flag.snoozed_until = TODAY + timedelta(20)
    flag.save()
    look(TODAY + timedelta(1))
    flag.refresh_from_db()
    assert flag.snoozed_until is not None


def test_one_flag_that_fails_keeps_no_other_back(cast: Cast) -> None:
    sell(cast.ana, cast.north)
    for person in (cast.ben, cast.cleo):
        sell(person, cast.north, now=HALF)
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE performance_flag ADD CONSTRAINT not_this_one CHECK (person_id <> {cast.ben.pk}) NOT VALID"
        )
    assert look()["raised"] == 1
    assert flagged() == {"Cleo": "conversion"}


# ── E-mail, and where flags never are ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mailed(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_new_flags_go_out_in_one_mail_once(cast: Cast, mailed: None) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=HALF)
    look()
    assert digests.make_digests(on=TODAY, at=NOW) == 2  # ben and maya
    while digests.send_next(at=NOW):
        pass
    to_maya = next(one for one in mail.outbox if one.to == ["maya@example.com"])
    assert to_maya.body.count(Flag.objects.get().sentence) == 1
    assert "\nFlags\n" in to_maya.body
    look()
    assert digests.make_digests(on=TODAY + timedelta(1), at=NOW + timedelta(1)) == 0


def test_a_flag_that_is_over_before_the_mail_is_not_mailed(cast: Cast, mailed: None) -> None:
    sell(cast.ana, cast.north)
    sell(cast.ben, cast.north, now=HALF)
    look()
    kind = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ben, kind=kind, during=through(TODAY, TODAY + timedelta(30)))
    raise_flags(as_of=TODAY, at=NOW)
    assert digests.make_digests(on=TODAY, at=NOW) == 0


def test_no_wall_board_or_screen_shows_a_flag(cast: Cast, client: Client) -> None:
    sentence = "A sentence that nobody else may read."
    a_flag(cast.ana, cast, sentence=sentence)
    client.force_login(cast.ben.user)
    for path in ("/wall/", "/leaderboard/", "/", "/flags/", "/deals/board/", "/search/?q=sentence"):
        page = client.get(path).content.decode()
        assert sentence not in page
