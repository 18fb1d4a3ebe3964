"""A load client: keep-alive connections, one request under way on each, bounded in time. Prints one line of JSON.

    python -I bench_load.py HOST PORT CONNECTIONS SECONDS PROCESSES

It sends the same bytes again and again and looks only for the end of each answer, which must be END: about 7 µs of
Python for each request, little beside two Envoys.
"""

import json
import multiprocessing
import select
import socket
import sys
import time

END = b"END\n"
OK = b"HTTP/1.1 200"
CONNECT_SECONDS = 5.0


def main() -> None:
    host, port, connections, seconds, processes = sys.argv[1:]
    address = (socket.gethostbyname(host), int(port))
    request = f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    share = max(1, int(connections) // int(processes))
    if int(processes) == 1:
        parts = [run(address, request, share, float(seconds))]
    else:
        work = [(address, request, share, float(seconds))] * int(processes)
        with multiprocessing.get_context("fork").Pool(int(processes)) as pool:
            parts = pool.starmap(run, work)
    took = max(part[1] for part in parts)
    times = sorted(one for part in parts for one in part[0])
    failed = sum(part[2] for part in parts)
    sys.stdout.write(
        json.dumps({"requests": len(times), "failed": failed, "seconds": took, **quantiles(times)}) + "\n"
    )


def quantiles(times: list[int]) -> dict[str, float]:
    """Return p50 and p99 in milliseconds."""
    last = len(times) - 1
    return (
        {"p50": times[last // 2] / 1e6, "p99": times[last * 99 // 100] / 1e6}
        if times
        else {"p50": 0, "p99": 0}
    )


def run(address: tuple[str, int], request: bytes, count: int, seconds: float) -> tuple[list[int], float, int]:
    """Return (nanoseconds of each request, seconds, how many failed)."""
    poll = select.epoll()
    sockets = {one.fileno(): one for one in (connected(address) for _ in range(count))}
    since = dict.fromkeys(sockets, 0)
    unfinished = dict.fromkeys(sockets, b"")
    times: list[int] = []
    failed, now = 0, time.perf_counter_ns
    began = now()
    end = began + int(seconds * 1e9)
    for number, one in sockets.items():
        poll.register(number, select.EPOLLIN)
        since[number] = now()
        one.send(request)
    while (at := now()) < end and sockets:
        for number, _ in poll.poll(0.5):
            one = sockets[number]
            answer = unfinished[number] + one.recv(65536)
            if not answer.endswith(END):
                unfinished[number] = answer
                if answer and (OK in answer[:12] or len(answer) < 12):
                    continue
                failed += 1  # refused or closed: this connection is over
                poll.unregister(number)
                sockets.pop(number).close()
                continue
            unfinished[number] = b""
            at = now()
            times.append(at - since[number])
            since[number] = at
            one.send(request)
    took = (now() - began) / 1e9
    for one in sockets.values():
        one.close()
    return times, took, failed


def connected(address: tuple[str, int]) -> socket.socket:
    one = socket.create_connection(address, CONNECT_SECONDS)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


if __name__ == "__main__":
    main()
