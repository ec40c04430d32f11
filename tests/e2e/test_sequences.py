"""HT-06 of SECURITY.md: an answer never goes to another request. Random sequences of requests on kept connections, pipelined or in turn, to an origin
that answers early, late, twice, too long, not at all, after many interim answers; and a middlebox that blocks. Each request has an id of its own, and the
origin puts it into its answer. LOUVER_E2E_FULL=1: 10,000 sequences; LOUVER_E2E_SEED=N: those of an earlier run."""

import collections
import concurrent.futures
import os
import random
import socket
import unittest

from harness import FULL, Case
from listening import Listening
from recording import Malformed, Messages

SEQUENCES = 10_000 if FULL else 300
WORKERS = 4
FORBIDDEN = "forbidden-word"
EVIL = b"HTTP/1.1 200 OK\r\nx-id: evil\r\ncontent-length: 4\r\n\r\nevil"
GOOD = ("length", "chunks", "until", "nobody", "unchanged", "interim", "double", "headlong")
ERRORS = ("flood", "bad", "die")               # answered with 502; the connection goes on
KILLERS = ("cut", "taint", "stop")             # the session ends, and with it every answer that is still due
EARLY = ("early", "shut")                      # answered before the request is whole: the last of the connection
# besides: late, whose second answer comes when nothing is asked; while something is, nobody could tell it from an early answer
KINDS = GOOD + ERRORS + KILLERS + EARLY + ("continue",)


