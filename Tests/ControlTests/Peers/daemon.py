"""A real gateway in a folder of its own, with the demonstration's simulated sensors."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Daemon:
    def __init__(self, bothy, settings="", scenario=None):
        self.bothy = bothy
        self.folder = tempfile.mkdtemp(prefix="bothy-page-")
        self.socket = f"{self.folder}/run/bothy.sock"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        scenario = scenario or os.path.join(os.path.dirname(__file__), "../../../Config/scenarios/demo.yaml")
        with open(f"{self.folder}/bothy.yaml", "w") as file:
            file.write(f"name: Hay barn\ncontrol:\n  listen: 127.0.0.1:{self.port}\nsimulated:\n")
            file.write(f"  scenario: {os.path.abspath(scenario)}\n{settings}")
        self.start()

    def start(self):
        self.log = open(f"{self.folder}/log", "a")
        self.process = subprocess.Popen(
            [self.bothy, "run", "--config", f"{self.folder}/bothy.yaml", "--state", f"{self.folder}/state", "--runtime",
             f"{self.folder}/run"], stdout=self.log, stderr=self.log)
        for _ in range(200):
            if self.process.poll() is not None:
                raise SystemExit("the daemon ended: " + open(f"{self.folder}/log").read()[-2000:])
            try:
                self.ask("GET", "/v1/status")
                return
            except (OSError, ValueError):
                time.sleep(0.05)
        raise SystemExit("the daemon does not answer")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def end(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, path, body=None):
        """Over the Unix socket, as the command line does."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(10)
            one.connect(self.socket)
            text = json.dumps(body) if body is not None else ""
            one.sendall((f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Bothy: 1\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode()
                        if body is not None else f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := one.recv(65536):
                answer += piece
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head:
            raise OSError("no answer")
        return json.loads(rest) if rest else None

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def link(self, scope="admin"):
        return self.ask("POST", "/v1/access/links", {"scope": scope})["url"]

    def token(self, scope="admin"):
        return self.ask("POST", "/v1/access/tokens", {"name": "test", "scope": scope})["token"]
