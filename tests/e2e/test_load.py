"""A load of minutes: wrk with many connections through agent, a middlebox, and gateway. The middlebox searches for 1,000 patterns; or asks c-icap
with ClamAV about every answer. No error, memory flat.

Only in the full run (LOUVER_E2E_FULL=1): LOUVER_LOAD_SECONDS (300), LOUVER_LOAD_CONNECTIONS (200), LOUVER_LOAD_ICAP_CONNECTIONS (20)."""

import datetime
import os
import re
import shutil
import subprocess
import threading
import unittest

from harness import FULL, SANITIZED, Case, raise_file_limit
from icap_servers import CIcap

SECONDS = int(os.environ.get("LOUVER_LOAD_SECONDS", "300"))
CONNECTIONS = int(os.environ.get("LOUVER_LOAD_CONNECTIONS", "200"))
ICAP_CONNECTIONS = int(os.environ.get("LOUVER_LOAD_ICAP_CONNECTIONS", "20"))
SAMPLE_EVERY = max(1.0, SECONDS / 60)
NAMES = {0: "agent", 1: "middlebox", 2: "gateway"}

# The sizes that a page has; wrk asks for them in turn. Answers are compared with what the file is, by length, and by status.
SCRIPT = """
local names = {"s1", "s100", "s4096", "s16384", "s100000"}
local sizes = {s1 = 1, s100 = 100, s4096 = 4096, s16384 = 16384, s100000 = 100000}
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() turn = 0; wrong = 0; requests = 0 end
function request()
  turn = turn % #names + 1
  requests = requests + 1
  return wrk.format("GET", "/" .. names[turn])
end
function response(status, headers, body)
  local whole = false
  for _, size in pairs(sizes) do whole = whole or #body == size end
  if status ~= 200 or not whole then wrong = wrong + 1 end
end
function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  local e = summary.errors
  print(string.format("FIGURES requests=%d bytes=%d seconds=%.1f wrong=%d status=%d connect=%d read=%d write=%d timeout=%d p50=%.2f p99=%.2f",
    summary.requests, summary.bytes, summary.duration / 1e6, wrong, e.status, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def patterns(count):
    """Patterns as scanners have them: words, numbers, alternatives; none is in the traffic."""
    kinds = ('secret-{0:04d}-[a-z]{{8}}', '(?i)password{0:04d}\\\\s*=', 'AKIA{0:04d}[A-Z0-9]{{12}}', '(alpha|beta|gamma){0:04d}(one|two)', 'x{0:04d}.{{0,20}}y')
    return "".join(f'[[filter.rules]]\nname = "rule{i}"\npattern = "{kinds[i % len(kinds)].format(i)}"\n' for i in range(count))


@unittest.skipUnless(FULL, "minutes of load: LOUVER_E2E_FULL=1")
@unittest.skipUnless(shutil.which("wrk"), "wrk is not installed: ./dev test e2e does it with LOUVER_E2E_FULL=1")
class Load(Case):
    def test_minutes_of_load_bring_no_error_and_no_growth(self):
        self.bear("scan, 1000 rules", '[[filter]]\ntype = "scan"\non_match = "block"\n' + patterns(1000), CONNECTIONS, 100 * SECONDS / 10)

    def test_minutes_of_load_on_a_real_scanner_bring_no_error_and_no_growth(self):
        missing = CIcap.missing()
        if missing:
            self.fail(f"the package {missing} is not installed: ./dev setup")
        scanner = CIcap(self.directory)
        self.addCleanup(scanner.stop)
        self.bear("icap, c-icap and ClamAV", f'[[filter]]\ntype = "icap"\nurl = "{scanner.url}"\ncontexts = ["response-body"]\n', ICAP_CONNECTIONS, 10 * SECONDS)
        scanned = scanner.verdicts()
        print(f"c-icap: {scanned} messages scanned", flush=True)
        self.assertGreater(scanned, 10 * SECONDS, "the load was not let past the scanner")

    def bear(self, what, filter_toml, connections, least_requests):
        raise_file_limit()
        nginx = self.origin()
        for size in (1, 100, 4096, 16384, 100000):
            nginx.put(f"s{size}", os.urandom(size))
        path = self.path(1, origin_port=nginx.port)
        path.offer = {1: {"request-head": "read", "response-head": "read", "response-body": "inspect"}}
        path.filters = {1: filter_toml}
        path.debug = ""
        path.http_keys = 'mode = "reverse"\nroute = "web"\n'
        path.start()
        script = self.directory / "load.lua"
        script.write_text(SCRIPT)
        ending = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=SECONDS - 0.5)
        over = threading.Event()
        samples = {i: [] for i in NAMES}

        def sample():
            while not over.wait(SAMPLE_EVERY):
                for i in NAMES:
                    samples[i].append(path.processes[i].rss_mib(peak=False))

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            done = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "30s", "-s", str(script), f"http://localhost:{path.ports[0]}/"],
                                  capture_output=True, text=True, timeout=SECONDS + 120)
        finally:
            over.set()
            sampler.join()
        self.assertEqual(done.returncode, 0, done.stderr)
        line = re.search(r"FIGURES (.*)", done.stdout)
        self.assertTrue(line, done.stdout)
        figures = {k: float(v) for k, v in (pair.split("=") for pair in line[1].split())}
        print(f"{what}; {connections} connections, {figures['seconds']:.0f} s: {figures['requests']:.0f} requests ({figures['requests'] / figures['seconds']:.0f}/s, "
              f"{figures['bytes'] / figures['seconds'] / 1e6:.1f} MB/s), p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms; errors: "
              + ", ".join(f"{k} {figures[k]:.0f}" for k in ("wrong", "status", "connect", "read", "write", "timeout")), flush=True)
        for k in ("wrong", "status", "connect", "read", "write", "timeout"):
            self.assertEqual(figures[k], 0, k)
        self.assertGreater(figures["requests"], least_requests)
        grown, third = [], max(1, len(samples[0]) // 3)
        for i, name in NAMES.items():
            values = samples[i]
            early, late = max(values[:third]), max(values[-third:])
            cpu = path.processes[i].cpu_seconds()
            print(f"{name}: RSS {values[0]:.1f} MiB first, {early:.1f} at most in the first third, {late:.1f} in the last, {values[-1]:.1f} at the end; "
                  f"{cpu:.0f} s of CPU, {1e6 * cpu / figures['requests']:.0f} us for each request", flush=True)
            if not SANITIZED and late > early * 1.1 + 4:
                grown.append((name, values))
        self.assertEqual(grown, [])
        for i, name in NAMES.items():
            for event in ("association.fail", "filter.matched", "filter.blocked", "filter.failed", "connection.refused"):
                found = path.processes[i].find(event)
                # wrk tries out whether anybody listens, and hangs up at once: that connection is nobody's
                self.assertEqual([e for e in found if "does not tell which user" not in e.get("what", "")], [], name)
            # wrk hangs up in the middle of its last requests; nothing else may break
            broken = [e for e in path.processes[i].find("session.fail") if datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00")) < ending]
            self.assertEqual(broken, [], name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
