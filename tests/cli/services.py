# SPDX-License-Identifier: Apache-2.0
"""What a vault asks, for tests: a time-stamping authority behind `openssl ts`, and `atp witness`."""
import http.server
import json
import subprocess
import threading

from atp_command import ATP

POLICY = "1.3.6.1.4.1.99999.1"

CONFIGURATION = f"""
[tsa]
default_tsa = t
[t]
serial = serial
crypto_device = builtin
signer_cert = tsa.crt
certs = ca.crt
signer_key = tsa.key
signer_digest = sha256
default_policy = {POLICY}
digests = sha256
ordering = yes
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


class Authority:
    """`openssl ts` on a free port. `answers` may be taken away and changed by a test."""

    def __init__(self, folder, days=400):
        self.folder, self.days = folder, days
        folder.mkdir()
        (folder / "tsa.cnf").write_text(CONFIGURATION)
        (folder / "serial").write_text("01\n")
        self.make_certificates()
        self.change = lambda reply: reply
        self.asked = 0
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked += 1
                reply = authority.change(authority.reply(query))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, *arguments, **options):
        return subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                              capture_output=True, **options).stdout

    def make_certificates(self):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj",
                     "/CN=ca", "-days", "4000")
        self.openssl("req", *curve, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                     "-CAcreateserial", "-out", "tsa.crt", "-days", str(self.days), "-extfile",
                     "tsa.cnf", "-extensions", "ext")

    def reply(self, query):
        (self.folder / "query").write_bytes(query)
        return self.openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "t", "-queryfile",
                            "query")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WitnessProcess:
    """`atp witness` on a free port, or on the one it had."""

    def __init__(self, name, key, state, *logs, env):
        self.name, self.key, self.state, self.logs, self.env = name, key, state, logs, env
        self.port = 0
        self.start()

    def start(self):
        logs = [word for log in self.logs for word in ("--log", log)]
        self.process = subprocess.Popen(
            [ATP, "witness", "--state", self.state, "--name", self.name, "--key", self.key, *logs,
             "--port", str(self.port), "--json", "--quiet"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=self.env)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Asks it to end; its exit code."""
        self.process.terminate()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code
