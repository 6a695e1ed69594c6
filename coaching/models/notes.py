"""Notes: private to the pair, and up the line where they say so."""

from typing import Self

from django.db import models
from django.db.models import Q

from teams.models import Person, Viewer, access_of, led_by

from .cases import Case
from .talks import OneOnOne


class NoteQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """The two of the pair; up the line of the person only where the note says so. Never admin or operations."""
        access = access_of(user)
        if access.person_id is None:
            return self.none()
        me = access.person_id
        pair = Q(author=me) | Q(is_for_author_only=False) & (Q(person=me) | Q(reader=me))
        if access.role == "executive":
            return self.filter(pair | Q(is_shared_up=True))
        return self.filter(pair | Q(is_shared_up=True) & led_by(access))


class Note(models.Model):
    """What was said or seen: private to the pair, and up the line where it says so."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="coaching_notes")
    author = models.ForeignKey(Person, models.PROTECT, related_name="written_notes")
    reader = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="To whom the person wrote it"
    )
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="notes")
    one_on_one = models.ForeignKey(OneOnOne, models.SET_NULL, null=True, blank=True, related_name="notes")
    text = models.TextField(max_length=10_000)
    is_shared_up = models.BooleanField(default=False)
    is_for_author_only = models.BooleanField(default=False)
    at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "-at"], name="note_by_person")]
