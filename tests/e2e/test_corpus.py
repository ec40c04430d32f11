"""HT-01, HT-03, HT-06, HT-07, HT-08, HT-10, HT-12, HT-13, HT-14, HT-15 of SECURITY.md section 2.4: the cases of tests/http_corpus through agent, middlebox, gateway.

Each request goes the same way to a recording origin and to three servers that somebody else wrote, with a recording one behind each. What the case says
must have come to the first, octet by octet; and no server may have seen more or fewer requests than that, or understood another one. Each hostile answer
must come to the application whole and unchanged, as a 502 with a reason, or as a connection that breaks. The table of outcomes is printed at the end."""

import collections
import concurrent.futures
import os
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import FULL, Case, Path
from http_corpus import mutants, request_bodies, request_heads, response_cases
from http_corpus.case import PARTIES, ResponseCase, with_id
from listening import Listening
from origins import SERVERS
from recording import Malformed, Messages, Recording, exchange

PROBE = "GET http://site.example/probe-{id} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n"
GRANTS = {"request-head": "read", "request-body": "read", "response-head": "read", "response-body": "read"}
WORD = re.compile(r"(needle|probe)-([a-z0-9_.-]{1,60})")


def requests():
    return [*request_heads.all_cases(), *request_bodies.all_cases()]


class Front(Path):
    """Agent with a proxy and a reverse listener, a middlebox that logs and reads all that it may, gateway, and the origin that is given."""

    def __init__(self, directory, origin_port):
        directory.mkdir(exist_ok=True)
        super().__init__(directory, 1, origin_port=origin_port)
        self.offer = {1: GRANTS}
        self.filters = {1: '[[filter]]\ntype = "log"\n'}

    def agent_config(self):
        return super().agent_config() + '[[http]]\nlisten = "127.0.0.1:0"\nmode = "reverse"\nroute = "web"\nhosts = ["site.example"]\n'

    def listener(self, name):
        return self.agent.port({"proxy": 0, "reverse": 1}[name])


def of_case(text, ids):
    """The id of the case whose words stand in the text; the longest that fits, since some ids begin with others."""
    for _, tail in WORD.findall(text):
        for end in range(len(tail), 0, -1):
            if tail[:end] in ids and not tail[end:end + 1].isalnum():
                return tail[:end]
    return None


class Lane:
    """One origin with its own path, and what the cases left there."""

    def __init__(self, directory, name, origin):
        self.name, self.origin, self.stopped = name, origin, False
        self.path = Front(directory / f"lane-{name}", origin.port).start()
        self.answers = {}  # id -> (messages, how the connection ended)
        self.faults = {}   # id -> what is wrong

    @property
    def recording(self):
        return getattr(self.origin, "behind", self.origin)

    def run(self, cases):
        for case in cases:
            try:
                self.answers[case.id] = self.ask(case)
            except (AssertionError, OSError, Malformed) as error:
                self.faults[case.id] = f"{type(error).__name__}: {error}"

    def ask(self, case):
        """@return the answers, how the connection ended"""
        port = self.path.listener(case.listener)
        methods = [one.line.split(" ")[0] for one in case.seen]
        refused = case.status is not None or case.cut
        probing = not refused and case.alive and not case.half_close
        raw = with_id(case, case.raw)
        stop_at = len(case.seen) if probing else len(case.seen) + 1  # one that does not come, where the connection ends
        messages, ended, s, said = exchange(port, raw, methods + ["GET"] * (refused or probing), case.half_close, stop_at=stop_at)
        with s:
            if refused and ended == "open" and messages.done[-1].all("connection") == ["close"]:
                assert not s.recv(1), "octets behind the last answer"
                ended = "closed"
            if probing:
                assert ended == "open" and not messages.rest, f"the connection ended ({ended}) behind {len(messages.done)} answers: {said[-200:]!r}"
                s.sendall(PROBE.format(id=case.id).encode())
                while data := s.recv(65536):
                    messages.feed(data)
                ended = "closed"
        return messages, ended

    def stop(self):
        if not self.stopped:
            self.stopped = True
            self.path.stop()
            self.origin.stop() if hasattr(self.origin, "stop") else self.origin.close()

    def sort(self, cases):
        """What came to the origin, by case: connections as octets. What belongs to none is a fault."""
        return self.by_case(cases, [(octets.decode("latin-1"), octets) for octets in self.recording.all() if octets])

    def sort_behind(self, cases):
        """What came to the origin behind the server, by case: whole requests, wherever they stood (servers keep connections and share them)."""
        whole, rest = whole_requests(self.recording.all(), any_case=True)
        if rest:
            self.faults["?"] = f"{self.name} handed on half a request: {rest[:300]!r}"
        return self.by_case(cases, [(f"{one.target()} {one.all('x-case')}", one) for one in whole])

    def sort_log(self, cases):
        """Lines of the server's log, by case; "?" for those from which no case can be told, since it refused to read further."""
        return self.by_case(cases, [(" ".join(line[1::2]), line) for line in self.origin.lines()], unknown=True)

    def by_case(self, cases, texts_and_things, unknown=False):
        out = {one: [] for one in (*(case.id for case in cases), "?")}
        for text, thing in texts_and_things:
            one = of_case(text, out)
            out[one or "?"].append(thing)
            if one is None and not unknown:
                self.faults["?"] = f"of no case: {text[:300]!r}"
        return out


