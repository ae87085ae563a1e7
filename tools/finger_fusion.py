#!/usr/bin/env python3
"""What several fingers of one person add to each other, from scores of a set whose file names say persons and fingers.

    entente evaluate finger DIR --scores scores.csv          (names PERSONFINGER_IMPRESSION: the last digit is the finger)
    tools/finger_fusion.py scores.csv [--fingers-a-person N] [--chimeric N]

Prints, for genuine and impostor comparisons of persons, how the scores of two of their fingers are correlated; and for 2, 3, ... fingers
together the factor by which the sum of their log10 ratios has to be multiplied (logistic regression through the origin, each kind of
comparison counting alike), fitted on all persons, and on each half of them to be judged on the other. Known positions: finger with the
same finger. Unknown: the best pairs of all, no print twice, less the logarithm of the number of ways to choose them, as
ent_evidence_fingers does. --chimeric N makes persons of N neighbouring fingers of a set that has no persons: then the fingers are
of different people, so nothing but their sensor can correlate them.
"""
import csv, itertools, math, sys

from finger_meaning import as_built

BUILT, SHARES = as_built()
OFFSET, SLOPE, MIDDLE, BOUND, RARE = (BUILT[name] for name in ('OFFSET', 'SLOPE', 'MIDDLE', 'BOUND', 'RARE'))


def false_match(score):
    k = int(max(0, score) / 5)
    if k >= len(SHARES) - 1:
        return RARE
    return max(RARE, math.exp(SHARES[k] + (score / 5 - k) * (SHARES[k + 1] - SHARES[k])))


def together(scores):
    """Fisher's combination of the fingers' shares of impostors, to the power that ent_finger_llr_several takes."""
    x = math.prod(false_match(s) for s in scores)
    return (x * sum((-math.log(x)) ** k / math.factorial(k) for k in range(len(scores)))) ** 0.8


def ratio(score):
    return max(-BOUND, min(BOUND, OFFSET + SLOPE * (score - MIDDLE)))


def correlation(pairs):
    n = len(pairs)
    if n < 3:
        return float('nan')
    mx, my = (sum(p[k] for p in pairs) / n for k in (0, 1))
    sxy = sum((x - mx) * (y - my) for x, y in pairs)
    sxx, syy = sum((x - mx) ** 2 for x, _ in pairs), sum((y - my) ** 2 for _, y in pairs)
    return sxy / math.sqrt(sxx * syy) if sxx and syy else float('nan')


def fit(samples):
    """samples: (sum of log10 ratios, genuine). The factor with the least cost."""
    n = {True: sum(g for _, g in samples), False: sum(not g for _, g in samples)}
    if not n[True] or not n[False]:
        return float('nan')
    def cost_of(factor):
        return cost(samples, factor, n)
    low, high = 0.0, 6.0
    for _ in range(40):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if cost_of(a) < cost_of(b):
            high = b
        else:
            low = a
    return (low + high) / 2


def cost(samples, factor, n=None):
    n = n or {True: sum(g for _, g in samples), False: sum(not g for _, g in samples)}
    total = 0
    for s, g in samples:
        x = factor * s * math.log(10)
        total += math.log2(1 + math.exp(min(700, -x if g else x))) / n[g]
    return total / 2


