"""Estimators, in the first model format that accepts them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from regrove import plugins
from regrove.errors import Refused
from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.wrong import WrongKind, type_name
from regrove.pipelines.kinds import Kind

if TYPE_CHECKING:
    from regrove.pipelines.trained import ModelFormat

__all__ = ["decode", "encode"]

_FORMATS: Final = "model_formats"


def encode(value: Any, output: str, call: Call) -> Result:
    """Write an estimator and audit what was written, so that a type nobody trusts is refused before it is recorded."""
    names = plugins.names(_FORMATS)
    name = next((each for each in names if _format(each).accepts(value)), None)
    if name is None:
        raise WrongKind(
            f"{call.step} returned what no model format accepts",
            expected=f"a fitted estimator for one of the formats {', '.join(names) or '(none are installed)'}",
            received=type_name(value),
            mend="return the estimator, or mark the step @step(trusted=True) when it makes something else",
        )
    path = Path(f"{call.scratch}{output}.model")
    _format(name).dump(value, path)
    audit = _format(name).audit(path)
    if unknown := sorted(set(audit.unknown) - set(call.trusted_types)):
        listed = ", ".join(f'"{each}"' for each in unknown)
        raise Refused(
            f"The estimator of {call.step} holds types that nobody vouched for",
            expected="types that the format knows to be safe, or that the model's declaration trusts",
            received=", ".join(unknown),
            mend=f"when you know what they do, add to the model's table of regrove.toml: trusted_types = [{listed}]",
        )
    about = {"type": type_name(value), "bytes": os.path.getsize(path)}
    return Result(output, Kind.ESTIMATOR, form=name, path=str(path), about=about)


def decode(argument: Argument, call: Call) -> Any:
    """The estimator, after an audit of its file."""
    return _format(argument.form).load(argument.paths[0], trusted=call.trusted_types)


def _format(name: str) -> ModelFormat:
    return cast("ModelFormat", plugins.load(_FORMATS, name))
