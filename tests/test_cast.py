"""The cast stands as tests/cast.py says, and sees what it should."""

from django.contrib.auth.models import AnonymousUser

from teams.models import Person, User
from tests.cast import Cast


def names(user: User | None) -> set[str]:
    return set(Person.objects.visible_to(user or AnonymousUser()).values_list("name", flat=True))


def test_a_manager_sees_the_people_of_the_team_and_a_rep_only_themselves(cast: Cast) -> None:
    assert names(cast.maya.user) == {"Maya", "Ana", "Ben"}
    assert names(cast.ana.user) == {"Ana"}
    assert len(names(cast.vera.user)) == 7
