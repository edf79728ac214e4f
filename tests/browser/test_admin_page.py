"""The admin page as its operator uses it, in a real browser."""

import json

import pytest

from admin_parts import Administered
from browser.chromium import Chromium, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's own
GPT, OWN = "openai/gpt-4o", "openai/of-our-own"
VIEWS = ("costs", "exchanges", "captions", "keys", "budgets", "health")
HOSTILE = "<img src=http://192.0.2.1/x onerror=document.title='owned'>"
ENTER = 13


async def log_in(chromium: Chromium, house: Administered) -> Page:
    page = await chromium.open(f"http://127.0.0.1:{house.port}/admin")
    await page.write("input[name=key]", house.admin)
    await page.press("Enter", ENTER)
    await page.there("main[data-view=costs]")
    return page


async def go(page: Page, view: str) -> None:
    """Go to a view as a click on its name does, and wait until it is there."""
    await page.click(f'nav a[href="#{view}"]')
    await page.there(f"main[data-view={view}]:not(.wait)")


async def asked_twice(house: Administered) -> None:
    """Have a model asked whose price is known, and one whose is not."""
    for model in (GPT, OWN):
        assert (await house.chat(model)).status == 200
    await house.written(2)


def check_quiet(page: Page, house: Administered) -> None:
    """See that nothing went wrong unseen, and nobody else was asked for anything."""
    assert page.told("Runtime.exceptionThrown") == []
    assert page.told("Page.javascriptDialogOpening") == []
    asked = page.told("Network.requestWillBeSent")
    own = f"http://127.0.0.1:{house.port}/admin"
    urls = [event["params"]["request"]["url"] for event in asked]
    assert urls
    assert [url for url in urls if not url.startswith(own)] == []
    said = [event["params"]["entry"]["text"] for event in page.told("Log.entryAdded")]
    assert [text for text in said if "Content Security Policy" in text] == []


async def test_costs_of_what_was_asked_are_shown_and_the_unknown_as_unknown(
    chromium: Chromium, house: Administered
) -> None:
    await asked_twice(house)
    page = await log_in(chromium, house)
    await page.shows("of-our-own")
    cost = await page.look(
        "[...document.querySelectorAll('tr')].map(r => r.innerText)"
        ".find(t => t.includes('of-our-own'))"
    )
    assert "unknown" in cost
    await page.until("document.querySelectorAll('.chart rect.bar').length >= 7")
    await page.click("td.name button.link")  # one of the models alone
    await page.there(".chip")
    assert "model=" in await page.look("location.hash")
    link = await page.look("document.querySelector('a[download]').href")
    table = await page.look(f"fetch({json.dumps(link)}).then(r => r.text())")
    assert table.startswith("model,exchanges")
    await go(page, "exchanges")
    await page.shows("of-our-own")
    await page.click("td.name button.link")
    await page.there("dialog .call")
    await page.press("Escape", 27)
    await page.until("!document.querySelector('dialog')")
    check_quiet(page, house)


async def test_a_key_is_made_used_and_revoked(
    chromium: Chromium, house: Administered
) -> None:
    page = await log_in(chromium, house)
    await go(page, "keys")
    await page.click("#create")
    await page.write("dialog input[name=name]", "two words")
    await page.press("Enter", ENTER)
    await page.there("dialog input[name=name][aria-invalid]")
    await page.look("document.querySelector('dialog input[name=name]').value = ''")
    await page.write("dialog input[name=name]", "night-camera")
    await page.write("dialog input[name=usd]", "5/day, 20/month")
    await page.press("Enter", ENTER)
    await page.there("#secret")
    secret = await page.look("document.querySelector('#secret').value")
    assert (await house.chat(GPT, secret)).status == 200
    assert (await house.chat(GPT)).status == 401
    await page.click("#done")
    await page.until("!document.querySelector('#secret')")
    await page.shows("$5/day, $20/month")
    assert secret not in await page.look("document.documentElement.outerHTML")
    await go(page, "budgets")
    await page.shows("Key night-camera")
    await go(page, "keys")
    await page.click('button[aria-label="Revoke night-camera"]')
    await page.click("#sure")
    await page.shows("revoked")
    assert (await house.chat(GPT, secret)).status == 401
    check_quiet(page, house)


