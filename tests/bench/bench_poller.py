"""Runs in a client's pod: asks again and again, and prints when the rule's number in the answers becomes another one.

    python -I bench_poller.py HOST PORT SECONDS

Each line: the number, then the machine's monotonic clock when the answer was there. Ends by itself.
"""

import http.client
import sys
import time

PAUSE = 0.001
HEADER = "x-rule"


def main() -> None:
    host, port, seconds = sys.argv[1:]
    last, end = None, time.monotonic() + float(seconds)
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    while time.monotonic() < end:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        at, rule = (
            time.monotonic(),
            answer.getheader(HEADER, "none") if answer.status == 200 else str(answer.status),
        )
        if rule != last:
            sys.stdout.write(f"{rule} {at}\n")
            sys.stdout.flush()
            last = rule
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
