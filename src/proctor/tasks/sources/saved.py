"""Folders that ``Dataset.save_to_disk`` or ``DatasetDict.save_to_disk`` wrote.

``datasets.load_dataset`` would take their Arrow files for data of its own and guess splits from
their names (``dev`` becomes ``validation``), so they are told apart by what stands beside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from proctor.errors import DataError


def is_saved(folder: str) -> bool:
    """Whether ``save_to_disk`` wrote this folder."""

    def has(*names: str) -> bool:
        return all(os.path.isfile(os.path.join(folder, name)) for name in names)

    # dataset_info.json alone is not enough: folders with files of the hub may have one, too.
    return has("dataset_dict.json") or has("state.json", "dataset_info.json")


def load_saved(folder: str) -> Mapping[str, Any]:
    """Its splits under their own names; a data set without splits is ``train``, or what it was a split of."""
    import datasets

    try:
        loaded = datasets.load_from_disk(folder)
    except Exception as error:
        raise DataError(
            f"The data set saved in {folder} cannot be read: {type(error).__name__}: {error}",
            hint="Save it anew: one that another version of 'datasets' wrote may not be readable.",
        ) from error
    if isinstance(loaded, datasets.DatasetDict):
        return cast("Mapping[str, Any]", loaded)
    return {str(loaded.split or "train"): loaded}
