"""The filter `mirror`: what it copies is read back with tshark, which somebody else wrote. The ids are those of docs/catalogue.md."""

import http.client
import os
import random
import re
import resource
import shutil
import stat
import subprocess
import threading
import time
import unittest

from harness import FULL, LOUVER, Case, sha256, wait_for

ALL = {"request-head": "read", "request-credentials": "read", "request-body": "read",
       "response-head": "read", "response-credentials": "read", "response-body": "read"}
TSHARK = shutil.which("tshark") or "/usr/bin/tshark"


def tshark(file, *arguments):
    done = subprocess.run([TSHARK, "-n", "-r", str(file), "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", *arguments],
                          capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": "/nonexistent"})
    if done.returncode != 0:
        raise AssertionError(f"tshark: {done.returncode}\n{done.stderr}")
    return done.stdout.splitlines()


def fields(file, condition, *names):
    wanted = [word for name in names for word in ("-e", name)]
    return [line.split("\t") for line in tshark(file, "-Y", condition, "-T", "fields", "-E", "separator=/t", *wanted)]


class MirrorCase(Case):
    def mirrored(self, grants, origin, more="", contexts=None, keys=""):
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = dict(grants)
        self.file = self.directory / "mirror.pcapng"
        listed = "" if contexts is None else f"contexts = {list(contexts)}\n".replace("'", '"')
        path.filters[1] = f'[[filter]]\ntype = "mirror"\nfile = "{self.file}"\n{keys}{listed}{more}'
        return path

    def settled(self, path):
        """The parties end, so that everything that waits is written."""
        path.stop()
        return self.file

    def whole(self, file):
        """No tool finds fault with checksums, numbers or order, and every stream begins and ends."""
        self.assertEqual(fields(file, "ip.checksum.status == 0 || tcp.checksum.status == 0 || tcp.analysis.lost_segment || "
                                "tcp.analysis.retransmission || tcp.analysis.ack_lost_segment || _ws.malformed", "frame.number"), [])
        streams = {one[0] for one in fields(file, "tcp", "tcp.stream")}
        for flag in ("tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.flags.fin == 1"):
            self.assertEqual({one[0] for one in fields(file, flag, "tcp.stream")}, streams, flag)
        return streams


class WhatIsRead(MirrorCase):
    def test_tshark_reads_requests_answers_and_bodies(self):
        origin = self.origin()
        big = origin.put("big", random.Random(5).randbytes(300_000))
        sent = random.Random(6).randbytes(70_000)
        path = self.mirrored(ALL, origin).start()
        upload = self.directory / "upload"
        upload.write_bytes(sent)
        self.assertEqual(self.curl(path, url="/big?q=1")[1], big)
        self.assertEqual(self.curl(path, "-T", str(upload), "-H", "Cookie: a=b", url="/up/one")[2], "201")
        self.assertEqual(self.curl(path, "-T", str(upload), "-H", "Transfer-Encoding: chunked", url="/up/two")[2], "201")
        self.assertEqual(self.curl(path, "-I", url="/big")[2], "200")
        self.assertEqual(self.curl(path, url="/nothing")[2], "404")
        file = self.settled(path)
        self.assertEqual(len(self.whole(file)), 5)
        self.assertEqual(fields(file, "http.request", "http.request.method", "http.request.uri", "http.host", "http.cookie"),
                         [["GET", "/big?q=1", "site.example", ""], ["PUT", "/up/one", "site.example", "a=b"], ["PUT", "/up/two", "site.example", ""],
                          ["HEAD", "/big", "site.example", ""], ["GET", "/nothing", "site.example", ""]])
        self.assertEqual([one[0] for one in fields(file, "http.response", "http.response.code") if one[0] != "100"], ["200", "201", "201", "200", "404"])
        objects = self.directory / "objects"
        tshark(file, "-q", "--export-objects", f"http,{objects}")
        found = {sha256(one.read_bytes()) for one in objects.iterdir()}
        self.assertLessEqual({sha256(big), sha256(sent)}, found)

    def test_each_session_says_who_it_is_about(self):
        origin = self.origin()
        path = self.mirrored(ALL, origin).start()
        self.curl(path, url="/nothing")
        comments = [one[0] for one in fields(self.settled(path), "tcp.flags.syn == 1 && tcp.flags.ack == 0", "frame.comment")]
        self.assertEqual(len(comments), 1)
        self.assertRegex(comments[0], r"^louver session [0-9a-f]{16}/\d+, seen by m1\.example; path: client > m1\.example > gateway\.example; http/1$")

    def test_what_is_not_granted_is_not_there_and_said_to_be_withheld(self):
        origin = self.origin()
        origin.put("page", b"canary-of-the-answer")
        path = self.mirrored({"request-head": "read", "response-head": "read"}, origin).start()
        upload = self.directory / "upload"
        upload.write_bytes(b"canary-of-the-upload")
        self.assertEqual(self.curl(path, "-H", "Cookie: canary-of-the-cookie", url="/page")[1], b"canary-of-the-answer")
        self.assertEqual(self.curl(path, "-T", str(upload), url="/up/x")[2], "201")
        file = self.settled(path)
        self.whole(file)
        self.assertNotIn(b"canary-of-", file.read_bytes())
        self.assertEqual(fields(file, "http.request", "http.request.method", "http.request.uri"), [["GET", "/page"], ["PUT", "/up/x"]])
        self.assertEqual(len(fields(file, "http.response.code == 200 || http.response.code == 201", "frame.number")), 2)
        self.assertIn(b"x-louver-withheld: request-credentials, request-body\r\n", file.read_bytes())
        self.assertIn(b"x-louver-withheld: response-credentials, response-body\r\n", file.read_bytes())

    def test_a_body_without_its_head_is_read_all_the_same(self):
        origin = self.origin()
        page = origin.put("page", b"only the body " * 1000)
        path = self.mirrored(ALL, origin, contexts=["response-body"]).start()
        self.assertEqual(self.curl(path, url="/page")[1], page)
        file = self.settled(path)
        objects = self.directory / "objects"
        tshark(file, "-q", "--export-objects", f"http,{objects}")
        self.assertIn(sha256(page), {sha256(one.read_bytes()) for one in objects.iterdir()})


class TheFile(MirrorCase):
    # FI-07: the plaintext stays on this machine, in a file of one user.
    def test_FI_07_it_is_its_owners_only_and_nobody_elses_file_is_used(self):
        origin = self.origin()
        path = self.mirrored(ALL, origin)
        old = os.umask(0)
        try:
            path.start()
        finally:
            os.umask(old)
        self.curl(path, url="/nothing")
        wait_for(self.file.exists, "the file")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        path.stop()
        victim = self.directory / "victim"
        victim.write_bytes(b"untouched")
        for plant in (lambda: self.file.symlink_to(victim), lambda: os.mkfifo(self.file), lambda: os.link(victim, self.file),
                      lambda: (self.file.write_bytes(b""), self.file.chmod(0o644))):
            self.file.unlink(missing_ok=True)
            plant()
            done = subprocess.run([LOUVER, "middlebox", "--config", str(path.config_path(1)), "--check"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("filter mirror: cannot write to", done.stderr)
        self.assertEqual(victim.read_bytes(), b"untouched")

    def test_check_makes_no_file(self):
        path = self.mirrored(ALL, self.origin())
        path.ports = {1: 1, 2: 2}
        path.rewrite(1)
        done = subprocess.run([LOUVER, "middlebox", "--config", str(path.config_path(1)), "--check"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("will hold in the clear what people send and get", done.stderr)
        self.assertFalse(self.file.exists())

    def test_a_full_disk_loses_packets_and_no_traffic(self):
        origin = self.origin()
        big = origin.put("big", random.Random(7).randbytes(400_000))
        path = self.mirrored(ALL, origin).start()
        self.assertEqual(self.curl(path, url="/nothing")[2], "404")
        resource.prlimit(path.processes[1].process.pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        for _ in range(3):
            self.assertEqual(self.curl(path, url="/big")[1], big)
        lost = path.processes[1].wait_event("filter.failed", filter="mirror")[0]
        self.assertRegex(lost["what"], r"^\d+ packets are missing in .*: File too large$")
        self.assertTrue(lost["passed"])
        resource.prlimit(path.processes[1].process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual(self.curl(path, url="/after")[2], "404")
        file = self.settled(path)
        uris = [one[0] for one in fields(file, "http.request", "http.request.uri")]
        self.assertEqual((uris[0], uris[-1]), ("/nothing", "/after"))

    def test_files_are_rotated_and_the_oldest_goes(self):
        origin = self.origin()
        big = origin.put("big", random.Random(8).randbytes(150_000))
        path = self.mirrored(ALL, origin, keys='rotate_at = "64KiB"\nkeep = 2\n').start()
        for _ in range(4):
            self.assertEqual(self.curl(path, url="/big")[1], big)
        self.settled(path)
        names = sorted(one.name for one in self.directory.glob("mirror.pcapng*"))
        self.assertEqual(names, ["mirror.pcapng", "mirror.pcapng.1", "mirror.pcapng.2"])
        for name in names:
            file = self.directory / name
            self.assertLessEqual(file.stat().st_size, 64 * 1024)
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            self.assertGreater(len(fields(file, "tcp", "frame.number")), 0)

    def test_it_is_appended_to_after_a_restart_and_a_reload(self):
        origin = self.origin()
        path = self.mirrored(ALL, origin).start()
        self.curl(path, url="/first")
        path.control(1, "reload")
        self.curl(path, url="/second")
        path.stop()
        path.start()
        self.curl(path, url="/third")
        file = self.settled(path)
        self.assertEqual([one[0] for one in fields(file, "http.request", "http.request.uri")], ["/first", "/second", "/third"])


class Canaries(MirrorCase):
    # FI-12: what belongs to one session is in no other: not at the users, not at the origin, not in what filters were shown.
    def test_FI_12_no_octet_of_one_session_is_in_another(self):
        origin = self.origin()
        edit = '[[filter]]\ntype = "edit"\nadd = { x-seen = "yes" }\n'
        scan = '[[filter]]\ntype = "scan"\ncontexts = ["request-body", "response-body"]\non_match = "log"\npass_coded = true\nrules = [{ name = "r", pattern = "canary-[0-9]+" }]\n'
        path = self.mirrored({**ALL, "request-head": "write", "response-head": "write", "request-body": "write", "response-body": "write"},
                             origin, more=edit + scan, keys='queue = "128MiB"\n').start()
        sessions, threads, until = (500, 24, time.monotonic() + 600) if FULL else (60, 8, time.monotonic() + 60)
        numbers, lock, wrong, done = iter(range(10 ** 9)), threading.Lock(), [], []

        def one_session(number):
            draw = random.Random(number)
            word = b"canary-%012d;" % number
            connection = http.client.HTTPConnection("127.0.0.1", path.ports[0], timeout=30)
            for turn in range(3):
                body = (word * draw.randrange(1, 4000))[:draw.randrange(1, 60_000)]
                url = f"http://site.example/up/{word.decode()[:-1]}-{turn}"
                connection.request("PUT", url, body, {"Cookie": word.decode()[:-1]})
                answer = connection.getresponse()
                answer.read()
                connection.request("GET", url)
                back = connection.getresponse().read()
                if answer.status not in (201, 204) or back != body:
                    wrong.append((number, turn, answer.status, back[:200]))
            connection.close()

        def work():
            while True:
                with lock:
                    number = next(numbers)
                    if number >= sessions and (not FULL or time.monotonic() > until) or time.monotonic() > until + 60:
                        return
                try:
                    one_session(number)
                    done.append(number)
                except OSError as error:
                    wrong.append((number, repr(error)))

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(done), sessions)
        for stored in (origin.root / "up").iterdir():
            self.assertEqual(set(re.findall(rb"canary-\d{12}", stored.read_bytes())) - {stored.name.rsplit("-", 1)[0].encode()}, set(), stored.name)
        by_stream = {}
        for stream, payload in fields(self.settled(path), "tcp.len > 0", "tcp.stream", "tcp.payload"):
            by_stream.setdefault(stream, bytearray()).extend(bytes.fromhex(payload.replace(":", "")))
        seen = [set(re.findall(rb"canary-\d{12}", octets)) for octets in by_stream.values()]
        self.assertEqual([one for one in seen if len(one) != 1], [])
        self.assertEqual(len(set().union(*seen)), len(done))


if __name__ == "__main__":
    unittest.main(verbosity=2)
