"""Who may coach whom, and how an author is named."""

from datetime import date

from django.db.models import QuerySet

from teams.models import Access, Leadership, Person, Posting, User, access_of


def may_coach(access: Access, person: Person) -> bool:
    """Whether a user leads the person (anywhere up the line) or plans for all; never oneself."""
    if access.person_id is None or access.person_id == person.pk:
        return False
    return access.role != "operations" and access.sees_person(person.pk) and (access.leads or access.sees_all)


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
    if not (access.leads or access.role == "executive") or access.person_id is None:
        return Person.objects.none()
    return Person.objects.visible_to(user).exclude(pk=access.person_id)


def name_of(user: User | None) -> str:
    if user is None:
        return "Paceline"
    person = getattr(user, "person", None)
    return person.name if person else user.get_username()
