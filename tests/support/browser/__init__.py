"""Headless Chromium, driven by the DevTools protocol through two pipes: no port is opened, and nothing is downloaded.

Source: chromium's ``--remote-debugging-pipe`` (messages are JSON that ends in NUL; it reads file descriptor 3 and
writes to 4); the protocol's domains Browser, Emulation, Input, Network, Page, Runtime, Target.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from browser.contrast import CONTRAST

__all__ = ["CONTRAST", "Browser", "BrowserError", "find"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # as root, and in containers without user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    # Names are resolved to nothing but the loopback: whatever a page asks for, no packet leaves the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--hide-scrollbars",
)
_KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Space": (" ", 32, " "),
    "Escape": ("Escape", 27, ""),
    "/": ("/", 191, "/"),
}


class BrowserError(Exception):
    """Chromium did not do what it was asked."""


def find() -> str | None:
    """Return the program, if it is installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def _high_pipe() -> tuple[int, int]:
    """Make a pipe whose ends are neither 3 nor 4."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high


class Browser:
    """One Chromium with one page."""

    def __init__(self, program: str, deadline: float = 180) -> None:
        self._deadline = time.monotonic() + deadline
        self._numbers = itertools.count(1)
        self._profile = tempfile.mkdtemp(prefix="gitops-streams-browser-")
        self._buffer = b""
        self.events: list[dict] = []
        to_browser, self._write = _high_pipe()
        self._read, from_browser = _high_pipe()
        # The two ends get their numbers in the shell, which then becomes Chromium; sh knows one digit only.
        script = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        environment = {**os.environ, "HOME": self._profile, "XDG_CONFIG_HOME": self._profile}
        self._log = Path(self._profile, "log").open("wb")  # noqa: SIM115  closed in close
        self._process = subprocess.Popen(
            ["bash", "-c", script, program, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._session: str | None = None
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self) -> None:
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        """End Chromium and all its processes."""
        try:
            os.close(self._write)
            os.close(self._read)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(60)
            self._log.close()
            shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, **parameters: object) -> dict:
        """Send a command and return its result; events that come in between are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> dict:
        while b"\0" not in self._buffer:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise BrowserError("no answer in time")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise BrowserError("Chromium has ended")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """Set the window's size in CSS pixels."""
        scale = 2 if phone else 1
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )

    def theme(self, name: str, media: str = "screen") -> None:
        """Prefer a colour scheme: ``light`` or ``dark``."""
        self.send("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": name}])

    def show(self, file: Path) -> None:
        """Load a file and wait until it is there; ``events`` start anew."""
        self.visit(file.as_uri())

    def visit(self, url: str) -> None:
        """Load a page and wait until it is there; ``events`` start anew."""
        self.events.clear()
        self.send("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait until a page is there that was asked for since ``events`` were cleared."""
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()
        self.evaluate("document.fonts.ready.then(() => true)")

    def evaluate(self, script: str) -> object:
        """Run a script in the page and return its value; the page's policy does not hold for it."""
        done = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise BrowserError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key."""
        name, code, text = _KEYS[key]
        common = {"key": name, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Write text where the focus is."""
        self.send("Input.insertText", text=text)

    def wait_for(self, script: str, seconds: float = 20) -> None:
        """Wait until a script's value is true."""
        until = time.monotonic() + seconds
        while not self.evaluate(script):
            if time.monotonic() > until:
                raise BrowserError(f"it did not become true: {script}")
            time.sleep(0.02)

    def requests(self) -> list[str]:
        """Return the addresses that the page has asked for since it was loaded."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def screenshot(self, file: Path) -> None:
        """Write a picture of the whole page."""
        taken = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))
