"""Logins as a table: who may log in and whose it is. Nothing in it lets anybody in: no password, token or link."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from salesmgmt.lib.kinds import Field, Kind, Plan, Referent
from teams.models import Person, User

from . import Once
from .tables import yes_or_no

OWN = ("email", "first_name", "last_name")
FLAGS = {"is_active": "is_active", "is_admin": "is_superuser"}


def _logins(texts: set[str]) -> Iterable[tuple[User, list[str]]]:
    for user in User.objects.order_by("pk"):
        yield user, [user.username]


def _plan(plan: Plan) -> None:
    once, users = Once(), {one.username.casefold(): one for one in User.objects.all()}
    people = list(Person.objects.present().exclude(user=None))
    owner_of: dict[Any, int] = {one.user_id: one.pk for one in people}
    login_of: dict[int, Any] = {one.pk: one.user_id for one in people}
    me = plan.by.pk if plan.by else None
    for row in plan.taken():
        username = row.values["username"]
        user = users.get(username.casefold())
        try:
            UnicodeUsernameValidator()(username)
        except ValidationError:
            plan.refuse(row, "username", "It is of letters, digits and @ . + - _ alone.")
        if not plan.refer(row):
            continue
        values: dict[str, Any] = {name: row.values[name] for name in OWN if name in row.values}
        values |= {of: row.values[name] == "yes" for name, of in FLAGS.items() if name in row.values}
        if "is_superuser" in values:
            values["is_staff"] = values["is_superuser"]
        person = row.found.get("person")
        if user is not None and user.pk == me and any(getattr(user, name) != said for name, said in values.items()):
            plan.refuse(row, "username", "Nobody changes their own login by an import.")
        if person is not None and login_of.get(person.pk, user and _key(user)) != (user and _key(user)):
            plan.refuse(row, "person", f"{person} has another login already.")
        elif person is not None and user is not None and owner_of.get(_key(user), person.pk) != person.pk:
            plan.refuse(row, "username", "It is somebody else's login.")
        if row.refusals or not once.admits(plan, row, user or row, "username"):
            continue
        if user is None:
            user = users[username.casefold()] = plan.create(
                User(username=username, password=make_password(None), **values), row
            )
            once.admits(plan, row, user, "username")
            row.act = "created"
        elif plan.change(user, row, **values):
            row.act = "changed"
        if person is not None:
            owner_of[_key(user)], login_of[person.pk] = person.pk, _key(user)
            if plan.change(person, row, user=user) and row.act == "equal":
                row.act = "changed"


def _key(user: User) -> Any:
    return user.pk or id(user)


def _rows() -> Iterator[dict[str, Any]]:
    people = {one.user_id: one for one in Person.objects.present().exclude(user=None)}
    for user in User.objects.order_by("pk"):
        told: dict[str, Any] = {name: getattr(user, name) for name in ("username", *OWN)}
        told |= {name: "yes" if getattr(user, of) else "no" for name, of in FLAGS.items()}
        yield told | {"person": people.get(user.pk)}


REFERENTS = [Referent("login", "login", _logins)]

KINDS = [
    Kind(
        "logins",
        (
            Field("username", needed=True, longest=150, also=("login", "user", "user_name")),
            Field("person", "reference", to="person", also=("name", "employee")),
            Field("email", "email", also=("e_mail", "mail")),
            Field("first_name", longest=150),
            Field("last_name", longest=150),
            yes_or_no("is_admin", also=("admin",)),
            yes_or_no("is_active", also=("active",)),
        ),
        _plan,
        _rows,
        admin_only=True,
    )
]
