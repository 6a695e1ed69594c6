"""What can be found of who works here."""

from salesmgmt.lib.finding import Findable
from teams.models import Person

FINDABLE = (Findable("Person", "People", "user", Person, ("name",), "person", likeness=True),)
