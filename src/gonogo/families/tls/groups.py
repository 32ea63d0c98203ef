"""Which Diffie-Hellman group a server chose: one of the standards, or one of its own."""

import hashlib
import random
from functools import lru_cache

_KNOWN = {
    "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966": "ffdhe2048",
    "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17": "ffdhe3072",
    "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e": "ffdhe4096",
    "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7": "ffdhe6144",
    "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833": "ffdhe8192",
    "64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b": "modp1536",
    "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e": "modp2048",
    "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c": "modp3072",
    "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33": "modp4096",
    "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd": "modp6144",
    "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf": "modp8192",
}
"""SHA-256 of the primes of RFC 7919 (ffdhe) and RFC 3526 (modp)."""
SAFE, UNSAFE, NOT_TRIED = "own, safe", "own, unsafe", "own"
_LARGEST_TRIED_BITS = 4096
"""A larger one takes seconds to try."""
_ROUNDS = 2


@lru_cache(maxsize=256)
def group_name(prime: int, generator: int) -> str:
    """The name of a standard's group; else whether the group is safe.

    A safe prime is twice another prime plus one: then no element but 1 and -1 has a small order.
    """
    name = _KNOWN.get(hashlib.sha256(prime.to_bytes((prime.bit_length() + 7) // 8, "big")).hexdigest())
    if name is not None and 1 < generator < prime - 1:
        return name
    if prime.bit_length() > _LARGEST_TRIED_BITS:
        return NOT_TRIED
    sound = 1 < generator < prime - 1 and _is_prime(prime) and _is_prime(prime // 2)
    return SAFE if sound else UNSAFE


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test; a handful of rounds is enough for what nobody built to deceive it."""
    if number < 5 or number % 2 == 0:  # noqa: PLR2004 - two and three are no groups
        return False
    shift = ((number - 1) & -(number - 1)).bit_length() - 1
    chance = random.Random(number)  # noqa: S311 - the same rounds in every run
    return all(_passes(number, shift, chance.randrange(2, number - 1)) for _ in range(_ROUNDS))


def _passes(number: int, shift: int, base: int) -> bool:
    power = pow(base, (number - 1) >> shift, number)
    if power in (1, number - 1):
        return True
    for _ in range(shift - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
