"""When Python looks for garbage."""

import gc

import pytest

from lateen.cli.collector import START, collect_after_start, collect_rarely


@pytest.fixture(autouse=True)
def _as_it_was():
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


class Loop:
    """An event loop's clock."""

    def __init__(self):
        self.later = []

    def call_later(self, delay, callback):
        self.later.append((delay, callback))


def test_rarely():
    collect_rarely()
    assert gc.get_threshold()[0] == 100_000


def test_not_before_the_start_is_over():
    loop = Loop()
    collect_after_start(loop)
    assert not gc.isenabled()
    [(delay, begin)] = loop.later
    assert delay == START
    begin()
    assert gc.isenabled()
