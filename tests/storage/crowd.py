"""Many processes that write to one database at the same time."""

from __future__ import annotations

import os
import sys
import time
import traceback


def crowd(url: str, *, processes: int, each: int) -> tuple[float, float, list[str]]:
    """Let every process increment one counter and add one row, ``each`` times.

    Gives the seconds it took in all, the longest wait for one transaction, and what went wrong.
    """
    gate_r, gate_w = os.pipe()
    answer_r, answer_w = os.pipe()
    pids = []
    for n in range(processes):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(gate_w)
                os.read(gate_r, 1)  # all begin when the gate is closed by the parent
                os.write(answer_w, f"{write(url, n, each)}\n".encode())
                code = 0
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        pids.append(pid)
    os.close(gate_r)
    started = time.monotonic()
    os.close(gate_w)
    codes = [os.waitpid(pid, 0)[1] for pid in pids]
    took = time.monotonic() - started
    os.close(answer_w)
    with os.fdopen(answer_r) as answers:
        longest = max((float(line) for line in answers), default=0.0)
    return took, longest, [f"process {n} ended with {code}" for n, code in enumerate(codes) if code]


def write(url: str, n: int, each: int) -> float:
    from sqlalchemy import text

    from regrove.storage import Database

    database = Database.open(url)
    longest = 0.0
    for k in range(each):
        began = time.monotonic()
        with database.transaction() as transaction:
            at = transaction.execute(text("UPDATE counter SET n = n + 1 RETURNING n")).scalar_one()
            transaction.execute(text("INSERT INTO rows VALUES (:at, :who, :k)"), {"at": at, "who": n, "k": k})
        longest = max(longest, time.monotonic() - began)
    database.close()
    return longest


def prepare(url: str) -> None:
    """The tables of the crowd."""
    from sqlalchemy import text

    from regrove.storage import Database

    database = Database.open(url)
    with database.transaction() as transaction:
        transaction.execute(text("CREATE TABLE counter (n BIGINT NOT NULL)"))
        transaction.execute(text("CREATE TABLE rows (at BIGINT PRIMARY KEY, who BIGINT NOT NULL, k BIGINT NOT NULL)"))
        transaction.execute(text("INSERT INTO counter VALUES (0)"))
    database.close()