async def test_who_has_no_key_sees_nothing(
    chromium: Chromium, house: Administered
) -> None:
    page = await chromium.open(f"http://127.0.0.1:{house.port}/admin#keys")
    await page.write("input[name=key]", "hgadmin-wrong")
    await page.press("Enter", ENTER)
    await page.shows("That is not the admin key.")
    assert await page.look("document.querySelector('#bar').hidden")
    page = await log_in(chromium, house)
    assert await page.look("document.cookie") == ""
    await page.ask("Page.reload")
    await page.there("main[data-view=costs]")  # the session is still on
    house.make_admin()  # and ends with the key that it began with
    await page.click("#again")
    await page.shows("The session is over.")
    await page.write("input[name=key]", house.admin)
    await page.press("Enter", ENTER)
    await page.click("#leave")
    await page.there("input[name=key]")
    await page.ask("Page.reload")
    await page.there("input[name=key]")


async def test_what_callers_say_stays_text(
    chromium: Chromium, house: Administered
) -> None:
    await house.chat(HOSTILE)
    await house.written(1)
    page = await log_in(chromium, house)
    await go(page, "exchanges")
    await page.shows(HOSTILE)
    await page.click("td.name button.link")
    await page.there("dialog dl")
    assert (
        await page.look("document.querySelectorAll('main img, dialog img').length") == 0
    )
    assert "owned" not in await page.look("document.title")
    check_quiet(page, house)


async def test_what_cameras_were_told_is_listed_and_narrowed_down(
    chromium: Chromium, watched: Administered
) -> None:
    await watched.chat(GPT, tags="camera=dock-3,class=person,zone=loading-bay")
    await watched.chat(GPT, tags=f"camera=gate,class={'c' * 50}")
    await watched.written(2)
    text = (await watched.get("captions?camera=dock-3"))["data"][0]["text"]
    page = await log_in(chromium, watched)
    await go(page, "captions")
    await page.shows("gate")
    await page.shows("dock-3 · person · loading-bay · openai/gpt-4o · $0.")
    assert text in await page.look("document.querySelector('.captions').innerText")
    await page.write("input[name=camera]", "dock-3")
    await page.press("Enter", ENTER)
    await page.until("document.querySelectorAll('.captions li').length === 1")
    await page.resize(360, 800)
    assert await page.look("document.documentElement.scrollWidth") <= 360
    check_quiet(page, watched)


async def test_older_ones_are_shown_on_request(
    chromium: Chromium, house: Administered
) -> None:
    for _ in range(52):
        await house.chat(GPT, tags="camera=dock-3")
    await house.written(52)
    page = await log_in(chromium, house)
    for view, rows in (("captions", ".captions li"), ("exchanges", "tbody tr")):
        await go(page, view)
        counted = f"document.querySelectorAll({json.dumps(rows)}).length"
        assert await page.look(counted) == 50
        await page.click(".foot button")
        await page.shows("That is all.")
        assert await page.look(counted) == 52


async def test_it_fits_a_telephone_and_a_desk(
    chromium: Chromium, house: Administered
) -> None:
    await house.post("keys", {"name": "a" * 60, "team": "b" * 60, "usd": ["5/day"]})
    page = await log_in(chromium, house)
    for width, scheme in ((360, "dark"), (1400, "light")):
        await page.resize(width, 800)
        await page.prefer(scheme)
        for view in VIEWS:
            await go(page, view)
            wide = await page.look("document.documentElement.scrollWidth")
            assert wide <= width, (view, width)
        grounds = await page.look("getComputedStyle(document.body).backgroundColor")
        assert grounds == {"dark": "rgb(19, 18, 17)"}.get(scheme, "rgb(246, 244, 239)")


async def test_a_keyboard_is_enough(chromium: Chromium, house: Administered) -> None:
    page = await log_in(chromium, house)
    await page.look("document.activeElement.blur(); window.getSelection().empty()")
    await page.ask("Page.reload")
    await page.there("main[data-view=costs]")
    seen = []
    for _ in range(len(VIEWS) + 4):
        await page.press("Tab", 9)
        seen.append(await page.look("document.activeElement.innerText.trim()"))
    assert seen[:3] == ["Skip to content", "Heliograph", "Costs"]
    assert {"Keys", "Log out"} <= set(seen)
    await page.look("document.querySelector('nav a[href=\"#keys\"]').focus()")
    await page.press("Enter", ENTER)
    await page.there("main[data-view=keys]")
    assert await page.look("document.activeElement.id") == "main"
