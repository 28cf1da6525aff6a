"""A storm of requests upon the service: genuine deliveries of several senders, forged ones, and broken connections."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gitops_streams.serve.senders.receive import MAX_BODY
from gitops_streams.serve.senders.receiver import Receiver, paths

SECRET = "a secret of thirty-two characters"
RECEIVERS = {"registry": "distribution", "harbor": "harbor", "pipeline": "generic-hmac"}
HOOKS = {name: paths(Receiver(name, sender, (SECRET,)))[0] for name, sender in RECEIVERS.items()}
_KIND = "application/vnd.oci.image.manifest.v1+json"
_SENDERS = 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Pushed:
    """A tag that was pushed."""

    host: str
    repository: str
    tag: str
    digest: str


@dataclass(slots=True)
class Outcomes:
    """What became of the requests."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By kind of request and status; 0: no answer."""
    again: int = 0
    """Genuine deliveries that were sent again, as their senders do where there is no answer, or one of 5xx."""
    lost: list[Pushed] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, kind: str, status: int) -> None:
        with self.lock:
            self.statuses[kind, status] += 1


def delivery(sender: str, pushed: Pushed, number: int, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """Write a delivery as a sender does."""
    match sender:
        case "registry":
            target = {
                "mediaType": _KIND, "digest": pushed.digest, "repository": pushed.repository, "tag": pushed.tag,
            }  # fmt: skip
            request = {"host": pushed.host, "method": "PUT"}
            event = {"id": str(number), "action": "push", "target": target, "request": request}
            body = json.dumps({"events": [event]}).encode()
            return body, {"Authorization": f"Bearer {secret}"}
        case "harbor":
            url = f"{pushed.host}/{pushed.repository}:{pushed.tag}"
            resource = {"digest": pushed.digest, "tag": pushed.tag, "resource_url": url}
            data = {"resources": [resource], "repository": {"repo_full_name": pushed.repository}}
            body = json.dumps({"type": "PUSH_ARTIFACT", "occur_at": number, "event_data": data}).encode()
            return body, {"Authorization": secret}
        case _:
            image = f"{pushed.host}/{pushed.repository}:{pushed.tag}"
            body = json.dumps({"image": image, "digest": pushed.digest, "number": number}).encode()
            signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return body, {"X-Signature": f"sha256={signature}", "X-Delivery": str(number)}


class Storm:
    """Sends so many requests from several threads at once.

    Args:
        address: the service's ``host:port``.
        genuine: told of by senders who know the secret.
        quiet: told of by forgers only.
        requests: how many are sent: half genuine, the others forged or broken.
    """

    def __init__(self, address: str, genuine: Sequence[Pushed], quiet: Sequence[Pushed], requests: int) -> None:
        self.outcomes = Outcomes()
        self._address = address
        self._genuine, self._quiet, self._requests = genuine, quiet, requests
        self._stuck: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(_SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def end(self) -> Outcomes:
        """Wait until all are sent, and hang up on those that never say what they want."""
        for thread in self._threads:
            thread.join()
        for each in self._stuck:
            each.close()
        return self.outcomes

    def _send(self, sender: int) -> None:
        chance = random.Random(sender)
        names = list(RECEIVERS)
        odd: list[Callable[[Pushed, int, random.Random], None]] = [self._oversize, self._slow, self._half, self._noise]
        for number in range(sender, self._requests, _SENDERS):
            if number % 2 == 0:
                self._deliver(names[number // 2 % 3], self._genuine[number // 2 % len(self._genuine)], number)
            elif number % 50 == 1:
                chance.choice(odd)(chance.choice(self._quiet), number, chance)
            else:
                self._forge(chance.choice(names), chance.choice(self._quiet), number, chance)

    def _deliver(self, sender: str, pushed: Pushed, number: int) -> None:
        body, headers = delivery(sender, pushed, number)
        for _ in range(_TRIES):
            status = self._post(HOOKS[sender], body, headers)
            self.outcomes.count("genuine", status)
            if 0 < status < 500:
                return
            with self.outcomes.lock:
                self.outcomes.again += 1
        with self.outcomes.lock:
            self.outcomes.lost.append(pushed)

    def _forge(self, sender: str, pushed: Pushed, number: int, chance: random.Random) -> None:
        body, headers = delivery(sender, pushed, number)
        hook = HOOKS[sender]
        match chance.randrange(5):
            case 0:
                body, headers = delivery(sender, pushed, number, "another secret of thirty-two chars")
            case 1:
                headers = {}
            case 2:
                hook = hook[:-1] + ("0" if hook[-1] != "0" else "1")
            case 3:  # a signature that was made for another body, and a secret with something added
                headers = delivery("pipeline", pushed, number + 1)[1]
                hook, body = HOOKS["pipeline"], delivery("pipeline", pushed, number)[0]
            case _:
                other = next(name for name in HOOKS if name != sender)
                hook = f"/hooks/{sender}/{HOOKS[other].rpartition('/')[2]}"
        self.outcomes.count("forged", self._post(hook, body, headers))

    def _post(self, hook: str, body: bytes, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request("POST", hook, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()

    def _oversize(self, pushed: Pushed, number: int, chance: random.Random) -> None:
        """More than is allowed, of which nobody said how much it would be, or with a true length."""
        body, headers = delivery("registry", pushed, number)
        body += b" " * MAX_BODY
        if chance.random() < 0.5:
            self.outcomes.count("oversize", self._post(HOOKS["registry"], body, headers))
        else:
            pieces = iter([body[at : at + 65536] for at in range(0, len(body), 65536)])
            self.outcomes.count("oversize", self._post(HOOKS["registry"], pieces, headers))  # type: ignore[arg-type]

    def _slow(self, pushed: Pushed, number: int, _: random.Random) -> None:
        """A body that never ends; whoever sends it holds on to the connection."""
        connection = self._begin(pushed, number)
        with self.outcomes.lock:
            self._stuck.append(connection)
        self.outcomes.count("slow", 0)

    def _half(self, pushed: Pushed, number: int, _: random.Random) -> None:
        """A body that ends early."""
        with self._begin(pushed, number) as connection:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(60)
            try:
                answer = connection.recv(100)
            except OSError:
                answer = b""
        words = answer.split()
        self.outcomes.count("half", int(words[1]) if len(words) > 1 else 0)

    def _noise(self, _: Pushed, number: int, chance: random.Random) -> None:
        with socket.create_connection(self._place(), timeout=60) as connection:
            try:
                connection.sendall(chance.randbytes(number % 4096 + 1) + b"\r\n\r\n")
                connection.recv(100)
            except OSError:
                pass
        self.outcomes.count("noise", 0)

    def _begin(self, pushed: Pushed, number: int) -> socket.socket:
        body, headers = delivery("registry", pushed, number)
        head = f"POST {HOOKS['registry']} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection = socket.create_connection(self._place(), timeout=60)
        connection.sendall(head.encode() + b"\r\n" + body[: len(body) // 2])
        return connection

    def _place(self) -> tuple[str, int]:
        host, _, port = self._address.partition(":")
        return host, int(port)
