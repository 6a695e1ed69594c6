"""A course on a phone, by keyboard alone: lesson by lesson, a quiz failed and passed, a certificate."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from coaching import services
from coaching.models import Enrolment, QuizAttempt
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


def reach(page: "Page", words: str) -> None:
    """Tab until a control with these words has the focus, and press it."""
    said = "document.activeElement.textContent.trim() || document.activeElement.parentElement.textContent.trim()"
    for _ in range(80):
        page.keyboard.press("Tab")
        if words in page.evaluate(said):
            break
    else:
        raise AssertionError(f"The keyboard doesn't reach “{words}”.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_a_course_is_taken_on_a_phone_by_keyboard(browser: "Browser", live_server: LiveServer, company: Cast) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB").new_page()
    reports: list[str] = []
    page.on("console", lambda message: reports.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/login/?next=/courses/")
    page.fill("[name=username]", "ben")
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/courses/")
    for words, address in (
        ("Objections", "**/courses/*/"),
        ("Begin", "**/lessons/*/"),
        ("Done, next", "**/lessons/*/"),
    ):
        reach(page, words)
        with page.expect_navigation(url=address):
            page.keyboard.press("Enter")
    for chosen in ("Talking", "Listening"):
        for group in page.get_by_role("group").all():
            group.get_by_label(chosen).focus()
            page.keyboard.press("Space")
        reach(page, "Answer")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert "Passed: 2 of 2 right." in page.content()
    assert reports == []
    assert Enrolment.objects.get().passed_at is not None
    assert QuizAttempt.objects.count() == 2
