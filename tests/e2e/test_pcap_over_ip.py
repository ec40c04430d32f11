"""The listener of the filter `mirror`: what it sends is read by tshark as it comes, and everybody else is a nuisance. The ids are those of docs/catalogue.md."""

import http.client
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import LOUVER, SANITIZED, free_port, sha256, wait_for
from listening import Echo, Listening
from test_mirror import ALL, TSHARK, MirrorCase, fields, tshark
from test_users import NOBODY, SOMEBODY, only_root, play

READERS_MOST = 8


class Feed:
    """A reader that keeps all that comes."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.connect(address)
        self.octets = b""
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while more := self.socket.recv(1 << 20):
                self.octets += more
        except OSError:
            pass
        self.ended.set()

    def until(self, wanted):
        wait_for(lambda: wanted in self.octets, f"{wanted!r} at the reader")

    def saved(self, file):
        """Once the connection has ended."""
        if not self.ended.wait(30):
            raise AssertionError("the reader is still connected")
        file.write_bytes(self.octets)
        return file

    def close(self):
        self.socket.close()


class Halting(Listening):
    """An HTTP origin that answers every request with two chunks, and waits before the second until it may go on."""

    def __init__(self):
        self.goes_on = threading.Semaphore(0)
        super().__init__()

    def serve(self, s):
        with s:
            data = b""
            while more := s.recv(65536):
                data += more
                while b"\r\n\r\n" in data:
                    _, data = data.split(b"\r\n\r\n", 1)
                    s.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                    self.goes_on.acquire()
                    s.sendall(b"6\r\nsecond\r\n0\r\n\r\n")


class Tapped(MirrorCase):
    def tapped(self, origin, keys="", listen="127.0.0.1:0", file=False, grants=ALL, **options):
        """Started; the port, or the path, is in self.address."""
        path = self.mirrored(grants, origin, keys=self.keys(listen, keys), **options)
        if not file:
            path.filters[1] = path.filters[1].replace(f'file = "{self.file}"\n', "")
        path.start()
        self.address = self.address_of(path)
        return path

    @staticmethod
    def keys(listen, more=""):
        return f'listen = "{listen}"\n{more}'

    @staticmethod
    def address_of(path, count=1):
        said = path.processes[1].wait_event("listen", count, **{"for": "mirror"})[count - 1]["address"]
        return said.removeprefix("unix:") if said.startswith("unix:") else ("127.0.0.1", int(said.rsplit(":", 1)[1]))

    def feed(self, path):
        before = len(path.processes[1].find("filter.reader", state="began"))
        made = Feed(self.address)
        self.addCleanup(made.close)
        path.processes[1].wait_event("filter.reader", before + 1, state="began")
        return made

    def live(self, path, *arguments):
        """tshark, connected."""
        before = len(path.processes[1].find("filter.reader", state="began"))
        process = subprocess.Popen([TSHARK, "-n", "-l", "-i", f"TCP@127.0.0.1:{self.address[1]}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env={**os.environ, "HOME": "/nonexistent"})

        def end():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)

        self.addCleanup(end)
        path.processes[1].wait_event("filter.reader", before + 1, state="began")
        return process


class WhatIsSent(Tapped):
    def test_tshark_reads_requests_answers_and_bodies_and_the_file_beside_it_has_the_same(self):
        origin = self.origin()
        big = origin.put("big", random.Random(5).randbytes(300_000))
        sent = random.Random(6).randbytes(70_000)
        path = self.tapped(origin, file=True)
        captured = self.directory / "live.pcapng"
        process = self.live(path, "-w", str(captured))
        upload = self.directory / "upload"
        upload.write_bytes(sent)
        self.assertEqual(self.curl(path, url="/big?q=1")[1], big)
        self.assertEqual(self.curl(path, "-T", str(upload), "-H", "Cookie: a=b", url="/up/one")[2], "201")
        self.assertEqual(self.curl(path, "-T", str(upload), "-H", "Transfer-Encoding: chunked", url="/up/two")[2], "201")
        self.assertEqual(self.curl(path, url="/nothing")[2], "404")
        file = self.settled(path)
        process.wait(30)  # its input has ended
        self.assertEqual(len(self.whole(captured)), 4)
        self.assertEqual(fields(captured, "http.request", "http.request.method", "http.request.uri", "http.host", "http.cookie"),
                         [["GET", "/big?q=1", "site.example", ""], ["PUT", "/up/one", "site.example", "a=b"], ["PUT", "/up/two", "site.example", ""],
                          ["GET", "/nothing", "site.example", ""]])
        objects = self.directory / "objects"
        tshark(captured, "-q", "--export-objects", f"http,{objects}")
        self.assertLessEqual({sha256(big), sha256(sent)}, {sha256(one.read_bytes()) for one in objects.iterdir()})
        names = ("frame.time_epoch", "ip.src", "tcp.srcport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.payload", "frame.comment")
        self.assertEqual(fields(captured, "tcp", *names), fields(file, "tcp", *names))

    def test_it_comes_as_it_happens(self):
        origin = self.origin()
        path = self.tapped(origin)
        process = self.live(path, "-Y", "http.request", "-T", "fields", "-e", "http.request.uri")
        for number in range(3):
            self.curl(path, url=f"/now-{number}")
            self.assertEqual(process.stdout.readline(), f"/now-{number}\n")

    def test_who_comes_later_gets_what_is_under_way_from_its_next_exchange_on(self):
        origin = self.origin()
        origin.put("page", b"the answer")
        path = self.tapped(origin)
        early = self.feed(path)
        connection = http.client.HTTPConnection("127.0.0.1", path.ports[0], timeout=30)
        self.addCleanup(connection.close)

        def ask(url):
            connection.request("GET", f"http://site.example{url}")
            return connection.getresponse().read()

        self.assertEqual(ask("/page?1"), b"the answer")
        late = self.feed(path)
        for number in (2, 3):
            self.assertEqual(ask(f"/page?{number}"), b"the answer")
        late.until(b"/page?3")
        connection.close()
        path.stop()
        for reader, numbers in ((early, (1, 2, 3)), (late, (2, 3))):
            file = reader.saved(self.directory / "seen.pcapng")
            self.assertEqual(len(self.whole(file)), 1)
            self.assertEqual([one[0] for one in fields(file, "http.request", "http.request.uri")], [f"/page?{number}" for number in numbers])
            self.assertEqual(len(fields(file, "http.response.code == 200", "frame.number")), len(numbers))

    def test_nobody_begins_to_read_in_the_middle_of_an_exchange(self):
        origin = Halting()
        self.addCleanup(origin.close)
        path = self.tapped(origin)
        early = self.feed(path)
        connection = http.client.HTTPConnection("127.0.0.1", path.ports[0], timeout=30)
        self.addCleanup(connection.close)
        late = []
        for number in (1, 2):
            connection.request("GET", f"http://site.example/page?{number}")
            answer = connection.getresponse()
            self.assertEqual(answer.read(5), b"first")
            early.until(f"/page?{number}".encode())
            late.append(self.feed(path))
            origin.goes_on.release()
            self.assertEqual(answer.read(), b"second")
        connection.request("GET", "http://site.example/page?3")
        origin.goes_on.release()
        self.assertEqual(connection.getresponse().read(), b"firstsecond")
        connection.close()
        path.stop()
        for reader, numbers in ((late[0], (2, 3)), (late[1], (3,))):
            file = reader.saved(self.directory / "seen.pcapng")
            self.assertEqual(len(self.whole(file)), 1)
            octets = b"".join(bytes.fromhex(one[0].replace(":", "")) for one in fields(file, "tcp.len > 0", "tcp.payload"))
            self.assertTrue(octets.startswith(f"GET /page?{numbers[0]} ".encode()), octets)
            self.assertEqual([octets.count(word) for word in (b"GET ", b"first", b"second")], 3 * [len(numbers)])

    def test_of_any_tcp_protocol_who_comes_later_gets_the_rest(self):
        echo = Echo()
        self.addCleanup(echo.close)
        path = self.path(1, "stream/1", origin_port=echo.port)
        path.offer[1] = {"upstream": "read", "downstream": "read"}
        path.filters[1] = f'[[filter]]\ntype = "mirror"\n{self.keys("127.0.0.1:0")}'
        path.start()
        self.address = self.address_of(path)
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=30) as s:
            def say(octets):
                s.sendall(octets)
                back = b""
                while len(back) < len(octets):
                    back += s.recv(65536)
                self.assertEqual(back, octets)

            say(b"before")
            reader = self.feed(path)
            say(b"behind")
            reader.until(b"behind")
            say(b" and on")
        path.stop()
        file = reader.saved(self.directory / "seen.pcapng")
        self.assertEqual(len(self.whole(file)), 1)
        for port in ("tcp.srcport", "tcp.dstport"):
            server = fields(file, "tcp.flags.syn == 1 && tcp.flags.ack == 1", "tcp.srcport")[0][0]
            self.assertEqual(b"".join(bytes.fromhex(one[0].replace(":", "")) for one in fields(file, f"tcp.len > 0 && {port} == {server}", "tcp.payload")), b"behind and on")

    def test_a_unix_socket_does_it_too(self):
        origin = self.origin()
        path = self.tapped(origin, listen=f"unix:{self.directory}/tap")
        self.assertEqual(os.stat(self.address).st_mode & 0o777, 0o600)
        reader = self.feed(path)
        self.curl(path, url="/through-a-file")
        path.stop()
        file = reader.saved(self.directory / "seen.pcapng")
        self.assertEqual([one[0] for one in fields(file, "http.request", "http.request.uri")], ["/through-a-file"])
        self.assertFalse(os.path.exists(self.address))


class WhoReads(Tapped):
    # FI-07: whoever connects reads what both ends encrypted.
    def test_FI_07_a_listener_for_others_needs_allow_plaintext(self):
        for listen in ("0.0.0.0:57012", "[::]:57012", "192.0.2.1:57012"):
            path = self.mirrored(ALL, self.origin_of_nothing(), keys=self.keys(listen))
            path.ports = {1: 1, 2: 2}
            path.rewrite(1)
            done = self.checked(path)
            self.assertEqual(done.returncode, 2)
            self.assertIn("allow_plaintext = true says that this is meant", done.stderr)
            path.filters[1] += "allow_plaintext = true\n"
            path.rewrite(1)
            done = self.checked(path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"whoever reaches {listen}", done.stderr)

    class Nothing:
        port = 1

    def origin_of_nothing(self):
        return self.Nothing

    def checked(self, path):
        return subprocess.run([LOUVER, "middlebox", "--config", str(path.config_path(1)), "--check"], capture_output=True, text=True, timeout=30)

    def test_check_opens_nothing_and_a_taken_port_ends_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            path = self.mirrored(ALL, self.origin_of_nothing(), keys=self.keys(f"127.0.0.1:{port}"))
            path.ports = {1: free_port(), 2: 2}
            path.rewrite(1)
            self.assertEqual(self.checked(path).returncode, 0)
            done = subprocess.run([LOUVER, "middlebox", "--config", str(path.config_path(1))], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, rf"party1\.toml:\d+:\d+: filter mirror: cannot listen on 127\.0\.0\.1:{port}")

    @only_root
    def test_FI_07_another_user_of_the_machine_gets_no_octet(self):
        path = self.tapped(self.origin())
        try_it = "s = socket.create_connection(('127.0.0.1', port), 20); s.settimeout(20); print(len(s.recv(1000)))"
        self.assertEqual(play(NOBODY, try_it, ("port", self.address[1])).communicate(timeout=30)[0], "0\n")
        self.assertEqual(path.processes[1].wait_event("filter.reader", state="refused")[0]["user"], str(NOBODY))
        self.assertGreater(int(play(0, try_it, ("port", self.address[1])).communicate(timeout=30)[0]), 0)

    @only_root
    def test_FI_07_users_lists_exactly_who_may_and_a_reload_cuts_the_others_off(self):
        path = self.tapped(self.origin(), keys=f'users = ["{NOBODY}"]\n')
        hold = "s = socket.create_connection(('127.0.0.1', port), 20); s.settimeout(30); print(len(s.recv(1000)), flush=True); print(s.recv(1000), flush=True)"
        self.assertEqual(play(0, hold, ("port", self.address[1])).communicate(timeout=30)[0], "0\nb''\n")
        there = play(NOBODY, hold, ("port", self.address[1]))
        self.assertNotEqual(there.stdout.readline(), "0\n")
        path.filters[1] = path.filters[1].replace(f'"{NOBODY}"', f'"{SOMEBODY}"')
        path.rewrite(1)
        path.control(1, "reload")
        self.assertEqual(there.communicate(timeout=30)[0], "b''\n")
        self.assertIn("no more", path.processes[1].wait_event("filter.reader", state="ended", user=str(NOBODY))[0]["what"])

    @only_root
    def test_FI_07_a_connection_that_is_nobodys_any_more_is_not_served(self):
        path = self.tapped(self.origin())
        middlebox = path.processes[1].process
        middlebox.send_signal(signal.SIGSTOP)
        try:
            gone = play(NOBODY, "socket.create_connection(('127.0.0.1', port), 20).close()", ("port", self.address[1]))
            gone.communicate(timeout=20)
        finally:
            middlebox.send_signal(signal.SIGCONT)
        self.assertEqual(path.processes[1].wait_event("filter.reader", state="refused")[0]["user"], "unknown")


class Nuisances(Tapped):
    def test_a_reader_that_never_reads_slows_nothing_and_holds_no_more_than_its_queue(self):
        origin = self.origin()
        big = origin.put("big", random.Random(7).randbytes(8 << 20))
        path = self.tapped(origin, keys='queue = "256KiB"\n')
        middlebox = path.processes[1]
        began = time.monotonic()
        self.assertEqual(self.curl(path, url="/big")[1], big)
        alone = time.monotonic() - began
        silent = [socket.create_connection(self.address) for _ in range(READERS_MOST - 1)]
        self.addCleanup(lambda: [s.close() for s in silent])
        middlebox.wait_event("filter.reader", len(silent), state="began")
        before = middlebox.rss_mib(peak=False)
        began = time.monotonic()
        for _ in range(8):
            self.assertEqual(self.curl(path, url="/big")[1], big)
        self.assertLess(time.monotonic() - began, 8 * alone * 20 + 20)
        if not SANITIZED:
            self.assertLess(middlebox.rss_mib(peak=False) - before, 16)
        said = middlebox.wait_event("filter.failed", filter="mirror")[0]
        self.assertRegex(said["what"], r"^\d+ packets are missing for readers at 127\.0\.0\.1:\d+: they do not take them as fast as they come$")
        self.assertTrue(said["passed"])
        reader = self.feed(path)
        self.curl(path, url="/after")
        reader.until(b"GET /after HTTP/1.1\r\n")

    def test_readers_that_come_and_go_in_great_number_leave_nothing_behind(self):
        origin = self.origin()
        path = self.tapped(origin)
        middlebox = path.processes[1]
        descriptors = lambda: len(os.listdir(f"/proc/{middlebox.process.pid}/fd"))
        self.curl(path, url="/warm")
        before = descriptors()
        for _ in range(300):
            s = socket.create_connection(self.address)
            s.close()
        many = [socket.create_connection(self.address) for _ in range(3 * READERS_MOST)]
        middlebox.wait_event("filter.reader", 1, state="refused")
        for s in many:
            s.close()
        for _ in range(50):  # whoever has only ended his side is found out by a packet
            self.curl(path, url="/out")
            if descriptors() <= before + 2:
                break
        self.assertLessEqual(descriptors(), before + 2)
        reader = self.feed(path)
        self.curl(path, url="/after")
        reader.until(b"GET /after HTTP/1.1\r\n")

    def test_what_a_reader_says_changes_nothing_and_ends_it_when_it_is_much(self):
        origin = self.origin()
        path = self.tapped(origin)
        talker = self.feed(path)
        talker.socket.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        self.curl(path, url="/one")
        talker.until(b"GET /one HTTP/1.1\r\n")
        try:
            for _ in range(100):
                talker.socket.sendall(os.urandom(65536))
        except OSError:
            pass
        self.assertIn("nothing to say", path.processes[1].wait_event("filter.reader", state="ended")[0]["what"])
        self.assertTrue(talker.ended.wait(30))
        self.assertEqual(self.curl(path, url="/two")[2], "404")

    def test_a_full_disk_beside_it_takes_nothing_from_readers(self):
        origin = self.origin()
        big = origin.put("big", random.Random(8).randbytes(400_000))
        path = self.tapped(origin, file=True)
        reader = self.feed(path)
        self.assertEqual(self.curl(path, url="/before")[2], "404")
        resource.prlimit(path.processes[1].process.pid, resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        for _ in range(3):
            self.assertEqual(self.curl(path, url="/big")[1], big)
        self.assertIn("File too large", path.processes[1].wait_event("filter.failed", filter="mirror")[0]["what"])
        path.stop()
        seen = reader.saved(self.directory / "seen.pcapng")
        self.assertEqual(len(self.whole(seen)), 4)
        self.assertEqual(len(fields(seen, "http.response.code == 200", "frame.number")), 3)
        self.assertGreater(len(fields(self.file, "tcp", "frame.number")), 0)


class Reloading(Tapped):
    def test_readers_outlive_a_reload_and_go_with_the_listener(self):
        origin = self.origin()
        path = self.tapped(origin)
        reader = self.feed(path)
        connection = http.client.HTTPConnection("127.0.0.1", path.ports[0], timeout=30)
        self.addCleanup(connection.close)
        for number in range(2):  # the same session before and after
            connection.request("GET", f"http://site.example/page?{number}")
            connection.getresponse().read()
            reader.until(f"GET /page?{number} ".encode())
            if number == 0:
                path.control(1, "reload")
        self.curl(path, url="/new-session")
        reader.until(b"GET /new-session ")
        self.assertFalse(reader.ended.is_set())

        old = self.address
        path.filters[1] = path.filters[1].replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")
        path.rewrite(1)
        path.control(1, "reload")
        self.assertTrue(reader.ended.wait(30), "nobody listens there any more")
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex(old), 0)
        self.address = self.address_of(path, 2)
        second = self.feed(path)
        self.curl(path, url="/moved")
        second.until(b"GET /moved ")

        path.filters[1] = ""
        path.rewrite(1)
        path.control(1, "reload")
        self.assertTrue(second.ended.wait(30))
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex(self.address), 0)
        connection.request("GET", "http://site.example/the-old-session-goes-on")
        self.assertEqual(connection.getresponse().status, 404)

    def test_a_place_that_cannot_be_had_changes_nothing(self):
        origin = self.origin()
        path = self.tapped(origin)
        reader = self.feed(path)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            before = path.filters[1]
            path.filters[1] = before.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}")
            path.rewrite(1)
            self.assertIn("cannot listen on", path.control(1, "reload", expect=1)["error"])
        self.curl(path, url="/still")
        reader.until(b"GET /still ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
