"""Real clients, unchanged, against nginx through a middlebox that reads and one that writes: not an octet differs.

curl, wget and Python's requests in every run; Node's fetch and headless Chromium in the full one (LOUVER_E2E_FULL=1)."""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import requests

from harness import DEADLINE, FULL, Case, sha256, wait_for
from web import EVENTS, LiveServer, Site

CONTEXTS = ("request-head", "request-body", "response-head", "response-body")


def needs(program):
    if not FULL:
        return unittest.skip(f"{program} is for the full run: LOUVER_E2E_FULL=1")
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed: ./dev test e2e does it with LOUVER_E2E_FULL=1")


class Clients(Case):
    def setUp(self):
        super().setUp()
        self.live = LiveServer()
        self.addCleanup(self.live.stop)
        self.nginx = self.origin(self.live.locations())
        self.site = Site(self.nginx)
        path = self.path(2, origin_port=self.nginx.port)
        path.offer = {1: {c: "read" for c in CONTEXTS}, 2: {c: "write" for c in CONTEXTS}}
        scan = ('[[filter]]\ntype = "scan"\ncontexts = ["request-body", "response-head", "response-body", "request-head"]\non_match = "log"\npass_coded = true\npass_ranges = true\n'
                '[[filter.rules]]\nname = "any"\npattern = "never to be found, [0-9]{12}"\n')
        path.filters = {1: '[[filter]]\ntype = "log"\n' + scan, 2: '[[filter]]\ntype = "edit"\nadd = { x-edited = "by m2" }\n'}
        path.http_keys = '[[http]]\nlisten = "127.0.0.1:0"\nmode = "reverse"\nroute = "web"\n'
        self.served = path.start()
        self.proxy = f"http://127.0.0.1:{path.ports[0]}"
        self.reverse = f"http://localhost:{path.agent.port(1)}"

    gives_up = ()  # alerts of sessions that the client itself breaks off

    def tearDown(self):
        for process in self.served.processes.values():
            self.assertEqual([e for e in process.find("session.fail") if e["alert"] not in self.gives_up], [])
            self.assertEqual(process.find("association.fail"), [])
        super().tearDown()

    def uploaded(self, name, data):
        self.assertEqual(sha256((self.nginx.root / "up" / name).read_bytes()), sha256(data), name)

    def test_curl(self):
        """One process, all resources over kept connections; then in parallel; then pieces."""
        out = self.directory / "curl"
        out.mkdir()
        for more in ([], ["--parallel", "--parallel-max", "20"], ["-0"], ["--compressed"]):
            for file in out.iterdir():
                file.unlink()
            config = self.directory / "curl.config"
            config.write_text("".join(f'url = "http://site.example/{name}"\noutput = "{out / name}"\n' for name in self.site.files))
            done = subprocess.run(["curl", "-s", "-S", "--fail", "-x", self.proxy, "-K", str(config), *more], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, (more, done.stderr))
            for name, data in self.site.files.items():
                got = out / name
                self.assertEqual(sha256(got.read_bytes() if got.exists() else b""), sha256(data), (name, more))
        whole = self.site.files["blob4.bin"]
        self.assertEqual(self.curl(self.served, "-r", "1000-200000", url="/blob4.bin")[1:], (whole[1000:200001], "206"))

    def test_wget(self):
        out = self.directory / "wget"
        addresses = self.directory / "addresses"
        addresses.write_text("".join(f"http://site.example/{name}\n" for name in self.site.files))
        environment = {**os.environ, "http_proxy": self.proxy, "no_proxy": ""}
        done = subprocess.run(["wget", "-nv", "-P", str(out), "-i", str(addresses)], env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, data in self.site.files.items():
            self.assertEqual(sha256((out / name).read_bytes()), sha256(data), name)
        source = self.directory / "source"
        source.write_bytes(os.urandom(2_000_003))
        done = subprocess.run(["wget", "-nv", "-O", "/dev/null", "--method=PUT", f"--body-file={source}", "http://site.example/up/wget"], env=environment,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.uploaded("wget", source.read_bytes())
        # the page and everything that it is made of, as wget understands it, through the reverse listener
        mirror = self.directory / "mirror"
        done = subprocess.run(["wget", "-nv", "-p", "-nH", "-P", str(mirror), f"{self.reverse}/page.html"], env={**environment, "no_proxy": "localhost"},
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        got = {file.name for file in mirror.iterdir()} - {"robots.txt", "robots.txt.tmp"}
        self.assertGreaterEqual(len(got), 50)
        for name in got:
            self.assertEqual(sha256((mirror / name).read_bytes()), sha256(self.site.files[name]), name)

    def test_requests(self):
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = {"http": self.proxy}
            for name, data in self.site.files.items():
                answer = session.get(f"http://site.example/{name}", timeout=DEADLINE)
                self.assertEqual((answer.status_code, sha256(answer.content)), (200, sha256(data)), name)
                self.assertEqual(answer.headers["x-edited"], "by m2")
            data = os.urandom(1_500_001)
            self.assertEqual(session.put("http://site.example/up/whole", data=data, timeout=DEADLINE).status_code, 201)
            self.uploaded("whole", data)
            pieces = [data[i:i + 7777] for i in range(0, len(data), 7777)]
            self.assertEqual(session.put("http://site.example/up/pieces", data=iter(pieces), timeout=DEADLINE).status_code, 201)
            self.uploaded("pieces", data)
            with session.get("http://site.example/events", stream=True, timeout=DEADLINE) as answer:
                lines = [line for line in answer.iter_lines() if line.startswith(b"data:")]
            self.assertEqual(lines, [f"data: event {i} \u00e4".encode() for i in range(EVENTS)])
            self.assertEqual(session.get("http://site.example/nowhere", timeout=DEADLINE).status_code, 404)
            self.assertEqual(session.head("http://site.example/blob4.bin", timeout=DEADLINE).headers["content-length"], "1000000")
            self.assertEqual(session.post("http://site.example/report", json={"name": "requests"}, timeout=DEADLINE).status_code, 204)
        self.assertIn("requests", self.live.reports)

    @needs("node")
    def test_node_fetch(self):
        program = self.directory / "fetch.mjs"
        program.write_text(NODE)
        done = subprocess.run(["node", str(program), self.reverse, *self.site.digests()], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: "node" in self.live.reports, "node's report")
        report = self.live.reports["node"]
        self.assertEqual(report["digests"], self.site.digests())
        for name in ("node-whole", "node-pieces"):
            self.assertEqual(hashlib.sha256((self.nginx.root / "up" / name).read_bytes()).hexdigest(), report["uploads"][name])
        self.assertEqual(report["events"], EVENTS)
        print(f"node {report['version']}: {len(report['digests'])} resources, at once and one after the other", flush=True)

    def chromium(self, address, name, *more):
        """What the page at that address has reported."""
        home = self.directory / "chromium"
        home.mkdir()
        errors = (home / "errors").open("wb")
        self.addCleanup(errors.close)
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-port=0", f"--user-data-dir={home}", *more, address]
        began = time.monotonic()
        browser = subprocess.Popen(command, stdout=errors, stderr=errors, env={**os.environ, "HOME": str(home)}, start_new_session=True)

        def end():
            os.killpg(browser.pid, signal.SIGKILL)  # its own session: it and its children, nobody else
            browser.wait()

        self.addCleanup(end)

        def reported():
            if browser.poll() is not None:
                raise AssertionError(f"chromium ended ({browser.returncode}): {pathlib.Path(home / 'errors').read_text(errors='replace')[-2000:]}")
            return self.live.reports.get(name)

        report = wait_for(reported, f"chromium's report of {name}: {self.live.reports}", 150)
        return report, time.monotonic() - began

    @needs("chromium")
    def test_chromium_loads_a_page_through_the_proxy(self):
        self.gives_up = ("truncated",)  # its own errands, which have nothing to do with the page, go through the proxy too; the page tells of each of its own requests
        # over plain http only this flag gives a page SHA-256
        report, seconds = self.chromium("http://site.example/page.html", "page", f"--proxy-server={self.proxy}",
                                        "--unsafely-treat-insecure-origin-as-secure=http://site.example")
        self.assertEqual(report["errors"], [])
        self.assertGreaterEqual(report["loaded"], 50)
        self.assertEqual((report["scripts"], report["styles"], report["pictures"]), (20, 20, 15))
        self.assertEqual(report["digests"], self.site.digests())
        self.assertEqual(report["uploaded"], 201)
        self.assertEqual(hashlib.sha256((self.nginx.root / "up/from-chromium").read_bytes()).hexdigest(), report["upload"])
        print(f"chromium: {report['loaded']} resources of the page, {len(report['digests'])} fetched again, {seconds:.1f} s with its start", flush=True)

    @needs("chromium")
    def test_chromium_has_a_websocket_and_an_event_stream_through_the_reverse_listener(self):
        report, seconds = self.chromium(f"{self.reverse}/live.html", "live", "--no-proxy-server")
        self.assertEqual(report["errors"], [])
        self.assertEqual(report["echo"], {"sent": 9, "equal": 9, "code": 1000, "wasClean": True})
        self.assertEqual(report["events"], [[str(i), f"event {i} \u00e4"] for i in range(EVENTS)])
        print(f"chromium: {report['echo']['equal']} messages echoed, {len(report['events'])} events, {seconds:.1f} s with its start", flush=True)


NODE = """
import { createHash, randomBytes } from "node:crypto";
const [base, ...names] = process.argv.slice(2);
const sha = data => createHash("sha256").update(data).digest("hex");
const get = async name => {
  const answer = await fetch(`${base}/${name}`);
  if (answer.status !== 200 || answer.headers.get("x-edited") !== "by m2") throw new Error(`${name}: ${answer.status}`);
  return sha(Buffer.from(await answer.arrayBuffer()));
};
const digests = {}, uploads = {};
await Promise.all(names.map(async name => { digests[name] = await get(name); }));
for (const name of names) if (await get(name) !== digests[name]) throw new Error(`${name} differs the second time`);
const data = randomBytes(1234567);
const pieces = new ReadableStream({
  start(controller) {
    for (let at = 0; at < data.length; at += 9999) controller.enqueue(new Uint8Array(data.subarray(at, at + 9999)));
    controller.close();
  }
});
for (const [name, body] of [["node-whole", data], ["node-pieces", pieces]]) {
  const answer = await fetch(`${base}/up/${name}`, { method: "PUT", body, duplex: "half" });
  if (answer.status !== 201) throw new Error(`${name}: ${answer.status}`);
  uploads[name] = sha(data);
}
let text = "";
const decoder = new TextDecoder();
for await (const piece of (await fetch(`${base}/events`)).body) text += decoder.decode(piece, { stream: true });
const events = text.split("\\n\\n").filter(event => event.includes("data: event ")).length;
await fetch(`${base}/report`, { method: "POST", body: JSON.stringify({ name: "node", version: process.version, digests, uploads, events }) });
"""


if __name__ == "__main__":
    unittest.main(verbosity=2)
