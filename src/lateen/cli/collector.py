"""How often Python looks for garbage in circles while a mesh is loaded or served."""

import gc

THRESHOLDS = (100_000, 20, 50)
"""Thousands of facts and answers live long: the usual 700 costs a quarter of a start, and pauses while serving."""


def collect_rarely() -> None:
    """Set the thresholds for this process."""
    gc.set_threshold(*THRESHOLDS)