def whole_requests(connections, any_case=False):
    """The requests of some connections that are whole, and the octets that are no whole one."""
    whole, rest = [], b""
    for octets in connections:
        messages = Messages(any_case=any_case)
        messages.feed(octets)
        whole += messages.done
        rest += messages.rest + (messages.open.head if messages.open else b"")
    return whole, rest


def without_probes(lines):
    return [line for line in lines if "probe-" not in line[1]]


def meaning(message):
    """What must be the same wherever it is read, with the fields that servers put in or take out left aside."""
    fields = {}
    for name, value in message.fields:
        if value and name.startswith(("louver-", "x", "cookie", "authorization")) and not name.startswith("x-forwarded") and name != "x-host" and re.fullmatch("[a-z0-9-]+", name):
            fields.setdefault(name, []).append(value)  # some join them to a list
    return message.method(), message.target(), message.all("host"), {name: ("; " if name == "cookie" else ", ").join(values) for name, values in fields.items()}, message.body


def start_lanes(test):
    """The recording origin's first."""
    lanes = []
    for name, make in (("recording", lambda _: Recording()), *((server.name, server) for server in SERVERS)):
        lanes.append(Lane(test.directory, name, make(test.directory)))
        test.addCleanup(lanes[-1].stop)
    return lanes


class Requests(Case):
    def test_HT_01_HT_03_HT_06_HT_07_HT_08_HT_10_HT_13_HT_14_HT_15_requests(self):
        cases = requests()
        self.assertGreaterEqual(len(cases), 150)
        self.assertEqual(len({case.id for case in cases}), len(cases), "each id once")
        lanes = start_lanes(self)
        with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
            list(pool.map(lambda lane: lane.run(cases), lanes))
        for lane in lanes:
            lane.stop()  # from here on nothing can come late
        self.judge(cases, lanes)

    def judge(self, cases, lanes):
        recorded = lanes[0].sort(cases)
        servers = [(lane, lane.sort_log(cases), lane.sort_behind(cases)) for lane in lanes[1:]]
        table = []
        for case in cases:
            outcome = "fault"
            with self.subTest(case=case.id, words=case.words):
                for lane in lanes:
                    self.assertNotIn(case.id, lane.faults, f"{lane.name}: {lane.faults.get(case.id)}")
                    self.check_answers(case, lane)
                seen = self.check_recorded(case, recorded[case.id])
                outcome = f"{len(seen)} request{'s' * (len(seen) != 1)}" if seen else "a broken one" if recorded[case.id] else "nothing"
                for lane, log, behind in servers:
                    self.check_server(case, lane, seen, log[case.id], behind[case.id])
            table.append((case, self.told(lanes[0], case), outcome))
        self.print_table(table)
        for lane, log, _ in servers:
            self.check_strange_lines(lane, cases, log)
        for lane in lanes:
            self.assertEqual(lane.faults.get("?"), None, lane.name)

    def check_strange_lines(self, lane, cases, log):
        """Lines that name no request are of those that the server refused to read, one for each: nothing else came to it."""
        self.assertEqual({line[2][0] for line in log["?"]} - {"4", "5"}, set(), f"{lane.name}: {log['?']}")
        missing = sum(len(case.seen) - len(without_probes(log[case.id])) for case in cases if not case.cut)
        self.assertEqual(len(log["?"]), missing, f"{lane.name}: {log['?']}")

    def check_answers(self, case, lane):
        messages, ended = lane.answers[case.id]
        finals = [one for one in messages.done if one.status() >= 200]
        mine = finals[:len(case.seen)]
        if case.reset:  # what was asked before it may have been answered or not
            self.assertEqual(ended, "reset", lane.name)
        else:
            self.assertEqual(len(mine), len(case.seen), f"{lane.name}: answers")
        if lane.name == "recording":
            for seen, answer in zip(case.seen, mine):
                self.assertEqual(answer.status(), 200, f"{lane.name}: {answer.head!r} {answer.body!r}")
                if not seen.line.startswith("HEAD"):
                    self.assertEqual(answer.body, with_id(case, seen.line.split(" ")[1]), f"{lane.name}: the answer of another request")
        if case.status is None and not case.cut:
            if case.alive and not case.half_close:
                self.assertEqual(finals[-1].body, b"/probe-" + case.id.encode(), f"{lane.name}: the probe behind it")
            else:
                self.assertEqual(ended, "closed", lane.name)
            return
        rest = finals[len(case.seen):]
        if case.cut and (case.reset or case.half_close):
            self.assertEqual(rest, [], f"{lane.name}: an answer where none can be")
            return
        self.assertEqual(len(rest), 1, f"{lane.name}: it was to be refused, the connection {ended}; {[one.line for one in finals]}")
        self.assertEqual(ended, "closed", f"{lane.name}: behind a refusal")
        self.check_refusal(case, rest[0], lane)

    def check_refusal(self, case, answer, lane):
        """HT-15: plain text, not to be kept or guessed at, with a reason and nothing of the request."""
        self.assertIn(answer.status(), case.status if isinstance(case.status, tuple) else (case.status,), f"{lane.name}: {answer.body!r}")
        for name, value in (("content-type", "text/plain; charset=us-ascii"), ("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("connection", "close")):
            self.assertEqual(answer.all(name), [value], f"{lane.name}: {answer.head!r}")
        self.assertRegex(answer.body, rb"\Alouver: [ -~]{8,200}\n\Z", lane.name)
        self.assertIn(case.reason.encode(), answer.body, lane.name)
        for word in (b"needle", b"smuggled", b"script"):
            self.assertNotIn(word, answer.head + answer.body, f"{lane.name}: something of the request is reflected")

    def check_recorded(self, case, connections):
        """The recording origin has had exactly what the case says. @return the whole requests"""
        whole, rest = whole_requests(connections)
        mine = [one for one in whole if not one.target().startswith("/probe-")]
        self.assertLessEqual(len(whole) - len(mine), 1)
        expected = case.seen[:len(mine)] if case.reset else case.seen
        self.assertEqual([one.head for one in mine], [with_id(case, seen.head()) for seen in expected], "what the origin got")
        self.assertEqual([one.body for one in mine], [with_id(case, seen.body or b"") for seen in expected], "bodies")
        if not case.cut:
            self.assertEqual(rest, b"", "octets of no whole request at the origin")
        for octets in connections:
            self.assertNotIn(b"smuggled", whole_heads(octets), "a smuggled request arrived")
        return mine

    def check_server(self, case, lane, seen, log, behind):
        """Another server has seen as many requests, and what it understood it understood so."""
        lines = without_probes(log)
        answers = [one.status() for one in lane.answers[case.id][0].done if one.status() >= 200][:len(case.seen)]
        refused = len([status for status in answers if status >= 400])  # by that server, for reasons of its own
        taken = [line for line in lines if line[2][0] in "23"]
        if not case.reset:
            self.assertEqual(len(taken) + refused, len(seen), f"{lane.name} logged {lines}")
        if not case.cut:
            self.assertLessEqual(len(lines), len(seen), f"{lane.name} logged {lines}")
        mine = [one for one in behind if not one.target().startswith("/probe-")]
        expected = [meaning(one) for one, status in zip(seen, answers) if status == 200 and one.target() != "*"]  # `*` is about the server itself
        if not case.reset:
            self.assertEqual([meaning(one) for one in mine if one.target() != "*"], expected, f"behind {lane.name}")

    @staticmethod
    def told(lane, case):
        if case.id not in lane.answers:
            return "fault", lane.faults.get(case.id, "")
        messages, ended = lane.answers[case.id]
        finals = [one for one in messages.done if one.status() >= 200]
        if case.status is None and not case.cut:
            finals = finals[:len(case.seen)]
        statuses = [one.status() for one in finals]
        text = ",".join(map(str, statuses[:3])) + (".." if len(statuses) > 3 else "") or ended
        reason = finals[-1].body.decode("latin-1").strip() if case.status is not None and finals else "one meaning" if case.seen and not case.cut else f"connection {ended}"
        return text, reason.removeprefix("louver: ")

    @staticmethod
    def print_table(table):
        print(f"\n{'id':28} {'row':6} {'what was sent':52} {'answer':12} {'reason':68} origin saw")
        for case, (answer, reason), outcome in table:
            words = case.words.encode("ascii", "backslashreplace").decode()
            print(f"{case.id[:28]:28} {case.row:6} {words[:52]:52} {answer:12} {reason[:68]:68} {outcome}")
        print(f"{len(table)} requests", flush=True)


def whole_heads(octets):
    messages = Messages()
    messages.feed(octets)
    return b"".join(one.head for one in messages.done) + (messages.open.head if messages.open else b"") + messages.rest


def mutant_name(number):
    """With a check, since the name may be spoilt too."""
    return f"mutant-{number}-{zlib.crc32(b'%d' % number):08x}."


class Mutants(Case):
    COUNT = 10_000 if FULL else 200

    def test_HT_01_HT_03_HT_08_HT_10_requests_spoilt_at_random(self):
        """Whatever is sent, an origin gets requests of the one form or no whole one, and other servers understand no other."""
        seed = int(os.environ.get("LOUVER_E2E_SEED") or random.SystemRandom().randrange(1_000_000))
        rng = random.Random(seed)
        raws = [mutants.mutant(rng, rng.choice(mutants.bases(mutant_name(number)))) for number in range(self.COUNT)]
        lanes = start_lanes(self)
        with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
            ends = list(pool.map(lambda lane: [self.send(lane, raw, seed) for raw in raws], lanes))
        for lane in lanes:
            lane.stop()
        recorded, whole, broken = self.recorded(lanes[0], seed)
        for lane in lanes[1:]:
            behind, rest = whole_requests(lane.recording.all(), any_case=True)
            self.assertEqual(rest, b"", f"seed {seed}: {lane.name} handed on half a request")
            for one in behind:
                number = self.number(one)
                if number is not None and ends[0][number] != "reset":  # else what stood before the reset may have been asked or not
                    self.assertIn(meaning(one), recorded[number], f"seed {seed}: behind {lane.name}, of {raws[number]!r}")
        print(f"\n{len(raws)} spoilt requests from seed {seed}: {whole} whole ones and {broken} broken ones at the origin; connections {dict(collections.Counter(ends[0]))}", flush=True)
        self.assertGreater(whole, self.COUNT / 20, "some are still requests")

    @staticmethod
    def send(lane, raw, seed):
        try:
            _, ended, s, _ = exchange(lane.path.listener("proxy"), raw, ["GET"] * 40, half_close=True)
            s.close()
        except Malformed as fault:
            # only what a HEAD that is still one is answered with can be read in another way here
            if b"HEAD" not in raw and b"louver: " not in raw:
                raise AssertionError(f"seed {seed}: {raw!r} was answered with what no strict reader takes: {fault}") from fault
            ended = "closed"
        return ended

    @staticmethod
    def number(request):
        """Of the mutant that it comes from, if that can still be told."""
        for number in re.findall(r"mutant-(\d{1,6})-", request.target() + " ".join(request.all("x-case"))):
            if mutant_name(int(number)) in request.target() + " ".join(request.all("x-case")):
                return int(number)
        return None

    def recorded(self, lane, seed):
        """@return number of the mutant -> meanings of its requests; whole requests; broken ones"""
        out, whole, broken = collections.defaultdict(list), 0, 0
        for octets in lane.recording.all():
            messages = Messages()
            try:
                messages.feed(octets)
            except Malformed as fault:
                self.fail(f"seed {seed}: {fault} in {octets!r}")
            broken += messages.open is not None
            for request in messages.done + ([messages.open] if messages.open else []):
                self.assertEqual([one for one in request.fields if one[0].startswith("louver")], list(PARTIES), f"seed {seed}: {request.head!r}")
                self.assertEqual(request.fields[0][0], "host", f"seed {seed}: {request.head!r}")
            for request in messages.done:
                whole += 1
                number = self.number(request)
                if number is not None:
                    out[number].append(meaning(request))
        return out, whole, broken


class Hostile(Listening):
    """Answers a case's request with the case's octets, and every other one as one should."""

    def __init__(self, cases):
        self.cases = {case.id: case for case in cases}
        self.faults = []
        super().__init__()

    def serve(self, s):
        messages, answered = Messages(), 0
        with s:
            try:
                while data := s.recv(65536):
                    messages.feed(data)
                    for request in messages.done[answered:]:
                        if not self.answer(s, request):
                            return
                    answered = len(messages.done)
            except Malformed as fault:
                self.faults.append(str(fault))
            except OSError:
                pass

    def answer(self, s, request):
        """@return whether the connection goes on"""
        if not request.target().startswith("/needle-"):
            s.sendall(Recording.answer(request))
            return True
        case = self.cases[request.target().removeprefix("/needle-")]
        s.sendall(with_id(case, case.raw))
        if case.end == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return case.end == "keep"


class Answers(Case):
    def start(self, cases):
        self.hostile = Hostile(cases)
        self.addCleanup(self.hostile.close)
        self.front = Front(self.directory / "front", self.hostile.port)
        self.addCleanup(self.front.stop)
        self.front.start()

    def check_next(self, case, messages, s, goes_on):
        """The next request gets its own answer, on the same connection where that goes on."""
        probe = PROBE.format(id=case.id).encode()
        if goes_on:
            s.sendall(probe)
            while data := s.recv(65536):
                messages.feed(data)
        else:
            messages, _, other, _ = exchange(self.front.listener("proxy"), probe, ["GET"])
            other.close()
        last = messages.done[-1]
        self.assertEqual((last.status(), last.body), (200, b"/probe-" + case.id.encode()), "the next answer")


class SpoiltAnswers(Answers):
    COUNT = 10_000 if FULL else 200

    def test_HT_01_HT_12_answers_spoilt_at_random(self):
        """Whatever an origin says, the application gets what a strict reader takes, whole or broken, and then its own answers."""
        seed = int(os.environ.get("LOUVER_E2E_SEED") or random.SystemRandom().randrange(1_000_000))
        rng = random.Random(seed)
        cases = [ResponseCase(f"spoilt{number}", "HT-12", "", mutants.mutant(rng, rng.choice(mutants.ANSWERS)), method=rng.choice(["GET", "GET", "HEAD"])) for number in range(self.COUNT)]
        self.start(cases)
        outcomes = collections.Counter()
        for case in cases:
            with self.subTest(seed=seed, raw=case.raw):
                outcomes[self.judge(case)] += 1
        print(f"\n{len(cases)} spoilt answers from seed {seed}: {dict(outcomes)}", flush=True)
        self.assertEqual(self.hostile.faults, [])
        self.assertGreater(outcomes["whole"], self.COUNT / 20, "some are still answers")
        self.assertGreater(outcomes["502"], self.COUNT / 20)

    def judge(self, case):
        request = f"{case.method} http://site.example/needle-{case.id} HTTP/1.1\r\nHost: site.example\r\n\r\n".encode()
        try:
            messages, ended, s, _ = exchange(self.front.listener("proxy"), request, [case.method, "GET"], stop_at=1)
        except Malformed as fault:
            self.fail(f"the application got what no strict reader takes: {fault}")
        with s:
            finals = [one for one in messages.done if one.status() >= 200]
            if not finals:
                self.assertEqual(ended, "reset", "cut off, and it does not look so")
            self.check_next(case, messages, s, bool(finals) and ended == "open" and finals[0].all("connection") != ["close"])
        return "broken" if not finals else "502" if finals[0].status() == 502 else "whole"


class Responses(Answers):
    def test_HT_01_HT_03_HT_06_HT_07_HT_08_HT_11_HT_12_HT_14_answers(self):
        cases = list(response_cases.all_cases())
        self.assertGreaterEqual(len(cases), 50)
        self.assertEqual(len({case.id for case in cases}), len(cases), "each id once")
        self.start(cases)
        table = []
        for case in cases:
            outcome = ("fault", "")
            with self.subTest(case=case.id, words=case.words):
                try:
                    outcome = self.judge(case)
                except Malformed as fault:
                    self.fail(f"the application got what no strict reader takes: {fault}")
            table.append((case, outcome))
        print(f"\n{'id':28} {'row':6} {'what was answered':52} {'application saw':18} reason")
        for case, (saw, reason) in table:
            words = case.words.encode("ascii", "backslashreplace").decode()
            print(f"{case.id[:28]:28} {case.row:6} {words[:52]:52} {saw:18} {reason[:80]}")
        print(f"{len(table)} answers", flush=True)
        self.assertEqual(self.hostile.faults, [], "the gateway sent what no strict reader takes")

    def judge(self, case):
        request = f"{case.method} http://site.example/needle-{case.id} HTTP/{case.version}\r\nHost: site.example\r\n\r\n".encode()
        messages, ended, s, said = exchange(self.front.listener("proxy"), request, [case.method, "GET"], stop_at=1)
        with s:
            finals = [one for one in messages.done if one.status() >= 200]
            if case.answer is None or b"smuggled" not in case.answer.body:
                self.assertNotIn(b"smuggled", said, "something passed that must not")
            outcome = self.check_whole(case, messages, finals) if case.answer else self.check_refused(case, messages, finals, ended)
            goes_on = ended == "open" and case.version == "1.1" and finals[0].all("connection") != ["close"]
            if case.answer is not None:
                self.assertEqual(goes_on, case.alive, "whether the connection goes on")
            self.check_next(case, messages, s, goes_on)
        return outcome

    def check_whole(self, case, messages, finals):
        self.assertEqual(len(finals), 1, "an answer")
        answer = finals[0]
        self.assertEqual((answer.status(), answer.body), (case.answer.status, case.answer.body))
        self.assertEqual([one.status() for one in messages.done[:-1]], list(case.answer.interim))
        wanted = [(name, value) for name, value in case.answer.fields]
        self.assertEqual([one for one in answer.fields if one in wanted], wanted, answer.head)
        for name in (*case.answer.absent, "louver-client", "louver-middleboxes"):
            self.assertEqual(answer.all(name), [])
        return f"{answer.status()}, whole", ""

    def check_refused(self, case, messages, finals, ended):
        if finals:
            self.assertEqual(finals[0].status(), 502, finals[0].head)
            self.assertRegex(finals[0].body, rb"\Alouver: [ -~]{8,200}\n\Z")
            self.assertIn(case.reason.encode(), finals[0].body)
            self.assertEqual(finals[0].all("cache-control"), ["no-store"])
            return "502", finals[0].body.decode().strip().removeprefix("louver: ")
        self.assertTrue(case.cut, f"the connection {ended} without an answer")
        self.assertEqual(ended, "reset", "cut off, and it does not look so")
        return self.check_curl(case)

    def check_curl(self, case):
        """A real client must see that it was cut."""
        done = subprocess.run(["curl", "-s", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}", "-x", f"http://127.0.0.1:{self.front.listener('proxy')}", f"http://site.example/needle-{case.id}"],
                              capture_output=True, text=True, timeout=30)
        if done.returncode == 0:
            self.assertEqual(done.stdout, "502", "curl takes it for whole")
            return "502 or broken", ""
        self.assertIn(done.returncode, (18, 52, 56), done.stderr)
        return "broken", f"curl ends with {done.returncode}"


if __name__ == "__main__":
    unittest.main(verbosity=2)
