"""Customers and sessions."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.execute(
        "CREATE TABLE customers (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text UNIQUE NOT NULL,"
        " password_hash text NOT NULL, name text NOT NULL)"
    )
    op.execute(
        "CREATE TABLE sessions (digest text PRIMARY KEY, ends_at timestamptz NOT NULL,"
        " customer uuid NOT NULL REFERENCES customers ON DELETE CASCADE)"
    )


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE sessions, customers")
