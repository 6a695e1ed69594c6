"""Starts Paceline on one machine: a private PostgreSQL and Valkey, and the processes that use them.

Nothing outside this package knows the embedded servers: the rest reads DATABASE_URL and REDIS_URL.
"""
