"""The secret under which keys are hashed."""

import errno
import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from heliograph.gateway.ledger.key_hash import KeyHash
from heliograph.gateway.ledger.key_secret import KeySecret, SecretError


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    secret = KeySecret(tmp_path / "state" / "ledger.secret")
    assert secret.read() is None
    made = secret.make()
    assert secret.make().fingerprint == made.fingerprint
    again = KeySecret(secret.path).read()
    assert again is not None
    assert again.fingerprint == made.fingerprint
    assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    assert [path.name for path in secret.path.parent.iterdir()] == ["ledger.secret"]


def test_several_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> None:
        made.append(KeySecret(tmp_path / "ledger.secret").make().fingerprint)

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.secret"
    KeySecret(path).make()
    given = KeySecret(path, "shared-by-two-gateways-0123456789abcdef")
    found = given.read()
    assert found is not None
    expected = KeyHash(b"shared-by-two-gateways-0123456789abcdef")
    assert found.fingerprint == given.make().fingerprint == expected.fingerprint


@pytest.mark.parametrize("text", ["short", "", "ümlaut" * 10])
def test_what_is_no_secret_is_not_taken_and_not_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ledger.secret"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SecretError) as told:
        KeySecret(path).read()
    assert str(path) in str(told.value)
    assert not text or text not in str(told.value)


def test_a_variable_that_is_too_short_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="HELIOGRAPH_LEDGER_SECRET holds no secret"):
        KeySecret(tmp_path / "x", "short").read()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match=r"cannot read .*secret: Not a directory"):
        KeySecret(tmp_path / "file" / "ledger.secret").make()


def test_a_file_that_cannot_be_made_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(SecretError, match=r"cannot write .*secret: No space left"):
        KeySecret(tmp_path / "ledger.secret").make()
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_not_for_us_to_see_may_be_there(tmp_path: Path) -> None:
    path = tmp_path / "ledger.secret"
    assert not KeySecret(path).there
    assert not KeySecret(tmp_path / "file" / "ledger.secret").there
    path.symlink_to(path)
    assert KeySecret(path).there
