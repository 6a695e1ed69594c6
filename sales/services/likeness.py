"""Which records look alike, over all of them: for the review list of those who may merge any."""

from datetime import date, datetime

from django.db import connection, transaction

from sales.models import Distinct, LookAlike
from salesmgmt.desk.models import Mark
from salesmgmt.lib.ranges import through
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

TOPIC = "look_alikes"
LEAST = "0.6"  # of the names' trigrams
CROWD = 5  # more records than these under one e-mail address or domain are no sign that any two are one

# By name, each through the trigram index; by the domain of their contacts' addresses, unless half the world uses it.
ACCOUNTS = """
    SELECT a.id AS one_id, b.id AS other_id, b.likeness, 'name' AS why
      FROM sales_account a
     CROSS JOIN LATERAL (
        SELECT * FROM (SELECT c.id, c.withdrawn_at, similarity(upper(c.name), upper(a.name)) AS likeness
                         FROM sales_account c WHERE upper(c.name) %% upper(a.name) OFFSET 0) near
         WHERE near.id > a.id AND near.withdrawn_at IS NULL ORDER BY likeness DESC LIMIT 20) b
     WHERE a.withdrawn_at IS NULL
     UNION ALL
    SELECT one.account_id, other.account_id,
           greatest(0.5, similarity(upper(a.name), upper(b.name))), 'domain'
      FROM domains one
      JOIN domains other ON other.domain = one.domain AND other.account_id > one.account_id
      JOIN sales_account a ON a.id = one.account_id AND a.withdrawn_at IS NULL
      JOIN sales_account b ON b.id = other.account_id AND b.withdrawn_at IS NULL
     WHERE one.many <= %(crowd)s
"""
DOMAINS = """
    domains AS (
        SELECT domain, account_id, count(*) OVER (PARTITION BY domain) AS many
          FROM (SELECT DISTINCT lower(split_part(email, '@', 2)) AS domain, account_id FROM sales_contact
                 WHERE email <> '' AND account_id IS NOT NULL AND withdrawn_at IS NULL) d
    ),
"""
CONTACTS = """
    SELECT one.id AS one_id, other.id AS other_id, 1.0::float8 AS likeness, 'email' AS why
      FROM keyed one JOIN keyed other ON other.mail = one.mail AND other.id > one.id
     WHERE one.mails <= %(crowd)s
     UNION ALL
    SELECT one.id, other.id, greatest(0.6, similarity(one.name, other.name)), 'phone'
      FROM keyed one JOIN keyed other ON other.digits = one.digits AND other.id > one.id
     WHERE one.phones <= %(crowd)s AND similarity(one.name, other.name) >= 0.3
     UNION ALL
    SELECT one.id, other.id, similarity(one.name, other.name), 'name'
      FROM keyed one JOIN keyed other ON other.account_id = one.account_id AND other.id > one.id
     WHERE similarity(one.name, other.name) >= %(least)s
"""
KEYED = """
    keyed AS (
        SELECT *, count(*) OVER (PARTITION BY mail) AS mails, count(*) OVER (PARTITION BY digits) AS phones
          FROM (SELECT id, account_id, upper(name) AS name, nullif(upper(email), '') AS mail,
                       CASE WHEN length(regexp_replace(phone, '\\D', '', 'g')) >= 7
                            THEN regexp_replace(phone, '\\D', '', 'g') END AS digits
                  FROM sales_contact WHERE withdrawn_at IS NULL) c
    ),
"""
FIND = """
    WITH {keys} pairs AS ({pairs}),
    found AS (
        SELECT DISTINCT ON (one_id, other_id) one_id, other_id, round(likeness::numeric, 3) AS likeness, why
          FROM pairs p
         WHERE NOT EXISTS (SELECT FROM sales_distinct d WHERE d.noun = %(noun)s
                              AND d.one_id = p.one_id AND d.other_id = p.other_id)
         ORDER BY one_id, other_id, likeness DESC, why
    ),
    gone AS (
        DELETE FROM sales_lookalike l WHERE noun = %(noun)s
           AND NOT EXISTS (SELECT FROM found f WHERE f.one_id = l.one_id AND f.other_id = l.other_id)
    )
    INSERT INTO sales_lookalike AS l (noun, one_id, other_id, likeness, why)
    SELECT %(noun)s, one_id, other_id, likeness, why FROM found
        ON CONFLICT (noun, one_id, other_id) DO UPDATE SET likeness = excluded.likeness, why = excluded.why
     WHERE (l.likeness, l.why) IS DISTINCT FROM (excluded.likeness, excluded.why)
"""
# The planner thinks little of likeness: left to itself it reads all accounts once for each, or an index of all their
# names (284 ms each among 20,000, by the index of likeness 8).
SETTINGS = (
    f"SET LOCAL pg_trgm.similarity_threshold = {LEAST}; SET LOCAL enable_seqscan = off;"
    " SET LOCAL enable_indexonlyscan = off"
)
SEARCHES = {"account": FIND.format(keys=DOMAINS, pairs=ACCOUNTS), "contact": FIND.format(keys=KEYED, pairs=CONTACTS)}


@transaction.atomic
def find_look_alikes() -> None:
    """Look through all accounts and contacts for those that may be one, and bring the review list up to date."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('look_alikes'))")
        cursor.execute(SETTINGS)
        for noun, search in SEARCHES.items():
            cursor.execute(search, {"noun": noun, "crowd": CROWD, "least": LEAST})
        cursor.execute("RESET enable_seqscan; RESET enable_indexonlyscan")


def ask_for_look_alikes(*, on: date) -> None:
    """Have the worker look through all, once for however many ask."""
    Mark.objects.create(topic=TOPIC, days=through(on, on))


@transaction.atomic
def drain() -> int:
    """Look through all if somebody asked; answers how many asks that were."""
    asked = list(Mark.objects.select_for_update(skip_locked=True).filter(topic=TOPIC).values_list("pk", flat=True))
    if asked:
        find_look_alikes()
        Mark.objects.filter(pk__in=asked).delete()
    return len(asked)


@transaction.atomic
def tell_apart(*, pair: LookAlike, by: User, at: datetime) -> None:
    """Say that two records are not the same: the list leaves the pair out from then on."""
    if not access_of(by).imports:
        raise Refused("Only admin and operations decide this.")
    Distinct.objects.get_or_create(
        noun=pair.noun, one_id=pair.one_id, other_id=pair.other_id, defaults={"at": at, "by": by}
    )
    LookAlike.objects.filter(pk=pair.pk).delete()


@transaction.atomic
def take_back_difference(*, pair: Distinct, by: User) -> None:
    """Undo "not the same": the next search may list the pair again."""
    if not access_of(by).imports:
        raise Refused("Only admin and operations decide this.")
    Distinct.objects.filter(pk=pair.pk).delete()
