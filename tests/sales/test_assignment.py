"""Who gets a new lead: by rules in their order, never somebody who has left or is away."""

import threading
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from sales.models import AssignmentRule, Lead, LeadChange
from sales.services import campaigns, leads
from sales.services.assignment import assign_leads
from salesmgmt.desk.models import Notice
from salesmgmt.lib.ranges import half_open, through
from teams.models import Leave, LeaveKind, Posting, Territory
from tests.cast import Cast, make_cast
from tests.exchange.test_kinds import take, undo

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def rule(position: int = 0, **more: Any) -> AssignmentRule:
    return AssignmentRule.objects.create(**({"name": f"Rule {position}", "position": position} | more))


def add(**more: Any) -> Lead:
    return leads.add_lead(**({"name": "Marta Ruiz", "by": None, "at": AT} | more))


def owner_of(**more: Any) -> str | None:
    owner = add(**more).owner
    return owner.name if owner else None


def away(person: Any) -> None:
    kind = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=person, kind=kind, during=through(date(2026, 6, 29), date(2026, 7, 3)))


def test_the_first_active_rule_whose_conditions_hold_says_to_whom(cast: Cast) -> None:
    fair = campaigns.add_campaign(by=None, name="Fair")
    rule(1, method="person", person=cast.cleo, is_active=False)
    rule(2, method="person", person=cast.ben, source="Website", country="DE")
    rule(3, method="person", person=cast.cleo, campaign=fair)
    rule(4, method="person", person=cast.ana)
    assert owner_of(source="website", country="de") == "Ben"
    assert owner_of(source="Website", country="FR") == "Ana"
    assert owner_of(source="Website", campaign=fair) == "Cleo"


def test_whose_it_became_says_the_rule_and_the_person_is_told(cast: Cast) -> None:
    rule(1, name="Germany", method="person", person=cast.ben)
    lead = add(by=cast.ana.user)
    change = LeadChange.objects.get(lead=lead, field="owner")
    assert (change.value, change.reason, change.by) == (str(cast.ben.pk), "Rule “Germany”: one person", cast.ana.user)
    notice = Notice.objects.get()
    assert (notice.user, notice.link) == (cast.ben.user, f"/leads/{lead.pk}/")


def test_without_a_rule_it_stays_unassigned(cast: Cast) -> None:
    rule(1, method="person", person=cast.ana, industry="Water")
    assert owner_of(industry="Paper") is None
    assert not Notice.objects.exists()


def test_who_left_or_is_away_is_passed_over_and_the_next_rule_asked(cast: Cast) -> None:
    rule(1, method="person", person=cast.ana)
    rule(2, method="load", team=cast.north)
    assert owner_of() == "Ana"
    away(cast.ana)
    assert owner_of() == "Ben"
    cast.ben.left_on = date(2026, 7, 1)
    cast.ben.save()
    assert owner_of() is None


def test_who_covers_the_nearest_part_of_its_territory(cast: Cast) -> None:
    europe = Territory.objects.create(name="Europe")
    germany = Territory.objects.create(name="Germany", parent=europe)
    bavaria = Territory.objects.create(name="Bavaria", parent=germany)
    france = Territory.objects.create(name="France", parent=europe)
    Posting.objects.filter(person=cast.ana).update(territory=germany)
    Posting.objects.filter(person=cast.cleo).update(territory=europe)
    rule(1, method="territory", territory=europe)
    assert owner_of(territory=bavaria) == "Ana"
    assert owner_of(territory=france) == "Cleo"
    assert owner_of() is None
    away(cast.ana)
    assert owner_of(territory=bavaria) == "Cleo"


def test_a_posting_of_the_past_covers_nothing(cast: Cast) -> None:
    germany = Territory.objects.create(name="Germany")
    Posting.objects.filter(person=cast.ana).update(
        territory=germany, during=half_open(date(2024, 1, 1), date(2026, 7, 1))
    )
    rule(1, method="territory")
    assert owner_of(territory=germany) is None


def test_who_has_the_fewest_waiting_leads_in_a_team_and_below(cast: Cast) -> None:
    rule(1, method="load", team=cast.company)
    for person, count in ((cast.ana, 2), (cast.ben, 1), (cast.cleo, 3)):
        for _ in range(count):
            add(owner=person)
    decided = add(owner=cast.ben)
    leads.disqualify_lead(lead=decided, reason="no_need", by=None, at=AT)
    assert [owner_of() for _ in range(4)] == ["Ben", "Ana", "Ben", "Ana"]


def test_in_turn_goes_round_the_reps_of_a_team(cast: Cast) -> None:
    rule(1, method="round_robin", team=cast.north)
    assert [owner_of() for _ in range(5)] == ["Ana", "Ben", "Ana", "Ben", "Ana"]
    away(cast.ben)
    assert [owner_of() for _ in range(2)] == ["Ana", "Ana"]


def test_many_leads_cost_as_many_queries_as_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for place, method in enumerate(("territory", "round_robin")):
        rule(place, method=method, team=cast.company)
    made = Lead.objects.bulk_create(Lead(name=f"L {number}", received_at=AT) for number in range(30))
    with django_assert_max_num_queries(14):
        assert assign_leads(lead_ids=[lead.pk for lead in made], by=None, at=AT) == 30
    assert Counter(Lead.objects.values_list("owner__name", flat=True)) == {"Ana": 10, "Ben": 10, "Cleo": 10}
    assert sorted(Notice.objects.values_list("text", flat=True)) == ["10 new leads for you."] * 3
    assert assign_leads(lead_ids=[lead.pk for lead in made], by=None, at=AT) == 0


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_do_not_go_to_the_same_person_in_turn() -> None:
    cast = make_cast()
    rule(1, method="round_robin", team=cast.north)
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for _ in range(5):
                add()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(Lead.objects.values_list("owner__name", flat=True)) == {"Ana": 10, "Ben": 10}


def test_an_imported_lead_that_the_file_gives_to_nobody_goes_by_the_rules(cast: Cast) -> None:
    rule(1, method="round_robin", team=cast.north)
    rows = (
        "external_id,name,owner,status\nL-1,Marta,,new\nL-2,Nadia,E-Cleo,new\nL-3,Pia,,working\nL-4,Ute,,disqualified"
    )
    answer = take("leads", rows)
    assert answer.refused == 0
    owners = dict(Lead.objects.values_list("name", "owner__name"))
    assert owners == {"Marta": "Ana", "Nadia": "Cleo", "Pia": "Ben", "Ute": None}
    undo(answer)
    assert not Lead.objects.present().exists()
