"""A local disk that is full, or a limit of open files: a failed run with a report."""

import errno

import pytest

from exporter.targets.spool import Spool


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            errno.ENOSPC,
            "cannot hold the days that are being read: No space left on device. Free space there, or set TMPDIR",
        ),
        (errno.EMFILE, "the process may open no more files: Too many open files. Raise the limit (ulimit -n)"),
    ],
)
def test_a_full_disk_is_a_failed_run_with_a_report(scene, monkeypatch, capsys, number, said):
    """No traceback: the run fails, owes its days, names TMPDIR or the limit, and writes its metrics."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")

    def full(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(Spool, "add", full)
    entry = table.job(start="2026-02-16", end="2026-02-17").run()
    assert entry.status == "failed"
    assert said in entry.error
    assert [str(day) for day in entry.owed] == ["2026-02-16", "2026-02-17"]
    assert '"failed": 1' in capsys.readouterr().err
    assert table.ledger()[-1].error == entry.error
