"""From a warning to somebody who got better, in a real browser; and a whole team's cause that is laid on nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pytest_django.live_server_helper import LiveServer

from coaching import services
from coaching.models import Case, CoachingPlan, Course, DiagnosisStep, Enrolment, OneOnOne
from performance.models import Flag, Rollup
from recognition.models import Suggestion
from recognition.services import suggest_awards
from sales.models import Deal, DealLine, DealReason, LostReason, Order, Stage
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Role, Skill, Team, User
from teams.services import rate_skill
from tests.cast import SINCE, Cast, make_cast

from .test_loop import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TODAY = clock.today("Europe/Berlin")
WEEKS = timedelta(weeks=14)  # after that help has had its time to count


@dataclass(frozen=True)
class Company:
    cast: Cast
    team: list[Person]
    flag: Flag
    course: Course


@pytest.fixture
def company(live_server: LiveServer) -> Company:
    """Ana sells half of what she did; sixteen more sell as ever. Delivery has somebody to ask."""
    cast = make_cast()
    delivery = Team.objects.create(name="Delivery", parent=cast.company, department=Team.Department.DELIVERY)
    dita = User.objects.create(username="dita", password=User.objects.get(username="ana").password)
    made = Person.objects.create(name="Dita", user=dita)
    Posting.objects.create(person=made, team=delivery, role=Role.DEPARTMENT, during=half_open(SINCE))
    others = [Person.objects.create(name=f"Rep {n:02}", external_id=f"R-{n}", hired_on=SINCE) for n in range(16)]
    Posting.objects.bulk_create(
        Posting(person=one, team=cast.north, role=Role.REP, during=half_open(SINCE)) for one in others
    )
    flag = Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=90_000, actual=45_000, gap=45_000, severity="behind", cause="conversion",
        sentence="Half as many deals won as last quarter; activities unchanged.", as_of=TODAY,
        expires_on=TODAY + timedelta(days=21),
    )  # fmt: skip
    assert cast.vera.user
    course = services.add_course(title="Gateways", by=cast.vera.user, at=clock.now())
    services.add_lesson(course=course, title="Three families", text="Meters, gateways, contracts.", by=cast.vera.user)
    services.publish_course(course=course, by=cast.vera.user, at=clock.now())
    decided(cast.ana)
    rate_skill(
        person=cast.ana, skill=Skill.objects.get_or_create(name="Closing")[0], score=2, by=cast.vera.user,
        at=clock.now(),
    )  # fmt: skip
    return Company(cast, [cast.ana, *others], flag, course)


def decided(person: Person) -> None:
    """Twelve deals lost lately and as many in the year before, for the same reasons, of which ten buyers named theirs;
    discounts as they were."""
    stage, reasons = Stage.objects.order_by("pk")[0], LostReason.objects.in_bulk(field_name="key")
    for closed in (TODAY - timedelta(days=1), TODAY - timedelta(days=300)):
        common = {"owner": person, "stage": stage, "currency": "EUR", "opened_on": closed - timedelta(days=60)}
        why = ["product", "price", *["no_decision"] * 10]
        lost = Deal.objects.bulk_create(
            Deal(name=f"Lost {n}", amount=1000, status="lost", closed_on=closed, lost_reason=reasons[key], **common)
            for n, key in enumerate(why)
        )
        DealReason.objects.bulk_create(
            DealReason(deal=deal, reason=reasons[key], side="buyer", is_main=True)
            for deal, key in zip(lost[2:], ["price", *["no_decision"] * 9], strict=True)
        )
        for n in range(6):
            won = Deal.objects.create(name=f"Won {n}", amount=950, status="won", closed_on=closed, **common)
            DealLine.objects.create(deal=won, text="Meter", list_price=1000, unit_price=950)


@pytest.fixture
def maya(company: Company, live_server: LiveServer, browser: "Browser") -> "Iterator[Page]":
    page = signed_in(browser, live_server.url, "maya", width=1440, height=900)
    yield page
    page.context.close()


def open_case(maya: "Page", url: str, company: Company) -> Case:
    maya.goto(f"{url}/flags/{company.flag.pk}/")
    maya.get_by_role("button", name="Open a case").click()
    maya.wait_for_url("**/cases/*/")
    return Case.objects.get(flag=company.flag)


def rule(page: "Page", step: str, ruling: str, why: str) -> None:
    part = page.locator(f"#step-{step}")
    part.locator(f"input[name=ruling][value={ruling}]").check()
    part.locator("[name=reason]").fill(why)
    part.locator("button", has_text="Rule on").click()
    page.wait_for_load_state()
    said = "Ruled in" if ruling == "in" else "Ruled out"
    assert said in page.locator(f"#step-{step} summary").inner_text()


def shows(page: "Page", step: str, cells: list[str]) -> None:
    """A line of a step's table: sign, now, of how many, before."""
    rows = page.locator(f"#step-{step} tbody tr")
    said = [rows.nth(n).locator("th, td").all_inner_texts()[:4] for n in range(rows.count())]
    assert cells in [[cell.replace("\xa0", " ").replace("\u202f", " ") for cell in row] for row in said], said


