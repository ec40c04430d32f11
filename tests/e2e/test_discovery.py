"""Middleboxes that announce themselves. The ids are those of docs/catalogue.md."""

import socket
import struct
import threading
import unittest

from harness import Case, wait_for
from test_hostile import accept_spoken, frames, read_all, vector


def announce(name, port, position=1, wishes=()):
    """An ANNOUNCE frame as docs/protocol.md section 10 has it."""
    describe = vector(b"Example", 1) + vector(b"test", 2) + vector(b"", 1) + vector(b"", 1) + bytes(32) + vector(b"", 2)
    wished = b"".join(vector(context.encode(), 1) + bytes([grants]) for context, grants in wishes)
    body = vector(name.encode(), 1) + struct.pack("!H", port) + bytes([position]) + describe + vector(wished, 2)
    return b"\x04\x00\x00" + len(body).to_bytes(3, "big") + body


def route_and_grants(hello):
    """The names of the route and the grants octets of a HELLO frame's body."""
    at = 1 + hello[0] + 32
    parties = hello[at + 2:at + 2 + int.from_bytes(hello[at:at + 2], "big")]
    at += 2 + len(parties)
    names = []
    while parties:
        names.append(parties[1:1 + parties[0]].decode())
        parties = parties[1 + parties[0] + 2:]
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    return names, hello[at + 2:at + 2 + int.from_bytes(hello[at:at + 2], "big")]


class FakeAnnouncer:
    """The first party of an agent's path, which answers each HELLO with what `answers` gives next, and remembers the HELLOs."""

    def __init__(self, answers):
        self.hellos = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.answers = answers
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                peer, said = accept_spoken(self.server)
            except OSError:
                return
            with peer:
                self.hellos.append(frames(said)[0][3])
                answer = self.answers(len(self.hellos))
                if answer is None:
                    return
                peer.sendall(answer)
                read_all(peer)

    def stop(self):
        self.server.close()


