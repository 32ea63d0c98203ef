"""Alembic's environment: the database that SHOP_DATABASE_URL names."""

import os

import sqlalchemy
from alembic import context

URL = os.environ["SHOP_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)

with sqlalchemy.create_engine(URL).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
