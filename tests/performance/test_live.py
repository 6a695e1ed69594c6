"""Open pages learn that something changed: quickly, without a database, and only for what they may see."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from performance import live
from tests.cast import Cast


def ask(client: Client, token: str) -> str:
    answer = client.get("/live/stamp/", {"t": token})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_bump_changes_the_stamp_of_the_person_the_teams_above_and_the_company_only(
    cast: Cast, client: Client
) -> None:
    tokens = {
        "ana": live.token_for(cast.ana.user, f"person:{cast.ana.pk}"),
        "cleo": live.token_for(cast.cleo.user, f"person:{cast.cleo.pk}"),
        "north": live.token_for(cast.maya.user, f"team:{cast.north.pk}"),
        "south": live.token_for(cast.omar.user, f"team:{cast.south.pk}"),
        "root": live.token_for(cast.vera.user, f"team:{cast.company.pk}"),
        "company": live.token_for(cast.vera.user, "company"),
        "both": live.token_for(cast.vera.user, f"team:{cast.south.pk}", f"person:{cast.ana.pk}"),
    }
    live.bump()
    before = {name: ask(client, token) for name, token in tokens.items()}
    live.bump(people=[cast.ana.pk], teams=[cast.north.pk])
    changed = {name for name, token in tokens.items() if ask(client, token) != before[name]}
    assert changed == {"ana", "north", "root", "company", "both"}


def test_the_stamp_needs_neither_session_nor_database(cast: Cast, client: Client) -> None:
    token = live.token_for(cast.ana.user, f"person:{cast.ana.pk}")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/live/stamp/", {"t": token})
    assert len(queries) == 0
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"


def test_a_token_that_is_forged_changed_or_spent_opens_nothing(cast: Cast, client: Client) -> None:
    token = live.token_for(cast.ana.user, f"person:{cast.ana.pk}")
    other = token.replace(f"p{cast.ana.pk}", f"p{cast.ben.pk}")
    spent = live.token_for(cast.ana.user, "company", now=1)
    for text in ("", "x", "a.b.c.d", "ä.ö.ü", other, spent, token + "x", "x" * 10_000):
        assert client.get("/live/stamp/", {"t": text}).status_code == 403
    assert client.post("/live/stamp/").status_code == 405


def test_without_redis_it_says_so_and_a_bump_is_no_error(
    cast: Cast, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(live, "_redis", live._redis.__wrapped__)  # a client of this address, as ours are made
    live.bump(people=[cast.ana.pk])
    answer = client.get("/live/stamp/", {"t": live.token_for(cast.ana.user, "company")})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
