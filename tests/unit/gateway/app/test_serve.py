"""What `serve` refuses before it begins."""

import os

import pytest

from heliograph.gateway.app import serve


def test_workers_need_a_system_with_fork(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(os, "fork")
    assert serve(None, host="127.0.0.1", port=0, workers=2) == 1
    assert "--workers above 1 needs a system with fork" in capfd.readouterr().err
