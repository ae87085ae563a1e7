// The auditor trusts nobody: the ledger is fetched, hashed and checked here; receipts and whole bundles are dropped in.
import { useState } from "preact/hooks";
import { read } from "./api";
import { unbase64, type Bytes } from "./bytes";
import { checkLedger, checkReceipt, ENTRY, entriesPath, keyDigits, kinds, logKey, readBundle, readCard, readCheckpoint, readEntry, readProof, readVkey, type Entry, type Verifier } from "./tlog";
import { say, texts as t } from "./texts";
import { Bars, Lines } from "./charts";
import { Field, Note, Numbers, Outcome, short, Table, useDo } from "./ui";

const MAX = 65536, PAGE = 100;

async function resource(path: string): Promise<Bytes> {
  return unbase64((await read<{ base64: string }>("ledger-get", { path })).base64) ?? new Uint8Array(0);
}

async function keyFrom(text: string): Promise<Verifier | null> {
  const card = await readCard(text.endsWith("\n") ? text : `${text}\n`);
  return card === "signature" ? null : card ?? readVkey(text.trim());
}

async function fetchYear(prefix: string, size: number, progress: (n: number) => void): Promise<Bytes[]> {
  const all: Bytes[] = [];
  for (let n = 0; all.length < size; n++) {
    const width = Math.min(256, size - all.length), got = readBundle(await resource(prefix + entriesPath(n, width))) ?? [];
    all.push(...got);
    if (got.length !== width) break; // the root will not be theirs
    progress(all.length);
  }
  return all;
}

/** The year before: a log whose first entry follows another has one, some years back where a node stood still. */
async function before(year: number): Promise<{ year: number; size: number } | null> {
  for (let y = year - 1; y > year - 10; y--) {
    const c = await resource(`${y}/checkpoint`).then((b) => readCheckpoint(new TextDecoder().decode(b))).catch(() => null);
    if (c) return { year: y, size: c.size };
  }
  return null;
}

/** All years, oldest first. */
async function fetchEntries(c: { origin: string; size: number }, progress: (n: number) => void): Promise<Bytes[]> {
  let all: Bytes[] = [], at: { year: number; size: number } | null = { year: Number(/\/(\d{4})$/.exec(c.origin)?.[1] ?? 0), size: c.size };
  while (at && all.length < MAX) {
    const had = all.length, part = await fetchYear(at.year ? `${at.year}/` : "", at.size, (n) => progress(had + n));
    all = part.concat(all);
    const first = part[0] ? readEntry(part[0]) : null;
    at = at.year && first && first.follows !== null ? await before(at.year) : null;
  }
  return all;
}

/** Entries by kind; the same numbers stand beside the bars. */
function Kinds(p: { entries: Entry[] }) {
  const count = new Map<number, number>();
  for (const e of p.entries) count.set(e.kind, (count.get(e.kind) ?? 0) + 1);
  return <Lines label={t.ledger.kinds} rows={[...count].sort((a, b) => b[1] - a[1]).map(([k, n]) => [kinds[k]!, n])} />;
}

const MONTHS = Array.from({ length: 12 }, (_, m) => String(m + 1).padStart(2, "0"));
const of = (list: Entry[], kind: number): number => list.filter((e) => e.kind === kind).length;

/** From asked to received, for entries of this ledger. */
function waits(entries: Entry[]): number[] {
  return entries.filter((e) => e.kind === 36 && e.follows !== null && entries[e.follows]?.kind === 32).map((e) => e.time.getTime() - entries[e.follows!]!.time.getTime()).sort((a, b) => a - b);
}

