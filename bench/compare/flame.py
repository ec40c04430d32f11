"""Where the time of the hot paths goes: flame graphs as SVG, made by perf.

usage: ./dev bench flame [DIRECTORY]

bulk.svg         a middlebox with `read`, one connection that sends, writes of 64 KiB
http.svg         a middlebox with `read`, wrk with 16 connections
association.svg  a gateway, one new association after the other
The width of a frame is its share of the samples; a frame below 0.4 % is left out. Stacks are unwound by DWARF, so that what the
libraries do counts for whoever called them."""

import html
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import zlib

import chains
import http1
import join
import rig

LEAST = 0.004       # of all samples: what is narrower is not drawn
WIDTH, LINE = 1200, 16
NOISE = re.compile(r"^\[unknown\]$|^boost::asio::|^std::|^__invoke|^_M_invoke|Task::Holder|^operator\(\)|^_start$|^__libc_start|^main$|\{lambda")


class Frame:
    def __init__(self):
        self.samples, self.callees = 0, {}

    def add(self, stack):
        frame = self
        frame.samples += 1
        for name in stack:
            frame = frame.callees.setdefault(name, Frame())
            frame.samples += 1

    def depth(self, least):
        below = [f.depth(least) for f in self.callees.values() if f.samples >= least]
        return 1 + max(below, default=0)


def stacks(text):
    """Of `perf script -F ip,sym`: outermost call first, without what only passes on."""
    for sample in text.split("\n\n"):
        names = [line.split(None, 1)[1] for line in sample.splitlines() if len(line.split(None, 1)) == 2]
        names = [re.sub(r"<.*>", "<>", name.split("(")[0].strip()) for name in reversed(names)]
        if names:
            yield [name for name in names if not NOISE.search(name)]


def colour(name):
    """Ours in orange, the libraries' in blue, the kernel's in grey; the shade by the name, so that it stays the same."""
    shade = zlib.crc32(name.encode()) % 40
    if name.startswith("louver::"):
        return f"hsl({25 + shade // 3},90%,{62 + shade // 5}%)"
    if name.isupper() or re.match(r"(EVP|SSL|X509|OSSL|ASN1|EC|BN|CRYPTO|OPENSSL|RAND|BIO|PEM|aes|gcm)_?[A-Z_a-z]", name):
        return f"hsl({205 + shade // 3},60%,{68 + shade // 5}%)"
    return f"hsl(0,0%,{76 + shade // 4}%)"


def draw(root, title):
    least = root.samples * LEAST
    height = (root.depth(least) + 2) * LINE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">',
           f'<text x="4" y="12">{html.escape(title)}, {root.samples} samples</text>']

    def one(frame, name, left, level):
        width = WIDTH * frame.samples / root.samples
        top = height - (level + 1) * LINE
        label = name.removeprefix("louver::")[:int(width / 6.8)] if width > 20 else ""
        out.append(f'<g><title>{html.escape(name)} {100 * frame.samples / root.samples:.1f} %</title><rect x="{left:.1f}" y="{top}" width="{max(width - 0.4, 0.4):.1f}" '
                   f'height="{LINE - 1}" fill="{colour(name)}"/>' + (f'<text x="{left + 2:.1f}" y="{top + 11}">{html.escape(label)}</text>' if label else "") + "</g>")
        for callee, below in sorted(frame.callees.items()):
            if below.samples >= least:
                one(below, callee, left, level + 1)
            left += WIDTH * below.samples / root.samples
    one(root, "all", 0.0, 0)
    return "\n".join([*out, "</svg>", ""])


def record(process, work, file):
    """What perf sees of the process while `work()` is done."""
    data = file.with_suffix(".data")
    perf = subprocess.Popen(["perf", "record", "-q", "-F", "499", "--call-graph", "dwarf,16384", "-p", str(process.process.pid), "-o", str(data)], stderr=subprocess.PIPE)
    rig.harness.wait_for(lambda: perf.poll() is not None or data.exists() and data.stat().st_size > 0, "perf")
    work()
    perf.send_signal(signal.SIGINT)
    _, said = perf.communicate()
    script = subprocess.run(["perf", "script", "-i", str(data), "--no-inline", "-F", "ip,sym"], capture_output=True, text=True)
    if script.returncode or not script.stdout.strip():
        raise AssertionError(f"perf has seen nothing: {said.decode()}{script.stderr}")
    root = Frame()
    for stack in stacks(script.stdout):
        root.add(stack)
    return root


def bulk(bench):
    port, processes = chains.louver_path(bench, bench.keep(chains.Sink()), "read")
    chains.send(port, 1 << 26, 65536)
    return processes[1], lambda: chains.send(port, 3 << 30, 65536), "a middlebox with read, 64 KiB writes"


def http(bench):
    origin = rig.harness.free_port()
    bench.keep(rig.nginx(bench.directory, "origin", origin, http=f'keepalive_requests 1000000; server {{ listen 127.0.0.1:{origin}; location / {{ return 200 "{http1.BODY}"; }} }}'))
    port, processes = http1.louver_path(bench, "http", origin, False)
    http1.load(port, 1)
    return processes[1], lambda: http1.load(port, 8), "a middlebox with read, HTTP, answers of 1 kB"


def association(bench):
    origin = rig.harness.free_port()
    bench.keep(rig.nginx(bench.directory, "origin", origin, http=f'server {{ listen 127.0.0.1:{origin}; location / {{ return 200 "{join.ANSWER.decode()}"; }} }}'))
    path = bench.path("association", 1, "stream/1", origin)
    path.offer = {1: {"upstream": "read", "downstream": "read"}}
    path.start()

    def anew():
        for _ in range(300):
            known = len(path.agent.find("association.open"))
            path.control(0, "renew")
            path.agent.wait_event("association.open", known + 1)
    return path.gateway, anew, "a gateway, new associations"


def main(arguments):
    if not shutil.which("perf"):
        sys.exit("flame: perf is not installed (linux-perf)")
    into = pathlib.Path(arguments[0] if arguments else ".")
    into.mkdir(parents=True, exist_ok=True)
    for make in (bulk, http, association):
        with rig.Rig() as bench:
            process, work, title = make(bench)
            graph = record(process, work, bench.directory / make.__name__)
        (into / f"{make.__name__}.svg").write_text(draw(graph, title))
        print(into / f"{make.__name__}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
