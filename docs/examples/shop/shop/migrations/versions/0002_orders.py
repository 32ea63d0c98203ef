"""Books and orders."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and put three books on the shelf."""
    op.execute("CREATE TABLE books (sku text PRIMARY KEY, title text NOT NULL, price_cents integer NOT NULL)")
    op.execute(
        "INSERT INTO books VALUES ('atlas', 'Atlas of Clouds', 3490), ('knots', 'Forty Knots', 1250),"
        " ('tides', 'A Year of Tides', 1999)"
    )
    op.execute(
        "CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), total_cents integer NOT NULL,"
        " customer uuid NOT NULL REFERENCES customers ON DELETE CASCADE,"
        " status text NOT NULL DEFAULT 'received', note text NOT NULL DEFAULT '', receipt text)"
    )
    op.execute(
        "CREATE TABLE order_lines (order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,"
        " sku text NOT NULL REFERENCES books, quantity integer NOT NULL, price_cents integer NOT NULL,"
        " PRIMARY KEY (order_id, sku))"
    )


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE order_lines, orders, books")
