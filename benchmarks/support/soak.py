"""People who come to the dashboard and leave it again, for as long as one likes, and what the server holds then."""

import asyncio
import random
import statistics
import time
from dataclasses import dataclass

from support.askers import ask, hang_up
from support.pages import Server
from support.people import Person

EVERY_SECONDS = 5.0
ASKS, LEAVES = 0.1, 0.25


@dataclass
class Soaked:
    """What a soak found; MiB."""

    visits: int
    clicks: int
    asked: int
    """Questions to the API."""
    hung_up: int
    """Of them, those that were left before their answer."""
    memory: list[float]
    """Every five seconds, in order."""

    def figures(self) -> dict[str, float]:
        """Return the figures that are printed.

        A process fills its caches, and Streamlit keeps 128 pages that were left for two minutes: the first third of the
        time is for that.
        """
        third = max(1, len(self.memory) // 3)
        middle, end = self.memory[third : 2 * third], self.memory[2 * third :]
        minutes = len(middle) * EVERY_SECONDS / 60
        return {
            "visits": self.visits,
            "clicks": self.clicks,
            "asked": self.asked,
            "hung_up": self.hung_up,
            "first_mib": self.memory[0],
            "middle_third_mib": statistics.median(middle),
            "last_third_mib": statistics.median(end),
            "grown_mib_per_hour": (statistics.median(end) - statistics.median(middle)) / minutes * 60,
            "most_mib": max(self.memory),
        }


async def soak(server: Server, people: int, seconds: float, *, over_http: bool = False) -> Soaked:
    """Let so many people open the page, click a few times and leave, again and again.

    One visit of ten also asks the API for something new, and a fourth of these goes away while its query runs.
    """
    found = Soaked(0, 0, 0, 0, [])
    end = time.perf_counter() + seconds

    async def come_and_go(seed: int) -> None:
        chance = random.Random(seed)
        await asyncio.sleep(chance.uniform(0, 5))
        while time.perf_counter() < end:
            person = Person(server.port, over_http)
            await person.open()
            found.visits += 1
            for _ in range(chance.randint(1, 6)):
                await asyncio.sleep(chance.uniform(1, 4))
                await person.click()
                found.clicks += 1
            if chance.random() < ASKS:
                found.asked += 1
                leaves = chance.random() < LEAVES
                found.hung_up += leaves
                await (hang_up if leaves else ask)(server.port, found.asked)
            await person.close()

    async def watch() -> None:
        while time.perf_counter() < end:
            found.memory.append(server.memory())
            await asyncio.sleep(EVERY_SECONDS)

    await asyncio.gather(watch(), *(come_and_go(seed) for seed in range(people)))
    return found
