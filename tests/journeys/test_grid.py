"""The grid of a plan in a real browser: by keyboard as a spreadsheet, on a phone as a list."""

from decimal import Decimal as D
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets.models import Plan, PlanAct
from targets.services import make_plan, propose_allocation
from tests.cast import Cast, make_cast
from tests.journeys.test_loop import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(live_server: LiveServer) -> Cast:
    return make_cast()


@pytest.fixture
def plan(company: Cast) -> Plan:
    now = Period.of(clock.today("Europe/Berlin"), "quarter")
    made = make_plan(name="The plan", period=now, amount=D(90000), by=company.admin, at=clock.now())
    propose_allocation(plan=made, by=company.admin, at=clock.now(), on=now.start)
    return made


def opened(browser: "Browser", url: str, plan: Plan, name: str, width: int, height: int) -> tuple["Page", list[str]]:
    page, wrong = signed_in(browser, url, name, width=width, height=height), []
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{url}/plans/{plan.pk}/grid/")
    page.locator(".grid.is-live").wait_for()
    return page, wrong


def says(page: "Page", text: str) -> None:
    page.locator("#grid-said", has_text=text).wait_for(timeout=10_000)


def on(page: "Page") -> str:
    """The line and column one is on."""
    found: str = page.evaluate(
        "(cell => `${cell?.closest('tr').dataset.name} ${cell?.cellIndex}`)(document.activeElement.closest('td, th'))"
    )
    return found


def held(plan: Plan) -> dict[str, D]:
    return {str(line.person or line.team): line.amount for line in plan.allocations.select_related("person", "team")}


def test_the_grid_works_by_keyboard_like_a_spreadsheet(
    company: Cast, plan: Plan, live_server: LiveServer, browser: "Browser"
) -> None:
    page, wrong = opened(browser, live_server.url, plan, "vera", 1440, 900)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press = page.keyboard.press

    # Arrows go, Enter opens a team, its lines are fetched then.
    page.locator("[data-name=Company] [data-amount]").focus()
    assert page.locator("[data-name=Ana]").count() == 0
    press("ArrowDown")
    press("Home")
    assert on(page) == "North 0"
    press("Enter")
    says(page, "North open: 2 lines.")
    press("ArrowDown")
    for _ in range(3):
        press("ArrowRight")
    assert on(page) == "Ana 3"
    press("End")
    assert on(page) == "Ana 6"
    press("Control+Home")
    assert on(page) == "Company 0"
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        press(key)

    # Typing overwrites, Esc cancels, Enter asks for the reason once; the others share the rest.
    page.keyboard.type("1")
    press("Escape")
    assert page.locator("[data-name=Ana] [data-amount]").inner_text() == "€30,000"
    page.locator("select[name=rule]").select_option("spread")
    page.locator("[data-name=Ana] [data-amount]").focus()
    page.keyboard.type("33,000")
    press("Enter")
    says(page, "1 line waits: say why, then Enter.")
    page.keyboard.type("New patch")
    press("Enter")
    says(page, "1 line changed and locked; 1 other followed.")
    assert page.locator("[data-name=Ben] [data-amount]").inner_text() == "€27,000"
    assert held(plan)["Ben"] == D(27000)
    assert on(page) == "Ben 3"

    # F2 edits, Tab goes on to the next line; the reason is kept; what can't be is said in a sentence.
    press("F2")
    page.keyboard.press("Control+A")
    page.keyboard.type("1.234")
    press("Tab")
    says(page, "“1.234” can be read as 1234 or as 1.234")
    assert on(page) == "South 3"
    assert held(plan)["Ben"] == D(27000)

    # A selection is copied as a spreadsheet takes it, a column is pasted from one, and taken back.
    press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        press(key)
    press("Control+C")
    says(page, "Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "33000.00\n27000.00"
    press("ArrowUp")
    page.evaluate("navigator.clipboard.writeText('Amount\\r\\n31,500.50\\r\\n28.499,50\\r\\n')")
    press("Control+V")
    says(page, "2 lines changed and locked.")
    now = held(plan)
    assert (now["Ana"], now["Ben"]) == (D("31500.50"), D("28499.50"))
    page.evaluate("navigator.clipboard.writeText('Ben\\t29000\\nXaver\\t1')")
    press("Control+V")
    says(page, "“Xaver” is no line shown here: nothing was pasted.")
    page.evaluate("navigator.clipboard.writeText('1\\n2\\n3\\n4')")
    press("Control+V")
    says(page, "4 amounts for 3 lines from here on")
    page.evaluate("navigator.clipboard.writeText('Ben\\t20000\\nAna\\t40000')")
    press("Control+V")
    says(page, "2 lines changed and locked.")
    assert (held(plan)["Ana"], held(plan)["Ben"]) == (D(40000), D(20000))
    for amounts in ((D("31500.50"), D("28499.50")), (D(33000), D(27000)), (D(30000), D(30000))):
        page.evaluate("document.getElementById('grid-said').textContent = ''")
        press("Control+Z")
        says(page, "Taken back.")
        assert (held(plan)["Ana"], held(plan)["Ben"]) == amounts
    assert page.locator("[data-name=Ana] [data-amount]").inner_text() == "€30,000"
    assert PlanAct.objects.filter(reason__startswith="Taken back: New patch").count() == 3

    # The lock by Space; Esc, then Tab leaves.
    press("ArrowRight")
    press(" ")
    says(page, "Locked: it stays")
    assert page.locator("[data-name=Ana] .grid-lock button").get_attribute("aria-pressed") == "true"
    press("Escape")
    press("Tab")
    assert not page.evaluate("document.getElementById('grid').contains(document.activeElement)")
    assert [text for text in wrong if "422" not in text] == []  # the amount that was refused
    page.context.close()


def test_on_a_phone_it_is_a_list_that_is_tapped(
    company: Cast, plan: Plan, live_server: LiveServer, browser: "Browser"
) -> None:
    page, wrong = opened(browser, live_server.url, plan, "maya", 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-name=Ana] [data-amount]").click()
    page.locator("[data-name=Ana] input").fill("25000")
    page.keyboard.press("Enter")
    page.fill("[name=reason]", "Part time")
    page.locator("#grid-bar .btn-primary").click()
    says(page, "1 line changed and locked.")
    page.locator("[data-name=North] .grid-fit", has_text="€5,000 given to nobody").wait_for()
    page.locator("h1", has_text="€5,000 of North given to nobody").wait_for()
    page.locator("[data-undo-button]").click()
    says(page, "Taken back.")
    assert held(plan)["Ana"] == D(30000)
    small = page.evaluate(
        "[...document.querySelectorAll('#grid :is(a, button), #grid-bar :is(input, select, button)')]"
        ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    page.context.close()
