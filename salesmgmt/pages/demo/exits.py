"""Writes who hears people that leave, and what those who left in these two years said."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from coaching.models import Exit
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting, Role, Team, User

from .cast import ROOT
from .organisation import ZONE

LEFT_SALES = "E-314"
What = Exit.Reason
# Of the department that delivers, so that nothing is said of anybody's sales: days ago, why, and what to learn.
OTHERS = (
    ("Bogdan Iliescu", 60, What.GROWTH, "There was no next step in planning; show one in the first year.", True),
    ("Freya Lund", 130, What.PAY, "Two offers were higher by a tenth; look at pay each autumn.", True),
    ("Matteo Ricci", 210, What.GROWTH, "Courses stopped after the first months.", False),
    ("Zofia Wrona", 330, What.PRIVATE, "", True),
    ("Hugo Lambert", 480, What.WORK, "Night shifts before each quarter's end.", None),
    ("Petra Kral", 600, What.GROWTH, "Nobody asked where she wanted to go.", True),
)


def write_exits(*, today: date) -> None:
    """After the delivery department; nothing that counts is changed."""
    root, delivery = Team.objects.filter(name=ROOT).first(), Team.objects.exclude(department="").first()
    if root is None or delivery is None or Exit.objects.exists():
        return
    user = User.objects.create(username="hedda", password=make_password("demo"), email="hedda@example.com")
    since = Posting.objects.order_by("during").values_list("during", flat=True)[0].lower
    hears = Person.objects.create(
        external_id="E-901", name="Hedda Sandvik", email=user.email, user=user, hired_on=since
    )
    Posting.objects.create(person=hears, team=root, role=Role.HR, during=half_open(since))
    for number, (name, ago, reason, lesson, would_return) in enumerate(OTHERS, start=910):
        left = today - timedelta(days=ago)
        hired = left - timedelta(days=700)
        person = Person.objects.create(external_id=f"E-{number}", name=name, hired_on=hired, left_on=left)
        Posting.objects.create(person=person, team=delivery, role=Role.DEPARTMENT, during=half_open(hired, left))
        _write(person, left, reason, lesson, would_return, user)
    seller = Person.objects.filter(external_id=LEFT_SALES, left_on__lte=today).first()
    if seller is not None and seller.left_on is not None:
        lesson = "The territory was cut twice in a year; say why, and before it happens."
        _write(seller, seller.left_on, What.TARGETS, lesson, True, user)


def _write(person: Person, left: date, reason: str, lesson: str, would_return: bool | None, by: User) -> None:
    heard = left - timedelta(days=3)
    Exit.objects.create(
        person=person, left_on=left, reason=reason, interviewed_on=heard if lesson else None, lesson=lesson,
        interview="Spoke openly for half an hour and thanked the colleagues." if lesson else "",
        would_return=would_return, at=datetime.combine(heard, time(15), ZoneInfo(ZONE)), by=by,
    )  # fmt: skip
