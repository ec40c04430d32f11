"""Paths whose agent listens on other doors than one TCP port, and whose gateway knocks otherwise; and curl through a Unix socket."""

import pathlib
import socket
import subprocess

from harness import DEADLINE, Case, Path, wait_for


class DoorPath(Path):
    """A path with more listeners (`doors`, TOML) and another origin (`origin_address`, `origin_keys`)."""

    doors = ""
    origin_address = None
    origin_keys = ""

    def gateway_config(self):
        text = super().gateway_config()
        if self.origin_address:
            text = text.replace(f'connect = "127.0.0.1:{self.origin_port}"', f'connect = "{self.origin_address}"')
        return text + self.origin_keys

    def agent_config(self):
        return super().agent_config() + self.doors


class DoorCase(Case):
    def door_path(self, *arguments, **options):
        made = DoorPath(self.directory, *arguments, **options)
        self.addCleanup(made.stop)
        return made

    def reverse_on(self, listen, keys=""):
        return f'[[http]]\nlisten = "{listen}"\nmode = "reverse"\nroute = "web"\n{keys}'

    def curl_unix(self, door, *arguments, url="/hi", **options):
        """Exit code, body and status."""
        done = subprocess.run(["curl", "-s", "-S", "--max-time", str(DEADLINE), "--unix-socket", str(door), "-w", "\n%{http_code}", *arguments,
                               f"http://localhost{url}"], capture_output=True, timeout=DEADLINE + 10, cwd="/", **options)
        body, _, status = done.stdout.rpartition(b"\n")
        return done.returncode, body, status.decode()


def connect_unix(door):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(DEADLINE)
    s.connect(str(door))
    return s


def wait_gone(path):
    wait_for(lambda: not pathlib.Path(path).exists(), f"{path} is removed")
