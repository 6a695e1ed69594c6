"""The pages and the API of proposed quota changes, and of redistribution beside the original quota."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.test import Client

from performance.services import drain as drain_rollups
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Offer, QuotaEntry, QuotaProposal, Redistribution
from targets.selectors import Landing, quota_of
from targets.services import accept_offer, enter_quota, propose_changes, propose_redistribution
from teams.models import Leave, LeaveKind, Person
from tests.cast import Cast

TODAY = clock.today("Europe/Berlin")
QUARTER = Period.of(TODAY, "quarter")
NEXT = QUARTER.shift(1)


def give(cast: Cast, person: Person, amount: str, period: Period = QUARTER) -> None:
    enter_quota(
        person=person, start=period.start, end=period.end, amount=D(amount), basis="base", reason="Plan",
        by=cast.admin, at=clock.now(),
    )  # fmt: skip


def propose() -> None:
    while propose_changes(at=clock.now(), on=TODAY):
        continue


def signed_in(person: Person) -> Client:
    client = Client()
    assert person.user
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def change(cast: Cast) -> QuotaProposal:
    """Ana is on parental leave for the first ten days of the next quarter."""
    give(cast, cast.ana, "66000", NEXT)
    kind = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=kind, during=half_open(NEXT.start, NEXT.start + timedelta(days=10)))
    propose()
    return QuotaProposal.objects.get()


def test_a_manager_sees_why_and_lets_it_count(cast: Cast, change: QuotaProposal) -> None:
    maya = signed_in(cast.maya)
    page = maya.get("/quotas/changes/").content.decode()
    assert "1 quota change waits for your yes." in page
    assert "on leave that relieves quota" in page
    assert "arental" not in page
    answer = maya.post(f"/quotas/changes/{change.pk}/confirm/", {"version": change.version}, follow=True)
    assert "The quota of Ana is changed." in answer.content.decode()
    assert QuotaEntry.objects.filter(person=cast.ana, kind="leave").exists()
    again = maya.post(f"/quotas/changes/{change.pk}/confirm/", {"version": change.version}, follow=True)
    assert "decided already" in again.content.decode()
    assert QuotaEntry.objects.filter(person=cast.ana, kind="leave").count() == 1


def test_the_person_sees_what_is_proposed_and_does_not_decide(cast: Cast, change: QuotaProposal) -> None:
    ana = signed_in(cast.ana)
    page = ana.get("/quotas/changes/").content.decode()
    assert "1 quota change is proposed." in page
    assert "Confirm" not in page
    assert "is proposed and does not count yet" in ana.get(f"/quotas/?period={NEXT.key}").content.decode()
    answer = ana.post(f"/quotas/changes/{change.pk}/confirm/", {"version": change.version}, follow=True)
    assert "nobody about their own" in answer.content.decode()
    assert signed_in(cast.ben).get("/quotas/changes/").content.decode().count("Ana") == 0


def test_several_are_confirmed_at_once_and_a_stale_one_is_said(cast: Cast, change: QuotaProposal) -> None:
    give(cast, cast.ben, "66000", NEXT)
    kind = LeaveKind.objects.get(key="unpaid")
    Leave.objects.create(person=cast.ben, kind=kind, during=half_open(NEXT.start, NEXT.start + timedelta(days=10)))
    propose()
    maya = signed_in(cast.maya)
    chosen = [f"{one.pk}:{one.version}" for one in QuotaProposal.objects.open()]
    stale = maya.post("/quotas/changes/confirm/", {"chosen": [chosen[0], "999999:1"]}, follow=True)
    assert "has changed since" in stale.content.decode()
    answer = maya.post("/quotas/changes/confirm/", {"chosen": chosen}, follow=True)
    assert "2 quotas changed." in answer.content.decode()
    assert not QuotaProposal.objects.open().exists()


@pytest.mark.parametrize("sent", [{}, {"version": "x"}, {"version": "1", "reason": "y" * 201}])
def test_nonsense_is_answered_by_a_sentence(cast: Cast, change: QuotaProposal, sent: dict[str, str]) -> None:
    answer = signed_in(cast.maya).post(f"/quotas/changes/{change.pk}/refuse/", sent, follow=True)
    assert answer.status_code == 200
    assert QuotaProposal.objects.open().exists()


def test_the_api_confirms_and_refuses(cast: Cast, change: QuotaProposal) -> None:
    maya, omar = signed_in(cast.maya), signed_in(cast.omar)
    [row] = maya.get("/api/v1/quota-proposals/?state=open").json()["results"]
    assert [(one["kind"], one["before"]) for one in row["entries"]] == [("leave", "0.00"), ("uncovered", "0.00")]
    path = f"/api/v1/quota-proposals/{change.pk}/"
    assert omar.post(f"{path}confirm/", {}, content_type="application/json").status_code == 404
    assert maya.post(f"{path}refuse/", {}, content_type="application/json").status_code == 400
    own = signed_in(cast.ana).post(f"{path}confirm/", {}, content_type="application/json")
    assert own.status_code == 409
    stale = maya.post(f"{path}confirm/", {"version": 99}, content_type="application/json")
    assert stale.status_code == 409
    assert maya.post(f"{path}confirm/", {"version": 1}, content_type="application/json").json()["state"] == "counted"


# ── Redistribution ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shared(cast: Cast) -> Redistribution:
    """Ben is expected 10,000 short; Ana has room for 5,000 of her own 100,000."""
    give(cast, cast.ben, "100000")
    give(cast, cast.ana, "100000")
    assert cast.maya.user
    return propose_redistribution(
        giver=cast.ben, during=(QUARTER.start, QUARTER.end), reason="Ben is behind",
        landings={
            cast.ben.pk: Landing(D(100000), D(0), D(90000)), cast.ana.pk: Landing(D(100000), D(0), D(110000))
        },
        by=cast.maya.user, at=clock.now(), on=TODAY,
    )  # fmt: skip


def test_who_is_asked_decides_on_a_page_that_names_nobody(cast: Cast, shared: Redistribution) -> None:
    offer = Offer.objects.get()
    ana = signed_in(cast.ana)
    for path in ("/redistributions/", f"/offers/{offer.pk}/"):
        page = ana.get(path)
        assert page.status_code == 200
        assert "Ben" not in page.content.decode()
    assert ana.get(f"/redistributions/{shared.pk}/").status_code == 404
    for other in (cast.ben, cast.cleo, cast.omar):
        assert signed_in(other).get(f"/offers/{offer.pk}/").status_code == 404
    answer = ana.post(f"/offers/{offer.pk}/accept/", {"version": offer.version}, follow=True)
    assert "Taken on" in answer.content.decode()
    assert "Ben" not in answer.content.decode()
    assert quota_of(
        person_ids=[cast.ana.pk, cast.ben.pk], start=QUARTER.start, end=QUARTER.end, revised=True
    ) == {cast.ana.pk: D(105000), cast.ben.pk: D(95000)}  # fmt: skip
    quotas = ana.get("/quotas/").content.decode()
    assert "€105,000" in quotas
    assert "Revised" in quotas
    assert "Ben" not in quotas
    listed = ana.get("/api/v1/offers/").content.decode() + ana.get("/api/v1/quotas/").content.decode()
    assert f'"person":{cast.ben.pk}' not in listed.replace(" ", "")
    assert "redistribution" in ana.get("/quotas/export/").getvalue().decode()


def test_page_api_and_export_agree_to_the_cent(cast: Cast, shared: Redistribution) -> None:
    assert cast.ana.user
    accept_offer(offer=Offer.objects.get(), by=cast.ana.user, at=clock.now(), on=TODAY)
    while drain_rollups("quota"):
        continue
    maya = signed_in(cast.maya)
    answer = maya.get("/api/v1/pace/?of=person:E-Ana").json()
    # Attainment stays on the original 100,000; nothing is credited, so nothing of the 5,000 is delivered.
    assert (D(answer["quota"]), D(answer["revised_quota"]), D(answer["taken"])) == (100000, 105000, 5000)
    assert (D(answer["attainment"]), D(answer["delivered"])) == (0, 0)
    assert maya.get("/api/v1/pace/?of=team:North").json()["revised_quota"] is None
    export = maya.get("/quotas/export/").getvalue().decode()
    assert "redistribution,5000.00,EUR,Taken on with your consent" in export
    assert "redistribution,-5000.00,EUR,Taken on by a colleague" in export
    page = maya.get(f"/people/{cast.ana.pk}/").content.decode()
    assert "€105,000" in page
    assert "€5,000 taken on, €0 of it delivered" in page


def test_a_manager_opens_withdraws_and_takes_back(cast: Cast, shared: Redistribution) -> None:
    maya, offer = signed_in(cast.maya), Offer.objects.get()
    page = maya.get(f"/redistributions/{shared.pk}/").content.decode()
    assert "Nothing moves before they say yes." in page
    answer = maya.post(f"/offers/{offer.pk}/withdraw/", {"version": 1}, follow=True)
    assert "Withdrawn" in answer.content.decode()
    offer.refresh_from_db()
    assert offer.state == "withdrawn"
    late = signed_in(cast.ana).post(f"/offers/{offer.pk}/accept/", {"version": 2}, follow=True)
    assert "settled already" in late.content.decode()


def test_the_proposal_is_worked_out_from_the_expected_landings(cast: Cast) -> None:
    give(cast, cast.ben, "100000")
    while drain_rollups("quota"):
        continue
    maya = signed_in(cast.maya)
    page = maya.get("/redistributions/").content.decode()
    assert ("Ben" in page) == (QUARTER.start + timedelta(days=4) < TODAY or "expected to land" in page)
    add = maya.get(f"/redistributions/add/?person={cast.ben.pk}")
    assert add.status_code == 200
    assert maya.get(f"/redistributions/add/?person={cast.cleo.pk}").status_code == 404
    assert signed_in(cast.ben).get(f"/redistributions/add/?person={cast.ana.pk}").status_code == 404
    assert maya.post(f"/redistributions/add/?person={cast.ben.pk}", {"amount": "x"}).status_code == 422


def test_what_is_shown_costs_the_same_however_many_are_asked(cast: Cast, shared: Redistribution) -> None:
    maya = signed_in(cast.maya)
    maya.get("/redistributions/")
    few = [int(maya.get(path)["X-Query-Count"]) for path in ("/redistributions/", "/quotas/changes/")]
    for person in (cast.ana, cast.ben, cast.maya):
        give(cast, person, "1000", NEXT)
        kind = LeaveKind.objects.get(key="unpaid")
        Leave.objects.create(person=person, kind=kind, during=half_open(NEXT.start, NEXT.end))
    propose()
    many = [int(maya.get(path)["X-Query-Count"]) for path in ("/redistributions/", "/quotas/changes/")]
    assert many[0] <= few[0]
    assert many[1] <= few[1] + 4  # entries, closed months, the ledger, who decides; not one for each
