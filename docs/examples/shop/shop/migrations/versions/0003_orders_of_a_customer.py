"""Orders are found by their customer."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX orders_of_a_customer ON orders (customer)")


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP INDEX orders_of_a_customer")
