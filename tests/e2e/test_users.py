"""JN-06: users of one machine, and clients with certificates of their own, never share an association."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest

from harness import LOUVER, Case, Process, free_port, run, wait_for
from listening import Echo, Listening

ROOT = os.geteuid() == 0
NOBODY, SOMEBODY = 65534, 4242  # the second is in no list of users
PYTHON = shutil.which("python3", path="/usr/bin:/bin") or sys.executable  # one that other users can run too
only_root = unittest.skipUnless(ROOT, "only root can start processes of other users")


class Counting(Listening):
    """An HTTP origin that keeps what it was asked for, and answers each request with 'ok'."""

    def __init__(self):
        self.seen = []
        super().__init__()

    def serve(self, s):
        with s:
            data = b""
            while chunk := s.recv(65536):
                data += chunk
                while b"\r\n\r\n" in data:
                    head, data = data.split(b"\r\n\r\n", 1)
                    self.seen.append(head.split(b" ", 2)[1].decode())
                    s.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def as_user(uid):
    return {"user": uid, "group": uid, "extra_groups": []} if ROOT else {}


def ask(path, uid, *arguments, url="/hi", listener=0):
    """What curl, run by that user, got: status and text."""
    port = path.agent.port(listener)
    done = subprocess.run(["curl", "-s", "-S", "--max-time", "30", "-x", f"http://127.0.0.1:{port}", "-w", "\n%{http_code}", *arguments,
                           f"http://site.example{url}"], capture_output=True, text=True, timeout=40, cwd="/", **as_user(uid))
    text, status = done.stdout.rsplit("\n", 1)
    return int(status), text


STATUS = """
def status(s):
    data = b""
    while not data.endswith(b"\\r\\n\\r\\nok") and (more := s.recv(1000)):
        data += more
    return data.split(b" ")[1].decode()