/** The year's report (docs/protocol/audit.md), from entries that were checked here: whoever has the ledger can work out the same. */
function Report(p: { entries: Entry[] }) {
  const years = [...new Set(p.entries.map((e) => e.time.getUTCFullYear()))].sort((a, b) => b - a), [year, setYear] = useState(years[0] ?? 0), l = t.ledger;
  const mine = p.entries.filter((e) => e.time.getUTCFullYear() === year), month = (m: number) => mine.filter((e) => e.time.getUTCMonth() === m);
  const answers = MONTHS.map((name, m) => ({ name, parts: [of(month(m), 33), of(month(m), 34), of(month(m), 35)] })), asked = MONTHS.map((name, m) => ({ name, parts: [of(month(m), 32)] }));
  const clauses = new Map<string, number>(), wait = waits(p.entries);
  for (const e of mine) if (e.kind === 35) clauses.set(e.clause, (clauses.get(e.clause) ?? 0) + 1);
  const any = (rows: { parts: number[] }[]) => rows.some((r) => r.parts.some((n) => n > 0));
  return <section class="card">
    <div class="head"><h2>{l.report}</h2><label class="choice">{l.year}&nbsp;<select value={year} onChange={(e) => setYear(Number(e.currentTarget.value))}>{years.map((y) => <option key={y}>{y}</option>)}</select></label></div>
    <Numbers of={[[l.totals.enrolled!, of(mine, 16)], [l.totals.destroyed!, of(mine, 20)], [l.totals.disclosed!, of(mine, 38)], [l.totals.recalled!, of(mine, 40)], [l.totals.exported!, of(mine, 22)], [l.totals.alarm!, of(mine, 48), of(mine, 48) > 0]]} />
    {!any(answers) && !any(asked) && <p class="hint">{l.noneThen}</p>}
    <div class="split">
      {any(answers) && <div><h3>{l.months}</h3><Bars label={l.months} names={l.answers} rows={answers} /></div>}
      {any(asked) && <div><h3>{l.monthsAsked}</h3><Bars label={l.monthsAsked} names={l.asked} rows={asked} />{wait.length > 0 && <p class="hint">{say(l.wait, { median: wait[wait.length >> 1]!, p95: wait[Math.ceil(wait.length * 0.95) - 1]! })}</p>}</div>}
      {clauses.size > 0 && <div><h3>{l.clauses}</h3><Lines label={l.clauses} rows={[...clauses].sort((a, b) => b[1] - a[1]).slice(0, 12)} /></div>}
      <div><h3>{l.kinds}</h3><Kinds entries={p.entries} /></div>
    </div>
  </section>;
}

function Entries(p: { entries: Entry[] }) {
  const [kind, setKind] = useState(0), [page, setPage] = useState(0);
  const wanted = p.entries.map((e, index) => ({ e, index })).filter(({ e }) => !kind || e.kind === kind).reverse();
  const shown = wanted.slice(page * PAGE, page * PAGE + PAGE), present = [...new Set(p.entries.map((e) => e.kind))].sort((a, b) => a - b);
  const l = t.ledger;
  return <section class="card">
    <Field label={l.filter}>{(id) => <select id={id} value={kind} onChange={(e) => { setKind(Number(e.currentTarget.value)); setPage(0); }}>
      <option value={0}>{l.all}</option>{present.map((k) => <option key={k} value={k}>{kinds[k]}</option>)}</select>}</Field>
    <div class="row"><button class="small" disabled={!page} onClick={() => setPage(page - 1)}>{l.newer}</button><button class="small" disabled={(page + 1) * PAGE >= wanted.length} onClick={() => setPage(page + 1)}>{l.older}</button></div>
    <Table caption={say(l.page, { from: wanted.length ? page * PAGE + 1 : 0, to: page * PAGE + shown.length, all: wanted.length })} head={[l.index, l.time, l.kind, l.case, l.flow, l.purpose, l.clause, l.destroyBy, l.follows]} numbers={[l.index, l.follows]}>
      {shown.map(({ e, index }) => <tr key={index}><td class="num">{index}</td><td class="day">{e.time.toISOString().slice(0, 19).replace("T", " ")}</td><td>{kinds[e.kind]}</td><td><code>{short(e.caseNumber)}</code></td>
        <td>{e.flow}</td><td>{e.purpose}</td><td>{e.clause}</td><td class="day">{e.destroyBy}</td><td class="num">{e.follows ?? ""}</td></tr>)}
    </Table>
  </section>;
}

export function Ledger() {
  const [key, setKey] = useState(""), [entries, setEntries] = useState<Entry[] | null>(null), [progress, setProgress] = useState(""), work = useDo();
  const own = () => work.run(async () => setKey((await read<{ card: string }>("card")).card));
  const go = () => work.run(async () => {
    setEntries(null);
    const by = await keyFrom(key), l = t.ledger;
    if (!by) return work.say(l.noKey);
    const c = readCheckpoint(new TextDecoder().decode(await resource("checkpoint")));
    if (!c) return work.say(l.badSignature);
    if (c.size > MAX) return work.say(say(l.tooMany, { max: MAX }));
    const raw = await fetchEntries(c, (done) => setProgress(say(l.working, { done, all: Math.max(done, c.size) })));
    setProgress("");
    const v = await checkLedger(c, raw, by);
    if (!v.good) return work.say(v.why === "signature" ? l.badSignature : v.why === "root" ? l.badRoot : say(l.badEntry, { index: v.index }));
    setEntries(v.entries);
    return say(l.good, { count: v.entries.length, name: by.name });
  });
  return <>
    <h1>{t.ledger.title}</h1>
    <p class="lead">{t.ledger.about}</p>
    <section class="card">
      <Field label={t.ledger.key} hint={t.ledger.keyHint}>{(id, by) => <textarea id={id} aria-describedby={by} class="mono" rows={4} spellcheck={false} value={key} onInput={(e) => setKey(e.currentTarget.value)} />}</Field>
      <div class="row"><button class="main" disabled={work.busy} onClick={() => void go()}>{t.ledger.check}</button><button onClick={() => void own()}>{t.ledger.useOwn}</button></div>
      <p role="status">{progress}</p><Outcome of={work} />
    </section>
    {entries && <><Report entries={entries} /><Entries entries={entries} /></>}
  </>;
}

