"""Seeds with parts that are changed by chance, always the same ones."""

import random
from collections.abc import Iterator, Sequence

_ODD = b"\"\\{}[](),:;.-'\x00\x80\xff\xc3\xf0\n u8NS9"


def random_inputs(seeds: Sequence[bytes], rounds: int) -> Iterator[bytes]:
    """Yield so many inputs, the seeds first."""
    chance = random.Random(1)
    for number in range(rounds):
        if number < len(seeds):
            yield seeds[number]
            continue
        made = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            _change(made, chance, seeds)
        yield bytes(made)


def _change(made: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    at, length = chance.randrange(len(made) + 1), chance.choice([1, 1, 2, 4, 16])
    match chance.randrange(6):
        case 0:
            made[at : at + 1] = bytes([chance.randrange(256)])
        case 1:
            made[at:at] = bytes(chance.choices(_ODD, k=length))
        case 2:
            del made[at : at + length]
        case 3:  # a part again, somewhere else
            start = chance.randrange(len(made) + 1)
            made[at:at] = made[start : start + 8 * length]
        case 4:  # a part of another seed
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            made[at:at] = other[start : start + 8 * length]
        case _:
            del made[at:]
