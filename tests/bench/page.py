"""``make bench``: how large the sign-off page is, and how long it takes to render, for 20, 500 and 5,000 checks."""

import time

from gonogo.report.html import render_signoff
from tests.report.conftest import check, results


def main() -> None:
    """One line for each size."""
    print("checks   page       rendered in")
    for number in (20, 500, 5000):
        facts = {"tls": {"version": "TLSv1.3", "names": ["a.test", "b.test"], "number": 0}}
        many = [
            check(
                f"tls-{index}", facts={"tls": {**facts["tls"], "number": index}}, scope=("a.test", f"192.0.2.{index}")
            )
            for index in range(number)
        ]
        made = results(many)
        render_signoff(made)
        started = time.perf_counter()
        page = render_signoff(made)
        print(f"{number:>6}   {len(page) / 1000:>6.0f} kB   {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
