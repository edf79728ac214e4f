"""Who is let into the administration, and who is not, through a real socket."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin_parts import API, Administered, administered
from gateway.raw_client import Answer, RawClient
from gateway.running import Gateway, SteppedClock, until
from heliograph.gateway.admin import costs as admin_costs
from heliograph.gateway.admin.guesses import WRONG_MAX
from heliograph.gateway.ledger.admin_sessions import IDLE_S, LASTING_S
from heliograph.simulation.providers import SimulatedProviders
from ledger_parts import ENDLESS

SESSION = "/admin/session"
GIVEN = "an-admin-key-of-the-operators-own-choice"


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
async def house(
    sim: SimulatedProviders, tmp_path: Path, clock: SteppedClock
) -> AsyncIterator[Administered]:
    async with administered(sim, tmp_path, clock=clock) as made:
        yield made


async def log_in(house: Administered, key: str | None = None) -> dict[str, str]:
    """Begin a session; return the headers that a page of ours sends."""
    shown = house.admin if key is None else key
    answer = await house.ask("POST", SESSION, {"key": shown}, key="")
    assert answer.status == 201, answer.body
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-heliograph-csrf": answer.json["csrf"]}


async def with_session(
    house: Administered,
    headers: dict[str, str],
    method: str = "GET",
    path: str = f"{API}/keys",
    body: object = None,
) -> Answer:
    return await house.ask(method, path, body, key="", headers=headers)


def code(answer: Answer) -> tuple[int, str]:
    """Say how *answer* refuses."""
    return answer.status, answer.json["error"]["code"]


async def test_every_path_wants_the_admin_key(house: Administered) -> None:
    secret = (await house.post("keys", {"name": "night"}))["secret"]
    paths = ["standing", "costs", "exchanges", "exchanges/1", "keys", "keys/night"]
    for path in [*paths, "budgets", "prices"]:
        assert code(await house.ask("GET", f"{API}/{path}", key="")) == (401, "no_key")
        shown = await house.ask("GET", f"{API}/{path}", key=secret)
        assert code(shown)[0] in {401, 429}
    for path in ("keys", "keys/night/revoke", "keys/night/rotate"):
        assert code(await house.ask("POST", f"{API}/{path}", {}, key=""))[0] == 401


async def test_a_virtual_key_opens_nothing(house: Administered) -> None:
    secret = (await house.post("keys", {"name": "night"}))["secret"]
    answer = await house.ask("GET", f"{API}/keys", key=secret)
    assert code(answer) == (401, "virtual_key")
    begun = await house.ask("POST", SESSION, {"key": secret}, key="")
    assert code(begun) == (401, "virtual_key")
    assert secret.encode() not in answer.body + begun.body


async def test_no_admin_key_means_no_admin(gateway: Gateway) -> None:
    for path in ("/admin", f"{API}/keys", SESSION):
        answer = await gateway.get(path)
        assert code(answer) == (403, "no_admin_key")
        assert "heliograph keys admin create" in answer.json["error"]["fix"]


async def test_a_session_is_in_a_cookie_that_goes_nowhere_else(
    house: Administered,
) -> None:
    answer = await house.ask("POST", SESSION, {"key": house.admin}, key="")
    attributes = answer.headers["set-cookie"].split("; ")
    assert re.fullmatch(r"heliograph_admin=[\w-]{43}", attributes[0])
    assert {"HttpOnly", "SameSite=strict", "Path=/admin"} <= set(attributes)
    assert "Secure" not in attributes  # this is not TLS
    assert attributes[0].partition("=")[2] not in answer.body.decode()


async def test_a_session_may_read_and_with_its_token_change(
    house: Administered,
) -> None:
    headers = await log_in(house)
    assert (await with_session(house, headers)).status == 200
    told = await with_session(house, headers, path=SESSION)
    assert told.json["csrf"] == headers["x-heliograph-csrf"]
    bare = {"cookie": headers["cookie"]}
    made = await with_session(house, headers, "POST", body={"name": "one"})
    assert made.status == 201
    for wrong in (bare, {**bare, "x-heliograph-csrf": "0" * 64}):
        answer = await with_session(house, wrong, "POST", body={"name": "two"})
        assert code(answer) == (403, "csrf")
    names = [key["name"] for key in (await house.get("keys"))["data"]]
    assert names == ["one"]


async def test_a_page_of_another_site_changes_nothing(house: Administered) -> None:
    headers = {**await log_in(house), "origin": "http://evil.example"}
    answer = await with_session(house, headers, "POST", body={"name": "one"})
    assert answer.status == 403
    own = {**headers, "origin": f"http://127.0.0.1:{house.port}"}
    assert (await with_session(house, own, "POST", body={"name": "one"})).status == 201


async def test_a_session_ends_when_it_is_told_to(house: Administered) -> None:
    headers = await log_in(house)
    assert (await with_session(house, headers, "DELETE", SESSION)).json == {
        "csrf": None
    }
    assert code(await with_session(house, headers)) == (401, "session_over")
    assert (await with_session(house, headers, path=SESSION)).json == {"csrf": None}


async def test_a_session_ends_idle_or_old(
    house: Administered, clock: SteppedClock
) -> None:
    headers = await log_in(house)
    for _ in range(LASTING_S // (IDLE_S - 1)):
        clock.step(IDLE_S - 1)
        assert (await with_session(house, headers)).status == 200
    clock.step(IDLE_S - 1)  # used all the time, and too old
    assert code(await with_session(house, headers)) == (401, "session_over")
    headers = await log_in(house)
    clock.step(IDLE_S)
    assert code(await with_session(house, headers)) == (401, "session_over")


async def test_a_session_ends_with_the_admin_key_it_began_with(
    house: Administered,
) -> None:
    headers = await log_in(house)
    house.make_admin()
    assert code(await with_session(house, headers)) == (401, "session_over")
    assert (await with_session(house, await log_in(house))).status == 200


async def test_an_own_admin_key_makes_sessions_that_end_with_it(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with administered(sim, tmp_path, given=GIVEN) as house:
        headers = await log_in(house)
        assert (await with_session(house, headers)).status == 200
    async with administered(sim, tmp_path, given=GIVEN) as house:
        assert (await with_session(house, headers)).status == 200
    async with administered(sim, tmp_path, given=f"{GIVEN}-2") as house:
        assert code(await with_session(house, headers)) == (401, "session_over")
    assert GIVEN.encode() not in (tmp_path / "ledger.db").read_bytes()


async def test_wrong_keys_are_slowed_down(
    house: Administered, clock: SteppedClock
) -> None:
    for number in range(WRONG_MAX):
        answer = await house.ask("GET", f"{API}/keys", key=f"hgadmin-{number}")
        assert code(answer) == (401, "wrong_key")
    answer = await house.ask("POST", SESSION, {"key": house.admin}, key="")
    assert code(answer) == (429, "too_many_tries")
    assert int(answer.headers["retry-after"]) > 0
    clock.step(61)
    assert (await house.ask("GET", f"{API}/keys")).status == 200


async def test_every_answer_is_sealed(house: Administered) -> None:
    for path in ("/admin", "/admin/static/page.js", f"{API}/keys", "/admin/none"):
        for key in ("", None):
            headers = (await house.ask("GET", path, key=key)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert "access-control-allow-origin" not in headers


async def test_only_the_page_is_served(house: Administered) -> None:
    assert (await house.ask("GET", "/admin/", key="")).status == 200
    for name in ("..%2fkeys.py", "%2e%2e", "index.htm", "page.js%00", ".."):
        answer = await house.ask("GET", f"/admin/static/{name}", key="")
        assert answer.status == 404
    assert (await house.ask("GET", "/administrator", key="")).status == 404


async def test_who_asks_the_admin_is_no_exchange(house: Administered) -> None:
    await house.ask("GET", f"{API}/none")
    await house.ask("GET", f"{API}/keys", key="")
    await house.chat("openai/gpt-4o")
    await house.written(1)
    assert len((await house.get("exchanges"))["data"]) == 1


async def test_who_hangs_up_within_a_body_is_no_fault_of_ours(
    house: Administered, caplog: pytest.LogCaptureFixture
) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.addHandler(caplog.handler)
    try:
        async with RawClient.to(house.port) as client:
            lines = "content-type: application/json\r\ncontent-length: 99\r\n"
            client.get(SESSION, method="POST", extra=lines)
            client.writer.write(b'{"key"')
            await until(lambda: house.gateway.server.server_state.tasks)
        await until(lambda: not house.gateway.server.server_state.tasks)
    finally:
        uvicorn.removeHandler(caplog.handler)
    assert caplog.messages == []


async def test_what_is_asked_by_one_who_hangs_up_is_broken_off(
    house: Administered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        admin_costs, "costs", lambda database, *_: database.run(ENDLESS)
    )
    desk = house.gateway.server.beside.admin.house.desk
    async with RawClient.to(house.port) as client:
        client.get(f"{API}/costs", extra=f"authorization: Bearer {house.admin}\r\n")
        await until(lambda: desk.busy)
    await until(lambda: not desk.busy)
    await until(lambda: not house.gateway.server.server_state.tasks)
    assert (await house.ask("GET", f"{API}/keys")).status == 200
