"""Whose figures: the company's, a team's or a person's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, cast

from salesmgmt.lib import clock
from teams.models import Access, Person, Showing, Team, User, Viewer, access_of
from teams.selectors import hidden_of, organisation_of, told_of

from .catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Scope:
    """The company, a team with all below it, or a person. `pk` is empty for the company."""

    kind: Literal["company", "team", "person"]
    pk: int | None
    name: str
    key: str
    """As people and the API write it: `company`, `team:North`, `teams:3,8` (numbers of several), `person:E-17`;
    `person:#17` who has no such id."""
    team_ids: tuple[int, ...] = ()
    """The team and all below it, as the tree stands."""
    tops: tuple[int, ...] = ()
    """The teams it is made of, where they are several."""
    without: frozenset[str] = frozenset()
    """Measures that are not shown of these people to who asked."""

    def __str__(self) -> str:
        return self.key

    @classmethod
    def company(cls) -> Self:
        return cls("company", None, "Company", "company")

    @classmethod
    def team(cls, team: Team) -> Self:
        under = Team.objects.under([team.pk]).order_by("pk").values_list("pk", flat=True)
        return cls("team", team.pk, team.name, f"team:{team.name}", tuple(under))

    @classmethod
    def person(cls, person: Person) -> Self:
        """By external id, else by number: a name may be another's too."""
        has_id = person.external_id and not person.external_id.startswith("#")
        return cls("person", person.pk, person.name, f"person:{person.external_id if has_id else f'#{person.pk}'}")

    @classmethod
    def parse(cls, text: str, user: Viewer) -> Self:
        """The scope of a text, if `user` may see its figures; DoesNotExist otherwise, whether it exists or not.

        The company is for those who see all; a team for who leads it or one above; a person as records are.
        """
        return cls._parse(text, user).shown_to(user)

    def shown_to(self, user: Viewer) -> Self:
        """The same without the measures that are not shown of these people to a user."""
        if not self._keeps_time(user):
            return self
        return replace(self, without=frozenset(key for key, one in catalogue(hidden=True).items() if one.tells_time))

    def _keeps_time(self, user: Viewer) -> bool:
        """Whether selling time would be that of somebody, or of a few, of whom it is not shown."""
        organisation, me = organisation_of(cast(User, user)), access_of(user).person_id
        today = clock.today(organisation.time_zone)
        if self.kind == "person":
            ids = {self.pk or 0} - {me}
            return bool(hidden_of(Showing.SELLING_TIME, ids, days={today}, organisation=organisation))
        told = told_of(Showing.SELLING_TIME, on=today, today=today, organisation=organisation)
        return told is not None and (self.pk or 0) not in told

    @classmethod
    def _parse(cls, text: str, user: Viewer) -> Self:
        kind, _, name = text.partition(":")
        access = access_of(user)
        if "\0" in text:
            raise Team.DoesNotExist("No name holds that.")
        if kind == "company" and not name and access.sees_all:
            return cls.company()
        if kind == "team" and name:
            teams = Team.objects.present()
            seen = teams if access.sees_all else teams.under(access.led_team_ids)
            return cls.team(seen.get(name=name))
        if kind == "teams":
            return cls._teams(name.split(","), access)
        if kind == "person" and name:
            people = Person.objects.visible_to(user)
            number = name.removeprefix("#")
            if name != number and number.isascii() and number.isdigit() and len(number) <= 18:
                return cls.person(people.get(pk=int(number)))
            by_id = people.filter(external_id=name).first()
            if by_id is not None:
                return cls.person(by_id)
            found = list(people.filter(name=name)[:2])
            if len(found) == 1:
                return cls.person(found[0])
            raise Person.DoesNotExist(f"No person “{name}” that you may see, or more than one.")
        raise Team.DoesNotExist(f"No figures of “{text}” that you may see.")

    @classmethod
    def _teams(cls, numbers: list[str], access: Access) -> Self:
        """Several teams as one; those below another of them count once."""
        asked = {int(pk) for pk in numbers if pk.isascii() and pk.isdigit() and len(pk) <= 18}
        seen = Team.objects.present() if access.sees_all else Team.objects.present().under(access.led_team_ids)
        found = list(seen.filter(pk__in=asked).order_by("name", "pk"))
        if not found or len(found) < len(set(numbers)):
            raise Team.DoesNotExist("No teams that you may see.")
        tops = [team for team in found if not asked & set(team.path[:-1])]
        if len(tops) == 1:
            return cls.team(tops[0])
        ids = tuple(team.pk for team in tops)
        under = tuple(Team.objects.under(list(ids)).order_by("pk").values_list("pk", flat=True))
        return cls("team", ids[0], " and ".join(team.name for team in tops), key_of(ids), under, ids)


def key_of(team_ids: Sequence[int]) -> str:
    """The key of several teams."""
    return f"teams:{','.join(map(str, team_ids))}"
