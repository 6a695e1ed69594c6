"""Two portions of a file taken at the same time, each in a session of its own, and what keeps imports apart.

Where no row can say anything about another's, a second session takes a portion while the first takes the one before
it. Both hold the lock of imports together; the later one commits after the earlier one, or not at all, so that what was
taken is always a beginning of the file.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO

from django.db import DatabaseError, InterfaceError, connection, connections

from .loading import Load

ONE_AT_A_TIME = 0x1A9027  # the advisory lock under which imports and undos run; with a number, a batch's own
PAIRED = -1  # in the place of a batch's number: the load that has two sessions
LEAST = 4  # portions that are worth a second session
PATIENCE = "5s"  # of one session for the other, should they ever want the same row

Span = tuple[int, int]  # the lines of a portion: after the first, up to the last


def one_at_a_time(*, but_its_twin: bool = False) -> None:
    """Imports and undos wait for each other."""
    shared = "_shared" if but_its_twin else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s)", [ONE_AT_A_TIME])


@contextmanager
def held(batch_id: int | None) -> Iterator[bool]:
    """Hold a batch in this session, if no other does; a session that dies holds nothing any more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [ONE_AT_A_TIME, (batch_id or 0) % 2**31])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            # A server that went away has let go of it itself.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [ONE_AT_A_TIME, (batch_id or 0) % 2**31])


class Abandoned(Exception):
    """The earlier portion was not taken, so the later one is not either."""


@dataclass(slots=True)
class Turn:
    """What the sessions of two portions say to each other."""

    is_first: bool
    begun: "Future[bool]" = field(default_factory=Future)  # the first holds the lock of imports
    taken: "Future[bool]" = field(default_factory=Future)  # the first has committed

    def begin(self) -> None:
        """Called with the lock of imports held; nobody can have come between the two."""
        if self.is_first:
            self.begun.set_result(True)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")

    def await_other(self) -> None:
        """Called when all is written: have it checked, and commit in the sequence of the file."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if not self.is_first and not self.taken.result():
            raise Abandoned


Take = Callable[[Load, Span, Turn], bool]


class Pair:
    """A load and its twin in another session."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._session = ThreadPoolExecutor(1)
        self._twin = self._session.submit(load.twin).result()

    def take(self, take: Take, one: Span, other: Span) -> tuple[bool, list[Span]]:
        """Take both portions; answer whether to go on, and what has to be taken again by one session alone."""
        turn = Turn(is_first=True)
        texts = self._load.texts(*other)
        later = self._session.submit(self._take_later, take, other, texts, Turn(False, turn.begun, turn.taken))
        goes_on = False
        try:
            goes_on = take(self._load, one, turn)
        except DatabaseError:
            if not connection.is_usable():
                raise
            return True, [one, other]
        finally:
            for said in (turn.begun, turn.taken):
                if not said.done():
                    said.set_result(goes_on)
            problem = later.exception()
        return goes_on, [other] if goes_on and problem else []

    def _take_later(self, take: Take, span: Span, texts: BytesIO, turn: Turn) -> None:
        self._twin.take_over(texts)
        if not turn.begun.result():
            raise Abandoned
        take(self._twin, span, turn)

    def close(self) -> None:
        self._session.submit(connections.close_all).result()
        self._session.shutdown()


@contextmanager
def beside(load: Load, portions: int) -> Iterator[Pair | None]:
    """A second session for a load, if it is worth one, can have one, and no other load has."""
    if portions < LEAST or connection.in_atomic_block or load.create_missing or load.by_row or load.remembers:
        yield None
        return
    with held(PAIRED) as is_ours:
        pair = Pair(load) if is_ours else None
        try:
            yield pair
        finally:
            if pair is not None:
                pair.close()
