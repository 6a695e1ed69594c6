"""Figures of a published plan: given on a new seat, changed in the open, and by much only with a yes from above."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest

from sales.models import Task
from salesmgmt.desk.models import Notice
from salesmgmt.exchange.exports import write_table
from salesmgmt.exchange.kinds import kinds
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from salesmgmt.pages.home import due_for
from targets.models import Announcement, Plan, QuotaEntry, QuotaProposal
from targets.selectors import free_seats, proposal_rows, standings, without_quota
from targets.services import (
    adjust_quota,
    announce,
    answer_response,
    change_quota,
    confirm_proposal,
    give_quota,
    refuse_proposal,
    respond,
)
from teams.models import Organisation, Person, Posting, Team, User
from teams.services import close_period
from tests.cast import Cast
from tests.exchange.test_kinds import counts, take
from tests.targets.letters import post_json, published, signed_in
from tests.targets.test_after_publishing import figure
from tests.targets.test_proposals import drain, give, user

AT = datetime(2026, 8, 20, 9, tzinfo=UTC)
ON = AT.date()
Q3 = Period.parse("2026-Q3")


@pytest.fixture
def plan(cast: Cast) -> Plan:
    """1,000 for each of the 66 working days of the quarter."""
    lines = {(cast.company, None): "198000", (cast.north, None): "132000", (cast.south, None): "66000"}
    people = {(cast.north, cast.ana): "66000", (cast.north, cast.ben): "66000", (cast.south, cast.cleo): "66000"}
    return published(cast, {**lines, **people})  # type: ignore[dict-item]


def newcomer(team: Team, role: str = "rep") -> Person:
    """From 17 August, 33 working days before the end."""
    login = User.objects.create(username="nina")
    made = Person.objects.create(external_id="E-Nina", name="Nina", user=login, hired_on=date(2026, 8, 17))
    Posting.objects.create(person=made, team=team, role=role, during=half_open(date(2026, 8, 17)))
    drain()
    return made


def letters_due(person: Person) -> list[date]:
    found = due_for(user(person), today=ON, since=AT, leads=False)
    return [one.on for one in found if one.kind == "letter"]


# ── New seats ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_hired_on_a_new_seat_is_given_a_quota_on_their_page(cast: Cast, plan: Plan) -> None:
    nina = newcomer(cast.north)
    maya = signed_in(cast.maya)
    assert [one.person for one in without_quota(user(cast.maya), ON)] == [nina]
    url = f"/quotas/{nina.pk}/?period=2026-Q3"
    page = maya.get(url).content.decode()
    assert "Plan Q3, North: 66,000.00 on average" in page
    assert 'value="66000.00"' in page
    [seat] = free_seats(nina, Q3, on=ON)
    close_period(key="2026-07", by=cast.olga.user, at=AT)  # of Nina it carries nothing
    sent = {"new-seat": seat.key, "new-amount": "60000", "new-reason": "New seat"}
    assert signed_in(cast.omar).post(url, sent).status_code == 404
    assert maya.post(url, sent | {"new-amount": "0"}).status_code == 422
    assert maya.post(url, sent).status_code == 302
    assert figure(nina) == 30000
    assert set(QuotaEntry.objects.filter(seat=nina).values_list("kind", "plan")) >= {("base", plan.pk)}
    link = f"/plans/{plan.pk}/letters/{nina.pk}/"
    assert Notice.objects.filter(user=nina.user, link=link, text__startswith="Plan Q3: read your figure").exists()
    assert "gives Nina a quota: 60,000.00" in Notice.objects.get(user=cast.vera.user, text__contains="gives").text
    assert letters_due(nina)
    assert free_seats(nina, Q3, on=ON) == []
    with pytest.raises(Refused, match="has a figure there already"):
        give_quota(person=nina, period=Q3, seat=seat.key, amount=D(1), reason="Twice", by=cast.admin, at=AT)
    assert "Give a quota" not in maya.get(url).content.decode()


def test_a_newcomer_in_support_is_given_a_goal_by_the_api(cast: Cast) -> None:
    Team.objects.filter(pk=cast.south.pk).update(department="service")
    plan = published(cast, {(cast.south, cast.cleo): "90"})
    Plan.objects.filter(pk=plan.pk).update(measure="satisfaction")
    nina = newcomer(cast.south, "department")
    [seat] = free_seats(nina, Q3, on=ON)
    assert (seat.of.key, seat.team) == ("satisfaction", cast.south)
    said = {
        "person": nina.pk, "team": cast.south.pk, "period": "2026-Q3", "measure": "satisfaction", "amount": "950",
        "reason": "New seat",
    }  # fmt: skip
    refused = post_json(signed_in(cast.omar), "/api/v1/quotas/give/", said)
    assert (refused.status_code, "at most 100" in refused.content.decode()) == (409, True)
    answer = post_json(signed_in(cast.omar), "/api/v1/quotas/give/", said | {"amount": "95"})
    assert (answer.status_code, answer.json()) == (201, {"quota": "95.00", "waits": None})
    assert post_json(signed_in(nina), "/api/v1/quotas/give/", said).status_code == 409
    assert post_json(signed_in(cast.maya), "/api/v1/quotas/give/", said).status_code == 400


def test_without_a_plan_a_seat_is_that_of_the_period_quotas_were_imported_for(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    nina = newcomer(cast.north)
    [seat] = free_seats(nina, Q3, on=ON)
    assert (seat.plan, seat.team, seat.usual) == (None, cast.north, 66000)
    by = user(cast.omar)
    with pytest.raises(Refused, match="Only who leads Nina"):
        give_quota(person=nina, period=Q3, seat=seat.key, amount=D(66000), reason="New seat", by=by, at=AT)
    give_quota(person=nina, period=Q3, seat=seat.key, amount=D(66000), reason="New seat", by=cast.admin, at=AT)
    assert figure(nina) == 33000
    assert Notice.objects.get(user=nina.user).text == "You have a quota for Q3 2026."
    change_quota(person=nina, period=Q3, amount=D(9), reason="Fire", by=user(cast.vera), at=AT)
    assert figure(nina) == 9
    assert Notice.objects.filter(user=nina.user, text="Your quota for Q3 2026 has changed: Fire").exists()


# ── Changed in the open ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_published_figure_is_changed_with_what_changed_and_asked_again(cast: Cast, plan: Plan) -> None:
    respond(plan=plan, person=cast.ana, stance="accepts", approach="Visits", by=cast.ana.user, at=AT, quota=D(66000))
    assert letters_due(cast.ana) == []
    maya, url = signed_in(cast.maya), f"/quotas/{cast.ana.pk}/?period=2026-Q3"
    sent = {"amount": "62000", "reason": "Steel"}
    refused = maya.post(url, sent)
    assert (refused.status_code, "Say what changed" in refused.content.decode()) == (422, True)
    assert figure(cast.ana) == 66000
    assert maya.post(url, sent | {"economy": "Prices"}).status_code == 302
    told = Announcement.objects.get()
    assert (told.headline, told.economy, told.person) == ("Steel", "Prices", cast.ana)
    assert figure(cast.ana) == 62000
    assert letters_due(cast.ana)
    assert Notice.objects.filter(user=cast.ana.user, text="Steel Read your letter and answer again.").exists()


def test_a_figure_that_an_import_moves_is_told_and_asked_again(cast: Cast, plan: Plan) -> None:
    respond(plan=plan, person=cast.ana, stance="accepts", approach="Visits", by=cast.ana.user, at=AT, quota=D(66000))
    assert counts(take("quotas", "person,period,amount\nE-Ana,2026-Q3,65000\n"))[0] == 1
    link = f"/plans/{plan.pk}/letters/{cast.ana.pk}/"
    assert Notice.objects.filter(user=cast.ana.user, link=link, text__contains="has changed").count() == 1
    assert len(letters_due(cast.ana)) == 1
    adjust_quota(person=cast.ana, period=Q3, amount=D(64000), reason="Fire", by=cast.admin, at=AT)
    standing = standings(plan, [cast.ana.pk], as_of=ON)[cast.ana.pk]
    assert (standing.state, standing.asked_at, standing.is_overdue) == ("waiting", AT, False)


# ── Approved above ──────────────────────────────────────────────────────────────────────────────────────────────


def ask(cast: Cast, amount: int = 50000) -> QuotaProposal:
    made = change_quota(
        person=cast.ana, period=Q3, amount=D(amount), reason="Frozen.", results="Two left", by=user(cast.maya), at=AT
    )
    assert made is not None
    return made


def test_a_large_change_waits_for_the_yes_of_the_next_manager_up(cast: Cast, plan: Plan) -> None:
    close_period(key="2026-07", by=cast.olga.user, at=AT)  # what it carries stays
    proposal = ask(cast)
    assert (figure(cast.ana), proposal.decider, proposal.needs_yes) == (66000, cast.vera, True)
    assert not Announcement.objects.exists()
    assert Task.objects.open().filter(owner=cast.vera, link="/quotas/changes/").exists()
    drain()  # what postings ask for leaves it alone
    assert QuotaProposal.objects.open().get() == proposal
    page = signed_in(cast.maya).get("/quotas/changes/").content.decode()
    assert [(row.before, row.after) for row in proposal_rows([proposal], user(cast.maya))] == [(66000, 50000)]
    assert "asks for it" in page
    assert f"/quotas/changes/{proposal.pk}/confirm/" not in page
    for person in (cast.maya, cast.ana):
        with pytest.raises(Refused, match="Who leads the team decides"):
            confirm_proposal(proposal=proposal, by=user(person), at=AT, on=ON)
    assert signed_in(cast.omar).post(f"/quotas/changes/{proposal.pk}/confirm/", {"version": 1}).status_code == 404
    answer = signed_in(cast.vera).post(f"/quotas/changes/{proposal.pk}/confirm/", {"version": 1})
    assert answer.status_code == 303
    assert figure(cast.ana) == 50000
    told = Announcement.objects.get()
    assert (told.headline, told.results, told.by) == ("Frozen.", "Two left", cast.vera.user)
    assert Notice.objects.filter(user=cast.maya.user, text__contains="has the yes it needed").exists()
    own = signed_in(cast.ana).get(f"/quotas/{cast.ana.pk}/?period=2026-Q3")
    assert "Another figure asked for" in own.content.decode()


def test_what_is_asked_for_moves_with_its_words(cast: Cast, plan: Plan) -> None:
    before = QuotaProposal.objects.filter(pk=ask(cast).pk).values().get()
    told = {kind: io.StringIO() for kind in ("quota_proposals", "proposed_entries")}
    for kind, out in told.items():
        write_table(kinds()[kind], out)
    QuotaProposal.objects.all().delete()
    for kind, out in told.items():
        assert counts(take(kind, out.getvalue())) == (1, 0, 0, 0)
    [now] = QuotaProposal.objects.values()
    assert now | {"id": 0} == before | {"id": 0}


def test_small_steps_come_to_no_more_than_one(cast: Cast, plan: Plan) -> None:
    by = user(cast.maya)
    said: dict[str, Any] = {"person": cast.ana, "period": Q3, "reason": "Frozen.", "results": "Two left", "at": AT}
    assert change_quota(amount=D(60000), by=by, **said) is None
    assert change_quota(amount=D(59000), by=by, **said) is not None
    with pytest.raises(Refused, match="Ana: this moves it by more than you may change alone"):
        announce(
            plan=plan, headline="Less.", results="x", team=cast.north, figures={cast.ana.pk: D(59000)}, by=by, at=AT
        )
    Organisation.objects.update(free_change=20)
    assert change_quota(amount=D(59000), by=user(cast.maya), **said) is None
    assert figure(cast.ana) == 59000


def test_an_objection_is_met_with_much_less_only_by_who_was_asked_above(cast: Cast, plan: Plan) -> None:
    response = respond(plan=plan, person=cast.ana, stance="objects", statement="Too much", by=user(cast.ana), at=AT)
    with pytest.raises(Refused, match="ask the next manager up"):
        answer_response(response=response, kind="changed", text="Yes", amount=D(9), by=user(cast.maya), at=AT)
    cast.vera.postings.update(role="manager")  # leads all, and plans for nobody
    answer_response(response=response, kind="asked_up", text="Much", by=user(cast.maya), at=AT)
    answer_response(response=response, kind="changed", text="Yes", amount=D(9), by=user(cast.vera), at=AT)
    assert figure(cast.ana) == 9


def test_a_figure_that_moved_meanwhile_is_not_changed_by_an_older_wish(cast: Cast, plan: Plan) -> None:
    proposal = ask(cast)
    adjust_quota(person=cast.ana, period=Q3, amount=D(64000), reason="Fire", by=cast.admin, at=AT)
    with pytest.raises(Stale, match="changed since this was asked for"):
        confirm_proposal(proposal=proposal, by=user(cast.vera), at=AT, on=ON)
    again = ask(cast, 40000)
    proposal.refresh_from_db()
    assert proposal.state == "gone"
    refuse_proposal(proposal=again, reason="No", by=user(cast.vera), at=AT)
    assert Notice.objects.filter(user=cast.maya.user, text__contains="was refused").exists()
    assert figure(cast.ana) == 64000


def test_the_api_changes_a_figure_or_says_what_waits(cast: Cast, plan: Plan) -> None:
    url, maya = "/api/v1/quotas/change/", signed_in(cast.maya)
    said = {"person": cast.ana.pk, "period": "2026-Q3", "amount": "65000", "reason": "Steel", "economy": "Prices"}
    assert post_json(maya, url, said).json() == {"quota": "65000.00", "waits": None}
    waits = post_json(maya, url, said | {"amount": "1"}).json()
    assert waits == {"quota": "65000.00", "waits": QuotaProposal.objects.open().get().pk}
    assert post_json(signed_in(cast.ana), url, said).status_code == 409
    assert post_json(signed_in(cast.omar), url, said).status_code == 400
    assert post_json(maya, url, said | {"period": "2026-Q9"}).status_code == 400
