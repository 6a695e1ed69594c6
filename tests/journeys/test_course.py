"""On a phone, by keyboard alone: a course with its quiz, a play that is shared, a meeting with its minutes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from coaching import services
from coaching.models import Enrolment, Meeting, Play, QuizAttempt
from salesmgmt.lib import clock
from tests.cast import Cast, make_cast
from tests.coaching.test_courses import make_course

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(live_server: LiveServer) -> Cast:
    made = make_cast()
    assert made.vera.user
    assert made.maya.user
    now = clock.now()
    services.enrol(
        person=made.ben, course=make_course(made.vera.user), due_on=now.date() + timedelta(days=9), reason="Calls",
        by=made.maya.user, at=now,
    )  # fmt: skip
    return made


NAMED = """() => {
    const at = document.activeElement
    const labels = [...(at.labels || [])].map(label => label.textContent).join(" ")
    return [at.ariaLabel, labels, at.textContent].map(said => (said || "").trim()).find(said => said) || ""
}"""


def reach(page: "Page", words: str, typed: str = "") -> None:
    """Tab until a control that begins with these words has the focus; type into it."""
    passed: list[str] = []
    while len(passed) < 90:
        page.keyboard.press("Tab")
        passed.append(page.evaluate(NAMED))
        if passed[-1].startswith(words):
            break
    else:
        raise AssertionError(f"The keyboard doesn't reach “{words}” on {page.url}: {passed}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    if typed:
        page.keyboard.type(typed)


def press(page: "Page", words: str, address: str = "**") -> None:
    reach(page, words)
    with page.expect_navigation(url=address):
        page.keyboard.press("Enter")


@pytest.fixture
def phone(browser: "Browser", live_server: LiveServer, company: Cast) -> "Iterator[Callable[[str, str], Page]]":
    """A phone in somebody's hands, at an address; nothing may be reported in its console."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="en-GB")
    reports: list[str] = []

    def open_as(name: str, address: str) -> "Page":
        context.clear_cookies()
        page = context.pages[0] if context.pages else context.new_page()
        page.goto(f"/login/?next={address}")
        page.fill("[name=username]", name)
        page.fill("[name=password]", "demo")
        with page.expect_navigation(url=f"{live_server.url}{address}"):
            page.keyboard.press("Enter")
        return page

    context.on("console", lambda message: reports.append(message.text) if message.type == "error" else None)
    yield open_as
    assert reports == []
    context.close()


def test_a_course_is_taken_on_a_phone_by_keyboard(phone: "Callable[[str, str], Page]") -> None:
    page = phone("ben", "/courses/")
    for words, address in (
        ("Objections", "**/courses/*/"),
        ("Begin", "**/lessons/*/"),
        ("Done, next", "**/lessons/*/"),
    ):
        press(page, words, address)
    for chosen in ("Talking", "Listening"):
        for group in page.get_by_role("group").all():
            group.get_by_label(chosen).focus()
            page.keyboard.press("Space")
        press(page, "Answer")
    assert "Passed: 2 of 2 right." in page.content()
    assert Enrolment.objects.get().passed_at is not None
    assert QuizAttempt.objects.count() == 2


def test_a_play_is_shared_and_a_meeting_held_on_a_phone_by_keyboard(
    phone: "Callable[[str, str], Page]", company: Cast
) -> None:
    page = phone("ben", "/plays/")
    press(page, "Propose a play", "**/plays/add/")
    reach(page, "Name", "Ask who signs")
    reach(page, "What one does", "Ask it before any price.")
    press(page, "Propose it", "**/plays/*/")
    page.goto("/meetings/")
    reach(page, "Question or topic", "Who covers Christmas?")
    press(page, "Put it on the agenda")

    page = phone("ana", "/plays/")
    press(page, "Ask who signs", "**/plays/*/")
    press(page, "Works for me")
    reach(page, "Comment", "With dairies too.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "With dairies too." in page.content()

    page = phone("maya", "/plays/")
    press(page, "Ask who signs", "**/plays/*/")
    reach(page, "Why", "Five won with it")
    press(page, "Adopt")
    play = Play.objects.get()
    assert (play.state, play.votes.count(), play.comments.count()) == ("adopted", 1, 1)

    page.goto("/meetings/")
    press(page, "Call a meeting", "**/meetings/plan/")
    press(page, "Call the meeting", "**/meetings/*/")
    hold(page)
    meeting = Meeting.objects.get()
    assert (meeting.state, meeting.minutes) == ("held", "Good spirits.")
    assert meeting.decisions.get().text == "Demos on site"
    assert meeting.questions.get().answer == "Ben does."
    assert meeting.action_items.get().text == "Book the van"
    assert meeting.attendances.filter(came=True).exists()


def hold(page: "Page") -> None:
    """An hour after it began: answers, decision, minutes, promise, who came."""
    Meeting.objects.update(starts_at=clock.now() - timedelta(hours=1))
    page.reload()
    reach(page, "Answer: Who covers Christmas?", "Ben does.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    reach(page, "Decided", "Demos on site")
    press(page, "Note the decision")
    reach(page, "Minutes", "Good spirits.")
    press(page, "Keep the minutes")
    reach(page, "Does what", "Book the van")
    press(page, "Note the promise")
    reach(page, "Ana")
    page.keyboard.press("Space")
    press(page, "It took place")
