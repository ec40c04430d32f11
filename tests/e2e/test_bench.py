"""What `louver bench` promises: every figure, an end by itself that leaves nothing behind, and a reason where it cannot."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import time
import unittest

from harness import LOUVER, SANITIZED, Case, wait_for

PARTIES = ("agent", "middlebox", "gateway")
EXPECTED = {(f"bulk.{grant}", party): "s" for grant in ("none", "read", "inspect", "redact", "write") for party in PARTIES}
EXPECTED |= {(name, party): unit for name, unit in (("join", "ms"), ("association", "ms"), ("idle", "KiB")) for party in PARTIES}
EXPECTED |= {("trip.p50", "path"): "us", ("trip.p99", "path"): "us", ("cipher", "machine"): "s", ("handshake", "machine"): "ms"}


class Bench(Case):
    def command(self, *arguments):
        return [os.path.abspath(LOUVER), "bench", *arguments]

    def environment(self):
        """Its directory lies in ours, so that everything that belongs to this run can be told by it."""
        return {**os.environ, "TMPDIR": str(self.directory)}

    def run_bench(self, *arguments, environment=None, **options):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=240, env=environment or self.environment(), **options)

    def begin(self):
        """One that is in the middle of its work, and whose processes all run."""
        running = subprocess.Popen(self.command("--megabytes", "1000"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.stderr.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        said = b""
        while b"measuring" not in said:
            line = running.stderr.readline()
            self.assertTrue(line, said)
            said += line
        self.assertEqual(len(self.processes()), 4)
        return running

    def processes(self):
        """Those whose command lines name our directory: PID and role."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if any(word.startswith(bytes(self.directory)) for word in words):
                    found[int(entry.name)] = words[1].decode()
        return found

    def assert_nothing_left(self):
        self.assertEqual(self.processes(), {})
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_has_every_figure_and_leaves_nothing_behind(self):
        self.check_figures(3, "--quick", "--json")

    def test_has_every_figure_in_its_usual_rounds_too(self):
        self.check_figures(5, "--megabytes", "8", "--json")

    def check_figures(self, rounds, *arguments):
        begun = time.monotonic()
        done = self.run_bench(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        if not SANITIZED:
            self.assertLess(time.monotonic() - begun, 60)
        self.assert_nothing_left()
        told = json.loads(done.stdout)
        for key in ("louver", "library", "processor"):
            self.assertTrue(told[key], key)
        self.assertGreaterEqual(told["cores"], 1)
        self.assertGreaterEqual(told["load"], 0)
        self.assertEqual({(f["name"], f["party"]): f["unit"] for f in told["figures"]}, EXPECTED)
        self.assertEqual(len(told["figures"]), len(EXPECTED))
        for figure in told["figures"]:
            with self.subTest(figure["name"], party=figure["party"]):
                self.assertEqual(figure["rounds"], rounds)
                self.assertTrue(figure["what"])
                self.assertLessEqual(figure["least"], figure["median"])
                self.assertLessEqual(figure["median"], figure["greatest"])
                if not (SANITIZED and figure["name"] == "idle"):  # whose memory says nothing
                    self.assertGreater(figure["median"], 0)
        of = {(f["name"], f["party"]): f["least"] for f in told["figures"]}  # what disturbs only adds
        # Who forwards has less to do than who opens, and seals again; who joins less than who agrees.
        if not SANITIZED:  # which slow down all but the cryptography, and that makes the difference
            self.assertLess(of["bulk.none", "middlebox"], of["bulk.read", "middlebox"])
            self.assertLess(of["bulk.none", "middlebox"], of["bulk.write", "middlebox"])
        self.assertLessEqual(of["trip.p50", "path"], of["trip.p99", "path"])
        for party in PARTIES:
            self.assertLess(of["join", party], of["association", party])

    def test_prints_a_table_of_the_same(self):
        done = self.run_bench("--quick", "--megabytes", "1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in ("CPU for 10^9 octets, redact [s]", "CPU for a joined session [ms]", "agent", "middlebox", "gateway", "the cipher alone",
                     "round trip of 100 octets, p99 [us]", "cores", "OpenSSL", "Median of 3 rounds"):
            self.assertIn(text, done.stdout)
        self.assert_nothing_left()

    def test_refuses_bad_arguments_and_starts_nothing(self):
        for arguments in (("--megabytes", "0"), ("--megabytes", "10001"), ("--megabytes", "-1"), ("--megabytes", "many"), ("--megabytes",), ("--fast",), ("once",)):
            with self.subTest(arguments=arguments):
                done = self.run_bench(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertTrue(done.stderr)
                self.assert_nothing_left()

    def test_says_why_it_cannot_run(self):
        done = self.run_bench("--quick", environment={**os.environ, "TMPDIR": str(self.directory / "none")})
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("TMPDIR", done.stderr)
        done = self.run_bench("--quick", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("open files are needed", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assert_nothing_left()

    def test_that_is_told_to_end_ends_and_takes_its_processes_with_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                running = self.begin()
                running.send_signal(number)
                self.assertEqual(running.wait(20), 1)
                self.assertIn(b"told to end", running.stderr.read())
                self.assert_nothing_left()

    def test_that_is_killed_takes_its_processes_with_it(self):
        running = self.begin()
        running.kill()
        running.wait(20)
        wait_for(lambda: not self.processes(), "its processes to end")

    def test_gives_no_figures_when_a_party_dies(self):
        running = self.begin()
        box = [pid for pid, role in self.processes().items() if role == "middlebox"]
        self.assertEqual(len(box), 1)
        os.kill(box[0], signal.SIGKILL)
        self.assertEqual(running.wait(60), 1)
        self.assertIn(b"box.example: it ended with signal 9", running.stderr.read())
        self.assertEqual(running.stdout.read(), b"")
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)
