"""What of a service's inside stands in an error: frames of a stack, words of a database, a debugger's page."""

import re

_TRACES = {
    "a stack trace of Python": re.compile(
        r'Traceback \(most recent call last\)|File \\?"[^"\n]{1,200}", line \d+, in '
    ),
    "a stack trace of JavaScript": re.compile(r"(?:\n|\\n|<br>)(?:\s|&nbsp;){0,20}at [^\n]{0,200}?:\d+:\d+\)?"),
    "a stack trace of Java": re.compile(r"\bat [\w.$]+\([\w$]+\.(?:java|kt|scala):\d+\)|java\.lang\.\w+Exception"),
    "a stack trace of PHP": re.compile(r"Stack trace:\s*(?:\n|\\n|<br>)\s*#0 |PHP (?:Fatal|Parse) error"),
    "a stack trace of Go": re.compile(r"goroutine \d+ \[running\]"),
    "a stack trace of Ruby": re.compile(r"\.rb:\d+:in [`']"),
    "a stack trace of .NET": re.compile(r"\bat [\w.]+\([^)\n]*\) in [^\n]{1,200}:line \d+"),
    "the page of a debugger": re.compile(r"Werkzeug Debugger|DEBUG = True|<title>Action Controller: Exception|Whoops!"),
    "an error of SQL": re.compile(
        r"SQLSTATE\[|syntax error at or near|You have an error in your SQL syntax|SQLITE_ERROR|sqlalchemy\.exc\.|"
        r"sqlite3\.\w*Error|psycopg\w*\.\w*[Ee]rror|ORA-\d{5}|SequelizeDatabaseError|PrismaClient\w*Error|"
        r"unrecognized token: |near \\?\"[^\"]{0,40}\\?\": syntax error"
    ),
    "an error of MongoDB": re.compile(r"Mongo(?:Server|DB|Network)?Error\b|pymongo\.errors\.|CastError: Cast to"),
}


def trace_in(text: str) -> str:
    """The kind of inside knowledge that stands in this text; empty for none."""
    return next((kind for kind, pattern in _TRACES.items() if pattern.search(text)), "")
