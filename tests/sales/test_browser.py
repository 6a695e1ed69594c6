"""In the real browser: three taps log an activity, an undo takes it back, a card is dragged to the next stage."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sales import services
from sales.models import Activity, Deal
from tests.cast import Cast, make_cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def company(transactional_db: None) -> Cast:
    from sales.models import Stage

    assert Stage.objects.exists(), "reference data is there"
    return make_cast()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_three_taps_log_undo_and_drag(live_server: Any, browser: Any, company: Cast) -> None:
    deal = services.open_deal(owner=company.ana, name="Forklifts", by=None, at=AT, amount=Decimal(900))
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_server.url}/login/?next=/deals/board/")
    page.fill("[name=username]", "ana")
    page.fill("[name=password]", "demo")
    page.click("form[method=post] button")
    page.wait_for_url("**/deals/board/")

    page.drag_and_drop(".deal-card", ".board-col[data-stage] >> nth=1")
    page.wait_for_load_state()
    page.get_by_text("Moved.").wait_for()
    assert Deal.objects.get().stage.name == "Qualification"

    page.set_viewport_size({"width": 390, "height": 844})
    page.click(".dock-log")
    page.click("label.choice:has-text('Call')")
    page.click("button[name=who]:has-text('Forklifts')")
    page.get_by_text("Call for Forklifts").wait_for()
    assert Activity.objects.present().get().deal == deal
    page.click(".toast button:has-text('Undo')")
    page.wait_for_url("**/activities/")
    assert not Activity.objects.present().exists()
    assert wrong == []
    page.close()
