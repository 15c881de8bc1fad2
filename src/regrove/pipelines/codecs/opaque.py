"""Any object of a step that is marked as trusted, as a pickle.

Reading a pickle runs code. It is read only as the argument of a step of the same project, from an object whose digest
was recorded when a step marked ``@step(trusted=True)`` made it, and never in serving.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.wrong import WrongKind, type_name
from regrove.pipelines.kinds import Kind

__all__ = ["decode", "encode"]


def encode(value: Any, output: str, call: Call) -> Result:
    """Keep any object that can be pickled."""
    try:
        data = pickle.dumps(value, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise WrongKind(
            f"{call.step} returned an object that cannot be pickled", received=f"{type_name(value)}: {error}"
        ) from None
    path = Path(f"{call.scratch}{output}.pickle")
    path.write_bytes(data)
    return Result(output, Kind.ANY, path=str(path), about={"type": type_name(value), "bytes": len(data)})


def decode(argument: Argument, call: Call) -> Any:  # noqa: ARG001  # all codecs have one form
    """The object."""
    return pickle.loads(argument.read())  # noqa: S301  # made by a trusted step, checked by digest
