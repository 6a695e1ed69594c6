"""Accounts stand in a tree: nobody's parent stands below them, whatever the way in."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from sales import services
from sales.models import Account
from salesmgmt.exchange.services import Options, import_file
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
SENTENCE = "An account can't be below itself."


@pytest.fixture
def line(cast: Cast) -> list[Account]:
    """Group, below it Works, below that Plant."""
    made: list[Account] = []
    for name in ("Group", "Works", "Plant"):
        parent = made[-1] if made else None
        made.append(services.add_account(name=name, owner=cast.ana, by=None, parent=parent, external_id=name))
    return made


@pytest.mark.parametrize("below", [0, 1, 2])
def test_an_account_can_not_be_below_itself(cast: Cast, line: list[Account], below: int) -> None:
    with pytest.raises(Refused, match=SENTENCE):
        services.change_account(account=line[0], by=cast.ana.user, parent=line[below])
    client = Client()
    assert cast.ana.user is not None
    client.force_login(cast.ana.user, backend="django.contrib.auth.backends.ModelBackend")
    said = json.dumps({"parent": line[below].pk})
    answer = client.patch(f"/api/v1/accounts/{line[0].pk}/", said, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (409, SENTENCE)
    file = io.BytesIO(f"external_id,name,parent\nGroup,Group,{line[below].name}\n".encode())
    refused = import_file(kind="accounts", file=file, name="a.csv", mapping=None, options=Options(), by=None, at=AT)
    assert [one.column for one in refused.refusals] == ["parent"]
    with pytest.raises(IntegrityError, match=SENTENCE), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sales_account SET parent_id = %s WHERE id = %s", [line[below].pk, line[0].pk])
    assert Account.objects.get(name="Group").parent is None


def test_a_branch_may_move_and_a_tree_may_be_turned_in_one_statement(cast: Cast, line: list[Account]) -> None:
    group, works, plant = line
    services.change_account(account=plant, by=cast.ana.user, parent=group)
    services.change_account(account=works, by=cast.ana.user, parent=plant)
    group.parent, works.parent, plant.parent = works, plant, None
    Account.objects.bulk_update([group, works, plant], ["parent"])
    assert list(Account.objects.order_by("name").values_list("parent__name", flat=True)) == ["Works", None, "Plant"]
