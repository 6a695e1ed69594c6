"""Notices: told to one, seen by one, and by nobody else."""

from datetime import timedelta

from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from tests.cast import Cast
from tests.pages.test_pages import signed_in


def tell(cast: Cast, text: str, *, ago: int = 0) -> Notice:
    assert cast.ana.user
    return Notice.objects.create(user=cast.ana.user, text=text, link="/tasks/", at=clock.now() - timedelta(minutes=ago))


def test_what_one_is_told_shows_until_it_is_seen(cast: Cast) -> None:
    tell(cast, "A complaint came in.", ago=5)
    newest = tell(cast, "Call back.")
    client = signed_in(cast.ana)
    assert "2" in client.get("/notices/count/", headers={"HX-Request": "true"}).content.decode()
    page = client.get("/notices/").content.decode()
    assert "2 new notices." in page
    assert page.index("Call back.") < page.index("A complaint came in.")
    assert client.post("/notices/seen/", {"until": newest.pk}).status_code == 303
    assert client.get("/notices/count/", headers={"HX-Request": "true"}).content.strip() == b""
    assert "Nothing new." in client.get("/notices/").content.decode()


def test_what_came_after_the_page_was_shown_stays_new(cast: Cast) -> None:
    first = tell(cast, "Seen.")
    later = tell(cast, "Not yet seen.")
    signed_in(cast.ana).post("/notices/seen/", {"until": first.pk})
    later.refresh_from_db()
    assert later.seen_at is None


def test_nobody_reads_or_clears_anothers(cast: Cast) -> None:
    notice = tell(cast, "For Ana alone.")
    client = signed_in(cast.maya)
    assert "For Ana alone." not in client.get("/notices/").content.decode()
    for until in (notice.pk, "", "x", -1, 2**70):
        assert client.post("/notices/seen/", {"until": until}).status_code == 303
    notice.refresh_from_db()
    assert notice.seen_at is None
