"""The suite's ground: servers, a browser, and an honest count of what was skipped."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.cast"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_BROWSER = "no browser: install one with “apt-get install chromium”"


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> "Iterator[Browser]":
    """The machine's own Chromium; without one the test is skipped, and fails where CI=true."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
    from django.db import connection
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django would refuse the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Inside the loop this thread has another connection; it too knows what a flushed database held at first.
    contents = getattr(connection, "_test_serialized_contents", None)
    with sync_playwright() as playwright:
        if contents is not None:
            connection._test_serialized_contents = contents  # type: ignore[attr-defined]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, *root])
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines: how many were skipped, and what would have them run."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
    if not reasons:
        terminalreporter.write_line("0 skipped")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last session out stops the embedded servers."""
    from salesmgmt.run import services
    from tests import settings

    if hasattr(config, "workerinput") or not hasattr(settings, "STARTED"):
        return
    try:
        fcntl.flock(settings.IN_USE, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    services.stop(settings.STARTED)
