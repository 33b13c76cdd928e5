"""The end of a process at one of its calls of AWS."""

import threading

from botocore.client import BaseClient


class Killed(BaseException):
    """The process is gone: nothing in the program may catch this."""


class Death:
    """Comes to a run at one of its calls: before it is sent, or before its answer is read."""

    def __init__(self, monkeypatch):
        self.at, self.before, self.calls, self.dead = 0, False, 0, False
        self._lock, self._call = threading.Lock(), BaseClient._make_api_call

        def made(client, *asked):
            return self._made(client, *asked)

        monkeypatch.setattr(BaseClient, "_make_api_call", made)

    def _made(self, client, *asked):
        with self._lock:
            self.calls += 1
            is_last = self.calls == self.at
            self.dead |= is_last and self.before
            if self.dead:
                raise Killed
        try:
            return self._call(client, *asked)
        finally:  # after an answer that is an error as well
            self.dead |= is_last
            if self.dead:
                raise Killed

    def killed(self, run, at, *, before):
        """Run until a call; return whether the run was killed there."""
        self.at, self.before, self.calls = at, before, 0
        try:
            run()
        except Killed:
            return True
        finally:
            self.at, self.dead = 0, False
        return False
