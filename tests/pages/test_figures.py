"""What is to be answered about figures stands on the home page; pages of plans are found by name."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets.models import Offer
from targets.selectors import Landing
from targets.services import answer_response, enter_quota, propose_redistribution, publish_plan, respond
from teams.models import Person
from tests.cast import Cast
from tests.targets.letters import draft

NOW = Period.of(clock.today("Europe/Berlin"), "quarter")


def home(person: Person) -> str:
    client = Client()
    client.force_login(person.user)  # type: ignore[arg-type]
    return client.get("/").content.decode()


def test_a_letter_to_answer_and_an_objection_stand_on_the_home_page_of_whom_they_wait_for(cast: Cast) -> None:
    plan = draft(cast, {(cast.north, cast.ana): "100000", (cast.south, cast.cleo): "90000"}, period=NOW)
    assert "Answer your letter" not in home(cast.ana)
    publish_plan(plan=plan, by=cast.admin, at=clock.now() - timedelta(days=1))
    plan.refresh_from_db()
    letter = f"/plans/{plan.pk}/letters/{cast.ana.pk}/"
    page = home(cast.ana)
    assert "Answer your letter: Plan Q3" in page
    assert letter in page
    assert "Answer your letter" not in home(cast.ben)
    assert cast.ana.user
    assert cast.maya.user
    said: dict[str, Any] = {"statement": "My largest customer left.", "at": clock.now()}
    response = respond(plan=plan, person=cast.ana, stance="objects", by=cast.ana.user, **said)
    assert "Answer your letter" not in home(cast.ana)
    assert "Answer an objection to Plan Q3" in home(cast.maya)
    assert letter in home(cast.maya)
    assert "Answer an objection" not in home(cast.omar)
    answer_response(response=response, kind="stands", text="It stands.", by=cast.maya.user, at=clock.now())
    assert "Answer an objection" not in home(cast.maya)


def test_an_offer_stands_on_the_home_page_of_who_is_asked_only(cast: Cast) -> None:
    at = clock.now()
    for person in (cast.ana, cast.ben):
        enter_quota(
            person=person,
            start=NOW.start,
            end=NOW.end,
            amount=D(100000),
            basis="base",
            reason="P",
            by=cast.admin,
            at=at,
        )
    landings = {cast.ben.pk: Landing(D(100000), D(0), D(80000)), cast.ana.pk: Landing(D(100000), D(0), D(130000))}
    assert cast.maya.user
    propose_redistribution(
        giver=cast.ben, during=(NOW.start, NOW.end), landings=landings, reason="Ill", by=cast.maya.user, at=at,
        on=clock.today("Europe/Berlin"),
    )  # fmt: skip
    offer = Offer.objects.get(candidate__person=cast.ana)
    assert f"/offers/{offer.pk}/" in home(cast.ana)
    assert "Would you take on a part of a quota?" in home(cast.ana)
    for person in (cast.ben, cast.cleo, cast.maya):
        assert "Would you take on" not in home(person)


PLANNERS = ("/plans/add/", "/calendar/", "/periods/", "/seasons/", "/ramps/")
LEADERS = ("/budgets/", "/quotas/#plans")
EVERYBODY = ("/quotas/changes/", "/redistributions/", "/quotas/")


@pytest.mark.parametrize(
    ("name", "seen", "unseen"),
    [
        ("vera", PLANNERS + LEADERS + EVERYBODY, ()),
        ("maya", LEADERS + EVERYBODY, PLANNERS),
        ("ana", EVERYBODY, PLANNERS + LEADERS),
    ],
)
def test_the_palette_lists_the_pages_of_plans_that_one_may_open(
    cast: Cast, name: str, seen: tuple[str, ...], unseen: tuple[str, ...]
) -> None:
    person = getattr(cast, name)
    client = Client()
    client.force_login(person.user)
    page = client.get("/").content.decode()
    palette = page[page.index('id="palette-list"') : page.index("</dialog>", page.index('id="palette-list"'))]
    for url in seen:
        assert f'href="{url}"' in palette
        assert client.get(url.partition("#")[0]).status_code == 200
    for url in unseen:
        assert f'href="{url}"' not in palette
