"""Chromium, driven over the DevTools protocol through a pair of pipes: no port, no library.

The browser reads commands on descriptor 3 and writes answers and events to descriptor 4, JSON ended by a zero byte.
"""

import json
import os
import selectors
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chrome-headless-shell",
)

MISSING = (
    f"No browser found. Looked on PATH for {', '.join(NAMES)} and in the variable CHROMIUM. "
    "Debian and Ubuntu: apt-get install chromium. Elsewhere: any Chrome or Chromium will do."
)

SECONDS = 30.0
"""How long to wait for any one answer."""

FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
)


def executable() -> str:
    """Find a browser, or say how to get one."""
    candidates = (os.environ.get("CHROMIUM", ""), *NAMES)
    found = next(filter(None, (shutil.which(name) for name in candidates if name)), None)
    if found is None:
        raise FileNotFoundError(MISSING)
    return found


class Chromium:
    """One browser with one tab."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._commands = os.pipe()
        self._answers, from_browser = os.pipe()
        flags = (*FLAGS, *(("--no-sandbox",) if os.geteuid() == 0 else ()), f"--user-data-dir={profile}")
        # A shell puts the pipes at 3 and 4, where the browser wants them.
        places = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._browser = subprocess.Popen(
            ["bash", "-c", places, executable(), *flags, "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)
        self._received = b""
        self._last_id = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        self._open_tab()

    def _open_tab(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and return its result."""
        self._last_id += 1
        command: dict[str, Any] = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while (message := self._receive()).get("id") != self._last_id:
            self.events.append(message)
        assert "error" not in message, f"{method}: {message['error']}"
        return message["result"]

    def wait_for(self, event: str) -> dict[str, Any]:
        """Return the parameters of the next event of a name that nobody has waited for yet."""
        while not (found := [message for message in self.events if message.get("method") == event]):
            self.events.append(self._receive())
        self.events.remove(found[0])
        return found[0]["params"]

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        outcome = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in outcome, f"{expression}: {outcome}"
        return outcome["result"].get("value")

    def open(self, url: str) -> None:
        """Go to an address and wait until the page is loaded."""
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def resize(self, width: int, height: int) -> None:
        """Make the tab as large as a screen, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def click(self, selector: str) -> None:
        """Press the mouse button in the middle of an element."""
        middle = (
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        x, y = self.evaluate(middle)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type into the element that has the focus."""
        self.call("Input.insertText", text=text)

    def requested(self) -> list[str]:
        """Return every address asked for so far and not yet returned."""
        sent = [message for message in self.events if message.get("method") == "Network.requestWillBeSent"]
        self.events = [message for message in self.events if message not in sent]
        return [message["params"]["request"]["url"] for message in sent]

    def complaints(self) -> list[str]:
        """Return what the browser wrote to its console as an error."""
        entries = [
            message["params"]["entry"] for message in self.events if message.get("method") == "Log.entryAdded"
        ]
        return [entry["text"] for entry in entries if entry["level"] == "error"]

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self._received:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"the browser said nothing for {SECONDS:g} s")
            read = os.read(self._answers, 1 << 16)
            if not read:
                raise ConnectionError(f"the browser went away with status {self._browser.wait()}")
            self._received += read
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._commands)
        self._selector.close()
        try:
            self._browser.wait(SECONDS)
        finally:
            self._browser.kill()
            self._browser.wait()
            os.close(self._answers)
