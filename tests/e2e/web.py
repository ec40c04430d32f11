"""A web site for real clients: a page with many resources at nginx, and behind nginx what lives: reports, event streams, WebSockets."""

import asyncio
import hashlib
import http.server
import json
import os
import struct
import threading
import zlib

import websockets

from harness import DEADLINE

EVENTS = 25  # of each stream


class LiveServer:
    """Takes reports (POST /report, JSON), sends events (GET /events), and says everything again on WebSockets (on a port of its own)."""

    def __init__(self):
        self.reports = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                text = self.rfile.read(int(self.headers["content-length"]))
                report = json.loads(text)
                owner.reports[report["name"]] = report
                self.send_response(204)
                self.end_headers()

            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                for i in range(EVENTS):
                    self.wfile.write(f"id: {i}\ndata: event {i} \u00e4\n\n".encode())
                    self.wfile.flush()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self._sockets, daemon=True)
        self.thread.start()
        assert self.ready.wait(DEADLINE)

    def _sockets(self):
        async def echo(ws, *_):
            try:
                async for message in ws:
                    await ws.send(message)
            except websockets.ConnectionClosedError:
                pass

        async def serve():
            self.sockets = await websockets.serve(echo, "127.0.0.1", 0, max_size=None)
            self.socket_port = self.sockets.sockets[0].getsockname()[1]
            self.ready.set()

        self.loop.run_until_complete(serve())
        self.loop.run_forever()

    def locations(self):
        return (f"location = /report {{ proxy_pass http://127.0.0.1:{self.port}; proxy_http_version 1.1; }}"
                f"location = /events {{ proxy_pass http://127.0.0.1:{self.port}; proxy_http_version 1.1; proxy_buffering off; }}"
                f"location = /chat {{ proxy_pass http://127.0.0.1:{self.socket_port}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}"
                "gzip on; gzip_min_length 200; gzip_types application/javascript application/json;"  # and text/html
                "types { text/html html; text/css css; application/javascript js; image/png png; application/json json; application/octet-stream bin; }")

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()
        self.server.shutdown()
        self.server.server_close()


def png(width, height, seed):
    """A picture of random grey."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    noise = hashlib.shake_128(seed.encode()).digest(width * height)
    rows = b"".join(b"\0" + noise[y * width:(y + 1) * width] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


class Site:
    """Files at an nginx: name -> octets. `page.html` uses the styles, scripts and pictures, and fetches all; `live.html` uses what lives."""

    def __init__(self, nginx):
        self.files = {}
        for i in range(20):
            self.files[f"style{i}.css"] = f"body {{ --style{i}: {i}; }} /* {'x' * 37 * i} */\n".encode()
            self.files[f"script{i}.js"] = f"window.seen = (window.seen || 0) + 1; /* {'y' * 211 * i} */\n".encode()
        for i in range(15):
            self.files[f"picture{i}.png"] = png(16 + i, 9 + i, f"picture {i}")
        for i in range(5):
            self.files[f"data{i}.json"] = json.dumps({"numbers": list(range(i * 1000))}).encode()
        for i, size in enumerate((0, 1, 16384, 16385, 1_000_000, 8_000_000)):
            self.files[f"blob{i}.bin"] = os.urandom(size)
        self.parts = len(self.files)
        names = json.dumps(sorted(self.files))
        self.files["page.html"] = (PAGE.replace("NAMES", names)
                                   .replace("<!-- styles -->", "".join(f'<link rel="stylesheet" href="style{i}.css">' for i in range(20)))
                                   .replace("<!-- scripts -->", "".join(f'<script src="script{i}.js"></script>' for i in range(20)))
                                   .replace("<!-- pictures -->", "".join(f'<img src="picture{i}.png">' for i in range(15)))).encode()
        self.files["live.html"] = LIVE.replace("EVENTS", str(EVENTS)).encode()
        for name, data in self.files.items():
            nginx.put(name, data)

    def digests(self):
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items() if not name.endswith(".html")}


HELPERS = """<script>
async function digest(data) {
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", data))).map(b => b.toString(16).padStart(2, "0")).join("");
}
async function report(what) {
  await fetch("/report", {method: "POST", body: JSON.stringify(what)});
}
function noise(size) {
  const out = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(out.subarray(at, Math.min(at + 65536, size)));
  return out;
}
</script>"""

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>page</title><!-- styles -->""" + HELPERS + """</head><body><!-- scripts --><!-- pictures -->
<script>
window.addEventListener("load", async () => {
  const out = {name: "page", digests: {}, errors: []};
  try {
    out.loaded = performance.getEntriesByType("resource").length;
    out.scripts = window.seen;
    const style = getComputedStyle(document.body);
    out.styles = [...Array(20).keys()].filter(i => style.getPropertyValue("--style" + i).trim() === String(i)).length;
    out.pictures = [...document.images].filter((image, i) => image.complete && image.naturalWidth === 16 + i && image.naturalHeight === 9 + i).length;
    await Promise.all(NAMES.map(async name => {
      const answer = await fetch(name, {cache: "no-store"});
      if (answer.status !== 200 || answer.headers.get("x-edited") !== "by m2") out.errors.push([name, answer.status, answer.headers.get("x-edited")]);
      out.digests[name] = await digest(await answer.arrayBuffer());
    }));
    const upload = noise(3000001);
    out.upload = await digest(upload);
    out.uploaded = (await fetch("/up/from-chromium", {method: "PUT", body: upload})).status;
  } catch (error) { out.errors.push(String(error)); }
  await report(out);
});
</script></body></html>"""

LIVE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>live</title>""" + HELPERS + """</head><body><script>
const same = (a, b) => a.length === b.length && a.every((octet, i) => octet === b[i]);
function echo() {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket("ws://" + location.host + "/chat");
    ws.binaryType = "arraybuffer";
    const sent = ["hello", "", "\\u00e4".repeat(70000), noise(0), noise(1), noise(125), noise(126), noise(65536), noise(2000000)];
    let equal = 0, at = 0;
    ws.onopen = () => ws.send(sent[0]);
    ws.onerror = () => reject("the WebSocket failed at message " + at);
    ws.onmessage = ({data}) => {
      const wanted = sent[at++];
      if (typeof wanted === "string" ? data === wanted : same(new Uint8Array(data), wanted)) equal++;
      if (at < sent.length) ws.send(sent[at]); else ws.close(1000);
    };
    ws.onclose = ({code, wasClean}) => resolve({sent: sent.length, equal, code, wasClean});
  });
}
function events() {
  return new Promise((resolve, reject) => {
    const source = new EventSource("/events"), got = [];
    source.onmessage = event => {
      got.push([event.lastEventId, event.data]);
      if (got.length === EVENTS) { source.close(); resolve(got); }
    };
    source.onerror = () => { source.close(); reject("the stream broke after " + got.length + " events"); };
  });
}
(async () => {
  const out = {name: "live", errors: []};
  try { out.echo = await echo(); } catch (error) { out.errors.push(String(error)); }
  try { out.events = await events(); } catch (error) { out.errors.push(String(error)); }
  await report(out);
})();
</script></body></html>"""
