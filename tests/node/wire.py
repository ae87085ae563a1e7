#!/usr/bin/env python3
"""Who watches the wire and the log's size guesses whether a search hit. A proxy between two nodes notes sizes and times; fingers are searched while their
records are there and while they are not.

Answers must have one size, all of them. Entries that the log grew by (one, and now and then what the lot chose or an alarm of the minute before) and times,
from the first byte to the last, are compared by the Mann-Whitney test, two-sided, at 0.001:
of a node that leaks nothing it fails once in a thousand runs. With n searches in each of both groups it finds, in nine of ten runs, a difference by which
a hit is later (or earlier) than a no hit in a share p of all pairs, p = 1/2 + sqrt(3.48 / n) (Noether, JASA 82 (1987) 645): 0.79 for 40, 0.56 for 1000.
A guesser that learns the best threshold of one half of the fingers and is tried on the other is to do no better than a coin.
wire.py proxy LISTEN TARGET LOG | wire.py guess SEARCHED LOG"""
import math
import socket
import sys
import threading
import time


def proxy(listen, target, log_path):
    log, lock = open(log_path, "a", buffering=1), threading.Lock()

    def pump(source, sink, way):
        try:
            while data := source.recv(65536):
                with lock:
                    log.write(f"{time.monotonic():.6f} {way} {len(data)}\n")
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    server = socket.create_server(("127.0.0.1", listen))
    print("ready", flush=True)
    while True:
        client, _ = server.accept()
        try:
            node = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            continue
        for c in (client, node):
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(client, node, "up"), daemon=True).start()
        threading.Thread(target=pump, args=(node, client, "down"), daemon=True).start()


LEVEL = 0.001


def read(searched, log):
    """Of each search: finger, whether it hit, entries that the log grew by, bytes that came back, seconds from the first byte to the last."""
    lines = [line.split() for line in open(log)]
    out = []
    for line in open(searched):
        finger, status, growth, first, last = map(int, line.split())
        wire = lines[first - 1:last]
        down = [w for w in wire if w[1] == "down"]
        out.append({"finger": finger, "hit": status == 0, "growth": growth, "bytes": sum(int(w[2]) for w in down), "time": float(down[-1][0]) - float(wire[0][0]) if down else 0.0})
    return out


def usual(records):
    """Without the few for which a connection was made anew: a handshake's bytes would hide a leak of one. Whether it is made is no answer's doing."""
    middle = sorted(r["bytes"] for r in records)[len(records) // 2]
    return [r for r in records if abs(r["bytes"] - middle) < 64]


def rank_test(hits, others):
    """Mann-Whitney, two-sided, by the normal approximation with ties: the probability of a difference as large by chance, and the share of pairs."""
    every = sorted([(t, 0) for t in hits] + [(t, 1) for t in others])
    n, m, rank_sum, ties, i = len(hits), len(others), 0.0, 0.0, 0
    while i < len(every):
        k = i
        while k < len(every) and every[k][0] == every[i][0]:
            k += 1
        rank_sum += sum((i + k + 1) / 2 for t in every[i:k] if t[1] == 0)
        ties += (k - i) ** 3 - (k - i)
        i = k
    u = rank_sum - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return (1.0 if spread == 0 else math.erfc(abs(u - n * m / 2) / spread / math.sqrt(2))), u / (n * m)


def compare(records, what):
    return rank_test([r[what] for r in records if r["hit"]], [r[what] for r in records if not r["hit"]])


def guess(records):
    """The best "later than t?" of one half of the fingers, tried on the other: how often it was right, and the probability of that by a coin."""
    learn = [r for r in records if r["finger"] % 2]
    tried = [r for r in records if not r["finger"] % 2]
    best, t, later = -1, 0.0, True
    for limit in {r["time"] for r in learn}:
        right = sum((r["time"] > limit) == r["hit"] for r in learn)
        for score, way in ((right, True), (len(learn) - right, False)):
            if score > best:
                best, t, later = score, limit, way
    right = sum(((r["time"] > t) == later) == r["hit"] for r in tried)
    return right, len(tried), sum(math.comb(len(tried), k) for k in range(right, len(tried) + 1)) / 2 ** len(tried)


def main():
    if sys.argv[1] == "proxy":
        return proxy(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    all_ = read(sys.argv[2], sys.argv[3])
    records = usual(all_)
    bad = []
    values = sorted({r["bytes"] for r in records})
    print(f"bytes: {', '.join(map(str, values))} in {len(records)} answers")
    bad += [] if len(values) == 1 else ["sizes differ"]
    p, share = compare(records, "growth")
    print(f"entries: one in {sum(r['growth'] == 1 for r in records)} of {len(records)}, more with a hit in {share:.3f} of all pairs, by chance with probability {p:.3f}")
    bad += ["entries differ"] if p < LEVEL or sum(r["growth"] == 1 for r in records) < 0.9 * len(records) else []
    if len(records) < len(all_) * 0.9:
        bad.append(f"{len(all_) - len(records)} of {len(all_)} answers are of another size")
    p, share = compare(records, "time")
    n = min(sum(r["hit"] for r in records), sum(not r["hit"] for r in records))
    print(f"times: a hit is later in {share:.3f} of all pairs, by chance with probability {p:.3f}; {n} in each group, {0.5 + math.sqrt(3.48 / n):.2f} would be found")
    bad += ["times differ"] if p < LEVEL else []
    right, tried, chance = guess(records)
    print(f"a guesser by time: {right} of {tried} right, by chance with probability {chance:.3f}")
    bad += ["a guesser does better than a coin"] if chance < LEVEL else []
    # what is not seen is not shown to be absent: each leak, put in
    times = sorted(r["time"] for r in records)
    middle_half = times[len(times) * 3 // 4] - times[len(times) // 4]
    def leaking(what, more):
        return [{**r, what: r[what] + more * r["hit"]} for r in records]
    leaks = {"one byte": len({r["bytes"] for r in leaking("bytes", 1)}) > 1,
             "one entry": compare(leaking("growth", 1), "growth")[0] < LEVEL,
             f"{1000 * middle_half:.1f} ms": compare(leaking("time", middle_half), "time")[0] < LEVEL}
    for leak, found in leaks.items():
        print(f"a leak of {leak} is {'found' if found else 'NOT found'}")
        bad += [] if found else [f"a leak of {leak} is not seen"]
    for b in bad:
        print("BAD:", b)
    return sys.exit(1 if bad else 0)


main()
