"""Every way in refuses a day that no figure could count, in the same words."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sales.forms.fields import DayField, MomentField
from sales.models import Activity, Deal
from salesmgmt.exchange.values import Notation, Unfit, to_moment
from salesmgmt.lib.days import OUTSIDE
from tests.cast import Cast

OUT, IN = ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"], ["1900-01-01", "2199-12-31"]


@pytest.mark.parametrize("day", [*OUT, *IN])
def test_forms_and_imports_say_the_same(day: str) -> None:
    ways = {
        lambda: DayField().clean(day): ValidationError,
        lambda: MomentField().clean(f"{day}T12:00"): ValidationError,
        lambda: to_moment(day, Notation(), "UTC"): Unfit,
    }
    for way, error in ways.items():
        if day in IN:
            way()
        else:
            with pytest.raises(error, match=OUTSIDE):
                way()


@pytest.mark.parametrize("day", [*OUT, *IN])
def test_the_api_names_the_field(cast: Cast, day: str) -> None:
    client = Client()
    assert cast.ana.user is not None
    client.force_login(cast.ana.user, backend="django.contrib.auth.backends.ModelBackend")

    def post(path: str, **said: str) -> tuple[int, dict]:
        answer = client.post(f"/api/v1/{path}/", json.dumps(said), content_type="application/json")
        return answer.status_code, answer.json()

    status, said = post("deals", name="Pumps", expected_close_on=day)
    if day in IN:
        assert status == 201
        return
    assert (status, said["errors"]) == (400, [{"field": "expected_close_on", "reason": OUTSIDE}])
    status, said = post("activities", kind="call", occurred_at=f"{day}T12:00:00Z")
    assert (status, said["errors"]) == (400, [{"field": "occurred_at", "reason": OUTSIDE}])
    assert (Deal.objects.count(), Activity.objects.count()) == (0, 0)
