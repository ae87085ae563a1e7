#!/usr/bin/env python3
"""What a score means, from scores of prints whose fingers are known: the constants of src/finger/meaning.c, and how sure they are.

    entente evaluate finger DIR… --scores full.csv
    entente evaluate finger DIR… --compact --scores compact.csv
    tools/finger_meaning.py full.csv compact.csv [--samples N]

log10 of the likelihood ratio is OFFSET + SLOPE (score - MIDDLE), by logistic regression at even odds, in which each matcher, each set and each
kind of comparison counts alike. Fitted on all; and without one set, to be judged on it: cost in bits (Brummer and du Preez 2006; 1 knows
nothing), as built, as fitted on all, and as fitted on the others. Then the interval of bootstrap samples of fingers, the bound (the number of pairs of
different fingers; and the empirical one of Vergeer et al., "Numerical likelihood ratios outputted by LR systems are often based on extrapolation: when to
stop extrapolating?", 2016, on that number), and the share of impostor comparisons that reach a score.
"""
import csv, math, os, random, re, sys
from collections import defaultdict

MEANING = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'finger', 'meaning.c')
LN10 = math.log(10)
STEP = 0.25  # of scores that are counted together


def as_built():
    """OFFSET, SLOPE, MIDDLE, BOUND, RARE and the table of shares as the engine has them."""
    text = open(MEANING).read()
    numbers = {name: float(re.search(rf'#define {name} (\S+)', text).group(1)) for name in ('OFFSET', 'SLOPE', 'MIDDLE', 'BOUND', 'RARE')}
    table = re.search(r'share_logarithm\[\] = \{(.*?)\}', text, re.S).group(1)
    return numbers, [float(v) for v in table.replace('\n', ' ').split(',') if v.strip()]


def read(paths):
    """{(matcher, set, genuine): {(finger, finger): {score: comparisons}}}"""
    cells = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for matcher, path in enumerate(paths):
        for row in csv.DictReader(open(path)):
            a, b = (row[k].rsplit('.', 1)[0].rsplit('_', 1)[0] for k in 'ab')
            cells[matcher, row['set'], row['kind'] == 'genuine'][a, b][round(float(row['score']) / STEP)] += 1
    return cells


def histograms(cells, times=None):
    """{(set, genuine): {score: weight}}, the matchers together; times: how often each finger of a set was drawn."""
    of = defaultdict(lambda: defaultdict(float))
    for (matcher, name, genuine), pairs in cells.items():
        sums, total = defaultdict(float), 0
        for (a, b), scores in pairs.items():
            w = 1 if times is None else times[name].get(a, 0) if genuine else times[name].get(a, 0) * times[name].get(b, 0)
            if w:
                for s, n in scores.items():
                    sums[s] += w * n
                    total += w * n
        for s, n in sums.items():
            of[name, genuine][s] += n / total / 2
    return of


def fit(of, middle, without=None):
    offset, slope = 0.0, 0.1
    data = [((s * STEP - middle), w, genuine) for (name, genuine), scores in of.items() if name != without for s, w in scores.items()]
    for _ in range(12):
        g0 = g1 = h00 = h01 = h11 = 0.0
        for x, w, genuine in data:
            p = 1 / (1 + math.exp(-LN10 * (offset + slope * x)))
            r, v = w * (genuine - p), w * p * (1 - p)
            g0, g1, h00, h01, h11 = g0 + r, g1 + r * x, h00 + v, h01 + v * x, h11 + v * x * x
        det = h00 * h11 - h01 * h01
        offset += (g0 * h11 - g1 * h01) / det / LN10
        slope += (g1 * h00 - g0 * h01) / det / LN10
    return offset, slope


def cost(of, name, line, middle, bound):
    total = 0.0
    for genuine in (True, False):
        for s, w in of[name, genuine].items():
            ratio = max(-bound, min(bound, line[0] + line[1] * (s * STEP - middle)))
            total += w * math.log2(1 + math.exp(-LN10 * ratio if genuine else LN10 * ratio)) / 2
    return total


def empirical_bound(of, line, middle, pairs):
    """The largest ratio at which one more misleading comparison would still leave the system better than none."""
    names = {name for name, _ in of}
    def reached(genuine, ratio):
        least = (ratio - line[0]) / line[1] + middle
        return sum(w for name in names for s, w in of[name, genuine].items() if s * STEP >= least) / len(names)
    best = 0.0
    for tenth in range(0, 80):
        ratio = tenth / 10
        odds = 10 ** ratio
        if 1 - reached(True, ratio) + odds * (reached(False, ratio) * pairs + 1) / (pairs + 1) >= 1:
            break
        best = ratio
    return best


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    count = int(sys.argv[sys.argv.index('--samples') + 1]) if '--samples' in sys.argv else 200
    paths = [a for a in sys.argv[1:3]]
    built, _ = as_built()
    middle, bound = built['MIDDLE'], built['BOUND']
    cells = read(paths)
    of = histograms(cells)
    names = sorted({name for name, _ in of})
    line = fit(of, middle)
    pairs = len({(name, p) for (_, name, genuine), by in cells.items() if not genuine for p in by})
    impostors = [sum(n for (m, _, g), by in cells.items() if m == matcher and not g for scores in by.values() for n in scores.values()) for matcher in range(2)]
    genuine = sum(n for (m, _, g), by in cells.items() if m == 0 and g for scores in by.values() for n in scores.values())
    print(f'{genuine} genuine comparisons, {impostors[0]} and {impostors[1]} impostor ones, {pairs} pairs of different fingers')
    print(f"as built {built['OFFSET']:+.3f} {built['SLOPE']:.4f}; fitted on all {line[0]:+.3f} {line[1]:.4f}")
    print('set: fitted without it; cost in bits as built, fitted on all, fitted on the others')
    for name in names:
        other = fit(of, middle, name)
        print(f"  {name}: {other[0]:+.3f} {other[1]:.4f}; " + ', '.join(f'{cost(of, name, l, middle, bound):.4f}' for l in ((built['OFFSET'], built['SLOPE']), line, other)))
    fingers = {name: sorted({f for (_, n, _), by in cells.items() if n == name for p in by for f in p}) for name in names}
    random.seed(1)
    lines = []
    for _ in range(count):
        times = {name: defaultdict(int) for name in names}
        for name in names:
            for f in random.choices(fingers[name], k=len(fingers[name])):
                times[name][f] += 1
        lines.append(fit(histograms(cells, times), middle))
    print(f'log10 of the ratio with the 95 % interval of {count} samples of fingers')
    for score in range(0, 90, 10):
        drawn = sorted(a + b * (score - middle) for a, b in lines)
        print(f'  {score}: {line[0] + line[1] * (score - middle):+.2f} ({drawn[count // 40]:+.2f} to {drawn[-1 - count // 40]:+.2f})')
    print(f'bound: log10 of the pairs of different fingers {math.log10(pairs):.2f}; empirical {empirical_bound(of, line, middle, pairs):.1f}')
    print('share of impostor comparisons that score at least that, of the matcher that has more of them: comparisons, ln of the share')
    for score in range(0, 70, 5):
        most = max((sum(n for (m, _, g), by in cells.items() if m == matcher and not g for scores in by.values() for s, n in scores.items() if s * STEP >= score) / impostors[matcher], matcher) for matcher in range(2))
        if most[0]:
            print(f'  {score}: {most[0] * impostors[most[1]]:.0f}, {math.log(most[0]):.3f}')
    print(f'ten comparisons are a share of {10 / min(impostors):.2g}')


if __name__ == '__main__':
    main()
