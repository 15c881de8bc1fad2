"""How good is the model while its labels are late?

``delay_law`` learns how long labels take, ``block_loss`` judges a block by the labels that came. ``cbpe`` and
``direct_loss`` estimate performance without any; ``prediction_powered`` corrects them with a few audited labels that
``audit_sample`` draws; ``track_record`` says whether an estimate may be trusted: VALIDATED, UNPROVEN or UNRELIABLE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.labels.audit import AuditSample, audit_sample, audit_size
    from regrove.stats.labels.boosting import fit_boosted, held_out_boosted, table
    from regrove.stats.labels.calibrator import Calibrator, cross_fitted, fit_calibrator
    from regrove.stats.labels.confidence import Cbpe, MetricEstimate, cbpe, no_estimate
    from regrove.stats.labels.confusion import ExpectedConfusion, expected_auc, expected_confusion
    from regrove.stats.labels.delay import DelayLaw, delay_law
    from regrove.stats.labels.direct import DirectLoss, direct_loss
    from regrove.stats.labels.importance import WeightedLoss, effective_rows, importance_weighted
    from regrove.stats.labels.losses import LossKind, loss_scale, row_losses
    from regrove.stats.labels.magnitude import measurable
    from regrove.stats.labels.maturity import BlockLoss, arrival_shares, block_loss, matures_in
    from regrove.stats.labels.powered import Powered, prediction_powered
    from regrove.stats.labels.record import Status, TrackRecord, conformal_half_width, track_record
    from regrove.stats.labels.shift import DomainWeights, WeightedCbpe, domain_weights, weighted_cbpe
    from regrove.stats.labels.standing import LossStanding, Standing, loss_standing

_HOMES = {
    "AuditSample": "audit",
    "BlockLoss": "maturity",
    "Calibrator": "calibrator",
    "Cbpe": "confidence",
    "DelayLaw": "delay",
    "DirectLoss": "direct",
    "DomainWeights": "shift",
    "ExpectedConfusion": "confusion",
    "LossKind": "losses",
    "LossStanding": "standing",
    "MetricEstimate": "confidence",
    "Powered": "powered",
    "Standing": "standing",
    "Status": "record",
    "TrackRecord": "record",
    "WeightedCbpe": "shift",
    "WeightedLoss": "importance",
    "arrival_shares": "maturity",
    "audit_sample": "audit",
    "audit_size": "audit",
    "block_loss": "maturity",
    "cbpe": "confidence",
    "conformal_half_width": "record",
    "cross_fitted": "calibrator",
    "delay_law": "delay",
    "direct_loss": "direct",
    "domain_weights": "shift",
    "effective_rows": "importance",
    "expected_auc": "confusion",
    "expected_confusion": "confusion",
    "fit_boosted": "boosting",
    "fit_calibrator": "calibrator",
    "held_out_boosted": "boosting",
    "importance_weighted": "importance",
    "loss_scale": "losses",
    "loss_standing": "standing",
    "matures_in": "maturity",
    "measurable": "magnitude",
    "no_estimate": "confidence",
    "prediction_powered": "powered",
    "row_losses": "losses",
    "table": "boosting",
    "track_record": "record",
    "weighted_cbpe": "shift",
}

__all__ = [
    "AuditSample",
    "BlockLoss",
    "Calibrator",
    "Cbpe",
    "DelayLaw",
    "DirectLoss",
    "DomainWeights",
    "ExpectedConfusion",
    "LossKind",
    "LossStanding",
    "MetricEstimate",
    "Powered",
    "Standing",
    "Status",
    "TrackRecord",
    "WeightedCbpe",
    "WeightedLoss",
    "arrival_shares",
    "audit_sample",
    "audit_size",
    "block_loss",
    "cbpe",
    "conformal_half_width",
    "cross_fitted",
    "delay_law",
    "direct_loss",
    "domain_weights",
    "effective_rows",
    "expected_auc",
    "expected_confusion",
    "fit_boosted",
    "fit_calibrator",
    "held_out_boosted",
    "importance_weighted",
    "loss_scale",
    "loss_standing",
    "matures_in",
    "measurable",
    "no_estimate",
    "prediction_powered",
    "row_losses",
    "table",
    "track_record",
    "weighted_cbpe",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
