"""Signals: handed on for a while, and given back."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from minbert.stopping import as_ctrl_c, finish_first, noted, received_by


@pytest.fixture(autouse=True)
def usual_ctrl_c() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_sigterm_is_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), received_by(as_ctrl_c, signal.SIGTERM):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_takes_a_moment_is_finished() -> None:
    with received_by(finish_first, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_noted_stops_after_the_block_and_not_in_it() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), noted() as signals:
        signals.at_once = lambda: done.append("at once")
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("the block")
    assert done == ["at once", "at once", "the block"] and signals.count == 2
    with noted():
        pass


def test_what_a_shell_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with received_by(as_ctrl_c, signal.SIGINT):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        as_ctrl_c(signal.SIGTERM, None)


def test_only_the_main_thread_hears_signals() -> None:
    def body() -> None:
        with received_by(as_ctrl_c, signal.SIGINT):
            heard.append(signal.getsignal(signal.SIGINT))

    heard: list = []
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert heard == [signal.default_int_handler]
