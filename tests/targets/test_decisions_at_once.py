"""Two who decide in the same moment, each on a connection of their own: one counts, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal as D
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import through
from salesmgmt.lib.refusals import Refused
from targets.models import Offer, QuotaEntry, QuotaProposal
from targets.selectors import Landing
from targets.services import (
    accept_offer,
    confirm_proposal,
    enter_quota,
    propose_changes,
    propose_redistribution,
    publish_plan,
)
from teams.models import Leave, LeaveKind, User
from tests.cast import make_cast
from tests.targets.letters import draft
from tests.targets.test_redistribution import AT, ON, Q3


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """What each answers: `done`, or the sentence that refused it."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        start.wait(10)
        try:
            act()
            return "done"
        except Refused as refusal:
            return refusal.sentence
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_two_managers_and_two_clicks_at_once_count_once() -> None:
    cast = make_cast()
    for person in (cast.ana, cast.ben):
        enter_quota(
            person=person, start=Q3[0], end=Q3[1], amount=D(66000), basis="base", reason="Plan", by=cast.admin, at=AT
        )
    kind = LeaveKind.objects.get(key="parental")
    days = through(date(2026, 9, 1), date(2026, 9, 30))
    Leave.objects.create(person=cast.ben, kind=kind, during=days)
    # Two workers drain the same marks.
    assert set(at_once([lambda: propose_changes(at=AT, on=ON)] * 2)) == {"done"}
    change = QuotaProposal.objects.get()
    users = [User.objects.get(username=name) for name in ("maya", "vera")]
    answers = at_once([partial(confirm_proposal, proposal=change, by=by, at=AT, on=ON) for by in users])
    assert answers == ["This is decided already: counts.", "done"]
    assert QuotaEntry.objects.filter(kind="leave").count() == 1
    landings = {cast.ben.pk: Landing(D(44000), D(0), D(40000)), cast.ana.pk: Landing(D(66000), D(0), D(90000))}
    propose_redistribution(
        giver=cast.ben, during=Q3, landings=landings, reason="Away", by=users[0], at=AT, on=ON, amount=D(1000)
    )
    offer, ana = Offer.objects.get(), User.objects.get(username="ana")
    answers = at_once([lambda: accept_offer(offer=offer, by=ana, at=AT, on=ON)] * 3)
    assert answers.count("done") == 1
    assert sorted(QuotaEntry.objects.filter(kind="redistribution").values_list("amount", flat=True)) == [-1000, 1000]
    scenarios = [draft(cast, {(cast.north, cast.ana): "9"}, period=Period.parse("2026-Q4")) for _ in range(2)]
    answers = at_once([partial(publish_plan, plan=one, by=cast.admin, at=AT) for one in scenarios])
    assert answers == ["Another plan for Q4 2026 is published already.", "done"]
