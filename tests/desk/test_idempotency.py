"""A keyed POST is done once: same key and body, same answer; same key with another body, refused."""

from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from salesmgmt.desk.idempotency import keyed
from salesmgmt.desk.models import IdempotencyKey
from salesmgmt.desk.tasks import forget_old_keys
from salesmgmt.lib import clock
from teams.models import Team
from tests.cast import Cast

made = RequestFactory()


@keyed
def add(request: HttpRequest) -> HttpResponse:
    Team.objects.create(name=request.POST["name"])
    if request.POST["name"] == "Wrong":
        return HttpResponse("no", status=400)
    return HttpResponse(f"{Team.objects.count()} teams", status=201, headers={"Location": "/teams/"})


def post(cast: Cast, name: str, key: str = "k-1", token: str = "") -> HttpResponse:
    request = made.post("/teams/add/", {"name": name, "idempotency_key": key, "csrfmiddlewaretoken": token})
    request.user = cast.olga.user  # type: ignore[assignment]
    return add(request)  # type: ignore[return-value]


def test_a_double_submit_is_done_once_and_gets_the_same_answer(cast: Cast) -> None:
    first, second = post(cast, "East", token="a"), post(cast, "East", token="b")
    assert Team.objects.filter(name="East").count() == 1
    assert (first.status_code, first.content, first["Location"]) == (201, b"4 teams", "/teams/")
    assert (second.status_code, second.content, second["Location"]) == (201, b"4 teams", "/teams/")


def test_the_same_key_with_something_else_is_refused(cast: Cast) -> None:
    post(cast, "East")
    response = post(cast, "West")
    assert (response.status_code, Team.objects.filter(name="West").exists()) == (409, False)


def test_a_key_that_is_none_is_refused(cast: Cast) -> None:
    for key in ("\x00", "k" * 201):
        assert post(cast, "East", key=key).status_code == 409
    assert not Team.objects.filter(name="East").exists()


def test_a_failure_leaves_nothing_and_may_be_tried_again(cast: Cast) -> None:
    assert post(cast, "Wrong").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert not Team.objects.filter(name="Wrong").exists()
    assert post(cast, "East").status_code == 201


def test_an_error_takes_the_key_back_with_the_work(cast: Cast) -> None:
    with pytest.raises(Exception, match="team_name_is_unique"):
        post(cast, "North")
    assert not IdempotencyKey.objects.exists()


def test_a_key_is_each_users_own_and_kept_for_a_day(cast: Cast) -> None:
    post(cast, "East")
    IdempotencyKey.objects.update(at=clock.now() - timedelta(hours=25))
    assert post(cast, "West").status_code == 201
    IdempotencyKey.objects.update(at=clock.now() - timedelta(hours=25))
    forget_old_keys()
    assert not IdempotencyKey.objects.exists()
