"""The admin API through a real socket: keys, costs, exchanges, budgets, standing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin_parts import API, Administered, administered
from heliograph.simulation.providers import SimulatedProviders

GPT, CLAUDE, OWN = "openai/gpt-4o", "anthropic/claude-haiku-4-5", "openai/of-our-own"


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, sim: SimulatedProviders, tmp_path: Path
) -> AsyncIterator[Administered]:
    wanted = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if wanted else None
    async with administered(sim, tmp_path, url=url) as made:
        yield made


async def test_a_key_is_made_used_rotated_and_revoked(house: Administered) -> None:
    asked = {"name": "night", "team": "dock", "usd": ["5/day"], "tag": ["shift=night"]}
    made = await house.post("keys", asked)
    secret, key = made["secret"], made["key"]
    assert key["name"] == "night"
    assert key["limits"]["usd"] == ["5/day"]
    assert key["secrets"][0]["ends_in"] == secret[-4:]
    assert (await house.chat(GPT, secret)).status == 200
    assert (await house.chat(GPT)).status == 401

    turned = await house.post(f"keys/{key['id']}/rotate", {})
    assert (await house.chat(GPT, secret)).status == 401
    assert (await house.chat(GPT, turned["secret"])).status == 200

    shown = await house.get("keys/night")
    assert shown["id"] == key["id"]
    assert len(shown["secrets"]) == 2
    ended = await house.post(f"keys/{key['id']}/revoke")
    assert ended["state"] == "revoked"
    assert (await house.chat(GPT, turned["secret"])).status == 401
    again = await house.ask("POST", f"{API}/keys/{key['id']}/rotate", {})
    assert (again.status, again.json["error"]["code"]) == (409, "key_revoked")


async def test_what_is_changed_is_told_to_the_operators_log(
    house: Administered, capfd: pytest.CaptureFixture[str]
) -> None:
    made = (await house.post("keys", {"name": "night"}))["key"]
    await house.post("keys/night/rotate", {})
    await house.post("keys/night/revoke")
    named = f"the virtual key night ({made['id']})"
    assert capfd.readouterr().err.splitlines() == [
        f"admin at 127.0.0.1: {done} {named}" for done in ("made", "rotated", "revoked")
    ]


async def test_a_secret_is_told_once(house: Administered) -> None:
    secret = (await house.post("keys", {"name": "once"}))["secret"]
    for path in ("keys", "keys/once", "standing", "budgets", "exchanges"):
        answer = await house.ask("GET", f"{API}/{path}")
        assert answer.status == 200
        assert secret.encode() not in answer.body
        assert house.admin.encode() not in answer.body


async def test_keys_are_listed_by_pages(house: Administered) -> None:
    for name in ("one", "two", "three"):
        await house.post("keys", {"name": name})
    await house.post("keys/two/revoke")
    first = await house.get("keys?limit=2")
    rest = await house.get(f"keys?limit=2&after={first['next']}")
    assert (len(first["data"]), len(rest["data"])) == (2, 1)
    assert rest["next"] is None
    names = {one["name"] for one in (await house.get("keys?state=active"))["data"]}
    assert names == {"one", "three"}


async def test_what_was_spent_is_told_with_what_is_unknown(house: Administered) -> None:
    secret = (await house.post("keys", {"name": "night", "team": "dock"}))["secret"]
    for model in (GPT, GPT, CLAUDE, OWN):
        assert (await house.chat(model, secret)).status == 200
    await house.written(4)
    found = await house.get("costs?by=model&since=1h")
    rows = {row["model"]: row for row in found["data"]}
    assert rows["gpt-4o"]["exchanges"] == 2
    assert float(rows["gpt-4o"]["cost_usd"]) > 0
    assert rows["of-our-own"]["unknown_costs"] == 1
    assert found["total"]["unknown_costs"] == 1
    assert sum(row["cost_nano"] for row in rows.values()) == found["total"]["cost_nano"]
    narrowed = await house.get("costs?by=key,provider&team=dock&model=gpt-4o")
    assert [(row["key"], row["provider"]) for row in narrowed["data"]] == [
        ("night", "openai")
    ]
    assert (await house.get("costs?team=nobody"))["data"] == []
    cut = await house.get("costs?by=model&limit=1")
    assert (len(cut["data"]), cut["left_out"]) == (1, 2)
    table = await house.ask("GET", f"{API}/costs?by=model&format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.body.startswith(b"model,exchanges,")


async def test_exchanges_are_paged_narrowed_and_shown(house: Administered) -> None:
    secret = (await house.post("keys", {"name": "night", "team": "dock"}))["secret"]
    await house.chat(GPT, secret, tags="yard")
    await house.chat(CLAUDE, secret)
    await house.chat("nobody/knows", secret)
    await house.written(3)
    page = await house.get("exchanges?limit=2")
    rest = await house.get(f"exchanges?limit=2&before={page['next']}")
    outcomes = [one["outcome"] for one in page["data"] + rest["data"]]
    assert outcomes == ["refused", "answered", "answered"]
    assert rest["next"] is None
    for narrowing, count in (
        ("team=dock", 3), ("team=other", 0), ("tag=yard", 1), ("tag=yar", 0),
        ("model=gpt-4o", 1), ("provider=anthropic", 1), ("outcome=refused", 1),
        ("error=any", 1), ("error=rate_limited", 0), ("since=1h", 3), ("until=1h", 0),
        ("provider=openai&tag=yard&outcome=answered", 1),
    ):  # fmt: skip
        found = await house.get(f"exchanges?{narrowing}")
        assert len(found["data"]) == count, narrowing
    plain = rest["data"][0]
    assert plain["tags"] == ["yard"]
    assert (plain["team"], plain["provider"]) == ("dock", "openai")
    by_id = await house.get(f"exchanges?request_id={plain['request_id']}")
    assert by_id["data"] == [plain]
    whole = await house.get(f"exchanges/{plain['id']}")
    (attempt,) = whole["attempts"]
    assert attempt["cost_usd"] == plain["cost_usd"]
    assert attempt["cost_basis"] == "usage"
    assert (whole["request"], whole["answer"]) == (None, None)
    gone = await house.ask("GET", f"{API}/exchanges/7")
    assert (gone.status, gone.json["error"]["code"]) == (404, "no_such_exchange")


async def test_budgets_tell_what_is_spent_and_when_they_reset(
    house: Administered,
) -> None:
    asked = {"name": "night", "usd": ["2/month"], "concurrent": 3}
    made = await house.post("keys", asked)
    assert (await house.chat(GPT, made["secret"])).status == 200
    await house.written(1)
    told = {one["name"]: one for one in (await house.get("budgets"))["data"]}
    cost = (await house.get("costs"))["total"]["cost_usd"]
    assert told["everything"]["for"] == {"model": GPT}
    (cap,) = told["everything"]["caps"]
    assert (cap["limit"], cap["spent"]) == ("5", cost)
    assert cap["resets_at"].endswith("T00:00:00Z")
    own = told[f"key {made['key']['id']}"]["caps"]
    assert [one["kind"] for one in own] == ["usd", "concurrent"]
    assert own[0]["spent"] == cost
    assert (own[1]["limit"], own[1]["resets_at"]) == (3, None)
    named = await house.get("budgets?name=everything")
    assert [one["name"] for one in named["data"]] == ["everything"]


async def test_prices_say_what_is_not_known(house: Administered) -> None:
    found = await house.get("prices")
    prices = {f"{one['provider']}/{one['model']}": one for one in found["data"]}
    assert prices[GPT]["usd_per_million"]["output"] == "10"
    assert prices[GPT]["source"].startswith("https://")
    assert prices[OWN] == {
        "provider": "openai", "model": "of-our-own", "known": False,
    }  # fmt: skip
    assert found["unknown"] == 1
    one = await house.get("prices?provider=anthropic")
    assert [row["model"] for row in one["data"]] == ["claude-haiku-4-5"]


async def test_the_standing_tells_of_providers_and_ledger(house: Administered) -> None:
    before = await house.get("standing")
    assert [one["called"] for one in before["providers"]] == [False, False]
    assert before["ledger"]["state"] == "ok"
    assert before["ledger"]["first_at"] is None
    on_server = before["ledger"]["place"].startswith("postgresql:")
    assert (before["ledger"]["size_bytes"] is None) == on_server
    await house.chat(GPT)
    await house.written(1)
    after = await house.get("standing")
    assert after["providers"][0]["circuit"] == "closed"
    assert after["providers"][0]["called"]
    assert after["ledger"]["last_at"] is not None
    assert after["queue"]["inside"] == 0


MISTAKES = [
    ("GET", "costs?bye=model", None, 400, "unknown_parameter", "bye"),
    ("GET", "costs?by=colour", None, 400, "bad_value", "by"),
    ("GET", "costs?since=yesterday", None, 400, "bad_value", "since"),
    ("GET", "costs?since=1h&until=2h", None, 400, "bad_value", "since"),
    ("GET", "costs?since=1h&since=2h", None, 400, "bad_value", "since"),
    ("GET", "exchanges?limit=501", None, 400, "bad_value", "limit"),
    ("GET", "exchanges?limit=0", None, 400, "bad_value", "limit"),
    ("GET", "exchanges?before=x", None, 400, "bad_value", "before"),
    ("GET", "exchanges?outcome=lost", None, 400, "bad_value", "outcome"),
    ("GET", "exchanges?team=", None, 400, "bad_value", "team"),
    ("GET", "exchanges/none", None, 404, "not_found", None),
    ("GET", "exchanges/99999999999999999999", None, 404, "no_such_exchange", None),
    ("GET", "keys?after=key-none", None, 400, "bad_value", "after"),
    ("GET", "keys/none", None, 404, "no_such_key", None),
    ("POST", "keys/none/revoke", None, 404, "no_such_key", None),
    ("POST", "keys", None, 415, "wrong_type", None),
    ("POST", "keys", {"name": "two words"}, 400, "bad_value", "name"),
    ("POST", "keys", {"name": "ok", "usd": ["much"]}, 400, "bad_value", "usd"),
    ("POST", "keys", {"nam": "ok"}, 400, "bad_body", None),
    ("POST", "keys", {"name": "a" * 70_000}, 413, "too_large", None),
    ("POST", "keys/none/rotate", {"grace": "soon"}, 400, "bad_value", "grace"),
    ("DELETE", "keys", None, 405, "wrong_method", None),
    ("GET", "nothing", None, 404, "not_found", None),
]


async def test_a_mistake_is_told_in_one_shape_with_its_fix(house: Administered) -> None:
    for method, path, body, status, code, field in MISTAKES:
        answer = await house.ask(method, f"{API}/{path}", body)
        assert answer.status == status, path
        assert list(answer.json) == ["error"]
        error = answer.json["error"]
        assert sorted(error) == ["code", "field", "fix", "message"]
        assert (error["code"], error["field"]) == (code, field), path
        assert error["fix"].endswith((".", "exchanges", "keys"))


async def test_a_name_is_taken_once(house: Administered) -> None:
    await house.post("keys", {"name": "night"})
    answer = await house.ask("POST", f"{API}/keys", {"name": "night"})
    assert (answer.status, answer.json["error"]["code"]) == (409, "name_taken")
