"""A rep's working morning in a real browser: by taps on a phone and at a desk, and at a desk by keyboard alone.

Search an account, log a call, note something, move a deal, schedule a task, lose a deal with its reason, undo a bulk
change: each begins at home, and none is further than three taps from there.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

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
        self.page.locator(selector).locator("visible=true").first.click()
        self.count(selector)

    def count(self, what: str) -> None:
        self.taps += 1
        assert self.taps <= MOST_TAPS, f"{what} is {self.taps} taps from home."

    def go(self, place: str) -> None:
        """By the main navigation, wherever this width has it."""
        self.tap(f":is(.nav, .dock) a:has-text('{place}')")

    def tab_to(self, selector: str) -> None:
        """Go on by Tab until something is in focus."""
        for _ in range(FAR):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
        raise AssertionError(f"The keyboard does not reach {selector} on {self.page.url}.")

    def press(self, selector: str, key: str = "Enter") -> None:
        """Reach something by Tab and use it; counts as a tap does."""
        self.tab_to(selector)
        self.page.keyboard.press(key)
        self.count(selector)

    def keys_home(self) -> None:
        self.page.keyboard.press("g")
        self.page.keyboard.press("h")
        self.page.wait_for_url(f"{self.url}/")
        self.taps = 0

    def palette(self, text: str, href: str) -> None:
        """Ctrl K, a word, Enter: no page is further away."""
        self.page.keyboard.press("Control+k")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"**{href}")
        self.count(text)

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


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)], ids=["phone", "desk"])
def test_a_morning_by_taps(company: Cast, live_server: LiveServer, browser: "Browser", width: int, height: int) -> None:
    account = Account.objects.create(name="Halden Freight", owner=company.ana)
    moved, lost = a_deal(company, "Forklifts", account, 3), a_deal(company, "Ramps", account, 5)
    ana = Rep(browser, live_server.url, width=width, height=height)
    page = ana.page

    ana.home()
    ana.tap(".top input[name=q]")
    page.keyboard.type("haldne")  # as one types on a phone
    page.keyboard.press("Enter")
    ana.tap("#found a:has-text('Halden Freight')")
    page.wait_for_url(f"**/accounts/{account.pk}/")
    ana.fits()

    ana.home()
    ana.tap(".dock-log, .btn-log")
    ana.tap("label.choice:has-text('Call')")
    ana.tap("button[name=who]:has-text('Halden Freight')")
    page.get_by_text("And then?").wait_for()
    ana.fits()

    ana.home()
    ana.tap(".dock-log, .btn-log")
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
    ana.go("Deals")
    ana.tap("thead input[data-all=pick]")
    ana.tap("form.bulk button[value=tag]")
    page.locator("[name=tag]:focus").wait_for()
    page.keyboard.type("fair")
    page.keyboard.press("Enter")
    page.locator(".toast button:has-text('Undo')").wait_for()
    assert Deal.objects.filter(tags__contains=["fair"]).count() == 2
    ana.home()
    ana.go("Deals")
    ana.tap("a:has-text('Undo changes')")
    ana.tap("button:has-text('Undo')")
    page.get_by_text("Undone").first.wait_for()
    assert not Deal.objects.filter(tags__contains=["fair"]).exists()

    ana.home()
    ana.tap("main a:has-text('Ramps')")
    page.locator("#lose select[name=lose-reason]").select_option(index=1)
    ana.count("A reason")
    ana.tap("#lose form button:text-is('Lost')")
    page.wait_for_load_state()
    page.locator("h1", has_text="lost on").wait_for()

    ana.home()
    ana.go("Tasks")
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

    ana.palette("halden frei", f"/accounts/{account.pk}/")
    ana.keys_home()
    keyboard.press("/")
    keyboard.type("halden")
    keyboard.press("Enter")
    ana.count("Search")
    page.wait_for_url("**/search/?q=halden")
    ana.press("#found a.row-link")
    page.wait_for_url(f"**/accounts/{account.pk}/")

    ana.keys_home()
    keyboard.press("l")
    ana.count("Log")
    page.wait_for_url("**/activities/log/")
    ana.press("input[name=kind][value=call]", "Space")
    ana.press("button[name=who][value^=deal]")
    page.get_by_text("And then?").wait_for()

    ana.keys_home()
    ana.palette("market", "/market/")
    ana.tab_to("textarea[name=text]")
    keyboard.type("Nordwind is late everywhere #delivery")
    ana.press("main button.btn-primary")
    page.get_by_text("Noted.").wait_for()

    ana.keys_home()
    keyboard.press("j")
    keyboard.press("Enter")
    ana.count("The first in the list")
    page.wait_for_url(f"**/deals/{moved.pk}/")
    ana.press("#stage button[name=stage]")
    page.get_by_text("Moved.").wait_for()

    ana.keys_home()
    ana.palette("forklifts", f"/deals/{moved.pk}/")
    ana.press("button[name=when][value=week]")
    page.get_by_text("On your list for").wait_for()

    ana.keys_home()
    ana.palette("deals", "/deals/")
    for key in "jxjx":  # the next, select it
        keyboard.press(key)
    ana.tab_to("form.bulk button[value=tag]")
    keyboard.press("Enter")
    page.locator("main [name=tag]").wait_for()
    ana.tab_to("main [name=tag]")
    keyboard.type("fair")
    keyboard.press("Enter")
    page.locator(".toast button:has-text('Undo')").wait_for()
    assert Deal.objects.filter(tags__contains=["fair"]).count() == 2
    ana.keys_home()
    ana.palette("deals", "/deals/")
    ana.press("a[href='/deals/changes/']")
    page.wait_for_url("**/deals/changes/")
    ana.press("form[action$='/undo/'] button")
    page.get_by_text("Undone").first.wait_for()
    assert not Deal.objects.filter(tags__contains=["fair"]).exists()

    ana.keys_home()
    ana.palette("ramps", f"/deals/{lost.pk}/")
    ana.press("#lose select[name=lose-reason]", "ArrowDown")
    keyboard.press("Enter")
    ana.press("#lose form button.btn")
    page.locator("h1", has_text="lost on").wait_for()
    ana.fits()
    everything_is_done(moved, lost)
    assert ana.wrong == []