class Discovery(Case):
    def serve(self, discover):
        """A route that names m2 only, and an m1 in front of it that announces itself."""
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(2, origin_port=nginx.port)
        path.offer = {1: {"request-head": "read", "response-body": "write"}, 2: {"request-head": "read"}}
        path.extra[1] = ""
        original_middlebox, original_agent = path.middlebox_config, path.agent_config
        wishes = '[announce]\nport = 4001\nwishes = { request-head = "read", response-body = "write" }\n'
        path.middlebox_config = lambda i: original_middlebox(i) + (wishes if i == 1 else "")

        def agent_config():
            text = original_agent()
            begin = text.index('[[route.middlebox]]\nname = "m1.example"')
            end = text.index("[[route.middlebox]]", begin + 1)
            return text[:begin] + discover + text[end:]

        path.agent_config = agent_config
        path.filters = {1: '[[filter]]\ntype = "log"\n', 2: '[[filter]]\ntype = "log"\n'}
        return path

    LISTED = '[[route.discover]]\nname = "m1.example"\nport = 4001\ngrants = { request-head = "inspect", response-body = "read" }\n'

    def test_a_listed_middlebox_is_taken_into_the_route_with_no_more_than_the_file_lists(self):
        path = self.serve(self.LISTED).start()
        taken = path.agent.wait_event("discovery.taken")[0]
        self.assertEqual((taken["announced"], taken["position"]), ("m1.example", 1))
        self.assertEqual(path.gateway.wait_event("association.open")[0]["middleboxes"], 2)
        self.assertEqual(self.curl(path)[1], b"hello")
        seen = {e["context"] for e in path.processes[1].wait_event("message", 2)}
        self.assertEqual(seen, {"request-head", "response-body"})
        # it wished for write on the body; listed is read, so its filter that edits would have nothing to write with
        self.assertEqual(len(path.agent.find("discovery.taken")), 1)

    def test_DI_01_one_that_is_not_listed_is_logged_and_the_request_fails(self):
        path = self.serve("").start(agree=False)
        refused = path.agent.wait_event("discovery.refused")[0]
        self.assertIn("not listed", refused["why"])
        self.assertEqual(self.curl(path)[2], "502")
        self.assertEqual(path.gateway.find("association.open"), [])
        self.assertEqual(path.agent.find("discovery.taken"), [])

    def agent_with(self, answers, discover):
        fake = FakeAnnouncer(answers)
        self.addCleanup(fake.stop)
        path = self.path(1, origin_port=1)
        path.ports = {1: fake.port, 2: 1}
        original = path.agent_config
        path.agent_config = lambda: original().replace("[[http]]", discover + "[[http]]")
        path.start_party(0)
        self.agent_path = path
        return fake, path.agent

    def test_DI_01_fair_words_from_a_stranger_move_nothing(self):
        listed = '[[route.discover]]\nname = "dlp.example"\nport = 4009\ngrants = { request-body = "read" }\n'
        lies = [announce("127.0.0.1", 22), announce("169.254.169.254", 80), announce("metadata.google.internal", 80), announce("dlp.example", 22),
                announce("dlp.example.evil.example", 4009), announce("DLP.example", 4009), announce("dlp.example", 4009, 3), announce("dlp.example", 4009, 0),
                announce("dlp.example", 4009, 1, [("request-body", 0x05)]), announce("dlp.example", 4009)[:-1] + b"\xff", announce("m1.example", 4001)]
        fake, agent = self.agent_with(lambda n: lies[n - 1] if n <= len(lies) else None, listed)
        # renew: try again at once, without the pause between tries
        wait_for(lambda: self.agent_path.control(0, "renew") and len(fake.hellos) > len(lies), "every lie to be told")
        self.assertEqual(agent.find("discovery.taken"), [])
        for hello in fake.hellos:
            self.assertEqual(route_and_grants(hello)[0], ["m1.example", "gateway.example"])

    def test_DI_01_wide_wishes_are_cut_to_what_is_listed(self):
        listed = '[[route.discover]]\nname = "dlp.example"\nport = 4009\ngrants = { request-body = "read", response-body = "inspect" }\n'
        everything = [(c, 0x44) for c in ("request-head", "request-credentials", "request-body", "response-head", "response-credentials", "response-body", "nonsense")]
        fake, _ = self.agent_with(lambda n: announce("dlp.example", 4009, 2, everything) if n == 1 else None, listed)
        wait_for(lambda: len(fake.hellos) == 2, "the fresh start")
        names, grants = route_and_grants(fake.hellos[1])
        self.assertEqual(names, ["m1.example", "dlp.example", "gateway.example"])
        self.assertEqual(grants[6:], bytes([0, 0, 0x01, 0, 0, 0x20]))

    def test_DI_02_an_endless_chain_of_announcers_ends_after_three_fresh_starts(self):
        listed = "".join(f'[[route.discover]]\nname = "x{i}.example"\nport = 1\n' for i in range(1, 7))
        fake, agent = self.agent_with(lambda n: announce(f"x{(n - 1) % 4 + 1}.example", 1), listed)
        agent.wait_event("discovery.refused")
        self.assertIn("three fresh starts", agent.find("discovery.refused")[0]["why"])
        self.assertEqual(len(agent.find("discovery.taken")), 3)
        self.assertEqual([len(route_and_grants(h)[0]) for h in fake.hellos[:4]], [2, 3, 4, 5])
        wait_for(lambda: len(fake.hellos) >= 5, "the next try")
        self.assertEqual(len(route_and_grants(fake.hellos[4])[0]), 2, "nothing is stored because of an announcement")

    def test_DI_02_an_announcement_that_is_too_long_or_cut_is_refused(self):
        long = b"\x04\x00\x00" + (65537).to_bytes(3, "big")
        fake, agent = self.agent_with(lambda n: long if n == 1 else announce("m9.example", 1)[:-3] if n == 2 else None, "")
        agent.wait_event("association.fail", 1, alert="limit_exceeded")
        wait_for(lambda: len(fake.hellos) >= 3, "the next tries")
        self.assertEqual(agent.find("discovery.taken"), [])

    def test_DI_03_a_listed_name_must_be_proved_as_any_other(self):
        path = self.serve(self.LISTED)
        path.certify_by_a_stranger(1)
        path.start(agree=False)
        path.agent.wait_event("discovery.taken")
        self.assertIn("handshake_failed", {e["alert"] for e in path.agent.wait_event("association.fail", 2)})
        self.assertEqual(path.gateway.find("association.open"), [])
        self.assertEqual(self.curl(path)[2], "502")


if __name__ == "__main__":
    unittest.main(verbosity=2)
