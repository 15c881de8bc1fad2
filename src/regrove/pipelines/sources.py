"""Dataset versions as steps read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.pipelines.kitchen import Source

if TYPE_CHECKING:
    from regrove.datasets import Datasets, DatasetVersion

__all__ = ["Source", "source"]


def source(datasets: Datasets, version: DatasetVersion) -> Source:
    """What steps need of a dataset version."""
    manifest = datasets.manifest(version.ref)
    return Source(
        ref=version.ref,
        digest=version.digest,
        objects=tuple(part.blob_digest for part in manifest.parts),
        columns=tuple((column.name, column.type.value) for column in manifest.schema),
    )
