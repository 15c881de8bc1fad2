"""Model versions: what was trained, named by its content, and which of them is live.

`Models` registers versions, moves aliases by recorded decisions, and tells what was live when. A version is a
`ModelManifest`, an object whose digest is the version's name; `Predictor` serves it from the manifest and the vault
alone, without a database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.registry.answer import BadAnswer, WrongSignature
    from regrove.registry.code import BrokenServingCode
    from regrove.registry.decision import AliasMove, Decision
    from regrove.registry.formats import Audit, BrokenModelFile, ModelFormat, UnfitEstimator, UntrustedTypes
    from regrove.registry.manifest import Link, ModelManifest, Parameter, ServingCode, Training
    from regrove.registry.predictor import Predictor, ServingFailed
    from regrove.registry.service import Models
    from regrove.registry.signature import Output, Signature
    from regrove.registry.version import Model, ModelSpec, ModelVersion, Verified

__all__ = [
    "AliasMove",
    "Audit",
    "BadAnswer",
    "BrokenModelFile",
    "BrokenServingCode",
    "Decision",
    "Link",
    "Model",
    "ModelFormat",
    "ModelManifest",
    "ModelSpec",
    "ModelVersion",
    "Models",
    "Output",
    "Parameter",
    "Predictor",
    "ServingCode",
    "ServingFailed",
    "Signature",
    "Training",
    "UnfitEstimator",
    "UntrustedTypes",
    "Verified",
    "WrongSignature",
]

_HOMES = {
    "AliasMove": "decision",
    "Audit": "formats",
    "BadAnswer": "answer",
    "BrokenModelFile": "formats",
    "BrokenServingCode": "code",
    "Decision": "decision",
    "Link": "manifest",
    "Model": "version",
    "ModelFormat": "formats",
    "ModelManifest": "manifest",
    "ModelSpec": "version",
    "ModelVersion": "version",
    "Models": "service",
    "Output": "signature",
    "Parameter": "manifest",
    "Predictor": "predictor",
    "ServingCode": "manifest",
    "ServingFailed": "predictor",
    "Signature": "signature",
    "Training": "manifest",
    "UnfitEstimator": "formats",
    "UntrustedTypes": "formats",
    "Verified": "version",
    "WrongSignature": "answer",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
