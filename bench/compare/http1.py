"""Requests of HTTP for each second of CPU over all processes of a path: wrk, 16 connections, answers of 1 kB. And sessions for
each second of the clock: the same with a connection for each request.

Louver   agent (reverse listener), one middlebox, gateway (http/1): silent, and with `scan` over 1,000 patterns of bodies
         (nginx has no such thing: that row is beside the silent chain)
nginx    three HTTP proxies with TLS 1.3 and keep-alive between them; for sessions without keep-alive, each connection resumed
The origin is an nginx whose CPU does not count. Figures: requests for each CPU second; a ratio above the goal is good here.
"""

import http.client
import re
import subprocess
import urllib.request

import rig

BODY = "x" * 1000
MATCHED = "needle0999-deadbeef"


def nginx_chain(bench, pki, origin, kept=True):
    first, mid, last = (rig.harness.free_port() for _ in range(3))
    tls = f"ssl_certificate {pki}/leaf.pem; ssl_certificate_key {pki}/leaf.key; ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites {rig.CIPHER};"
    keep = "proxy_http_version 1.1; proxy_set_header Connection \"\";" if kept else "proxy_ssl_session_reuse on;"
    pool = "keepalive 64; keepalive_requests 1000000;" if kept else ""

    def one(name, port, listen, to, scheme):
        check = f"proxy_ssl_verify on; proxy_ssl_protocols TLSv1.3; proxy_ssl_name {rig.NAME}; proxy_ssl_server_name on; proxy_ssl_trusted_certificate {pki}/ca.pem;"
        return bench.keep(rig.nginx(bench.directory, f"{name}-{port}", port, http=f"keepalive_requests 1000000; upstream next {{ server 127.0.0.1:{to}; {pool} }} "
                                    f"server {{ listen 127.0.0.1:{port}{listen}; {tls if listen else ''} location / {{ proxy_pass {scheme}://next; proxy_set_header Host $host; {keep} {check if scheme == 'https' else ''} }} }}"))
    end = one("end", last, " ssl", origin, "http")
    box = one("mid", mid, " ssl", last, "https")
    return first, [one("start", first, "", mid, "https"), box, end]


def louver_path(bench, name, origin, scans):
    path = bench.path(name, 1, "http/1", origin)
    path.offer = {1: {"request-head": "read", "response-head": "read", "response-body": "inspect"}}
    if scans:
        rules = path.directory / "rules"
        rules.write_text("".join(f"rule{i} needle{i:04}-[a-f0-9]{{8}}\n" for i in range(1000)))
        path.filters[1] = f'[[filter]]\ntype = "scan"\non_match = "block"\nrules_file = "{rules}"\n'
    path.http_keys = 'mode = "reverse"\nroute = "web"\n'
    path.start()
    return path.ports[0], [path.agent, path.processes[1], path.gateway]


def warm_up(port):
    for _ in range(50):
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=10) as answer:
            if answer.read() != BODY.encode():
                raise AssertionError("not the origin's answer")


def check_scan(port, stops):
    """What a pattern matches must not come through where there is a scan, and must where there is none."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/matched", timeout=10) as answer:
            came = MATCHED in answer.read().decode()
    except (http.client.HTTPException, OSError):  # a refusal, or an answer that is cut off because its head was out already
        came = False
    if came == stops:
        raise AssertionError(f"what a pattern matches was {'passed' if came else 'stopped'}")


def load(port, seconds, *more):
    """Requests that wrk has made; an error is an error."""
    done = subprocess.run(["wrk", "-t", "1", "-c", "16", "-d", f"{seconds}s", *more, f"http://localhost:{port}/"],
                          capture_output=True, text=True, timeout=seconds + 30)
    if done.returncode or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise AssertionError(done.stdout + done.stderr)
    return int(re.search(r"(\d+) requests in", done.stdout)[1])


def per_second(chain, seconds):
    port, processes = chain
    made = []
    spent = rig.spent_ns(processes, lambda: made.append(load(port, seconds)))
    return made[0] / (sum(spent) / 1e9)


def sessions_per_second(chain, seconds):
    return load(chain[0], seconds, "-H", "Connection: close") / seconds


def measure(quick):
    rounds, seconds = (2, 1) if quick else (13, 2)  # short: what comes and goes on a machine falls on all chains of a round
    with rig.Rig() as bench:
        origin = rig.harness.free_port()
        bench.keep(rig.nginx(bench.directory, "origin", origin, http=f'keepalive_requests 1000000; server {{ listen 127.0.0.1:{origin}; location / {{ return 200 "{BODY}"; }} location /matched {{ return 200 "{MATCHED}"; }} }}'))
        pki = rig.certificates(bench.directory / "tls")
        chains = [louver_path(bench, "silent", origin, False), louver_path(bench, "scanning", origin, True), nginx_chain(bench, pki, origin)]
        resumed = nginx_chain(bench, pki, origin, kept=False)
        for port, _ in chains:
            warm_up(port)
        for (port, _), stops in zip(chains, (False, True, False)):
            check_scan(port, stops)
        warm_up(resumed[0])
        silent, scanning, other = zip(*[[per_second(chain, seconds) for chain in chains] for _ in range(rounds)])
        sessions, connections = zip(*[[sessions_per_second(chain, seconds) for chain in (chains[0], resumed)] for _ in range(1 if quick else rounds)])
    return [rig.row("HTTP, requests for a CPU second: agent, middlebox, gateway / three nginx", 0.8, silent, other, "1/s", more_is_better=True),
            rig.row("HTTP, the same: scan over 1,000 patterns / the same Louver chain without", None, scanning, silent, "1/s", more_is_better=True),
            rig.row("HTTP, sessions for a second, 16 at a time / three nginx, resumed", 1.0, sessions, connections, "1/s", more_is_better=True)]