/* ---- what is dropped in ---- */

type Dropped = { path: string; file: File };
type Party = { name: string; entries: Entry[] };
type Line = { path: string; good: boolean; text: string };
type Findings = { lines: Line[]; parties: Party[]; keys: { name: string; digits: string }[] };

/** Files of a drop, those of folders with their paths. */
async function dropped(items: DataTransferItemList): Promise<Dropped[]> {
  const all: Dropped[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (all.length > 2000) return;
    if (entry.isFile) {
      all.push({ path: entry.fullPath.slice(1), file: await new Promise<File>((yes, no) => (entry as FileSystemFileEntry).file(yes, no)) });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((yes, no) => reader.readEntries(yes, no));
      if (!some.length) return;
      for (const e of some) await walk(e);
    }
  };
  for (const entry of [...items].map((i) => i.webkitGetAsEntry())) if (entry) await walk(entry);
  return all;
}

const FILE_MAX = 64 << 20, TEXT_MAX = 1 << 16;
const textOf = async (d: Dropped): Promise<string> => (d.file.size <= TEXT_MAX ? d.file.text().catch(() => "") : "");

/** A folder with card, ledger/entries and ledger/checkpoint (docs/protocol/audit.md). */
async function bundle(folder: string, files: Map<string, Dropped>): Promise<Party | string> {
  const [card, raw, note] = ["card", "ledger/entries", "ledger/checkpoint"].map((n) => files.get(folder + n)), p = t.proofs;
  if (!card || !raw || !note || raw.file.size > FILE_MAX) return p.noCard;
  const by = await readCard(await textOf(card)), c = readCheckpoint(await textOf(note));
  if (by === "signature" || !by) return p.cardBad;
  if (!c) return p.badSignature;
  const bytes = await raw.file.bytes();
  const entries = Array.from({ length: Math.floor(bytes.length / ENTRY) }, (_, i) => bytes.slice(i * ENTRY, (i + 1) * ENTRY));
  const v = await checkLedger(c, entries, by);
  if (v.good) return { name: by.name, entries: v.entries };
  return v.why === "signature" ? p.badSignature : v.why === "root" ? p.badRoot : say(t.ledger.badEntry, { index: v.index });
}

async function receipt(text: string, keys: Verifier[]): Promise<Omit<Line, "path">> {
  const proof = readProof(text), p = t.proofs;
  if (!proof) return { good: false, text: p.unknown };
  const logs = await Promise.all(keys.map((k) => logKey(k, proof.checkpoint.origin))), by = keys.find((_, i) => logs[i]);
  if (!by) return { good: false, text: say(p.keyless, { name: proof.checkpoint.origin }) };
  const v = await checkReceipt(proof, by);
  if (!v.good) return { good: false, text: say(p[v.why], { name: by.name, index: proof.index }) };
  const more = proof.checkpoint.signatures.length - 1, what = { index: proof.index, name: by.name, kind: kinds[v.entry.kind]!, time: v.entry.time.toISOString() };
  return { good: true, text: say(p.entry, what) + (more > 0 ? `; ${say(p.cosigned, { count: more })}` : "") };
}

async function judge(files: Dropped[]): Promise<Findings> {
  const byPath = new Map(files.map((d) => [d.path, d])), parties: Party[] = [], lines: Line[] = [], keys: Verifier[] = [], taken = new Set<string>();
  for (const d of files.filter((f) => /(^|\/)ledger\/entries$/.test(f.path))) {
    const folder = d.path.slice(0, -"ledger/entries".length), got = await bundle(folder, byPath), good = typeof got !== "string";
    files.filter((f) => f.path.startsWith(folder) && !/\.tlog-proof$/.test(f.path) && f.path !== `${folder}card`).forEach((f) => taken.add(f.path));
    if (good) parties.push(got);
    lines.push({ path: folder, good, text: good ? say(t.proofs.bundle, { name: got.name, count: got.entries.length }) : say(t.proofs.bundleBad, { name: folder, why: got }) });
  }
  const rest: [Dropped, string][] = [];
  for (const d of files.filter((f) => !taken.has(f.path))) {
    const text = await textOf(d), card = await readCard(text), key = card && card !== "signature" ? card : await readVkey(text);
    if (key) keys.push(key);
    else if (card === "signature") lines.push({ path: d.path, good: false, text: t.proofs.cardBad });
    else rest.push([d, text]);
  }
  for (const [d, text] of rest) lines.push({ path: d.path, ...(await receipt(text, keys)) });
  return { lines, parties, keys: await Promise.all(keys.map(async (k) => ({ name: k.name, digits: await keyDigits(k.key) }))) };
}

