"""An upstream that says what it is and what it got: `echo.py NAME PORT [FILE]`; with FILE the second start is slow. `/status/503`, `/delay/0.5` do as they say."""

import http.server
import json
import pathlib
import signal
import sys
import time


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")
        status = int(parts[1]) if parts[0] == "status" else 200
        if parts[0] == "delay":
            time.sleep(float(parts[1]))  # the upstream's slowness is what is tested
        sys.stdout.write(
            f"{self.command} {self.path} attempt={self.headers.get('x-envoy-attempt-count', '')}\n"
        )
        sys.stdout.flush()
        answer = {
            "name": sys.argv[1],
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
        }
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_: object) -> None:
        """Standard output has its own line per request."""


if len(sys.argv) > 3:
    marker = pathlib.Path(sys.argv[3])
    if marker.exists():
        time.sleep(3)  # a slow start, so that the time without an endpoint can be seen
    marker.touch()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[2])), Echo).serve_forever()
