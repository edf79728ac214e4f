"""Wrong keys are counted by address, in bounded memory."""

from heliograph.gateway.admin.guesses import (
    ADDRESSES_MAX,
    WINDOW_S,
    WRONG_MAX,
    Guesses,
)


def wrong(guesses: Guesses, address: str, times: int, now_s: float = 0.0) -> None:
    for _ in range(times):
        guesses.note_wrong(address, now_s)


def test_a_few_wrong_keys_are_forgiven() -> None:
    guesses = Guesses()
    wrong(guesses, "192.0.2.1", WRONG_MAX - 1)
    assert guesses.wait_s("192.0.2.1", 1.0) == 0
    wrong(guesses, "192.0.2.1", 1)
    assert guesses.wait_s("192.0.2.1", 1.0) == WINDOW_S - 1
    assert guesses.wait_s("192.0.2.2", 1.0) == 0


def test_the_wait_ends() -> None:
    guesses = Guesses()
    wrong(guesses, "192.0.2.1", WRONG_MAX)
    assert guesses.wait_s("192.0.2.1", WINDOW_S) == 0
    guesses.note_wrong("192.0.2.1", WINDOW_S)
    assert guesses.wait_s("192.0.2.1", WINDOW_S) == 0


def test_a_network_of_ipv6_is_one_place() -> None:
    guesses = Guesses()
    for number in range(WRONG_MAX):
        guesses.note_wrong(f"2001:db8::{number:x}", 0.0)
    assert guesses.wait_s("2001:db8::ffff", 1.0) > 0
    assert guesses.wait_s("2001:db8:1::1", 1.0) == 0


def test_many_addresses_take_bounded_memory() -> None:
    guesses = Guesses()
    for number in range(ADDRESSES_MAX + 10):
        guesses.note_wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert len(guesses.wrong) == ADDRESSES_MAX
    assert guesses.wait_s("an unnamed socket", 0.0) == 0