"""


def play(uid, code, *arguments):
    """Runs some Python as that user, with `port` (and what else is given) as numbers, and status(socket) to read an answer with."""
    names = "".join(f"{name} = int(sys.argv[{i}]); " for i, (name, _) in enumerate(arguments, 1))
    program = "import socket, struct, sys; " + names + STATUS + code
    return subprocess.Popen([PYTHON, "-c", program, *(str(value) for _, value in arguments)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, cwd="/", **as_user(uid))


def request(url):
    return f"POST http://site.example{url} HTTP/1.1\r\nhost: site.example\r\ncontent-length: 0\r\n\r\n"


class Users(Case):
    def ready(self, users="", n=1, origin=None, **options):
        self.server = origin or Counting()
        self.addCleanup(self.server.close)
        path = self.path(n, origin_port=self.server.port, **options)
        path.users = users
        return path

    def routes(self, path):
        """user -> association, as the agent tells it."""
        return {r["user"]: r.get("association") for r in path.control(0, "status")["routes"]}

    def joins(self, path, party=None):
        """association -> sessions taken, as the gateway tells it."""
        return {a["association"]: a["joins"] for a in path.control(path.n + 1 if party is None else party, "status")["associations"]}

    @only_root
    def test_JN_06_by_default_the_agent_is_its_own_users_only(self):
        path = self.ready().start()
        self.assertEqual(ask(path, 0), (200, "ok"))
        before = self.joins(path)
        status, text = ask(path, NOBODY)
        self.assertEqual(status, 403)
        self.assertIn("User 65534 may not use this agent", text)
        status, text = ask(path, NOBODY, "--data-binary", "x" * 100000, url="/upload")
        self.assertEqual((status, "may not use" in text), (403, True))
        self.assertIn("User 65534 may not", path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(self.joins(path), before)
        self.assertEqual(self.server.seen, ["/hi"])
        self.assertEqual(ask(path, 0), (200, "ok"))
        self.assertEqual(self.routes(path).keys(), {"0"})

    @only_root
    def test_JN_06_a_flood_of_refused_users_is_one_line_and_hurts_nobody(self):
        path = self.ready().start()
        flood = play(NOBODY, "held = []\nfor i in range(300):\n  held.append(socket.create_connection(('127.0.0.1', port)))\n"
                     "print('there', flush=True); sys.stdin.readline()", ("port", path.ports[0]))
        self.addCleanup(flood.stdout.close)
        self.assertEqual(flood.stdout.readline(), "there\n")
        self.assertEqual(ask(path, 0), (200, "ok"))
        flood.communicate("\n", timeout=20)
        self.assertLess(len(path.agent.find("connection.refused")), 5)  # one in ten seconds
        wait_for(lambda: ask(path, NOBODY)[0] == 403, "told again, once those are gone")

    @only_root
    def test_JN_06_a_tcp_listener_closes_on_those_whom_it_does_not_serve(self):
        echo = Echo()
        path = self.ready(origin=echo, profile="stream/1").start()
        refused = play(NOBODY, "s = socket.create_connection(('127.0.0.1', port), 20)\ntry:\n  s.sendall(b'hello'); print(len(s.recv(10)))\n"
                       "except ConnectionError: print(0)", ("port", path.ports[0]))
        self.assertEqual(refused.communicate(timeout=30)[0], "0\n")
        path.agent.wait_event("connection.refused")
        self.assertEqual(echo.accepted, 0)
        with socket.create_connection(("127.0.0.1", path.ports[0]), 20) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(10), b"hello")

    @only_root
    def test_DS_12_one_user_takes_no_more_than_his_share_of_the_connections(self):
        path = self.ready(users='["root", "nobody"]')
        path.extra["agent"] = "[limits]\nassociations = 20\nassociations_per_source = 20\nhandshakes = 20\nsessions = 20\nsessions_per_association = 20\n"  # so 40 connections, 20 of each other user
        path.start()
        flood = play(NOBODY, "held = [socket.create_connection(('127.0.0.1', port)) for _ in range(60)]\n"
                     "print('there', flush=True); sys.stdin.readline()", ("port", path.ports[0]))
        self.addCleanup(flood.stdout.close)
        self.assertEqual(flood.stdout.readline(), "there\n")
        for _ in range(3):
            self.assertEqual(ask(path, 0), (200, "ok"))
        # whether the listener itself was ever full, and says so, depends on how fast it closes on those who are too many
        wait_for(lambda: any("there are already 20 connections of user 65534" in event["what"]
                             for event in path.agent.find("connection.refused")), "the reason is told")
        flood.communicate("\n", timeout=20)
        wait_for(lambda: ask(path, NOBODY)[0] == 200, "his turn again")

    @only_root
    def test_JN_06_users_who_are_listed_have_associations_of_their_own(self):
        path = self.ready(users='["root", "nobody"]', n=2)
        path.extra["agent"] = "threads = 2\n"
        path.start()
        for _ in range(5):  # in turns, on whatever thread
            self.assertEqual(ask(path, 0), (200, "ok"))
            self.assertEqual(ask(path, NOBODY), (200, "ok"))
        self.assertEqual(ask(path, NOBODY), (200, "ok"))
        self.assertEqual(ask(path, SOMEBODY)[0], 403)
        of = self.routes(path)
        self.assertEqual(of.keys(), {"0", "65534"})
        self.assertNotEqual(of["0"], of["65534"])
        for party in (1, 2, 3):
            self.assertEqual(self.joins(path, party), {of["0"]: 5, of["65534"]: 6}, party)
        self.assertEqual({e["user"] for e in path.agent.find("association.open")}, {"0", "65534"})

    @only_root
    def test_JN_06_any_lets_everybody_in_and_keeps_them_apart_also_when_a_party_forgets(self):
        path = self.ready(users='"any"').start()
        users = (0, NOBODY, SOMEBODY)
        for uid in users:
            self.assertEqual(ask(path, uid), (200, "ok"))
        first = self.routes(path)
        self.assertEqual(len(set(first.values())), 3)
        path.processes[1].kill()
        path.start_party(1)
        for uid in users:
            wait_for(lambda: ask(path, uid) == (200, "ok"), f"served again: {uid}")
        second = self.routes(path)
        self.assertEqual(len(set(second.values())), 3)
        self.assertFalse(set(first.values()) & set(second.values()))

    @only_root
    def test_JN_06_a_connection_whose_maker_is_gone_when_it_is_accepted_is_nobodys(self):
        """The kernel shows user 0 for it: whoever believes that serves a stranger as root."""
        path = self.ready().start()
        path.agent.process.send_signal(signal.SIGSTOP)
        try:
            gone = play(NOBODY, f"s = socket.create_connection(('127.0.0.1', port), 20); s.sendall({request('/gone')!r}.encode()); s.close()",
                        ("port", path.ports[0]))
            gone.communicate(timeout=20)
            self.assertEqual(gone.returncode, 0)
        finally:
            path.agent.process.send_signal(signal.SIGCONT)
        self.assertIn("does not tell which user", path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(ask(path, 0), (200, "ok"))
        self.assertEqual(self.server.seen, ["/hi"])

    @only_root
    def test_JN_06_what_was_sent_from_a_port_is_not_the_next_owners(self):
        """A request waits to be accepted; its connection is reset, and somebody who may connects from the same port."""
        path = self.ready().start()
        port = free_port()
        options = "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', source))\n"
        path.agent.process.send_signal(signal.SIGSTOP)
        try:
            first = play(NOBODY, options + f"s.connect(('127.0.0.1', port)); s.sendall({request('/stolen')!r}.encode())\n"
                         "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()",
                         ("port", path.ports[0]), ("source", port))
            first.communicate(timeout=20)
            self.assertEqual(first.returncode, 0)
            with socket.socket() as s:
                s.settimeout(20)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
                s.connect(("127.0.0.1", path.ports[0]))
                s.sendall(request("/own").encode())
                path.agent.process.send_signal(signal.SIGCONT)
                self.assertTrue(s.recv(1000).startswith(b"HTTP/1.1 200 "))
        finally:
            path.agent.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.server.seen, ["/own"])

    @only_root
    def test_JN_06_whoever_is_taken_out_of_the_file_is_out_at_once_and_the_others_notice_nothing(self):
        path = self.ready(users='["0", "65534"]').start()
        talk = ("s = socket.create_connection(('127.0.0.1', port), 20); s.settimeout(20)\n"
                "for line in sys.stdin:\n"
                f"  s.sendall({request('/talk')!r}.encode()); print(status(s), flush=True)")
        connections = {uid: play(uid, talk, ("port", path.ports[0])) for uid in (0, NOBODY)}

        def say(uid):
            connections[uid].stdin.write("\n")
            connections[uid].stdin.flush()
            return connections[uid].stdout.readline().strip()

        for uid in (0, NOBODY):
            self.addCleanup(connections[uid].communicate)
            self.assertEqual(say(uid), "200")
        before = self.routes(path)
        path.users = '["0"]'
        path.rewrite(0)
        self.assertEqual(path.control(0, "reload")["needs_restart"], [])
        self.assertEqual(say(NOBODY), "403")
        self.assertEqual(say(0), "200")
        self.assertEqual(ask(path, NOBODY)[0], 403)
        self.assertEqual(self.routes(path), {"0": before["0"]})
        wait_for(lambda: self.joins(path).keys() == {before["0"]}, "the other's association has ended", 60)

        path.users = '["0", "no-such-user"]'
        path.rewrite(0)
        self.assertRegex(path.control(0, "reload", expect=1)["error"], r'party0\.toml:\d+:\d+: users: this machine has no user "no-such-user"')
        path.users = '["0", "4242"]'
        path.rewrite(0)
        path.agent.process.send_signal(signal.SIGHUP)
        path.agent.wait_event("config.loaded", 2, what="reload")
        self.assertEqual(ask(path, SOMEBODY), (200, "ok"))
        self.assertEqual(say(0), "200")
        self.assertEqual(self.routes(path)["0"], before["0"])

    @only_root
    def test_JN_06_another_users_association_is_given_up_when_he_does_not_use_it(self):
        path = self.ready(users='"any"')
        path.extra["agent"] = '[limits]\nidle_deadline = "400ms"\n'
        path.start()
        self.assertEqual(ask(path, NOBODY), (200, "ok"))
        self.assertIn("65534", self.routes(path))
        wait_for(lambda: self.routes(path).keys() == {"0"}, "given up")
        wait_for(lambda: len(self.joins(path)) == 1, "closed at the gateway too", 40)
        self.assertEqual(ask(path, NOBODY), (200, "ok"))
        self.assertEqual(self.routes(path).keys(), {"0", "65534"})

    @only_root
    def test_JN_06_users_in_great_number_are_bounded_and_the_agents_own_keeps_his(self):
        path = self.ready(users='"any"')
        path.extra["agent"] = "[limits]\nassociations = 6\nassociations_per_source = 6\n"  # room for two others
        path.start()
        own = self.routes(path)["0"]
        hold = f"s = socket.create_connection(('127.0.0.1', port), 20); s.sendall({request('/hold')!r}.encode())\n" \
               "print(status(s), flush=True); sys.stdin.readline()"
        held = [play(uid, hold, ("port", path.ports[0])) for uid in (5001, 5002)]
        for one in held:
            self.assertEqual(one.stdout.readline(), "200\n")
        status, text = ask(path, 5003)
        self.assertEqual((status, "as many users as it may" in text), (503, True))
        self.assertEqual(ask(path, 0), (200, "ok"))
        self.assertEqual(self.routes(path)["0"], own)
        held[0].communicate("\n", timeout=20)
        wait_for(lambda: ask(path, 5003) == (200, "ok"), "the place of one that is idle")
        self.assertEqual(self.routes(path).keys(), {"0", "5002", "5003"})
        held[1].communicate("\n", timeout=20)

    def test_a_user_that_is_not_there_is_told_with_its_place(self):
        path = self.ready(users='["no-such-user"]')
        path.ports = {1: 1, 2: 1}
        path.rewrite(0)
        done = subprocess.run([LOUVER, "agent", "--config", str(path.config_path(0)), "--check"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r'party0\.toml:\d+:\d+: users: this machine has no user "no-such-user"\n')

    def test_whoever_runs_the_agent_may_use_it(self):
        path = self.ready().start()
        self.assertEqual(ask(path, os.geteuid()), (200, "ok"))
        self.assertEqual(path.control(0, "status")["user"], str(os.geteuid()))
        self.assertEqual(self.routes(path).keys(), {str(os.geteuid())})

    def test_JN_06_two_certificates_are_two_agents_and_two_associations(self):
        path = self.ready().start()
        path.issue("client", "bob.example")
        second = self.directory / "bob.toml"
        second.write_text(path.config_path(0).read_text().replace("alice.example", "bob.example").replace("/control0", "/control-bob"))
        bob = Process("agent", second)
        self.addCleanup(bob.stop)
        bob.wait_event("association.open")
        for _ in range(3):
            self.assertEqual(ask(path, os.geteuid()), (200, "ok"))
        run(["curl", "-s", "-S", "--fail", "-x", f"http://127.0.0.1:{bob.port()}", "http://site.example/hi"])
        associations = path.control(2, "status")["associations"]
        self.assertEqual({a["client"]: a["joins"] for a in associations}, {"alice.example": 3, "bob.example": 1})
        self.assertEqual(len({a["association"] for a in associations}), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
