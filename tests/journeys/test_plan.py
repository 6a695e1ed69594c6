"""A plan's story in a real browser: set, adjusted with a reason, accepted or objected to, changed, shared out."""

from decimal import Decimal as D
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from targets.models import Allocation, Plan, QuotaEntry, Response
from teams.models import Person
from tests.cast import Cast, make_cast
from tests.journeys.test_loop import drain_everything, signed_in
from tests.targets.test_plan import credit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(live_server: LiveServer) -> Cast:
    return make_cast()


class Story:
    """Each person at a desk of their own; what a page says wrong is kept."""

    def __init__(self, browser: "Browser", url: str) -> None:
        self.browser, self.url, self.wrong = browser, url, list[str]()
        self.pages: dict[str, Page] = {}

    def of(self, name: str, path: str) -> "Page":
        if name not in self.pages:
            page = self.pages[name] = signed_in(self.browser, self.url, name, width=1440, height=900)
            page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.pages[name].goto(self.url + path)
        return self.pages[name]

    def answers(self, name: str, letter: str, stance: str, **words: str) -> None:
        page = self.of(name, letter)
        for field, text in words.items():
            page.fill(f"#answer [name={field}]", text)
        page.check(f"#answer [name=stance][value={stance}]")
        page.click("#answer button.btn-primary")
        page.wait_for_load_state()
        page.locator("#said h3").first.wait_for()

    def shares_out(self, giver: Person, amount: str, reason: str) -> None:
        page = self.of("maya", f"/redistributions/add/?person={giver.pk}")
        page.fill("[name=amount]", amount)
        page.fill("[name=reason]", reason)
        page.click("main button:has-text('Ask them')")
        page.wait_for_url("**/redistributions/*/")

    def end(self) -> None:
        for page in self.pages.values():
            page.context.close()
        assert self.wrong == []


def test_a_target_becomes_figures_that_people_answer_and_each_figure_tells_its_story(
    company: Cast, live_server: LiveServer, browser: "Browser"
) -> None:
    story = Story(browser, live_server.url)
    now = Period.of(clock.today("Europe/Berlin"), "quarter")

    # The executive sets the target; the split is proposed at once.
    vera = story.of("vera", "/plans/add/")
    vera.fill("[name=name]", "The quarter")
    vera.select_option("[name=period]", now.key)
    vera.fill("[name=amount]", "90000")
    vera.click("main button.btn-primary")
    vera.locator("h1", has_text="€90k for 3 people").wait_for()
    plan = Plan.objects.get()

    # A manager adjusts with a reason; the other one of the team follows.
    maya = story.of("maya", f"/plans/{plan.pk}/grid/")
    maya.locator(".grid.is-live").wait_for()
    maya.select_option("[name=rule]", "spread")
    maya.locator("[data-name=Ana] [data-amount]").focus()
    maya.keyboard.type("33000")
    maya.keyboard.press("Enter")
    maya.keyboard.type("Ana takes the Halden accounts")
    maya.keyboard.press("Enter")
    maya.locator("#grid-said", has_text="1 line changed and locked; 1 other followed.").wait_for()
    assert Allocation.objects.get(plan=plan, person=company.ben).amount == D(27000)

    # Published: one accepts, one objects and is answered.
    vera = story.of("vera", f"/plans/{plan.pk}/publish/")
    vera.click("main form button.btn-primary")
    vera.locator("h1", has_text="Published").wait_for()
    ana, ben = (f"/plans/{plan.pk}/letters/{person.pk}/" for person in (company.ana, company.ben))
    story.answers("ana", ana, "accepts", approach="Two renewals and three new accounts")
    story.answers("ben", ben, "objects", statement="Half of my accounts went to Ana")
    maya = story.of("maya", ben)
    maya.check("#said [name=kind][value=stands]")
    maya.fill("#said [name=text]", "Your pipeline covers it twice")
    maya.click("#said button.btn-primary")
    maya.locator("h1", has_text="The objection is answered.").wait_for()
    story.answers("ben", ben, "accepts")
    assert list(Response.objects.order_by("pk").values_list("person__name", "stance")) == [
        ("Ana", "accepts"),
        ("Ben", "objects"),
        ("Ben", "accepts"),
    ]

    # In mid-quarter the figure changes: announced with what changed, and answered anew.
    vera = story.of("vera", f"/plans/{plan.pk}/announce/?person={company.ben.pk}")
    vera.fill("[name=headline]", "Steel got dearer")
    vera.fill("[name=economy]", "Prices rose by a fifth")
    vera.click("main details summary")
    vera.fill(f"[name=figure_{company.ben.pk}]", "25000")
    vera.click("main form button.btn-primary:has-text('Announce it')")
    vera.wait_for_url("**/announcements/*/")
    page = story.of("ben", ben)
    page.locator(".notice", has_text="from €27,000 to €25,000").wait_for()
    story.answers("ben", ben, "accepts")

    # Ben will fall short: Ana is asked to take on a part and refuses; asked for less, she consents.
    credit(company.ana, now.start, 60_000)
    credit(company.ben, now.start, 2_000)
    drain_everything()
    story.shares_out(company.ben, "2000", "His largest account has frozen its budget")
    ana_says = story.of("ana", "/redistributions/")
    ana_says.click("main a:has-text('€2,000')")
    ana_says.click("summary:has-text('Refuse')")
    ana_says.fill("[name=reason]", "I am away for two weeks")
    ana_says.click("main button:has-text('Refuse')")
    ana_says.locator("h1", has_text="€2,000: refused.").wait_for()
    assert not QuotaEntry.objects.filter(kind="redistribution").exists()
    story.shares_out(company.ben, "800", "A smaller part")
    ana_says = story.of("ana", "/redistributions/")
    ana_says.click("main a:has-text('€800')")
    ana_says.click("main button:has-text('Take it on')")
    ana_says.locator("h1", has_text="€800: taken on.").wait_for()
    moved = QuotaEntry.objects.filter(kind="redistribution").order_by("pk")
    assert list(moved.values_list("person__name", "amount")) == [("Ben", -800), ("Ana", 800)]

    # The page of each figure tells it all, within what its reader may know.
    changed = ("The quarter", "Half of my accounts went to Ana", "Your pipeline covers it twice", "Steel got dearer")
    given = "Taken on by a colleague"
    asked = ("was asked to take on a part of a colleague’s quota: €2,000", "I am away for two weeks")
    taken = "Taken on with your consent"
    hidden = ("frozen its budget", "Ben")
    figures = (company.ben.pk, [*changed, given], [*asked, "Ana was asked"]), (company.ana.pk, [*asked, taken], hidden)
    for name, (pk, told, untold) in zip(("ben", "ana"), figures, strict=True):
        page = story.of(name, f"/quotas/{pk}/?period={now.key}")
        for words in told:
            page.locator("#history", has_text=words).wait_for()
        history = page.locator("#history").inner_text()
        assert not [words for words in untold if words in history]
    page = story.of("maya", f"/quotas/{company.ben.pk}/?period={now.key}")
    for words in (*changed, given, "Ana refused to take it on"):
        page.locator("#history", has_text=words).wait_for()
    story.end()