class Scripted(Listening):
    """Answers /KIND/ID in the way of that kind."""

    def __init__(self):
        self.faults = []
        self.whole = collections.Counter()
        self.late = {}  # id -> the connection that is to bring more
        super().__init__()

    def serve(self, s):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the kernel keeps a late answer back until the next request
        reader = Reader(s)
        with s:
            try:
                while request := reader.next():
                    _, kind, uid = request.target().split("/")
                    if kind != "shut" and request.all("expect") and not request.whole:
                        s.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    if not getattr(self, f"answer_{kind}")(s, reader, request, uid):
                        return
            except Malformed as fault:
                self.faults.append(str(fault))
            except OSError:
                pass

    def finish(self, reader, request, uid):
        """The request is whole, or the connection's end is an OSError. Its body must be its own."""
        reader.finish(request)
        self.whole[uid] += 1
        if request.body and request.body != body_of(uid):
            self.faults.append(f"{uid} came with the body {request.body[:60]!r}")
        if request.all("x-id") != [uid]:
            self.faults.append(f"{uid} came with the fields of {request.all('x-id')}")

    @staticmethod
    def final(request, uid, framing="length"):
        body = f"answer to {uid}".encode()
        head = b"HTTP/1.1 200 OK\r\nx-id: %s\r\n" % uid.encode()
        head += {"length": b"content-length: %d\r\n" % len(body), "chunks": b"transfer-encoding: chunked\r\n", "until": b""}[framing] + b"\r\n"
        if request.method() == "HEAD":
            return head
        if framing == "chunks":
            return head + b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (4, body[:4], len(body) - 4, body[4:])
        return head + body

    def answer_length(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(self.final(request, uid))
        return True

    def answer_chunks(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(self.final(request, uid, "chunks"))
        return True

    def answer_until(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(self.final(request, uid, "until"))
        return False

    def answer_nobody(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 204 No Content\r\nx-id: %s\r\n\r\n" % uid.encode())
        return True

    def answer_unchanged(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 304 Not Modified\r\nx-id: %s\r\ncontent-length: 99\r\n\r\n" % uid.encode())
        return True

    def answer_interim(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * (1 + len(uid) * 7 % 16) + self.final(request, uid))
        return True

    def answer_flood(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30 + EVIL)
        return True

    def answer_double(self, s, reader, request, uid):
        """Two answers at once."""
        self.finish(reader, request, uid)
        s.sendall(self.final(request, uid) + EVIL)
        return True

    def answer_late(self, s, reader, request, uid):
        """Two answers, the second when the first has reached the client."""
        self.finish(reader, request, uid)
        self.late[uid] = s
        s.sendall(self.final(request, uid))
        return True

    def send_late(self, uid):
        try:
            self.late.pop(uid).sendall(EVIL)
        except OSError:
            pass  # the gateway has closed it

    def answer_headlong(self, s, reader, request, uid):
        """A body where none may be, if the request is HEAD."""
        self.finish(reader, request, uid)
        s.sendall(self.final(request, uid) + (EVIL if request.method() == "HEAD" else b""))
        return True

    def answer_bad(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 200 OK\r\nx-id : evil\r\n\r\n" + EVIL)
        return True

    def answer_die(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        return False

    def answer_cut(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        s.sendall(b"HTTP/1.1 200 OK\r\nx-id: %s\r\ncontent-length: 500\r\n\r\nhalf" % uid.encode())
        return False

    def answer_taint(self, s, reader, request, uid):
        self.finish(reader, request, uid)
        body = f"{FORBIDDEN} {uid}".encode()
        s.sendall(b"HTTP/1.1 200 OK\r\nx-id: %s\r\ncontent-length: %d\r\n\r\n" % (uid.encode(), len(body)) + body)
        return True

    def answer_stop(self, s, reader, request, uid):
        reader.finish(request)
        self.faults.append(f"{uid}: what was blocked came whole")
        return False

    def answer_early(self, s, reader, request, uid):
        s.sendall(self.final(request, uid))
        reader.finish(request)
        return True

    def answer_shut(self, s, reader, request, uid):
        s.sendall(self.final(request, uid))
        return False

    answer_continue = answer_length


class Reader:
    def __init__(self, s):
        self.s, self.messages, self.given = s, Messages(), 0

    def next(self):
        """The next request, as soon as its head is there; None at the end of the connection."""
        while True:
            there = self.messages.done + ([self.messages.open] if self.messages.open else [])
            if len(there) > self.given:
                self.given += 1
                return there[self.given - 1]
            if not self.read():
                return None

    def finish(self, request):
        while not request.whole:
            if not self.read():
                raise ConnectionError

    def read(self):
        data = self.s.recv(65536)
        self.messages.feed(data)
        return bool(data)


def body_of(uid):
    return f"body of {uid} ".encode() * (1 + len(uid) * 13 % 5)


class Request:
    def __init__(self, rng, kind, uid):
        self.kind, self.uid = kind, uid
        methods = {"stop": ["POST"], "early": ["POST", "PUT"], "shut": ["POST"], "continue": ["PUT"], "until": ["GET", "POST"], "taint": ["GET", "POST"], "headlong": ["HEAD", "HEAD", "GET"]}
        self.method = rng.choice(methods.get(kind, ["GET", "GET", "HEAD", "POST", "PUT", "DELETE"]))
        if kind == "cut" and self.method == "HEAD":
            self.method = "GET"  # an answer to HEAD has nothing that can be cut
        body = b""
        if self.method in ("POST", "PUT"):
            body = FORBIDDEN.encode() if kind == "stop" else body_of(uid)
        self.expect = kind == "continue" or (kind in ("shut", "length") and body and rng.random() < 0.3)
        chunked = rng.random() < 0.5
        head = f"{self.method} http://site.example/{kind}/{uid} HTTP/1.1\r\nHost: site.example\r\nx-id: {uid}\r\n"
        if body:
            head += "Transfer-Encoding: chunked\r\n" if chunked else f"Content-Length: {len(body)}\r\n"
            head += "Expect: 100-continue\r\n" if self.expect else ""
        self.head = (head + "\r\n").encode()
        cut = rng.randrange(1, len(body)) if len(body) > 1 and kind != "stop" else len(body)
        pieces = [one for one in (body[:cut], body[cut:]) if one]
        self.body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n" if body and chunked else body


class Client:
    """One sequence: some groups of pipelined requests, as long as the connection holds."""

    def __init__(self, port, origin, seed, outcomes):
        self.port, self.origin, self.rng, self.seed, self.outcomes = port, origin, random.Random(seed), seed, outcomes
        self.s, self.messages, self.count, self.before = None, None, 0, []

    def run(self):
        try:
            for _ in range(self.rng.randrange(1, 5)):
                quiet = self.rng.random() < 0.5  # groups without killers must be answered to the last
                kinds = GOOD + ERRORS + ("continue",) if quiet else KINDS
                group = [self.request(kinds) for _ in range(self.rng.choice([1, 1, 2, 3, 5]))]
                if self.rng.random() < 0.2:
                    group.append(self.request(["late"]))
                self.connect()
                self.messages.methods += [one.method for one in group]
                if len(group) == 1 and group[0].expect:
                    self.ask_first(group[0])
                else:
                    self.send(b"".join(one.head + one.body for one in group))
                self.judge(group, *self.read(len(group)))
                if group[-1].kind == "late" and group[-1].uid in self.origin.late:
                    self.origin.send_late(group[-1].uid)
        finally:
            if self.s:
                self.s.close()

    def request(self, kinds):
        self.count += 1
        return Request(self.rng, self.rng.choice(kinds), f"{self.seed}.{self.count}")

    def connect(self):
        if self.s is None:
            self.s = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.messages = Messages([])
            self.finals, self.was_reset = 0, False

    def send(self, data):
        try:
            cut = self.rng.randrange(len(data))
            self.s.sendall(data[:cut])
            self.s.sendall(data[cut:])
        except ConnectionResetError:  # it is told once, and an end without it is seen from then on
            self.was_reset = True
        except OSError:
            pass

    def ask_first(self, request):
        """Waits for 100 or an answer before it sends the body."""
        self.s.sendall(request.head)
        before = len(self.messages.done)
        while len(self.messages.done) == before and self.messages.open is None:
            data = self.s.recv(65536)
            if not data:
                return
            self.messages.feed(data)
        if len(self.messages.done) > before and self.messages.done[before].status() < 200:
            self.send(request.body)

    def read(self, count):
        """@return the final answers to this group, how the connection ended"""
        ended = "open"
        begin = self.finals
        while True:
            done = [one for one in self.messages.done if one.status() >= 200][begin:]
            if len(done) >= count:
                break
            try:
                data = self.s.recv(65536)
            except ConnectionError:
                ended = "reset"
                break
            if not data:
                ended = "reset" if self.was_reset else "closed"
                break
            self.messages.feed(data)
        done = [one for one in self.messages.done if one.status() >= 200][begin:]
        self.finals += len(done)
        return done, ended

    def judge(self, group, answers, ended):
        about = f"seed {self.seed}, behind {self.before}: {[(one.method, one.kind, one.uid) for one in group]}, {[(one.status(), one.all('x-id')) for one in answers]}, {ended}"
        killed = any(one.kind in KILLERS for one in group)
        last = killed or any(one.kind in EARLY or one.expect for one in group)
        for i, (request, before) in enumerate(zip(group, [*(self.before[-1:] or [None]), *(one.kind for one in group)])):
            if i < len(answers):
                self.judge_answer(request, answers[i], killed or before == "shut", about)  # behind shut: sent to an origin that was closing
                continue
            assert ended != "open" and last, f"no answer to {request.uid}; {about}"
            self.outcomes["no answer"] += 1
        self.before = [one.kind for one in group]
        assert self.messages.open is None or ended == "reset", f"cut off, and it does not look so; {about}"
        closing = answers and answers[-1].all("connection") == ["close"]
        if ended != "open" or closing:
            self.s.close()
            self.s, self.before = None, []

    def judge_answer(self, request, answer, killed, about):
        ids = answer.all("x-id")
        if ids:
            assert ids == [request.uid], f"{request.uid} got the answer to {ids}; {about}"
            assert request.kind not in ERRORS + KILLERS, f"{request.uid} got what cannot be an answer; {about}"
            self.outcomes["its own answer"] += 1
            bare = request.method == "HEAD" or answer.status() in (204, 304)
            assert answer.body == (b"" if bare else f"answer to {request.uid}".encode()), f"{request.uid} got {answer.body[:80]!r}; {about}"
            return
        assert answer.body.startswith(b"louver: ") or request.method == "HEAD", f"{request.uid} got {answer.head!r} {answer.body[:80]!r}; {about}"
        if answer.status() == 403:
            assert request.kind in ("stop", "taint"), f"{request.uid} got the verdict on another request; {about}"
            self.outcomes["a verdict on it"] += 1
            return
        assert answer.status() == 502, about
        assert request.kind in ERRORS or killed or request.kind in EARLY or request.expect, f"{request.uid} got {answer.body!r}; {about}"
        self.outcomes["502"] += 1


class Sequences(Case):
    def test_HT_06_an_answer_never_goes_to_another_request(self):
        seed = int(os.environ.get("LOUVER_E2E_SEED") or random.SystemRandom().randrange(1_000_000) * 100_000)
        origin = Scripted()
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.offer = {1: {"request-head": "read", "request-body": "inspect", "response-head": "read", "response-body": "inspect"}}
        path.filters = {1: f'[[filter]]\ntype = "scan"\non_match = "block"\ncontexts = ["request-body", "response-body"]\nrules = [{{ name = "word", pattern = "{FORBIDDEN}" }}]\n'}
        path.start()
        outcomes = collections.Counter()

        def one(number):
            mine = collections.Counter()
            Client(path.ports[0], origin, seed + number, mine).run()
            return mine

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for mine in pool.map(one, range(SEQUENCES)):
                outcomes += mine
        print(f"\n{SEQUENCES} sequences from seed {seed}: {dict(outcomes)}", flush=True)
        self.assertEqual(origin.faults, [])
        twice = [uid for uid, times in origin.whole.items() if times > 2]
        self.assertEqual(twice, [], "a request came more often than the one repetition that HTTP allows")
        self.assertGreater(outcomes["its own answer"], sum(outcomes.values()) / 2, "most requests are answered")
        for kind in ("a verdict on it", "502", "no answer"):
            self.assertGreater(outcomes[kind], 0, kind)


if __name__ == "__main__":
    unittest.main(verbosity=2)