def read(path, chimeric):
    fingers, table = [], {}
    for row in csv.DictReader(open(path)):
        ends = []
        for name in (row['a'], row['b']):
            finger, impression = name.rsplit('.', 1)[0].rsplit('_', 1)
            ends.append((row['set'] + finger, impression))
            fingers.append(row['set'] + finger)
        table[tuple(ends)] = table[tuple(reversed(ends))] = float(row['score'])
    order = {f: i for i, f in enumerate(sorted(set(fingers)))}
    def place(f):
        return (order[f] // chimeric, order[f] % chimeric) if chimeric else (f[:-1], f[-1])
    people = {}
    for (a, i), (b, j) in table:
        people.setdefault(place(a)[0], {}).setdefault(place(a)[1], a)
    return table, people


def unknown(table, a, b, i, j, count):
    """Greedy, and only what speaks for one person; the best pair at least."""
    cells = sorted(((table[(x, i), (y, j)], x, y) for x in a for y in b if ((x, i), (y, j)) in table), reverse=True)
    used, total, taken, ways = set(), 0, 0, 1.0
    for score, x, y in cells:
        if taken == count or ('a', x) in used or ('b', y) in used or (taken and ratio(score) <= 0):
            continue
        used |= {('a', x), ('b', y)}
        total += ratio(score)
        ways *= (len(a) - taken) * (len(b) - taken) / (taken + 1)
        taken += 1
    return total - math.log10(ways) if cells else None


def comparisons(table, people, impressions):
    """(genuine, {finger: score}, fingers of both, impressions) of every two samples of persons."""
    for p, q in itertools.combinations_with_replacement(sorted(people), 2):
        shared = sorted(set(people[p]) & set(people[q]))
        for i in impressions:
            for j in impressions:
                if p == q and i >= j:
                    continue
                scores = {f: table[(people[p][f], i), (people[q][f], j)] for f in shared if ((people[p][f], i), (people[q][f], j)) in table}
                if len(scores) > 1:
                    yield p, q, p == q, scores, (i, j)


def main():
    chimeric = int(sys.argv[sys.argv.index('--chimeric') + 1]) if '--chimeric' in sys.argv else 0
    if len(sys.argv) < 2 or sys.argv[1].startswith('--'):
        sys.exit(__doc__)
    table, people = read(sys.argv[1], chimeric)
    impressions = sorted({i for pair in table for _, i in pair})
    half = {p: k % 2 for k, p in enumerate(sorted(people))}
    two = {True: [], False: []}
    known, loose, shares = {}, {}, {}
    for p, q, genuine, scores, (i, j) in comparisons(table, people, impressions):
        for f, g in itertools.combinations(sorted(scores), 2):
            two[genuine].append((scores[f], scores[g]))
        for n in range(2, len(scores) + 1):
            for chosen in itertools.islice(itertools.combinations(sorted(scores), n), 6):
                sample = (sum(ratio(scores[f]) for f in chosen), genuine)
                known.setdefault(n, []).append((sample, half[p], half[q]))
                if not genuine:
                    shares.setdefault(n, []).append(together([scores[f] for f in chosen]))
                x = unknown(table, [people[p][f] for f in chosen], [people[q][f] for f in chosen], i, j, n)
                if x is not None:
                    loose.setdefault(n, []).append(((x, genuine), half[p], half[q]))
    print(f'{len(people)} persons, {len(people) * (len(people) - 1) // 2} pairs of different ones')
    for genuine in (True, False):
        print(f"correlation of two fingers' scores, {'same person' if genuine else 'different persons'}: {correlation(two[genuine]):+.3f} ({len(two[genuine])} pairs of scores)")
    for n, of in sorted(shares.items()):
        print(f'{n} fingers of different persons: ' + ', '.join(f'{sum(v <= x for v in of) / len(of):.5f} of them are claimed to be rarer than {x:g}' for x in (1e-2, 1e-3, 1e-4)) + f' ({len(of)})')
    for title, data in (('known positions', known), ('unknown positions', loose)):
        for n in sorted(data):
            everything = [s for s, _, _ in data[n]]
            halves = [[s for s, a, b in data[n] if a == b == h] for h in (0, 1)]
            factors = [fit(h) for h in halves]
            crossed = (cost(halves[1], factors[0]) + cost(halves[0], factors[1])) / 2 if all(f == f for f in factors) else float('nan')
            errors = sum(s <= 0 for s, g in everything if g), sum(s > 0 for s, g in everything if not g)
            print(f'{title}, {n} fingers: factor {fit(everything):.2f} (halves {factors[0]:.2f}, {factors[1]:.2f}); cost as claimed {cost(everything, 0.9):.5f}, of the other half {crossed:.5f}; '
                  f'{sum(g for _, g in everything)} genuine with {errors[0]} below 0, {sum(not g for _, g in everything)} impostor with {errors[1]} above 0')


if __name__ == '__main__':
    main()
