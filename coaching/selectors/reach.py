"""Who may coach whom, and how an author is named."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet

from salesmgmt.lib import clock
from teams.models import Access, Leadership, Organisation, Person, Posting, Role, User, access_of, led_by, led_by_others
from teams.selectors import presence

FAR = timedelta(weeks=26)  # for which leave is looked ahead
RUNS_IT = {"admin", Role.OPERATIONS}


def may_coach(access: Access, person: Person) -> bool:
    """Whether a user leads the person, anywhere up the line; an executive everybody; never oneself, nor a manager whom
    one stands in for.

    Who runs the installation sees everybody, and coaches only those they lead.
    """
    if access.person_id is None or access.person_id == person.pk:
        return False
    if access.role in RUNS_IT:
        return _led_by(access).filter(person=person).exists()
    if access.role == Role.EXECUTIVE:
        return True
    return access.leads and access.sees_person(person.pk) and not led_by_others(access).filter(pk=person.pk).exists()


def _led_by(access: Access) -> QuerySet[Posting]:
    if not access.leads:
        return Posting.objects.none()
    return Posting.objects.on(clock.today(Organisation.get().time_zone)).under(access.led_team_ids)


def leaders_of(person: Person, on: date) -> list[int]:
    """Who leads the person's team on a day, or one above it."""
    posting = Posting.objects.on(on).filter(person=person).select_related("team").first()
    if posting is None:
        return []
    led = Leadership.objects.on(on).filter(team__in=posting.team.path).exclude(person=person)
    return list(led.order_by("person").values_list("person_id", flat=True).distinct())


def leads_on(leader: Person, person: Person, on: date) -> bool:
    return leader.pk in leaders_of(person, on)


def coached_by(user: User) -> QuerySet[Person]:
    """Whom the user may plan a 1:1 with."""
    access = access_of(user)
    if not (access.leads or access.role == Role.EXECUTIVE) or access.person_id is None:
        return Person.objects.none()
    people = Person.objects.visible_to(user).exclude(pk=access.person_id)
    if access.role in RUNS_IT:
        return people.filter(pk__in=_led_by(access).values("person"))
    return people if access.role == Role.EXECUTIVE else people.filter(led_by(access, "pk"))


def days_here(people: Iterable[Person], *, start: date, end: date) -> list[date]:
    """Working days from one day up to another on which at least one of them is there and not away."""
    found = presence(person_ids={person.pk for person in people}, start=start, end=end)
    return sorted({day for mine in found.values() for day in mine.days[mine.employed & ~mine.away].astype(object)})


def day_after(people: Iterable[Person], *, on: date, days: int) -> date:
    """The day by which they will have had so many working days after today; beyond half a year, the end of that."""
    end = on + FAR
    here = days_here(people, start=on + timedelta(days=1), end=end)
    return here[days - 1] if len(here) >= days else end


def name_of(user: User | None) -> str:
    if user is None:
        return "Paceline"
    person = getattr(user, "person", None)
    return person.name if person else user.get_username()
