"""A client inside a workload: makes requests, prints one JSON line per answer. Bounded in count and time."""

import argparse
import concurrent.futures
import http.client
import json
import sys
import time
import urllib.parse


def ask(url: str, method: str, headers: dict[str, str], timeout: float) -> dict[str, object]:
    parts = urllib.parse.urlsplit(url)
    began = time.monotonic()
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        connection.request(
            method, parts.path + (f"?{parts.query}" if parts.query else "") or "/", headers=headers
        )
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        found: dict[str, object] = {
            "status": answer.status,
            "headers": dict(answer.getheaders()),
            "body": body,
        }
    except (TimeoutError, OSError, http.client.HTTPException) as error:
        found = {"status": 0, "error": str(error)}
    finally:
        connection.close()
    return {**found, "seconds": time.monotonic() - began}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-n", type=int, default=1)
    parser.add_argument("-c", type=int, default=1)
    parser.add_argument("-X", default="GET")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("--timeout", type=float, default=15)
    options = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in options.H)
    with concurrent.futures.ThreadPoolExecutor(options.c) as pool:
        jobs = [pool.submit(ask, options.url, options.X, headers, options.timeout) for _ in range(options.n)]
        for job in jobs:
            sys.stdout.write(json.dumps(job.result()) + "\n")


main()
