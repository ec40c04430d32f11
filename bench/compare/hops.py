"""Hops that take their time: by netem in a network namespace of our own where that is allowed, else by a relay that delays."""

import ctypes
import os
import queue
import socket
import subprocess
import sys
import threading
import time

import rig

CLONE_NEWNET = 0x40000000


class Netem:
    """A network namespace for this thread and all that it starts, in which what goes to or comes from chosen ports is late."""

    name = "netem"

    def __init__(self, one_way):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self._call(self.libc.unshare, CLONE_NEWNET)
            try:
                self._make_network(f"netem delay {one_way * 1e3:g}ms limit 100000")
            except BaseException:
                self._return()
                raise
        except BaseException:
            os.close(self.outside)
            raise

    def _make_network(self, late):
        self._run("ip link set lo up")
        self._run("tc qdisc add dev lo root handle 1: htb default 1")
        for which in (1, 2):
            self._run(f"tc class add dev lo parent 1: classid 1:{which} htb rate 10gbit burst 1mb cburst 1mb")
        self._run(f"tc qdisc add dev lo parent 1:2 handle 2: {late}")

    def __call__(self, to):
        for end in ("dport", "sport"):
            self._run(f"tc filter add dev lo parent 1: protocol ip u32 match ip {end} {to} 0xffff flowid 1:2")
        return to

    @staticmethod
    def _run(command):
        done = subprocess.run(command.split(), capture_output=True, text=True, timeout=10)
        if done.returncode:
            raise OSError(f"{command}: {done.stderr.strip()}")

    @staticmethod
    def _call(function, *arguments):
        if function(*arguments):
            raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")

    def _return(self):
        self._call(self.libc.setns, self.outside, CLONE_NEWNET)

    def stop(self):
        self._return()
        os.close(self.outside)


class Relay(rig.listening.Listening):
    """Passes TCP on with a delay each way; what is under way at one time is not limited."""

    def __init__(self, to, one_way):
        self.to, self.one_way = to, one_way
        super().__init__()

    def serve(self, near):
        time.sleep(2 * self.one_way)  # the handshake of TCP, which loopback has made at once
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        for a, b in ((near, far), (far, near)):
            a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = queue.SimpleQueue()
            threading.Thread(target=self._take, args=(a, waiting), daemon=True).start()
            threading.Thread(target=self._give, args=(b, waiting), daemon=True).start()

    def _take(self, a, waiting):
        got = b"more"
        while got:
            try:
                got = a.recv(65536)
            except OSError:
                got = b""
            waiting.put((time.monotonic() + self.one_way, got))

    @staticmethod
    def _give(b, waiting):
        while True:
            due, octets = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if not octets:
                    b.shutdown(socket.SHUT_WR)
                    return
                b.sendall(octets)
            except OSError:
                return

    stop = rig.listening.Listening.close


class Relays:
    """A relay in front of each port."""

    name = "relay"

    def __init__(self, bench, one_way):
        self.bench, self.one_way = bench, one_way

    def __call__(self, to):
        return self.bench.keep(Relay(to, self.one_way)).port


def late(bench, one_way):
    """What makes a port late: called with one, it gives the port to connect to instead. To be called before anything is started."""
    try:
        return bench.keep(Netem(one_way))
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"first: a relay delays, no netem here: {error}", file=sys.stderr)
        return Relays(bench, one_way)