@pytest.mark.django_db(transaction=True)
def test_a_flag_leads_to_a_diagnosis_a_course_an_effect_and_praise(
    company: Company, maya: "Page", live_server: LiveServer, browser: "Browser"
) -> None:
    orders(company.cast.ana, TODAY - timedelta(days=300), late=2, of=20)
    orders(company.cast.ana, TODAY - timedelta(days=30), late=1, of=10)
    case = open_case(maya, live_server.url, company)
    shows(maya, "product", ["Lost on the product, as we see it", "8%", "1 of 12", "8%"])
    shows(maya, "product", ["Lost on the product, as buyers say", "0%", "0 of 10", "0%"])
    rule(maya, "product", "out", "No more deals are lost for it than before.")
    shows(maya, "price", ["Lost on price, as we see it", "8%", "1 of 12", "8%"])
    shows(maya, "price", ["Lost on price, as buyers say", "10%", "1 of 10", "10%"])
    shows(maya, "price", ["Discount given", "5%", "6", "5%"])
    rule(maya, "price", "out", "Discounts are as they were.")

    maya.locator("#ask summary").click()
    maya.locator("#ask [name=text]").fill("Did more orders of the north leave late since September?")
    maya.locator("#ask button").click()
    maya.wait_for_load_state()
    dita = signed_in(browser, live_server.url, "dita", width=390, height=844)
    dita.goto(f"{live_server.url}/questions/")
    assert company.cast.ana.name not in dita.locator("main").inner_text()
    dita.locator("main textarea").fill("No: but for one, all of them left on the day.")
    dita.get_by_role("button", name="Answer").click()
    dita.wait_for_load_state()
    dita.context.close()

    maya.reload()
    assert "all of them left on the day" in maya.locator("#step-delivery").text_content()
    shows(maya, "delivery", ["Orders produced late", "10%", "1 of 10", "10%"])
    rule(maya, "delivery", "out", "As before, and they answered so.")
    rule(maya, "service", "out", "No complaints.")
    rule(maya, "marketing", "out", "As many leads as before.")
    facts = maya.locator("#step-training dl").inner_text()
    assert "None given" in facts
    assert "Closing" in facts
    rule(maya, "training", "in", "Never had the course on gateways.")

    maya.locator("#courses summary").click()
    maya.locator("#courses button").click()
    maya.wait_for_load_state()
    assert Enrolment.objects.get(person=company.cast.ana, course=company.course).case == case
    maya.goto(f"{live_server.url}/effects/add/?case={case.pk}")
    maya.select_option("[name=kind]", "course")
    maya.select_option("[name=measure]", "bookings")
    maya.locator("main form button.btn-primary").click()
    maya.wait_for_url("**/effects/*/")
    maya.goto(f"{live_server.url}/cases/{case.pk}/")
    maya.get_by_role("link", name="Plan 1:1").click()
    maya.locator("main form button.btn-primary").click()
    maya.wait_for_url("**/one-on-ones/*/")
    assert OneOnOne.objects.get(person=company.cast.ana).case == case

    fourteen_weeks_later(company, CoachingPlan.objects.get(case=case))
    maya.goto(f"{live_server.url}/effects/{CoachingPlan.objects.get().pk}/")
    told = maya.locator("main").inner_text()
    assert "against what was to be expected (between +" in told
    assert "beside 16 comparable people" in told

    maya.goto(f"{live_server.url}/cases/{case.pk}/")
    maya.locator("#close [name=cause]").select_option("training")
    maya.locator("#close [name=outcome]").select_option("improved")
    maya.locator("#close [name=result]").fill("Books twice as much since the course.")
    maya.locator("#close button").click()
    maya.wait_for_load_state()
    case.refresh_from_db()
    assert (case.state, case.cause, case.outcome) == ("closed", "training", "improved")

    suggest_awards(as_of=TODAY)
    assert Suggestion.objects.filter(person=company.cast.ana, kind="improved").exists()
    maya.goto(f"{live_server.url}/wall/")
    assert company.cast.ana.name in maya.locator("#suggestions").inner_text()