const subject = (e: Entry): string => `${e.agreement} ${e.version} ${e.flow} ${e.purpose}`;

/** One search has one case number in both ledgers: what each says of it. */
export function compare(parties: Party[]): { agree: number; differ: string[]; notAnswered: string[]; notAsked: string[] } {
  const result = { agree: 0, differ: [] as string[], notAnswered: [] as string[], notAsked: [] as string[] };
  const by = parties.map((p) => {
    const cases = new Map<string, Entry[]>();
    for (const e of p.entries) if (/[1-9a-f]/.test(e.caseNumber)) cases.set(e.caseNumber, [...(cases.get(e.caseNumber) ?? []), e]);
    return cases;
  });
  by.forEach((mine, i) => {
    const elsewhere = (id: string) => by.flatMap((other, k) => (k === i ? [] : other.get(id) ?? []));
    for (const [id, all] of mine) {
      const asked = all.find((e) => e.kind === 32), answer = all.find((e) => e.kind === 33 || e.kind === 34), others = elsewhere(id);
      const outcome = others.find((e) => e.kind >= 33 && e.kind <= 35);
      if (asked && outcome) subject(asked) === subject(outcome) || outcome.kind === 35 ? result.agree++ : result.differ.push(id);
      else if (asked && all.some((e) => e.kind === 36 && e.clause)) result.notAnswered.push(id);
      if (answer && !others.some((e) => e.kind === 32)) result.notAsked.push(id);
    }
  });
  return result;
}

function Compared(p: { parties: Party[] }) {
  const c = compare(p.parties), row = (text: string, ids: string[]) => <tr><td>{text}</td><td class="num">{ids.length}</td><td>{ids.slice(0, 8).map((id) => <><code>{short(id)}</code>{" "}</>)}</td></tr>;
  return <section class="card"><h2>{t.proofs.compare}</h2>
    <Table caption={p.parties.map((x) => x.name).join(", ")} head={[t.proofs.result, "#", t.ledger.case]}>
      <tr><td>{t.proofs.searches}</td><td class="num">{c.agree}</td><td></td></tr>
      {row(t.proofs.differ, c.differ)}{row(t.proofs.notAnswered, c.notAnswered)}{row(t.proofs.notAsked, c.notAsked)}
    </Table></section>;
}

export function Proofs() {
  const [files, setFiles] = useState<Dropped[]>([]), [found, setFound] = useState<Findings | null>(null), [over, setOver] = useState(false), work = useDo();
  const add = (more: Promise<Dropped[]>) => void work.run(async () => {
    const all = [...new Map([...files, ...(await more)].map((d) => [d.path, d])).values()];
    setFiles(all);
    setFound(await judge(all));
  });
  const chosen = (list: FileList | null) => add(Promise.resolve([...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }))));
  const p = t.proofs;
  return <>
    <h1>{p.title}</h1>
    <p class="lead">{p.about}</p>
    <section class={`drop ${over ? "over" : ""}`} aria-label={p.drop} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
      onDrop={(e) => { e.preventDefault(); setOver(false); if (e.dataTransfer) add(dropped(e.dataTransfer.items)); }}>
      <p>{p.drop}</p>
      <div class="split">
        <Field label={p.files}>{(id) => <input id={id} type="file" multiple onChange={(e) => chosen(e.currentTarget.files)} />}</Field>
        <Field label={p.folder}>{(id) => <input id={id} type="file" {...{ webkitdirectory: true }} multiple onChange={(e) => chosen(e.currentTarget.files)} />}</Field>
      </div>
    </section>
    <Outcome of={work} />
    {found && <>
      {found.keys.length > 0 && <Note>{found.keys.map((k) => <p key={k.digits}>{say(p.card, k)}</p>)}</Note>}
      {found.lines.length > 0 && <section class="card"><Table caption={p.title} head={[p.file, p.result, t.secondary.detail]}>{found.lines.map((l) => <tr key={l.path}><td>{l.path}</td>
        <td><span class={`tag ${l.good ? "go" : "bad"}`}>{l.good ? `✓ ${p.good}` : `✗ ${p.bad}`}</span></td><td>{l.text}</td></tr>)}</Table></section>}
      {found.parties.length > 1 && <Compared parties={found.parties} />}
      <div class="row"><button onClick={() => { setFiles([]); setFound(null); }}>{p.clear}</button></div>
    </>}
  </>;
}
