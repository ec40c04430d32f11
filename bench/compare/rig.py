"""What the comparisons share: the other programs, certificates for them, and the CPU time of the very process."""

import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "tests" / "e2e"))
import harness  # noqa: E402  (its folder is known only now)
import listening  # noqa: E402

NAME = "gateway.example"
CIPHER = "TLS_AES_128_GCM_SHA256"  # the one that Louver's agents offer first


def certificates(home):
    """A P-256 authority and a leaf for the plain TLS parties: those of louver's own PKI are for its roles only."""
    home.mkdir()
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    harness.run([*new, "-keyout", f"{home}/ca.key", "-out", f"{home}/ca.pem", "-subj", "/CN=Bench CA"])
    harness.run([*new, "-keyout", f"{home}/leaf.key", "-out", f"{home}/leaf.pem", "-subj", f"/CN={NAME}",
                 "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", "-addext", f"subjectAltName=DNS:{NAME}",
                 "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"])
    (home / "both.pem").write_bytes((home / "leaf.pem").read_bytes() + (home / "leaf.key").read_bytes())
    return home


class Program:
    """A process of somebody else's, which is ready when its port answers."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"{command} ended at once: run it by hand to see why")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        harness.wait_for(ready, f"{command[0]} at port {port}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def nginx(directory, name, port, http="", stream=""):
    """One process of nginx, so that its CPU is the CPU of one PID."""
    home = directory / name
    home.mkdir()
    temporary = "".join(f"{kind}_temp_path {home}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    module = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
    (home / "nginx.conf").write_text(
        (f"load_module {module};\n" if stream and module.exists() else "") +
        f"daemon off; master_process off; pid {home}/pid; error_log {home}/error; user root;\nevents {{ worker_connections 4096; }}\n" +
        (f"http {{ access_log off; {temporary} {http} }}\n" if http else "") + (f"stream {{ {stream} }}\n" if stream else ""))
    return Program([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(home / "nginx.conf")], port)


def haproxy(directory, name, port, text, connections):
    """One thread of HAProxy in TCP mode."""
    home = directory / name
    home.mkdir()
    (home / "haproxy.cfg").write_text(f"global\n nbthread 1\n maxconn {connections}\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n{text}")
    return Program([shutil.which("haproxy") or "/usr/sbin/haproxy", "-f", str(home / "haproxy.cfg")], port)


def wait_port(port):
    def answers():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    harness.wait_for(answers, f"port {port}")


def raise_file_limit(wanted):
    """For this process and those that it starts, as far as it may. Returns what the limit is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        except (OSError, ValueError):  # only some may have more than the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cpu_ns(started):
    """On-CPU time of each thread. Not /proc/PID/stat: that counts ticks of 10 ms, which is more than a whole quick round of joins."""
    tasks = pathlib.Path(f"/proc/{started.process.pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks}


def spent_ns(processes, work):
    """What `work()` cost each process. A figure of 0 or a thread that ended (its time is lost) is an error."""
    before = [cpu_ns(p) for p in processes]
    work()
    after = [cpu_ns(p) for p in processes]
    if any(set(b) - set(a) for a, b in zip(after, before)):
        raise AssertionError("a thread ended while it was measured")
    spent = [sum(a.values()) - sum(b.values()) for a, b in zip(after, before)]
    if min(spent) <= 0:
        raise AssertionError("a process used no CPU: it was not on the path")
    return spent


def row(name, goal, louver, other, unit, more_is_better=False):
    """One figure of the tables: the median of the ratios of each round, with both figures in `unit`. A ratio above the goal misses it."""
    each = [a / b for a, b in zip(louver, other)]
    ratio = statistics.median(each)
    return {"name": name, "ratio": round(ratio, 3), "goal": goal, "missed": goal is not None and (ratio < goal if more_is_better else ratio > goal),
            "spread": [round(min(each), 3), round(max(each), 3)],
            "louver": round(statistics.median(louver), 3), "other": round(statistics.median(other), 3), "unit": unit}


def show(rows):
    width = 2 + max(len(r["name"]) for r in rows)
    print(f"{'median of the rounds':<{width}}{'ratio':>7}{'goal':>7}  {'spread':<16}{'louver':>10}{'other':>10}")
    for r in rows:
        goal = "-" if r["goal"] is None else r["goal"]
        print(f"{r['name']:<{width}}{r['ratio']:>7}{goal:>7}  {'{}..{}'.format(*r['spread']):<16}{r['louver']:>10}{r['other']:>10} {r['unit']}"
              + ("  missed" if r["missed"] else ""))


class Rig:
    """A directory and what was started in it; all of it is gone at the end."""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="louver-bench-"))
        os.chmod(self.directory, 0o755)
        self.started = []
        return self

    def keep(self, one):
        self.started.append(one)
        return one

    def path(self, name, middleboxes, profile, origin_port):
        """A path of Louver's, silent but for what is wrong; start() is for the caller. All paths of a rig share one authority."""
        home, shared = self.directory / name, self.directory / "pki"
        home.mkdir()
        if not shared.exists():
            harness.run([harness.LOUVER, "pki", "init", str(shared)])
        (home / "pki").symlink_to(shared)
        path = harness.Path(home, middleboxes, profile=profile, origin_port=origin_port)
        common = path.common
        path.common = lambda i: common(i).replace('level = "debug"', 'level = "info"')
        return self.keep(path)

    def __exit__(self, *_):
        for one in reversed(self.started):
            one.stop()
        shutil.rmtree(self.directory, True)
