"""Launch day: looks again and again, tells people when something begins and ends, and keeps a journal of it."""
