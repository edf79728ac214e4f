"""A good config is taken, a bad one is told and changes nothing."""

from msgspec.structs import replace

from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.source import Read, parse
from heliograph.gateway.types import Config, Tls

GOOD = b"providers: {ollama: {models: [a]}}"
OTHER = b"providers: {ollama: {models: [b]}}"
BAD = b"providers: {ollama: {modles: [a], keys: [sk-canary]}}"


class Case:
    """Reloads that began with `GOOD`, at second 0."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.now_s = 0.0
        read = self.read(GOOD)
        assert isinstance(read.found, Config)
        self.reloads = Reloads(
            read.found, read, say=self.said.append, wall_s=lambda: self.now_s
        )

    def read(self, data: bytes) -> Read:
        return Read((), data, parse(data, "gateway.yaml"))

    def take(self, data: bytes, *, asked: bool = False) -> Config | None:
        return self.take_read(self.read(data), asked=asked)

    def take_read(self, read: Read, *, asked: bool = False) -> Config | None:
        """Return what was put in force."""
        self.now_s += 60
        put: list[Config] = []
        self.reloads.take(read, put.append, asked=asked)
        return put[0] if put else None

    @property
    def counts(self) -> tuple[int, int]:
        return self.reloads.counts.ok, self.reloads.counts.failed


def test_a_good_config_is_taken() -> None:
    case = Case()
    config = case.take(OTHER)
    assert config is not None
    assert config.providers["ollama"].models == ("b",)
    assert case.reloads.config is config
    assert case.counts == (1, 0)
    assert case.reloads.standing.since == "1970-01-01T00:01:00+00:00"
    assert case.reloads.standing.problems == ()
    assert "in force" in case.said[-1]


def test_a_bad_config_is_told_with_every_problem_and_the_last_good_one_stays() -> None:
    case = Case()
    before = case.reloads.config
    assert case.take(BAD) is None
    assert case.reloads.config is before
    assert case.counts == (0, 1)
    (said,) = case.said
    assert "gateway.yaml:1: providers.ollama.modles: " in said
    assert 'did you mean "models"?' in said
    assert "the last good config stays in force" in said
    assert "sk-canary" not in said
    assert case.reloads.standing.since == "1970-01-01T00:00:00+00:00"
    (problem, *_) = case.reloads.standing.problems
    assert problem in said


def test_the_next_good_config_clears_the_problems() -> None:
    case = Case()
    case.take(BAD)
    assert case.take(GOOD) is not None
    assert case.reloads.standing.problems == ()
    assert case.counts == (1, 1)


def test_what_a_reload_cannot_change_is_told() -> None:
    case = Case()
    found = case.read(OTHER)
    assert isinstance(found.found, Config)
    tls = Tls("certificate.pem", "key.pem")
    server = replace(found.found.server, tls=tls)
    encrypted = replace(found.found, server=server)
    taken = case.take_read(replace(found, found=encrypted), asked=True)
    assert taken is encrypted
    assert "server.tls was turned on or off" in case.said[0]
    case.take(GOOD)
    assert len(case.said) == 3


def test_a_file_that_was_only_touched_is_no_news() -> None:
    case = Case()
    assert case.take(GOOD) is None
    case.take(BAD)
    assert case.take(BAD) is None
    assert case.counts == (0, 1)
    assert len(case.said) == 1


def test_who_asks_is_answered_though_nothing_changed() -> None:
    case = Case()
    assert case.take(GOOD, asked=True) is not None
    assert case.take(BAD, asked=True) is None
    assert case.take(BAD, asked=True) is None
    assert case.counts == (1, 2)
    assert len(case.said) == 3


def test_another_content_of_the_file_beside_is_news() -> None:
    case = Case()
    read = case.read(GOOD)
    assert case.take_read(replace(read, beside=b"1")) is not None
    assert case.take_read(replace(read, beside=b"1")) is None
    assert case.take_read(replace(read, beside=b"2")) is not None
    assert case.counts == (2, 0)


def test_a_config_that_we_fail_over_is_told_and_the_last_good_one_is_put_back() -> None:
    case = Case()
    before = case.reloads.config
    put: list[Config] = []

    def break_down(config: Config) -> None:
        put.append(config)
        if config is not before:
            raise ValueError("sk-canary")

    case.reloads.take(case.read(OTHER), break_down, asked=False)
    assert put[1:] == [before]
    assert case.reloads.config is before
    assert case.counts == (0, 1)
    (problem,) = case.reloads.standing.problems
    assert "the gateway failed over it: ValueError at test_reloads.py:" in problem
    assert problem in case.said[0]
    assert "the last good config stays in force" in case.said[0]
    assert "sk-canary" not in case.said[0]
    assert case.take(OTHER) is None
    assert case.take(OTHER, asked=True) is not None
    assert case.reloads.standing.problems == ()