def fourteen_weeks_later(company: Company, plan: CoachingPlan) -> None:
    """As if the help had been planned so long ago: what everybody booked each day before it and since."""
    start = TODAY - WEEKS
    CoachingPlan.objects.filter(pk=plan.pk).update(
        starts_on=start, until=start + timedelta(weeks=8), frozen_at=None, counts_until=None, peers=[]
    )
    rng = np.random.default_rng(12)
    days = [start - timedelta(days=n) for n in range(1, 730)] + [start + timedelta(days=n) for n in range(WEEKS.days)]
    Rollup.objects.bulk_create(
        Rollup(
            person=person, team=company.cast.north, on=day, posted_month=day.replace(day=1), measure="bookings",
            count=1,
            total=Decimal(str(round(float(rng.gamma(20, 50)) * (2 if place == 0 and day >= start else 1), 2))),
        )
        for place, person in enumerate(company.team)
        for day in days
        if day.weekday() < 5
    )  # fmt: skip
    services.freeze_plans(on=TODAY, at=clock.now())


@pytest.mark.django_db(transaction=True)
def test_a_cause_of_the_whole_team_stands_in_nobodys_record(
    company: Company, maya: "Page", live_server: LiveServer
) -> None:
    for person in company.team:
        orders(person, TODAY - timedelta(days=300), late=1, of=20)
        orders(person, TODAY - timedelta(days=30), late=8, of=10)
    case = open_case(maya, live_server.url, company)
    assert "manufacturing and delivery, for the whole team" in maya.locator("#diagnosis").inner_text()
    rule(maya, "product", "out", "As before.")
    rule(maya, "price", "out", "As before.")
    rule(maya, "delivery", "in", "Eight of ten orders came late, for all of us.")
    assert "for the whole team" in maya.locator("#step-delivery summary").inner_text()
    for step in ("service", "marketing", "training"):
        rule(maya, step, "out", "As before.")
    part = maya.locator("#step-person")
    part.locator("input[name=ruling][value=in]").check()
    part.locator("[name=reason]").fill("And she could try harder.")
    part.locator("button", has_text="Rule on").click()
    maya.wait_for_load_state()
    assert "was ruled in for the whole team, so it does not lie with Ana" in maya.locator("main").inner_text()
    rule(maya, "person", "out", "It lies with delivery.")
    maya.locator("#close [name=cause]").select_option("delivery")
    maya.locator("#close [name=outcome]").select_option("elsewhere")
    maya.locator("#close [name=result]").fill("Production adds a shift.")
    maya.locator("#close button").click()
    maya.wait_for_load_state()
    case.refresh_from_db()
    assert (case.cause, case.is_team_wide) == ("delivery", True)
    assert not DiagnosisStep.objects.filter(step="person", is_in=True).exists()
    assert not Case.objects.filter(cause="person").exists()


def orders(person: Person, on: date, *, late: int, of: int) -> None:
    Order.objects.bulk_create(
        Order(
            owner=person, amount=Decimal(100), currency="EUR", ordered_on=on, promised_on=on + timedelta(days=5),
            produced_on=on + timedelta(days=9 if n < late else 3),
            delivered_on=on + timedelta(days=10 if n < late else 4),
        )
        for n in range(of)
    )  # fmt: skip
