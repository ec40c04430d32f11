"""Unix sockets as doors of an agent, and to origins behind a gateway. JN-06"""

import os
import socket
import stat
import subprocess
import threading
import unittest

from doors import DoorCase, connect_unix, wait_gone
from harness import LOUVER, all_of, wait_for
from listening import Echo
from recording import Recording

ROOT = os.geteuid() == 0
SOMEBODY = 4242
only_root = unittest.skipUnless(ROOT, "only root can start processes of other users")


def as_user(uid):
    return {"user": uid, "group": uid, "extra_groups": []}


class UnixEcho(Echo):
    """The same on a Unix socket."""

    def __init__(self, path):
        self.ended = self.accepted = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()


class Doors(DoorCase):
    def setUp(self):
        super().setUp()
        self.server = Recording(any_case=True)
        self.addCleanup(self.server.close)
        self.door = self.directory / "door"

    def ready(self, keys="", listen=None):
        path = self.door_path(1, origin_port=self.server.port)
        path.doors = self.reverse_on(listen or f"unix:{self.door}", keys)
        return path

    def test_curl_through_a_unix_socket(self):
        path = self.ready(listen="unix:door").start()  # relative to the folder of the file
        self.assertEqual(path.agent.find("listen")[1]["address"], f"unix:{self.door}")
        self.assertEqual(stat.S_IMODE(self.door.stat().st_mode), 0o600)
        self.assertEqual(self.curl_unix(self.door), (0, b"/hi", "200"))
        data = os.urandom(2_000_000)
        source = self.directory / "source"
        source.write_bytes(data)
        self.assertEqual(self.curl_unix(self.door, "-T", str(source), "-H", "Expect: 100-continue", url="/up")[::2], (0, "200"))
        self.assertIn(b"louver-client: alice.example", self.server.all()[0])
        self.assertEqual(self.curl_unix(self.door, "-H", "Host: elsewhere.example")[2], "421", "only localhost by default")
        with connect_unix(self.door) as s:  # kept alive, pipelined, and the port behind the name is nobody's business
            s.sendall(b"GET /a HTTP/1.1\r\nHost: localhost:1\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            said, whole = all_of(s)
        self.assertTrue(whole)
        self.assertTrue(b"\r\n\r\n/a" in said and said.endswith(b"/b"), said)
        self.assertEqual(path.agent.stop(), 0)
        self.assertFalse(self.door.exists(), "it goes with its process")

    def test_a_proxy_on_a_unix_socket(self):
        path = self.ready()
        path.doors = f'[[http]]\nlisten = "unix:{self.door}"\n'
        path.start()
        with connect_unix(self.door) as s:
            s.sendall(b"GET http://site.example/x HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n")
            self.assertTrue(all_of(s)[0].endswith(b"\r\n\r\n/x"))

    def test_a_socket_left_behind_is_taken_over_and_one_in_use_is_not(self):
        path = self.ready().start()
        path.agent.kill()
        self.assertTrue(self.door.exists())
        path.start_party(0).wait_event("association.open")
        self.assertEqual(self.curl_unix(self.door)[1], b"/hi")
        second = subprocess.run([LOUVER, "agent", "--config", str(path.config_path(0))], capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 2)
        self.assertIn("in use by another process", second.stderr)
        self.assertEqual(self.curl_unix(self.door)[1], b"/hi", "and the first one is still served")

    def test_a_file_of_another_kind_is_never_replaced(self):
        self.door.write_text("mine")
        path = self.ready()
        path.ports[1] = 1
        path.rewrite(0)
        done = subprocess.run([LOUVER, "agent", "--config", str(path.config_path(0))], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f'"{self.door}" exists and is no socket of this user', done.stderr)
        self.assertEqual(self.door.read_text(), "mine")

    @only_root
    def test_JN_06_a_socket_is_the_agents_own_users_only_by_default(self):
        path = self.ready('socket_mode = "0666"\n').start()
        self.assertEqual(self.curl_unix(self.door)[2], "200")
        code, body, status = self.curl_unix(self.door, **as_user(SOMEBODY))
        self.assertEqual((code, status), (0, "403"))
        self.assertIn(f"User {SOMEBODY} may not use this agent".encode(), body)
        self.assertIn(f"unix:{self.door}: User {SOMEBODY}", path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(len(self.server.all()), 1)
        os.chmod(self.door, 0o600)
        self.assertEqual(self.curl_unix(self.door, **as_user(SOMEBODY))[0], 7, "the file system keeps him out before")

    @only_root
    def test_JN_06_each_user_has_an_association_of_his_own(self):
        path = self.ready(f'socket_mode = "0666"\nusers = ["root", "{SOMEBODY}"]\n').start()
        self.assertEqual(self.curl_unix(self.door)[2], "200")
        self.assertEqual(self.curl_unix(self.door, **as_user(SOMEBODY))[2], "200")
        routes = {r["user"]: r.get("association") for r in path.control(0, "status")["routes"]}
        self.assertEqual(set(routes), {"0", str(SOMEBODY)})
        self.assertNotEqual(routes["0"], routes[str(SOMEBODY)])
        path.doors = self.reverse_on(f"unix:{self.door}", 'socket_mode = "0666"\nusers = ["root"]\n')
        path.rewrite(0)
        path.control(0, "reload")
        self.assertEqual(self.curl_unix(self.door, **as_user(SOMEBODY))[2], "403", "a reload takes him out")

    def test_a_cut_answer_does_not_look_whole(self):
        """HT-11: there is no reset on a Unix socket; a length or chunks tell."""
        class Cutting(Recording):
            @staticmethod
            def answer(request):
                return b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"

            def serve(self, s):
                with s:
                    s.recv(65536)
                    s.sendall(self.answer(None))

        self.server = Cutting()
        self.addCleanup(self.server.close)
        self.ready().start()
        self.assertEqual(self.curl_unix(self.door)[0], 18, "curl: transfer closed with outstanding read data remaining")


class Origins(DoorCase):
    def test_an_http_origin_behind_a_unix_socket(self):
        there = self.directory / "nginx.sock"
        nginx = self.origin(f'}} server {{ listen unix:{there}; location / {{ return 200 "$http_host $request_uri"; }} ')
        path = self.door_path(1, origin_port=nginx.port)
        path.origin_address = "unix:nginx.sock"
        path.start()
        self.assertEqual(self.curl(path), (0, b"site.example /hi", "200"))
        self.assertEqual(self.curl(path, "http://site.example/a", "-o", "/dev/null", url="/b")[0], 0)
        there.unlink()
        code, body, status = self.curl(path, url="/gone")
        self.assertEqual((code, status), (0, "502"))
        self.assertNotIn(b"nginx.sock", body)
        failed = path.gateway.wait_event("origin.fail")[0]
        self.assertEqual(failed["origin"], f"unix:{there}")
        self.assertIn("No such file", failed["fault"])

    def test_streams_from_socket_to_socket_with_half_close(self):
        there, door = self.directory / "echo", self.directory / "door"
        echo = UnixEcho(there)
        self.addCleanup(echo.close)
        path = self.door_path(1, profile="stream/1", origin_port=1)
        path.origin_address = f"unix:{there}"
        path.doors = f'[[tcp]]\nlisten = "unix:{door}"\nroute = "web"\n'
        path.start()
        data = os.urandom(5_000_000)
        with connect_unix(door) as s:
            sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            self.assertEqual(all_of(s), (data, True))
            sender.join()
        wait_for(lambda: echo.ended == 1, "the origin saw the end")
        path.agent.stop()
        wait_gone(door)


if __name__ == "__main__":
    unittest.main(verbosity=2)
