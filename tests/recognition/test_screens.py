"""Screens by secret address: dark until switched on, without flags and last places, an access to nothing else."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from performance import live
from performance.models import Flag
from performance.services import rebuild
from recognition import services
from recognition.models import Screen
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation
from tests.cast import Cast
from tests.recognition.test_boards import book, quota, rep

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)


def hang(cast: Cast, *, is_on: bool = True, boards: tuple[str, ...] = ("attainment", "ramped")) -> tuple[Screen, str]:
    screen, secret = services.add_screen(
        name="Hall", team=cast.north, boards=boards, seconds=20, by=cast.admin, at=AT
    )  # fmt: skip
    if is_on:
        services.switch_screen(screen=screen, is_on=True, version=1, by=cast.admin)
    screen.refresh_from_db()
    return screen, secret


@pytest.fixture
def busy(cast: Cast) -> Cast:
    today = clock.today("Europe/Berlin")
    now = Period.of(today, "quarter")
    people = [cast.ana, cast.ben, *(rep(name, cast.north) for name in ("Eli", "Dora", "Last"))]
    for person, amount in zip(people, (900, 700, 600, 500, 100), strict=True):
        quota(person, 1000, now)
        book(person, amount, now.start)
    Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period=now.key, raised_on=today, behind_since=today,
        expected=100, actual=60, gap=40, severity="behind", cause="activity", sentence="Fewer meetings.",
        as_of=today, expires_on=today + timedelta(days=9),
    )  # fmt: skip
    list(rebuild())
    return cast


def look(secret: str, query: str = "") -> str:
    answer = Client().get(f"/screens/{secret}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_screen_is_dark_until_the_admin_switches_it_on_and_after_it_is_revoked(busy: Cast) -> None:
    screen, secret = hang(busy, is_on=False)
    assert Client().get(f"/screens/{secret}/").status_code == 404
    services.switch_screen(screen=screen, is_on=True, version=1, by=busy.admin)
    assert Client().get(f"/screens/{secret}/").status_code == 200
    services.revoke_screen(screen=screen, version=2, by=busy.admin)
    assert Client().get(f"/screens/{secret}/").status_code == 404
    with pytest.raises(Refused, match="revoked"):
        services.switch_screen(screen=screen, is_on=True, version=3, by=busy.admin)


def test_it_names_the_top_and_shows_no_last_place_and_no_flag(busy: Cast) -> None:
    page = look(hang(busy)[1])
    assert "Ana" in page
    assert "Ben" in page
    for unsaid in ("Last", "Dora", "Fewer meetings", "flag"):
        assert unsaid not in page
    assert page.count("<li>") == 2
    assert "€2.8k of €5k" in page


def test_how_a_team_of_fewer_than_five_stands_is_told_to_nobody_who_passes_by(cast: Cast) -> None:
    now = Period.of(clock.today("Europe/Berlin"), "quarter")
    for person, amount in ((cast.ana, 900), (cast.ben, 700)):
        quota(person, 1000, now)
        book(person, amount, now.start)
    list(rebuild())
    page = look(hang(cast)[1])
    assert "North" in page
    for unsaid in ("€1.6k", "€2k", "track"):
        assert unsaid not in page


def test_with_script_it_is_of_this_second(busy: Cast) -> None:
    _, secret = hang(busy)
    page, part = look(secret, "?turn=1"), Client().get(f"/screens/{secret}/?turn=1", headers={"HX-Request": "true"})
    assert f'<main id="screen" data-live="/screens/{secret}/?turn=1" data-live-token="' in page
    assert part.content.decode().startswith('<main id="screen"')
    assert "<html" not in part.content.decode()
    token = page.split('data-live-token="')[1].split('"')[0]
    assert Client().get("/live/stamp/", {"t": token}).content.decode() == token.split(".")[3]
    live.bump(teams=[busy.north.pk])
    assert Client().get("/live/stamp/", {"t": token}).content.decode() != token.split(".")[3]


def test_it_turns_by_itself_without_script(busy: Cast) -> None:
    _, secret = hang(busy)
    page = look(secret)
    assert re.search(rf'http-equiv="refresh" content="20; url=/screens/{secret}/\?turn=1"', page)
    assert "% of ramped target" in look(secret, "?turn=1")
    assert f"/screens/{secret}/?turn=0" in look(secret, "?turn=1")
    assert "Attainment" in look(secret, "?turn=x")


def test_the_secret_opens_nothing_else_and_is_told_to_nobody(busy: Cast) -> None:
    _, secret = hang(busy)
    client = Client()
    answer = client.get(f"/screens/{secret}/")
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert not client.cookies
    for path in ("/", "/leaderboard/", "/screens/", f"/teams/{busy.north.pk}/"):
        assert client.get(path).status_code == 302
    assert client.get("/api/v1/people/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert not Screen.objects.filter(digest=secret).exists()


def test_a_new_address_ends_the_one_before(busy: Cast) -> None:
    screen, secret = hang(busy)
    other = services.change_screen_address(screen=screen, version=screen.version, by=busy.admin)
    assert Client().get(f"/screens/{secret}/").status_code == 404
    assert Client().get(f"/screens/{other}/").status_code == 200


def test_only_the_admin_hangs_up_screens_and_a_stale_form_is_refused(busy: Cast) -> None:
    with pytest.raises(Refused):
        services.add_screen(name="Hall", team=busy.north, boards=["attainment"], seconds=20, by=busy.vera.user, at=AT)
    screen, _ = hang(busy)
    with pytest.raises(Stale):
        services.switch_screen(screen=screen, is_on=False, version=1, by=busy.admin)
    client = Client()
    client.force_login(busy.maya.user)
    assert client.get("/screens/").status_code == 404
    assert client.post(f"/screens/{screen.pk}/revoke/", {"version": 2}).status_code == 404


def test_the_page_shows_the_address_once(busy: Cast) -> None:
    client = Client()
    client.force_login(busy.admin)
    said = {"name": "Hall", "team": busy.north.pk, "boards": ["attainment"], "seconds": 15}
    page = client.post("/screens/", said).content.decode()
    assert re.search(r"/screens/[\w-]{43}/", page)
    assert not re.search(r"/screens/[\w-]{43}/", client.get("/screens/").content.decode())
    again = client.post("/screens/", said)
    assert again.status_code == 422
    assert "hangs at “Hall” already" in again.content.decode()
    assert Screen.objects.count() == 1
    assert client.post("/screens/", said | {"seconds": 2}).status_code == 422
    assert client.post("/screens/", said | {"boards": ["nonsense"]}).status_code == 422


def test_a_double_click_shows_the_same_address_twice_and_makes_one_screen(busy: Cast) -> None:
    client = Client()
    client.force_login(busy.admin)

    def address(path: str, **said: object) -> str:
        found = re.search(r"/screens/([\w-]{43})/", client.post(path, said).content.decode())
        assert found
        return found[1]

    said = {"name": "Hall", "team": busy.north.pk, "boards": ["attainment"], "seconds": 15, "idempotency_key": "k1"}
    first = address("/screens/", **said)
    assert address("/screens/", **said) == first
    screen = Screen.objects.get()
    path = f"/screens/{screen.pk}/address/"
    other = address(path, version=screen.version, idempotency_key="k2")
    assert address(path, version=screen.version, idempotency_key="k2") == other != first
    services.switch_screen(screen=screen, is_on=True, version=screen.version + 1, by=busy.admin)
    assert Client().get(f"/screens/{first}/").status_code == 404
    assert Client().get(f"/screens/{other}/").status_code == 200


def test_where_ranks_are_off_a_screen_names_nobody(busy: Cast) -> None:
    _, secret = hang(busy)
    Organisation.objects.update(shows_individual_ranks=False)
    page = look(secret)
    assert "Ana" not in page
    assert "€2" in page  # the team's own progress


def test_looks_from_one_address_are_limited(busy: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognition.views.screens.MOST", 0)
    answer = Client().get("/screens/whatever/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
