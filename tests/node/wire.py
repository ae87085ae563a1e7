#!/usr/bin/env python3
"""Who watches the wire and the log's size guesses whether a search hit. A proxy between two nodes notes sizes and times; the same probes are
searched once while their records are there and once while they are not. Two guessers learn from one half of the probes and are tried on the other.
wire.py proxy LISTEN TARGET LOG | wire.py guess RECORDS"""
import json
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


def features(record):
    """What an observer has of one search: the log's growth, bytes each way, the answer's pieces, time from the first byte to the last."""
    wire = record["wire"]
    down = [w for w in wire if w[1] == "down"]
    return [record["growth"], sum(w[2] for w in down), len(down), round((down[-1][0] - wire[0][0]) * 20) if down else 0, sum(w[2] for w in wire if w[1] == "up")]


def usual(records):
    """Without those for which a connection was made anew: the handshake's bytes would hide a leak."""
    sizes = sorted(sum(w[2] for w in r["wire"] if w[1] == "down") for r in records)
    middle = sizes[len(sizes) // 2]
    return [r for r in records if abs(sum(w[2] for w in r["wire"] if w[1] == "down") - middle) < 64]


def threshold(train, test):
    """The best single question "is feature f above t?" that the training half knows."""
    best = (-1, 0, 0, 1)
    for f in range(len(train[0][0])):
        for t in {x[f] for x, _ in train}:
            right = sum((x[f] > t) == hit for x, hit in train)
            best = max(best, (right, f, t, 1), (len(train) - right, f, t, -1))
    _, f, t, sign = best
    return sum(((x[f] > t) == hit) == (sign > 0) for x, hit in test)


def nearest(train, test):
    """The outcome of the nearest of the training half, features scaled by their spread."""
    spread = [max(1e-9, max(x[f] for x, _ in train) - min(x[f] for x, _ in train)) for f in range(len(train[0][0]))]
    return sum(min(train, key=lambda o: sum(((a - b) / s) ** 2 for a, b, s in zip(o[0], x, spread)))[1] == hit for x, hit in test)


def chance(right, n):
    """The probability of so many right guesses or more, of n, by a coin."""
    return sum(math.comb(n, k) for k in range(right, n + 1)) / 2 ** n


def judge(records):
    seen = [(features(r), r["hit"], r["probe"]) for r in records]
    probes = sorted({p for _, _, p in seen})
    learn = set(probes[::2])
    train = [(x, hit) for x, hit, p in seen if p in learn]
    test = [(x, hit) for x, hit, p in seen if p not in learn]
    return [(name, guess(train, test), len(test)) for name, guess in (("one question", threshold), ("nearest neighbour", nearest))]


def leaky(records, what):
    """Searches that look alike, with a leak put in: a guesser that does not see this sees nothing."""
    out = []
    for r in records:
        r = {**r, "growth": records[0]["growth"]}
        wire = [list(w) for w in records[0]["wire"]]
        if r["hit"] and what == "byte":
            wire[-1][2] += 1
        if r["hit"] and what == "second":
            wire[-1][0] += 1
        out.append({**r, "wire": wire, "growth": r["growth"] + (1 if r["hit"] and what == "entry" else 0)})
    return out


def main():
    if sys.argv[1] == "proxy":
        return proxy(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    records = usual([json.loads(line) for line in open(sys.argv[2])])
    bad = 0
    for name, right, n in judge(records):
        p = chance(right, n)
        print(f"{name}: {right} of {n} right, by chance with probability {p:.3f}")
        bad += p < 0.001
    for what in ("byte", "second", "entry"):
        found = any(right == n for _, right, n in judge(leaky(records, what)))
        print(f"a leak of one {what} is {'found' if found else 'NOT found'}")
        bad += not found
    return sys.exit(1 if bad else 0)


main()
