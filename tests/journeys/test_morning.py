"""A rep's working morning in a real browser: on a phone by taps, at a desk by keyboard alone.

Search an account, log a call, note something, move a deal, schedule a task, undo a bulk change, lose a deal with its
reason; none is further than three taps from home.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.live_server_helper import LiveServer

from sales import services
from sales.models import Account, Activity, Deal, MarketNote, Task
from salesmgmt.lib import clock
from tests.cast import Cast, make_cast

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_TAPS = 3
FAR = 150  # presses of Tab that a page may need at most


class Rep:
    """Ana with her browser; counts her taps since she was last at home."""

    def __init__(self, browser: "Browser", url: str, *, width: int, height: int) -> None:
        self.url, self.taps = url, 0
        self.page: Page = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB").new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.goto(f"{url}/login/")
        self.page.fill("[name=username]", "ana")
        self.page.fill("[name=password]", "demo")
        self.page.click("main button")
        self.page.wait_for_url(f"{url}/")

    def home(self) -> None:
        self.page.goto(f"{self.url}/")
        self.taps = 0

    def tap(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.taps += 1
        assert self.taps <= MOST_TAPS, f"{selector} is {self.taps} taps from home."

    def tab_to(self, selector: str) -> None:
        """Go on by Tab until something is in focus."""
        for _ in range(FAR):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
        raise AssertionError(f"The keyboard does not reach {selector} on {self.page.url}.")

    def press(self, selector: str, key: str = "Enter") -> None:
        self.tab_to(selector)
        self.page.keyboard.press(key)

    def fits(self) -> None:
        assert not self.page.evaluate("document.documentElement.scrollWidth > innerWidth"), self.page.url


@pytest.fixture
def company(live_server: LiveServer) -> Cast:
    return make_cast()


def a_deal(cast: Cast, name: str, account: Account, days: int) -> Deal:
    now = clock.now()
    return services.open_deal(
        owner=cast.ana, name=name, account=account, amount=Decimal(48_000), by=cast.ana.user, at=now,
        opened_on=now.date() - timedelta(days=30), expected_close_on=now.date() + timedelta(days=days),
    )  # fmt: skip


def everything_is_done(moved: Deal, lost: Deal) -> None:
    moved.refresh_from_db()
    lost.refresh_from_db()
    assert moved.stage.position > lost.stage.position
    assert (lost.status, lost.lost_reason is not None) == ("lost", True)
    assert Activity.objects.get(kind="call").account == moved.account
    assert "Nordwind" in MarketNote.objects.get().text
    assert Task.objects.get(source="manual").due_on > clock.today("Europe/Berlin")


def test_a_morning_on_a_phone_by_taps(company: Cast, live_server: LiveServer, browser: "Browser") -> None:
    account = Account.objects.create(name="Halden Freight", owner=company.ana)
    moved, lost = a_deal(company, "Forklifts", account, 3), a_deal(company, "Ramps", account, 5)
    ana = Rep(browser, live_server.url, width=390, height=844)
    page = ana.page

    ana.home()
    ana.tap(".top input[name=q]")
    page.keyboard.type("haldne")  # as one types on a phone
    page.keyboard.press("Enter")
    ana.tap("#found a:has-text('Halden Freight')")
    page.wait_for_url(f"**/accounts/{account.pk}/")
    ana.fits()

    ana.home()
    ana.tap(".dock-log")
    ana.tap("label.choice:has-text('Call')")
    ana.tap("button[name=who]:has-text('Halden Freight')")
    page.get_by_text("And then?").wait_for()
    ana.fits()

    ana.home()
    ana.tap(".dock-log")
    ana.tap("main a:has-text('Market note')")
    page.fill("textarea[name=text]", "@Nordwind is late everywhere #delivery")
    ana.tap("button:has-text('Note it')")
    page.get_by_text("Noted.").wait_for()
    ana.fits()

    ana.home()
    ana.tap("main a:has-text('Forklifts')")
    ana.tap("#stage button[name=stage] >> nth=1")
    page.get_by_text("Moved.").wait_for()
    ana.fits()

    ana.home()
    ana.tap("main a:has-text('Forklifts')")
    ana.tap("button[name=when][value=tomorrow]")
    page.get_by_text("On your list for").wait_for()

    # Many deals changed at once, and taken back.
    ana.home()
    ana.tap(".dock a:has-text('Deals')")
    page.check("thead input[data-all=pick]")
    page.click("form.bulk button[value=tag]")
    page.fill("[name=tag]", "fair")
    page.click("button[name=go]")
    page.locator(".toast button:has-text('Undo')").wait_for()
    assert Deal.objects.filter(tags__contains=["fair"]).count() == 2
    ana.tap(".toast button:has-text('Undo')")
    page.locator(".toast:not(:has(button))").wait_for()
    assert not Deal.objects.filter(tags__contains=["fair"]).exists()

    ana.home()
    ana.tap("main a:has-text('Ramps')")
    page.locator("#lose select[name=lose-reason]").select_option(index=1)
    ana.taps += 1
    ana.tap("#lose form button:text-is('Lost')")
    page.wait_for_load_state()
    page.locator("h1", has_text="lost on").wait_for()

    ana.home()
    ana.tap(".dock a:has-text('Tasks')")
    ana.tap("#tasks button:has-text('Done')")
    page.get_by_text("Done lately").wait_for()
    assert Task.objects.get(source="manual").done_at is not None
    ana.fits()
    everything_is_done(moved, lost)
    assert ana.wrong == []


def test_a_morning_at_a_desk_by_keyboard(company: Cast, live_server: LiveServer, browser: "Browser") -> None:
    account = Account.objects.create(name="Halden Freight", owner=company.ana)
    moved, lost = a_deal(company, "Forklifts", account, 3), a_deal(company, "Ramps", account, 5)
    ana = Rep(browser, live_server.url, width=1440, height=900)
    page, keyboard = ana.page, ana.page.keyboard

    def palette(text: str, href: str) -> Any:
        """Ctrl K, a word, Enter: no page is further away."""
        keyboard.press("Control+k")
        keyboard.type(text)
        keyboard.press("Enter")
        page.wait_for_url(f"**{href}")

    palette("halden frei", f"/accounts/{account.pk}/")
    keyboard.press("/")
    keyboard.type("halden")
    keyboard.press("Enter")
    page.wait_for_url("**/search/?q=halden")
    ana.press("#found a.row-link")
    page.wait_for_load_state()

    keyboard.press("l")
    page.wait_for_url("**/activities/log/")
    ana.press("input[name=kind][value=call]", "Space")
    ana.press("button[name=who][value^=deal]")
    page.get_by_text("And then?").wait_for()
    ana.press("button[name=when][value=week]")
    page.get_by_text("On your list for").wait_for()

    palette("market", "/market/")
    ana.tab_to("textarea[name=text]")
    keyboard.type("Nordwind is late everywhere #delivery")
    ana.press("main button.btn-primary")
    page.get_by_text("Noted.").wait_for()

    keyboard.press("g")
    keyboard.press("h")
    page.wait_for_url(f"{live_server.url}/")
    keyboard.press("j")
    keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{moved.pk}/")
    ana.tab_to("#stage button[name=stage]")
    ana.press("#stage button[name=stage]")
    page.get_by_text("Moved.").wait_for()

    palette("ramps", f"/deals/{lost.pk}/")
    ana.press("#lose select[name=lose-reason]", "ArrowDown")
    keyboard.press("Enter")
    ana.press("#lose form button.btn")
    page.locator("h1", has_text="lost on").wait_for()
    ana.fits()
    everything_is_done(moved, lost)
    assert ana.wrong == []
