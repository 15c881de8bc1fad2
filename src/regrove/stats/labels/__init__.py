"""How good is the model while its labels are late?

``delay_law`` learns how long labels take, ``block_loss`` judges a block by the labels that came. ``cbpe`` and
``direct_loss`` estimate performance without any; ``prediction_powered`` corrects them with a few audited labels that
``audit_sample`` draws; ``track_record`` says whether an estimate may be trusted: VALIDATED, UNPROVEN or UNRELIABLE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.labels.calibrator import Calibrator, cross_fitted, fit_calibrator
    from regrove.stats.labels.confidence import Cbpe, MetricEstimate, cbpe
    from regrove.stats.labels.confusion import ExpectedConfusion, expected_auc, expected_confusion
    from regrove.stats.labels.delay import DelayLaw, delay_law
    from regrove.stats.labels.losses import LossKind, loss_scale, row_losses
    from regrove.stats.labels.maturity import BlockLoss, arrival_shares, block_loss, matures_in

_HOMES = {
    "BlockLoss": "maturity",
    "Calibrator": "calibrator",
    "Cbpe": "confidence",
    "DelayLaw": "delay",
    "ExpectedConfusion": "confusion",
    "LossKind": "losses",
    "MetricEstimate": "confidence",
    "arrival_shares": "maturity",
    "block_loss": "maturity",
    "cbpe": "confidence",
    "cross_fitted": "calibrator",
    "delay_law": "delay",
    "expected_auc": "confusion",
    "expected_confusion": "confusion",
    "fit_calibrator": "calibrator",
    "loss_scale": "losses",
    "matures_in": "maturity",
    "row_losses": "losses",
}

__all__ = [
    "BlockLoss",
    "Calibrator",
    "Cbpe",
    "DelayLaw",
    "ExpectedConfusion",
    "LossKind",
    "MetricEstimate",
    "arrival_shares",
    "block_loss",
    "cbpe",
    "cross_fitted",
    "delay_law",
    "expected_auc",
    "expected_confusion",
    "fit_calibrator",
    "loss_scale",
    "matures_in",
    "row_losses",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
