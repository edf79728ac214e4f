"""The log's writer: slow or absent readers cost lines, never answers."""

from threading import Event

import pytest

from heliograph.gateway.telemetry.writer import BATCHES_MAX, Writer


def test_batches_are_written_in_order_and_the_last_before_it_closes() -> None:
    written: list[bytes] = []
    writer = Writer(written.append)
    batches = [f"{number}\n".encode() for number in range(20)]
    for batch in batches:
        writer.put(batch)
    writer.close()
    assert written == batches


def test_what_a_reader_does_not_take_is_refused_at_once() -> None:
    taken, read_on = Event(), Event()

    def stuck(_batch: bytes) -> None:
        taken.set()
        read_on.wait(10)

    writer = Writer(stuck)
    writer.put(b"in its hands\n")
    assert taken.wait(10)
    for _ in range(BATCHES_MAX):
        writer.put(b"waiting\n")
    with pytest.raises(BlockingIOError):
        writer.put(b"one more\n")
    read_on.set()
    writer.close()


def test_a_reader_that_is_gone_ends_the_writer_and_nothing_else() -> None:
    def gone(_batch: bytes) -> None:
        raise BrokenPipeError

    writer = Writer(gone)
    writer.put(b"line\n")
    writer.thread.join(10)
    assert not writer.thread.is_alive()
    writer.close()
