"""The executor in the process that asks."""

from __future__ import annotations

import os

import pytest

from regrove.execution import InlineExecutor, Task
from tests.contracts.executor import HERE, ExecutorContract


class TestInlineExecutor(ExecutorContract):
    """The contract, and where the work happens."""

    @pytest.fixture
    def executor(self):
        return InlineExecutor()

    def test_the_work_happens_here(self, executor):
        """In this very process, before submit returns."""
        future = executor.submit(Task("1", f"{HERE}:pid"))
        assert future.done()
        assert future.result() == str(os.getpid()).encode()
