"""What tests of letters share: a published plan of the third quarter of 2026, and who reads it where."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal as D
from io import BytesIO
from typing import Any

from django.test import Client
from pypdf import PdfReader

from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Allocation, Plan
from targets.services import make_plan, publish_plan
from teams.models import Person, Posting, Team, User
from tests.cast import Cast

AT = datetime(2026, 6, 20, 9, tzinfo=UTC)
Q3 = Period.parse("2026-Q3")
START, END = date(2026, 7, 1), date(2026, 10, 1)

Lines = dict[tuple[Team, Person | None], str]


def signed_in(user: User | Person) -> Client:
    client = Client()
    client.force_login(user.user if isinstance(user, Person) else user)
    return client


def draft(cast: Cast, lines: Lines, *, strategy: str = "", period: Period = Q3) -> Plan:
    total = sum((D(amount) for (_, person), amount in lines.items() if person), D(0))
    plan = make_plan(name="Plan Q3", period=period, amount=total, strategy=strategy, by=cast.admin, at=AT)
    Allocation.objects.bulk_create(
        Allocation(plan=plan, team=team, person=person, proposed=D(amount), amount=D(amount))
        for (team, person), amount in lines.items()
    )
    return plan


def published(cast: Cast, lines: Lines, *, strategy: str = "", period: Period = Q3) -> Plan:
    plan = draft(cast, lines, strategy=strategy, period=period)
    publish_plan(plan=plan, by=cast.admin, at=AT)
    return Plan.objects.get(pk=plan.pk)


def repost(person: Person, *spans: tuple[date, date | None, dict[str, object]]) -> None:
    first = person.postings.get()
    person.postings.all().delete()
    for start, until, changes in spans:
        Posting.objects.create(
            person=person, during=half_open(start, until), **{"team": first.team, "role": first.role, **changes}
        )


def get_json(client: Client, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()


def post_json(client: Client, url: str, said: dict[str, Any]) -> Any:
    return client.post(url, json.dumps(said), content_type="application/json")


def text_of(content: bytes) -> str:
    """The words of a PDF file."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
