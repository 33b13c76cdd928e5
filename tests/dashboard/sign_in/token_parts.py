"""A store of tokens in memory, a clock, and people who ask."""

from dashboard.model.access.api_token import TokenBook
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import RoleMap, grants_from

MAP = RoleMap("groups", grants_from("analysts=analyst,admins=admin,sales=viewer,clear=analyst+unmask"))
NOW = 1_760_000_000.0


class Memory:
    """A store in memory, as several tasks share one."""

    def __init__(self):
        self.book, self.reads = TokenBook(), 0

    def load(self):
        self.reads += 1
        return self.book

    def change(self, changed):
        self.book = changed(self.book)
        return self.book


class Clock:
    now = NOW

    def __call__(self):
        return self.now


def asking(group="analysts", at=NOW, person="ann", **more):
    claims = {"sub": person, "groups": [group], "email": "ann@example.com", "iat": at, **more}
    return Requester(person, "Ann", roles=MAP.roles_of(claims), claims=claims)
