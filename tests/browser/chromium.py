"""A headless Chromium, driven through its own protocol by a pipe: no driver between."""

import asyncio
import base64
import json
import os
import platform
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pytest

UNPACKED = Path(__file__).parent / "node_modules" / ".chromium"
OWN_FONTS = UNPACKED / "own.conf"
VARIABLE = "HELIOGRAPH_CHROMIUM"
MISSING = (
    f"there is no browser to test the admin page with: run `make setup`; where that "
    f"brings none (it does on x86_64), install Chromium and name it in {VARIABLE}"
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_S = 20.0
LOOK_S = 0.05
READ_BYTES = 1 << 20
# Puts the ends of the pipes where Chromium looks for them, and becomes it.
BETWEEN = """
import os, sys
ends = [os.dup(int(text)) for text in sys.argv[1:3]]
for end, place in zip([os.dup2(end, 100 + end) for end in ends], (3, 4)):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def browser() -> tuple[str, dict[str, str]]:
    """Find the program, and what is to be in its environment."""
    named = os.environ.get(VARIABLE)
    if named:
        return named, {}
    if (UNPACKED / "chromium").exists() and platform.machine() == "x86_64":
        own = {"LD_LIBRARY_PATH": f"{UNPACKED / 'lib'}"}
        if OWN_FONTS.exists():  # not where it was unpacked by an older `make setup`
            own["FONTCONFIG_FILE"] = str(OWN_FONTS)
        return str(UNPACKED / "chromium"), own
    found = shutil.which("chromium") if platform.machine() != "x86_64" else None
    if found is None:
        pytest.fail(MISSING)
    return found, {}


class Chromium:
    """One browser; its messages go by number."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.last = 0
        self.waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        """Start one, and end it."""
        program, own = browser()
        with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            commands_out, commands = os.pipe()
            answers, answers_in = os.pipe()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", BETWEEN, str(commands_out), str(answers_in),
                program, *FLAGS, f"--user-data-dir={profile}", "about:blank",
                pass_fds=(commands_out, answers_in),
                env={**os.environ, **own, "HOME": profile},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            os.close(commands_out)
            os.close(answers_in)
            reader, writer = await pipes(answers, commands)
            made = cls(writer)
            listening = asyncio.create_task(made.listen(reader))
            try:
                yield made
            finally:
                listening.cancel()
                writer.close()
                with suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take in what the browser says."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                message = json.loads((await reader.readuntil(b"\0"))[:-1])
                waiting = self.waiting.pop(message.get("id", 0), None)
                if waiting is None:
                    self.events.append(message)
                elif not waiting.done():
                    waiting.set_result(message)
        for waiting in self.waiting.values():
            waiting.set_exception(ConnectionError("the browser has gone"))

    async def ask(
        self, method: str, session: str | None = None, **params: object
    ) -> dict[str, Any]:
        """Have something done."""
        self.last += 1
        message: dict[str, object] = {
            "id": self.last, "method": method, "params": params,
        }  # fmt: skip
        if session is not None:
            message["sessionId"] = session
        come = self.waiting[self.last] = asyncio.get_running_loop().create_future()
        self.writer.write(json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(PATIENCE_S):
            answer = await come
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str, width: int = 1400, height: int = 900) -> "Page":
        """Open *url* in a tab of its own, with no cookies of others."""
        context = await self.ask("Target.createBrowserContext")
        own = context["browserContextId"]
        made = await self.ask(
            "Target.createTarget", url="about:blank", browserContextId=own
        )
        attached = await self.ask(
            "Target.attachToTarget", targetId=made["targetId"], flatten=True
        )
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.ask(f"{domain}.enable")
        await page.resize(width, height)
        await page.ask("Page.navigate", url=url)
        return page


class Page:
    """One tab."""

    def __init__(self, chromium: Chromium, session: str) -> None:
        self.chromium = chromium
        self.session = session

    async def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Have something done in this tab."""
        return await self.chromium.ask(method, self.session, **params)

    async def look(self, expression: str) -> Any:  # noqa: ANN401 - whatever JavaScript says
        """Evaluate *expression*."""
        found = await self.ask(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:  # noqa: ANN401 - the same
        """Wait until *expression* holds; return what it is then."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (found := await self.look(expression)):  # noqa: ASYNC110 - the page has no way to tell us
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            text = await self.look("document.body.innerText")
            pytest.fail(f"{expression} did not come true; the page says:\n{text}")
        return found

    async def there(self, selector: str) -> None:
        """Wait until there is such an element."""
        await self.until(f"!!document.querySelector({json.dumps(selector)})")

    async def shows(self, text: str) -> None:
        """Wait until *text* is on the page."""
        await self.until(f"document.body?.innerText.includes({json.dumps(text)})")

    async def click(self, selector: str) -> None:
        """Click on an element as a mouse does, once it is there."""
        box = await self.until(
            "(() => { const e = document.querySelector("
            f"{json.dumps(selector)}); if (!e || e.disabled) return null;"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return r.width ? [r.x + r.width / 2, r.y + r.height / 2] : null })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask(
                "Input.dispatchMouseEvent",
                type=kind, x=box[0], y=box[1], button="left", clickCount=1,
            )  # fmt: skip

    async def write(self, selector: str, text: str) -> None:
        """Type *text* into a field."""
        await self.click(selector)
        await self.ask("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            await self.ask(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more,
            )  # fmt: skip

    async def resize(self, width: int, height: int) -> None:
        """Make the tab so large."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    async def prefer(self, scheme: str) -> None:
        """Prefer `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.ask("Emulation.setEmulatedMedia", features=features)

    async def picture(self) -> bytes:
        """Take a picture of the whole page, a PNG."""
        shot = await self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """Return the events of this tab that are called so."""
        return [
            event
            for event in self.chromium.events
            if event.get("sessionId") == self.session and event["method"] in methods
        ]


async def pipes(
    reads: int, writes: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Make streams of two ends of pipes."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_BYTES * 64)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reads, "rb", 0)
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(writes, "wb", 0)
    )
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)
