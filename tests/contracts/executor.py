"""What every executor keeps; subclass `ExecutorContract` and give the fixture ``executor``."""

from __future__ import annotations

import pytest

from regrove.errors import Conflict, InvalidInput, Refused, RegroveError, StepFailed
from regrove.execution import Executor, Task

HERE = "tests.execution.tasks"


class ExecutorContract:
    """Run on every implementation."""

    def test_it_is_an_executor(self, executor):
        """The protocol is met."""
        assert isinstance(executor, Executor)

    def test_bytes_go_in_and_come_out(self, executor):
        """A task's payload reaches its function, and its result the future."""
        payload = bytes(range(256)) * 4096
        assert executor.submit(Task("1", f"{HERE}:echo", payload)).result() == payload
        assert executor.submit(Task("2", f"{HERE}:echo")).result() == b""

    def test_many_tasks_each_get_their_own_answer(self, executor):
        """No answer is mixed up with another's."""
        futures = [executor.submit(Task(str(n), f"{HERE}:echo", str(n).encode())) for n in range(50)]
        assert [future.result() for future in futures] == [str(n).encode() for n in range(50)]

    def test_an_exception_is_a_step_that_failed(self, executor):
        """The user's exception is told by kind and text, with the traceback as a note."""
        with pytest.raises(StepFailed, match="ValueError: no such row") as caught:
            executor.submit(Task("1", f"{HERE}:fail", b"no such row")).result()
        assert "in fail" in "".join(caught.value.__notes__)

    def test_an_error_of_the_house_comes_back_as_itself(self, executor):
        """Kind and all four parts survive."""
        with pytest.raises(Refused) as caught:
            executor.submit(Task("1", f"{HERE}:refuse")).result()
        error = caught.value
        assert (error.happened, error.expected, error.received, error.mend) == ("No", "yes", "maybe", "ask again")

    def test_an_unknown_kind_of_error_comes_back_as_the_nearest_known(self, executor):
        """Nothing is imported because a worker says so."""
        with pytest.raises(Conflict, match="They quarrel"):
            executor.submit(Task("1", f"{HERE}:quarrel")).result()

    def test_a_result_of_the_wrong_kind_fails(self, executor):
        """Only bytes are passed on."""
        with pytest.raises(StepFailed, match="wrong kind"):
            executor.submit(Task("1", f"{HERE}:number")).result()

    @pytest.mark.parametrize("name", ["tests.execution.nowhere:echo", "tests.execution.tasks:nothing"])
    def test_a_function_that_is_not_there_is_invalid(self, executor, name):
        """Module and function are both looked for."""
        with pytest.raises(InvalidInput, match="not there"):
            executor.submit(Task("1", name)).result()

    @pytest.mark.parametrize("name", ["os.system", "os:path.join", "", "a:b:c", "../x:y"])
    def test_a_malformed_name_is_refused_at_once(self, name):
        """Before anything is started."""
        with pytest.raises(InvalidInput, match="not the name of a function"):
            Task("1", name)

    def test_one_failure_is_no_other_tasks_failure(self, executor):
        """The next task runs."""
        bad = executor.submit(Task("1", f"{HERE}:fail", b"x"))
        good = executor.submit(Task("2", f"{HERE}:echo", b"y"))
        assert good.result() == b"y"
        assert isinstance(bad.exception(), StepFailed)

    def test_a_closed_executor_takes_nothing(self, executor):
        """And closing twice is harmless."""
        future = executor.submit(Task("1", f"{HERE}:echo", b"x"))
        executor.close()
        executor.close(cancel=True)
        assert future.result() == b"x"
        with pytest.raises(RegroveError, match="closed"):
            executor.submit(Task("2", f"{HERE}:echo"))
