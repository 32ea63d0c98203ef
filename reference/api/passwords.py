"""Hashing passwords: expensive on purpose, and in threads of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher

# The least that OWASP's Password Storage Cheat Sheet takes; argon2's defaults cost four times as much of two cores.
PASSWORDS = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
Result = TypeVar("Result")
_THREADS = 2
_ROUNDS = 3
_HASHING = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
"""A thread keeps the 19 MiB of its first hash for those to come: two of them, not as many as a busy hour starts."""


async def hashing(work: Callable[..., Result], *arguments: str) -> Result:
    """Return what a hasher gives, while others are served."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, work, *arguments)


async def warm_up() -> None:
    """Let every thread take its memory before there is a load, not in the middle of one.

    More than once: the first block of that size the allocator gives back, and learns from it to keep the next
    (mallopt(3), M_MMAP_THRESHOLD).
    """
    for _ in range(_ROUNDS):
        await asyncio.gather(*(hashing(PASSWORDS.hash, "warm-up") for _ in range(_THREADS)))
