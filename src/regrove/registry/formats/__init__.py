"""Model formats: how an estimator becomes bytes and, after an audit, an estimator again.

A format is an entry point of the group ``regrove.model_formats`` that follows `ModelFormat`. It writes the same bytes
for the same fitted estimator in any process and folder, so that the digest of a model file means something, and it
never loads what it has not audited.
"""

from regrove.registry.formats.seam import Audit, BrokenModelFile, ModelFormat, UnfitEstimator, UntrustedTypes

__all__ = ["Audit", "BrokenModelFile", "ModelFormat", "UnfitEstimator", "UntrustedTypes"]
