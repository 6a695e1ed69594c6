"""Quotas follow people's lives: proposed, shown with their arithmetic, decided, and only then counted."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from sales.models import Task
from salesmgmt.desk.models import Mark, Notice
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import Plan, QuotaEntry, QuotaProposal, RampProfile, RampStep
from targets.selectors import proposal_rows, quota_of, targets_of
from targets.services import confirm_proposal, count_overdue, enter_quota, propose_changes, refuse_proposal
from teams.models import Holiday, Leadership, Leave, LeaveKind, Person, Posting, User
from teams.services import close_period
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
ON = date(2026, 7, 1)
# July 2026 has 23 weekdays, August 21, September 22: 66 in the quarter.
QUARTER: Any = {"start": date(2026, 7, 1), "end": date(2026, 10, 1)}


def give(cast: Cast, person: Person, amount: str, **more: Any) -> None:
    enter_quota(
        person=person, amount=D(amount), reason="Plan", by=cast.admin, at=AT, **{"basis": "base", **QUARTER, **more}
    )


def drain(on: date = ON) -> int:
    done = 0
    while portion := propose_changes(at=AT, on=on):
        done += portion
    return done


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def the_proposal() -> QuotaProposal:
    return QuotaProposal.objects.open().get()


def changes(proposal: QuotaProposal) -> list[tuple[str, D, D]]:
    return [(one.kind, one.before, one.after) for one in proposal.entries.order_by("pk")]


def goes_on_leave(person: Person, kind: str = "parental") -> Leave:
    """August: 21 of 66 working days."""
    found = LeaveKind.objects.get(key=kind)
    return Leave.objects.create(person=person, kind=found, during=through(date(2026, 8, 1), date(2026, 8, 31)))


def quota(person: Person) -> D:
    return quota_of(person_ids=[person.pk], **QUARTER).get(person.pk, D(0))


@pytest.fixture
def ana(cast: Cast) -> Person:
    give(cast, cast.ana, "66000")
    drain()
    return cast.ana


def test_leave_is_proposed_with_its_arithmetic_and_counts_when_the_manager_says_so(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    assert drain() == 1
    proposal = the_proposal()
    # 1,000 a working day; 21 days of August.
    assert changes(proposal) == [("leave", D(0), D(-21000)), ("uncovered", D(0), D(21000))]
    assert proposal.entries.get(kind="leave").note == (
        "21 of these days on leave that relieves quota: 66,000.00 becomes 45,000.00"
    )
    assert proposal.decider == cast.maya
    assert quota(ana) == 66000  # proposed is not counted
    [row] = proposal_rows([proposal], user(cast.maya))
    assert (row.before, row.after, row.may_decide) == (66000, 45000, True)
    confirm_proposal(proposal=proposal, by=user(cast.maya), at=AT, on=ON, version=proposal.version)
    assert quota(ana) == 45000
    assert targets_of(team_ids=[cast.north.pk], **QUARTER)[cast.north.pk].uncovered == 21000
    assert drain() == 0 or not QuotaProposal.objects.open().exists()


def test_the_manager_and_the_person_are_told_and_the_manager_has_it_on_the_list(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    drain()
    told = {row.user_id: row.text for row in Notice.objects.all()}
    assert told[user(cast.maya).pk] == "Quota changes wait for your yes: Ana."
    assert "is proposed" in told[user(ana).pk]
    assert not any("parental" in text.lower() for text in told.values())
    task = Task.objects.open().get(owner=cast.maya)
    assert task.link == "/quotas/changes/"
    refuse_proposal(proposal=the_proposal(), reason="She is back", by=user(cast.maya), at=AT)
    task.refresh_from_db()
    assert task.done_at is not None


def test_what_is_proposed_follows_the_facts_until_somebody_decides(cast: Cast, ana: Person) -> None:
    leave = goes_on_leave(ana)
    drain()
    first = the_proposal()
    leave.during = through(date(2026, 8, 1), date(2026, 8, 14))  # 10 working days
    leave.save()
    drain()
    now = the_proposal()
    assert now.pk == first.pk
    assert now.version == first.version + 1
    assert changes(now)[0] == ("leave", D(0), D(-10000))
    with pytest.raises(Stale, match="has changed since you opened it"):
        confirm_proposal(proposal=now, by=user(cast.maya), at=AT, on=ON, version=first.version)
    leave.delete()
    drain()
    now.refresh_from_db()
    assert now.state == "gone"


def test_facts_that_changed_in_this_moment_are_not_confirmed(cast: Cast, ana: Person) -> None:
    leave = goes_on_leave(ana)
    drain()
    leave.delete()  # not drained yet
    with pytest.raises(Stale, match="The facts have changed"):
        confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert quota(ana) == 66000


def test_draining_twice_proposes_once(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    drain()
    Mark.objects.create(topic="presence", person_id=ana.pk, days=half_open(*QUARTER.values()))
    Mark.objects.create(topic="presence", person_id=None, days=half_open(*QUARTER.values()))
    drain()
    proposal = the_proposal()
    assert proposal.version == 1
    assert Notice.objects.filter(user=ana.user).count() == 1


def test_a_refused_change_comes_back_only_with_other_facts(cast: Cast, ana: Person) -> None:
    leave = goes_on_leave(ana)
    drain()
    with pytest.raises(Refused, match="Say why"):
        refuse_proposal(proposal=the_proposal(), reason=" ", by=user(cast.maya), at=AT)
    refuse_proposal(proposal=the_proposal(), reason="Covered by Ben", by=user(cast.maya), at=AT)
    Mark.objects.create(topic="presence", person_id=ana.pk, days=half_open(*QUARTER.values()))
    drain()
    assert not QuotaProposal.objects.open().exists()
    leave.during = through(date(2026, 8, 1), date(2026, 9, 4))
    leave.save()
    drain()
    assert changes(the_proposal())[0] == ("leave", D(0), D(-25000))


def test_two_who_decide_at_once_decide_once(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    drain()
    seen = the_proposal()
    confirm_proposal(proposal=seen, by=user(cast.maya), at=AT, on=ON)
    with pytest.raises(Refused, match="decided already: counts"):
        confirm_proposal(proposal=seen, by=user(cast.vera), at=AT, on=ON)
    with pytest.raises(Refused, match="decided already: counts"):
        refuse_proposal(proposal=seen, reason="No", by=user(cast.vera), at=AT)
    assert quota(ana) == 45000


def test_nobody_decides_their_own_quota_and_no_other_manager_does(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    drain()
    for nobody in (ana, cast.ben, cast.omar):
        with pytest.raises(Refused, match="nobody about their own"):
            confirm_proposal(proposal=the_proposal(), by=user(nobody), at=AT, on=ON)


def test_after_five_working_days_it_counts_by_itself(cast: Cast, ana: Person) -> None:
    Holiday.objects.create(region="DE", on=date(2026, 7, 6), name="A day off")
    drain()
    goes_on_leave(ana)
    drain()
    # Proposed on Wednesday 1 July: Thu 2, Fri 3, Tue 7, Wed 8, Thu 9 are five working days.
    assert the_proposal().counts_on == date(2026, 7, 10)
    assert count_overdue(at=AT, on=date(2026, 7, 9)) == 0
    assert count_overdue(at=AT, on=date(2026, 7, 10)) == 1
    assert count_overdue(at=AT, on=date(2026, 7, 11)) == 0
    assert QuotaEntry.objects.get(kind="leave").by is None


def test_a_managers_own_quota_takes_the_yes_of_the_next_one_up(cast: Cast) -> None:
    give(cast, cast.maya, "66000")
    goes_on_leave(cast.maya)
    drain()
    proposal = the_proposal()
    assert proposal.decider == cast.vera
    assert count_overdue(at=AT, on=ON + timedelta(days=60)) == 0
    with pytest.raises(Refused, match="nobody about their own"):
        confirm_proposal(proposal=proposal, by=user(cast.maya), at=AT, on=ON)
    confirm_proposal(proposal=proposal, by=user(cast.vera), at=AT, on=ON)
    assert quota(cast.maya) == 45000


def test_what_changes_no_closed_day_counts_though_a_month_of_the_quota_is_closed(cast: Cast, ana: Person) -> None:
    days: Any = {"person_ids": [ana.pk], "start": date(2026, 7, 1), "end": date(2026, 8, 1)}
    carried = quota_of(**days)
    close_period(key="2026-07", by=cast.admin, at=AT, reason="Over")
    goes_on_leave(ana)
    posting = ana.postings.get()
    Posting.objects.filter(pk=posting.pk).update(during=half_open(posting.starts_on, date(2026, 9, 1)))
    posting.pk, posting.during, posting.fte = None, half_open(date(2026, 9, 1)), D("0.5")
    posting.save(force_insert=True)
    drain()
    [row] = proposal_rows([the_proposal()], user(cast.maya))
    assert (row.closed, row.after) == ("", 34000)  # 23 days of July, none of August, half of 22 of September
    assert count_overdue(at=AT, on=ON + timedelta(days=60)) == 1
    assert quota_of(**days) == carried
    # A further change ahead.
    ana.left_on = date(2026, 9, 15)
    ana.save()
    drain()
    confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert quota_of(**days) == carried
    # Leave in July is told of late: what July carries would be another.
    kind = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=ana, kind=kind, during=through(date(2026, 7, 30), date(2026, 7, 31)))
    drain()
    assert proposal_rows([the_proposal()], user(cast.maya))[0].closed == "2026-07"
    with pytest.raises(Refused, match="2026-07 is closed"):
        confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)


def test_nothing_that_changes_a_closed_day_counts(cast: Cast, ana: Person) -> None:
    goes_on_leave(ana)
    close_period(key="2026-08", by=cast.admin, at=AT, reason="Early")
    drain()
    [row] = proposal_rows([the_proposal()], user(cast.maya))
    assert row.closed == "2026-08"
    with pytest.raises(Refused, match="2026-08 is closed"):
        confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert count_overdue(at=AT, on=ON + timedelta(days=60)) == 0


def test_a_final_quota_follows_nobodys_life(cast: Cast) -> None:
    give(cast, cast.ana, "66000", basis="final")
    goes_on_leave(cast.ana)
    drain()
    assert not QuotaProposal.objects.exists()


def test_a_public_holiday_moves_no_full_quota_and_a_vacation_none(cast: Cast, ana: Person) -> None:
    Holiday.objects.create(region="DE", on=date(2026, 7, 14), name="A day off")
    goes_on_leave(ana, "vacation")
    drain()
    assert not QuotaProposal.objects.exists()


def test_a_leaver_leaves_the_rest_vacant_and_who_takes_the_seat_is_offered_it(cast: Cast, ana: Person) -> None:
    ana.left_on = date(2026, 9, 1)
    ana.save()
    drain()
    # September has 22 working days.
    assert changes(the_proposal()) == [("employment", D(0), D(-22000)), ("vacant", D(0), D(22000))]
    confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    new = Person.objects.create(name="Nina", hired_on=date(2026, 9, 7))
    Posting.objects.create(person=new, team=cast.north, role="rep", during=half_open(date(2026, 9, 7)))
    drain()
    taking = QuotaProposal.objects.open().get(seat=new)
    assert taking.left_by == ana
    # Four working days of September, 1 to 4, are before Nina comes.
    assert changes(taking) == [
        ("vacant", D(22000), D(0)),
        ("base", D(0), D(22000)),
        ("employment", D(0), D(-4000)),
        ("vacant", D(0), D(4000)),
    ]
    confirm_proposal(proposal=taking, by=user(cast.maya), at=AT, on=ON)
    assert (quota(ana), quota(new)) == (44000, 18000)
    target = targets_of(team_ids=[cast.north.pk], **QUARTER)[cast.north.pk]
    assert (target.people, target.vacant, target.target) == (62000, 4000, 66000)
    drain()
    assert not QuotaProposal.objects.open().exists()
    # The one who left comes back a week later than thought: their line moves, what Nina holds does not.
    ana.left_on = date(2026, 9, 8)
    ana.save()
    drain()
    assert QuotaProposal.objects.open().get(seat=ana)
    assert quota(new) == 18000


def test_a_transfer_mid_quarter_leaves_the_seat_with_the_old_team(cast: Cast, ana: Person) -> None:
    posting = ana.postings.get()
    posting.during = half_open(date(2024, 1, 1), date(2026, 9, 1))
    posting.save()
    Posting.objects.create(person=ana, team=cast.south, role="rep", during=half_open(date(2026, 9, 1)))
    drain()
    assert changes(the_proposal()) == [("employment", D(0), D(-22000)), ("vacant", D(0), D(22000))]
    assert the_proposal().decider == cast.maya
    confirm_proposal(proposal=the_proposal(), by=user(cast.maya), at=AT, on=ON)
    assert quota_of(team_ids=[cast.north.pk, cast.south.pk], **QUARTER) == {cast.north.pk: D(66000)}


def test_part_time_is_proposed_from_its_day(cast: Cast, ana: Person) -> None:
    posting = ana.postings.get()
    posting.during = half_open(date(2024, 1, 1), date(2026, 9, 1))
    posting.save()
    Posting.objects.create(person=ana, team=cast.north, role="rep", fte=D("0.5"), during=half_open(date(2026, 9, 1)))
    drain()
    assert changes(the_proposal()) == [("fte", D(0), D(-11000))]


def test_a_changed_ramp_is_proposed_and_changes_nothing_by_itself(cast: Cast) -> None:
    profile = RampProfile.objects.create(name="Newcomer")
    step = RampStep.objects.create(profile=profile, month=3, percent=50)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=date(2026, 6, 1))
    Posting.objects.filter(person=cast.ana).update(ramp="Newcomer", during=half_open(date(2026, 6, 1)))
    give(cast, cast.ana, "66000")
    drain()
    assert not QuotaProposal.objects.exists()
    # Month 3 is August: 21 days.
    assert quota(cast.ana) == 66000 - 10500
    step.percent = D(0)
    step.save()
    drain()
    assert changes(the_proposal()) == [("ramp", D(-10500), D(-21000))]
    assert quota(cast.ana) == 66000 - 10500


def test_a_vacant_managers_seat_keeps_its_quota(cast: Cast, ana: Person) -> None:
    Leadership.objects.filter(person=cast.maya).delete()
    goes_on_leave(ana)
    drain()
    assert quota(ana) == 66000
    assert the_proposal().decider == cast.vera


def test_a_plan_that_was_published_before_is_followed(cast: Cast) -> None:
    plan = Plan.objects.create(name="Q3", period="2026-Q3", during=half_open(*QUARTER.values()), amount=1, made_at=AT)
    QuotaEntry.objects.create(
        person=cast.ana, seat=cast.ana, team=cast.north, during=half_open(*QUARTER.values()), amount=66000,
        currency="EUR", reporting_amount=66000, recorded_at=AT, reason="Q3", plan=plan,
    )  # fmt: skip
    goes_on_leave(cast.ana)
    drain()
    assert changes(the_proposal())[0] == ("leave", D(0), D(-21000))
