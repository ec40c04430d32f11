"""Real louver processes, real curl and nginx, on loopback with free ports. Nothing sleeps for readiness: log lines tell."""

import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

LOUVER = os.environ.get("LOUVER", "build/louver")
DEADLINE = float(os.environ.get("LOUVER_E2E_DEADLINE", "30"))
SANITIZED = os.environ.get("LOUVER_SANITIZED") == "1"  # memory figures say nothing then
FULL = os.environ.get("LOUVER_E2E_FULL") == "1"  # the issue's sizes instead of those that fit into every run


def all_of(s):
    """Everything up to the end, and whether that was in order."""
    said = b""
    try:
        while more := s.recv(65536):
            said += more
    except ConnectionResetError:
        return said, False
    return said, True


def wait_for(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {deadline} s: {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Process:
    """One louver process; its JSON log lines as a list."""

    def __init__(self, role, config, environment=None):
        self.events = []
        self.raw = []
        self.process = subprocess.Popen([LOUVER, role, "--config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.raw.append(line.decode(errors="replace"))
            try:
                self.events.append(json.loads(line))
            except ValueError:
                pass
        self.process.stderr.close()

    def find(self, event, **fields):
        return [e for e in list(self.events) if e.get("event") == event and all(e.get(k) == v for k, v in fields.items())]

    def wait_event(self, event, count=1, **fields):
        def there():
            found = self.find(event, **fields)
            if self.process.poll() is not None and len(found) < count:
                raise AssertionError(f"the process ended ({self.process.returncode}) before {event}: {''.join(self.raw)[-2000:]}")
            return found if len(found) >= count else None

        return wait_for(there, f"{event} {fields}\n{''.join(self.raw)[-2000:]}")

    def port(self, index=0):
        return int(self.wait_event("listen", index + 1)[index]["address"].rsplit(":", 1)[1])

    def rss_mib(self, peak=True):
        key = "VmHWM" if peak else "VmRSS"
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key):
                return 0 if SANITIZED else int(line.split()[1]) / 1024
        raise AssertionError("no memory figure")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self.reader.join(5)
        return self.process.returncode


class Nginx:
    """An origin that somebody else wrote: static files, and PUT under /up/."""

    def __init__(self, directory, locations=""):
        self.root = directory / "www"
        (self.root / "up").mkdir(parents=True)
        (directory / "body").mkdir()
        self.port = free_port()
        config = directory / "nginx.conf"
        config.write_text(
            f"""worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.err;
            user root; events {{ worker_connections 4096; }}
            http {{ access_log off; if_modified_since before; client_max_body_size 0; client_body_temp_path {directory}/body;
              server {{ listen 127.0.0.1:{self.port} backlog=2048; root {self.root};
                location /up/ {{ dav_methods PUT; }} location = /empty {{ return 204; }} {locations} }} }}"""
        )
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([binary, "-c", str(config)], stderr=subprocess.DEVNULL)
        wait_for(self._answers, "nginx")

    def _answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def put(self, name, data):
        (self.root / name).write_bytes(data)
        return data

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Path:
    """An agent, middleboxes, a gateway and an origin; every part can be changed before start()."""

    def __init__(self, directory, middleboxes=1, profile="http/1", origin_port=None):
        self.directory = directory
        self.n = middleboxes
        self.profile = profile
        self.origin_port = origin_port
        self.offer = {i: {} for i in range(1, middleboxes + 1)}   # agent: context -> grant
        self.allow = {}                                           # gateway: the same; default: all that is offered
        self.filters = {i: "" for i in range(1, middleboxes + 1)}
        self.refuse = set()
        self.users = ""                                           # agent: whom its listener serves, as TOML; empty: the default
        self.extra = {}                                           # party -> TOML that is put in front
        self.processes = {}
        self.ports = {}
        self.environment = {}                                     # of every process, besides the present one
        self.environments = {}                                    # party -> of that process only
        self.debug = ""                                           # TOML behind every party's common part
        self.route = ""                                           # more keys of the agent's route
        self.http_keys = ""                                       # more keys of its HTTP listener
        self.pki = directory / "pki"
        if not self.pki.exists():
            run([LOUVER, "pki", "init", str(self.pki)])
        self.names = {0: "alice.example", middleboxes + 1: "gateway.example", **{i: f"m{i}.example" for i in range(1, middleboxes + 1)}}
        for i, name in self.names.items():
            self.issue("client" if i == 0 else "server" if i == middleboxes + 1 else "middlebox", name)

    def issue(self, role, name, *more):
        if not (self.pki / f"{name}.pem").exists():
            run([LOUVER, "pki", "issue", str(self.pki), "--role", role, "--name", name, *more])

    def certify_by_a_stranger(self, i):
        """The right name, from an authority that nobody trusts, in the place of the party's certificate."""
        other, name = self.directory / "other", self.names[i]
        run([LOUVER, "pki", "init", str(other)])
        run([LOUVER, "pki", "issue", str(other), "--role", "middlebox", "--name", name])
        for kind in ("pem", "key"):
            shutil.copy(other / f"{name}.{kind}", self.pki / f"{name}.{kind}")

    def common(self, i):
        name = self.names[i]
        return (f'[certificate]\nchain = "{self.pki}/{name}.pem"\nkey = "{self.pki}/{name}.key"\n'
                f'[[trust]]\nanchors = "{self.pki}/ca.pem"\n[log]\nlevel = "debug"\nformat = "json"\n[control]\nsocket = "{self.control_path(i)}"\n' + self.debug)

    def control_path(self, i):
        return self.directory / f"control{i}"

    def control(self, i, *command, expect=0):
        """What `louver control` prints as JSON."""
        done = subprocess.run([LOUVER, "control", str(self.control_path(i)), *command, "--json"], capture_output=True, text=True, timeout=60)
        if done.returncode != expect:
            raise AssertionError(f"control {i} {command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else {}

    def config_path(self, i):
        return self.directory / f"party{i}.toml"

    def config_text(self, i):
        return self.agent_config() if i == 0 else self.gateway_config() if i == self.n + 1 else self.middlebox_config(i)

    def rewrite(self, i):
        """The file anew, as the present settings have it; the process is not told."""
        self.config_path(i).write_text(self.config_text(i))

    @staticmethod
    def table(grants):
        return "{ " + ", ".join(f'{c} = "{g}"' if isinstance(g, str) else f'{c} = {{ c2s = "{g[0]}", s2c = "{g[1]}" }}' for c, g in grants.items()) + " }"

    def gateway_config(self):
        text = f'name = "{self.names[self.n + 1]}"\nlisten = "127.0.0.1:{self.ports.get(self.n + 1, 0)}"\n' + self.extra.get("gateway", "") + self.common(self.n + 1)
        for i in range(1, self.n + 1):
            text += f'[[middlebox]]\nname = "{self.names[i]}"\ngrants = {self.table(self.allow.get(i, self.offer[i]))}\n'
            if i in self.refuse:
                text += "refuse = true\n"
        return text + f'[[origin]]\nprofile = "{self.profile}"\nconnect = "127.0.0.1:{self.origin_port}"\n' + ("default = true\n" if self.profile == "http/1" else "")

    def middlebox_config(self, i):
        return (f'name = "{self.names[i]}"\nlisten = "127.0.0.1:{self.ports.get(i, 0)}"\n' + self.extra.get(i, "") + self.common(i) +
                f'[describe]\noperator = "Example"\npurpose = "test"\n[[next]]\nname = "{self.names[i + 1]}"\nport = {4000 + i + 1}\n'
                f'connect = "127.0.0.1:{self.ports[i + 1]}"\n' + self.filters[i])

    def agent_config(self):
        text = self.extra.get("agent", "") + self.common(0)
        text += (f'[[route]]\nname = "web"\nprofile = "{self.profile}"\nserver = "{self.names[self.n + 1]}"\nport = {4000 + self.n + 1}\n'
                 f'connect = "127.0.0.1:{self.ports[1]}"\n' + ("default = true\n" if self.profile == "http/1" else "") + self.route)
        for i in range(1, self.n + 1):
            text += f'[[route.middlebox]]\nname = "{self.names[i]}"\nport = {4000 + i}\ngrants = {self.table(self.offer[i])}\n'
        text += '[[http]]\nlisten = "127.0.0.1:0"\n' + self.http_keys if self.profile == "http/1" else '[[tcp]]\nlisten = "127.0.0.1:0"\nroute = "web"\n'
        return text + (f"users = {self.users}\n" if self.users else "")

    def start_party(self, i):
        role = "agent" if i == 0 else "gateway" if i == self.n + 1 else "middlebox"
        self.rewrite(i)
        self.processes[i] = Process(role, self.config_path(i), {**self.environment, **self.environments.get(i, {})})
        self.ports[i] = self.processes[i].port()
        return self.processes[i]

    def start(self, agree=True):
        for i in range(self.n + 1, -1, -1):
            self.start_party(i)
        if agree:
            self.processes[0].wait_event("association.open")
        return self

    @property
    def agent(self):
        return self.processes[0]

    @property
    def gateway(self):
        return self.processes[self.n + 1]

    def stop(self):
        for process in self.processes.values():
            process.stop()


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Case(unittest.TestCase):
    """A test with a directory, processes that end with it, and curl."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="louver-e2e-"))
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, True)

    def origin(self, locations=""):
        made = Nginx(self.directory, locations)
        self.addCleanup(made.stop)
        return made

    def path(self, *arguments, **options):
        made = Path(self.directory, *arguments, **options)
        self.addCleanup(made.stop)
        return made

    def curl(self, path, *arguments, url="/hi", timeout=DEADLINE):
        """Exit code, body, and what -D - -w said."""
        body = self.directory / f"body-{time.monotonic_ns()}-{threading.get_ident()}"
        command = ["curl", "-s", "-S", "--max-time", str(timeout), "-x", f"http://127.0.0.1:{path.ports[0]}", "-o", str(body), "-w", "%{http_code}",
                   *arguments, f"http://site.example{url}"]
        done = subprocess.run(command, capture_output=True, timeout=timeout + 10)
        data = body.read_bytes() if body.exists() else b""
        body.unlink(missing_ok=True)
        return done.returncode, data, done.stdout.decode()


def raise_file_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
