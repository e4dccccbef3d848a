"""Postgres: the embedded server, migrations, sessions with row-level security, and one repository per
aggregate.
"""
