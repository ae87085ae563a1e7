// What a custodian should know before it happens, what a hold keeps and no power does, and the rules themselves: each opened or changed by two.
import { useState } from "preact/hooks";
import { act, read, unlocked } from "./api";
import { openBox } from "./box";
import { join, unbase64, utf8, type Bytes } from "./bytes";
import { say, texts as t } from "./texts";
import { Empty, Field, inDays, Loaded, Note, Numbers, Outcome, Page, short, Table, useDo, useLoad, when } from "./ui";

/* ---- warnings ---- */

type Warning = { part: string; material: string; what: string; date: string | null; clause: string };
type Warnings = { warnings: Warning[]; due: number; windows: number; "windows-soon": number; reviews: number; "reviews-overdue": number; unsplit: number; pending: number };

export function Comes() {
  const w = t.warnings, [days, setDays] = useState("90"), list = useLoad((byItself) => read<Warnings>("retention-warnings", { days }, byItself), 60000);
  return <Page title={w.title} lead={w.about}>
    <form class="row" style={{ margin: "0 0 1rem" }} onSubmit={(e) => { e.preventDefault(); list.reload(); }}><label for="within">{w.within}</label>
      <input id="within" inputMode="numeric" size={5} maxLength={5} value={days} onInput={(e) => setDays(e.currentTarget.value)} /><button type="submit">{t.year.show}</button></form>
    <Loaded of={list}>{(v) => <>
      <Numbers of={[[w.due, v.due], [w.windows, v.windows, v.windows > 0], [w.soon, v["windows-soon"]], [w.reviews, v.reviews, v["reviews-overdue"] > 0], [w.pending, v.pending], [w.unsplit, v.unsplit, v.unsplit > 0]]} />
      {v.warnings.length ? <section class="card"><Table caption={w.title} quiet head={[w.on, w.what, t.due.clause, t.due.material, t.due.part]}>
        {[...v.warnings].sort((a, b) => (a.date ?? "").localeCompare(b.date ?? "")).map((x, i) => <tr key={`${x.part} ${i}`}><td class="day">{x.date ?? ""}</td><td><span class={`tag ${x.date && x.date < inDays(0) ? "bad" : "refer"}`}>{x.what}</span></td><td>{x.clause}</td><td>{x.material}</td><td><code>{short(x.part)}</code></td></tr>)}
      </Table></section> : <Empty><p>{w.none}</p></Empty>}</>}</Loaded>
  </Page>;
}

/* ---- the hold store ---- */

type Held = { part: string; material: string; taken: string; held: boolean; "hold-review": string | null; "in-hold-store": boolean; clause: string };
type Value = { field: string; finger?: number; base64?: string } & Record<string, string | number | undefined>;

const kinds: [string, string][] = [["89504e47", "image/png"], ["ffd8ff", "image/jpeg"]];
const typeOf = (b: Bytes): string => kinds.find(([magic]) => magic === Array.from(b.slice(0, magic.length / 2), (x) => x.toString(16).padStart(2, "0")).join(""))?.[1] ?? "";

/** One custodian's word: their share of the key leaves its box here, with their own key, and nowhere else. */
async function word(part: string, reference: string): Promise<{ opened: boolean; values: Value[] } | string> {
  const { box } = await act<{ box: string }>("hold-share", { part }), key = unlocked()?.box, sealed = unbase64(box);
  if (!key) return t.holds.noX25519;
  const share = sealed && (await openBox(key, sealed));
  if (!share) return t.holds.notMine;
  try {
    return await act("hold-open", { part, case: reference }, share);
  } finally {
    share.fill(0);
  }
}

function Shown(p: { values: Value[]; close: () => void }) {
  const h = t.holds;
  return <section class="card" aria-label={h.record}><div class="head"><h2>{h.record}</h2><button class="small" onClick={p.close}>{t.agreements.close}</button></div><p>{h.recordSay}</p>
    {p.values.map((v, i) => {
      if (v.field === "biographic") return <dl class="pairs" key={i}>{Object.entries(v).filter(([k, x]) => k !== "field" && x).map(([k, x]) => <><dt>{h.fields[k] ?? k}</dt><dd>{x}</dd></>)}</dl>;
      const bytes = unbase64(v.base64 ?? ""), type = bytes && typeOf(bytes), name = `${v.field}${v.finger ? `, ${Object.values(t.desk.fingers)[v.finger] ?? ""}` : ""}`;
      if (v.field.endsWith("template")) return null;
      return <figure key={i}>{type ? <img class="print" alt={name} src={`data:${type};base64,${v.base64}`} /> : <Note>{say(h.noPreview, { name })}</Note>}<figcaption class="hint">{name}</figcaption></figure>;
    })}
  </section>;
}

function OpenHold(p: { part: Held; done: (values: Value[] | null) => void }) {
  const h = t.holds, [reference, setReference] = useState(""), work = useDo();
  const open = () => void work.run(async () => {
    if (!reference.trim()) return work.say(h.needCase);
    const out = await word(p.part.part, reference.trim());
    if (typeof out === "string") return work.say(out);
    p.done(out.opened ? out.values : null);
    return h.oneWord;
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); open(); }}><h2>{h.open} <code>{short(p.part.part)}</code></h2><p>{h.openSay}</p>
    <Field label={h.case} hint={h.caseHint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={60} value={reference} onInput={(e) => setReference(e.currentTarget.value)} />}</Field>
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy}>{h.give}</button></div>
  </form>;
}

export function Holds(p: { custodian: boolean }) {
  const h = t.holds, list = useLoad((byItself) => read<{ parts: Held[] }>("record-list", {}, byItself), 60000), [part, setPart] = useState<Held | null>(null), [values, setValues] = useState<Value[] | null>(null), work = useDo();
  const held = (v: Held[]) => v.filter((x) => x.held).sort((a, b) => (a["hold-review"] ?? "9").localeCompare(b["hold-review"] ?? "9"));
  const release = (x: Held) => void work.run(async () => { await act("record-event", { id: x.part, event: "release", date: inDays(0) }); list.reload(); return h.released; });
  return <Page title={h.title} lead={h.about}>
    <Outcome of={work} />
    {values && <Shown values={values} close={() => setValues(null)} />}
    {part && <OpenHold key={part.part} part={part} done={(v) => { setValues(v); if (v) setPart(null); }} />}
    <Loaded of={list}>{(v) => held(v.parts).length ? <>
      <Numbers of={[[h.heldNow, held(v.parts).length], [h.inStore, held(v.parts).filter((x) => x["in-hold-store"]).length], [h.overdue, held(v.parts).filter((x) => (x["hold-review"] ?? "9") < inDays(0)).length, held(v.parts).some((x) => (x["hold-review"] ?? "9") < inDays(0))]]} />
      <section class="card"><Table caption={h.title} quiet head={[h.review, t.due.part, t.due.material, t.due.taken, t.due.status, ...(p.custodian ? [t.choose] : [])]}>
        {held(v.parts).map((x) => <tr key={x.part}><td class="day">{x["hold-review"] ?? t.none}</td><td><code>{short(x.part)}</code></td><td>{x.material}</td><td class="day">{x.taken}</td><td><span class={`tag ${x["in-hold-store"] ? "refer" : "plain"}`}>{x["in-hold-store"] ? h.isIn : h.notYet}</span></td>
          {p.custodian && <td><div class="tools">{x["in-hold-store"] && <button class="small" onClick={() => { setValues(null); setPart(x); scrollTo(0, 0); }}>{h.open}<span class="gone"> {short(x.part)}</span></button>}<button class="small" disabled={work.busy} onClick={() => release(x)}>{h.release}<span class="gone"> {short(x.part)}</span></button></div></td>}</tr>)}
      </Table></section></> : <Empty><p>{h.none}</p></Empty>}</Loaded>
  </Page>;
}

/* ---- regimes ---- */

type Regime = { regime: string; title: string; jurisdiction: string; clause: string; material: string };
type Regimes = { regimes: Regime[]; sha256: string; "folder-differs": boolean; proposed: boolean; "proposed-at"?: string };
type Change = { files: { regime: string; what: string }[]; parts: number; sooner: number; later: number; due: number; alarm: boolean; examples: { part: string; material: string; was: string | null; is: string | null }[] };
type Waiting = Change & { sha256: string; texts: { regime: string; was: string; is: string }[] };

/** The set as it is signed (src/law/regime_set.h): for each file, by name, the name and the bytes with their lengths before them. */
async function setOf(files: File[]): Promise<Bytes | null> {
  const all = await Promise.all(files.map(async (f) => ({ name: utf8(f.name.replace(/\.ya?ml$/, "")), bytes: new Uint8Array(await f.arrayBuffer()) }))).catch(() => null);
  if (!all) return null;
  const order = (a: Bytes, b: Bytes) => { const i = a.findIndex((x, k) => x !== b[k]); return i < 0 ? a.length - b.length : i < b.length ? a[i]! - b[i]! : 1; };
  const number = (n: number, size: number) => Uint8Array.from({ length: size }, (_, i) => (n >>> (8 * (size - 1 - i))) & 255);
  return join(...all.sort((a, b) => order(a.name, b.name)).flatMap((f) => [number(f.name.length, 2), f.name, number(f.bytes.length, 4), f.bytes]));
}

function Moves(p: { of: Change }) {
  const r = t.regimes, c = p.of;
  return <>
    <Numbers of={[[r.parts, c.parts], [r.sooner, c.sooner], [r.later, c.later], [r.dueAtOnce, c.due, c.due > 0]]} />
    {c.alarm && <Note kind="bad">{r.alarm}</Note>}
    {c.examples.length > 0 && <Table caption={r.examples} head={[t.due.part, t.due.material, r.was, r.is]}>{c.examples.map((x) => <tr key={x.part}><td><code>{short(x.part)}</code></td><td>{x.material}</td><td class="day">{x.was ?? r.noEnd}</td><td class="day">{x.is ?? r.noEnd}</td></tr>)}</Table>}
  </>;
}

type Line = { sign: " " | "-" | "+"; text: string };

/** The lines of both texts in one: the longest common part stays (files of law are a few hundred lines). */
export function difference(was: string, is: string): Line[] {
  const a = was ? was.split("\n") : [], b = is ? is.split("\n") : [], width = b.length + 1, best = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--) best[i * width + k] = a[i] === b[k] ? best[(i + 1) * width + k + 1]! + 1 : Math.max(best[(i + 1) * width + k]!, best[i * width + k + 1]!);
  const out: Line[] = [];
  for (let i = 0, k = 0; i < a.length || k < b.length;) {
    if (i < a.length && k < b.length && a[i] === b[k]) out.push({ sign: " ", text: a[i++]! }), k++;
    else if (k === b.length || (i < a.length && best[(i + 1) * width + k]! >= best[i * width + k + 1]!)) out.push({ sign: "-", text: a[i++]! });
    else out.push({ sign: "+", text: b[k++]! });
  }
  return out;
}

function Text(p: { regime: string; was: string; is: string }) {
  const r = t.regimes, names = { " ": "", "-": r.goes, "+": r.comes };
  return <><h3>{p.regime}</h3><div class="diff mono" tabIndex={0} role="group" aria-label={say(r.differenceOf, { regime: p.regime })}>{difference(p.was, p.is).map((l, i) =>
    <div key={i} class={l.sign === "+" ? "comes" : l.sign === "-" ? "goes" : ""}><span class="gone">{names[l.sign]}</span><span aria-hidden="true">{l.sign} </span>{l.text}</div>)}</div></>;
}

function WaitingChange(p: { custodian: boolean; at: string; done: () => void }) {
  const r = t.regimes, list = useLoad((byItself) => read<Waiting>("regime-waiting", {}, byItself)), work = useDo();
  const decide = (v: Waiting, agree: "yes" | "no") => void work.run(async () => { await act("regime-approve", { agree, sha256: v.sha256 }); p.done(); return agree === "yes" ? r.inForce : r.dropped; });
  return <section class="card" aria-label={r.waits}><div class="head"><h2>{r.waits}</h2><span class="hint">{say(r.since, { time: when(p.at) })}</span></div>
    <Loaded of={list}>{(v) => <><Moves of={v} />{v.texts.map((x) => <Text key={x.regime} {...x} />)}
      <Outcome of={work} />
      {p.custodian && <div class="row"><button class="main" disabled={work.busy} onClick={() => decide(v, "yes")}>{r.approve}</button><button disabled={work.busy} onClick={() => decide(v, "no")}>{r.refuse}</button></div>}</>}</Loaded>
  </section>;
}

function ProposeRegimes(p: { done: () => void }) {
  const r = t.regimes, [files, setFiles] = useState<File[]>([]), [seen, setSeen] = useState<Change | null>(null), work = useDo();
  const send = (dry: "yes" | "no") => void work.run(async () => {
    if (!files.length) return work.say(r.needFiles);
    const set = await setOf(files);
    if (!set) return work.say(t.desk.unreadable);
    const change = await act<Change>("regime-propose", { "dry-run": dry }, set);
    setSeen(change);
    if (dry === "yes") return change.files.length ? say(r.would, { files: change.files.map((f) => `${f.regime} (${f.what})`).join(", ") }) : r.same;
    p.done();
    return r.proposed;
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); send("no"); }}><h2>{r.propose}</h2>
    <Field label={r.files} hint={r.filesHint}>{(id, by) => <input id={id} aria-describedby={by} type="file" multiple accept=".yaml,.yml" onClick={(e) => { e.currentTarget.value = ""; }} onChange={(e) => { setSeen(null); setFiles([...(e.currentTarget.files ?? [])]); }} />}</Field>
    <Outcome of={work} />
    {seen && <Moves of={seen} />}
    <div class="row"><button type="button" disabled={work.busy} onClick={() => send("yes")}>{r.look}</button><button class="main" type="submit" disabled={work.busy}>{r.sign}</button></div>
  </form>;
}

export function RegimesPage(p: { custodian: boolean }) {
  const r = t.regimes, list = useLoad((byItself) => read<Regimes>("regime-list", {}, byItself), 30000);
  return <Page title={r.title} lead={r.about}>
    <Loaded of={list}>{(v) => <>
      {v["folder-differs"] && <Note>{r.folder}</Note>}
      {v.proposed && <WaitingChange key={v["proposed-at"]} custodian={p.custodian} at={v["proposed-at"] ?? ""} done={list.reload} />}
      <section class="card"><Table caption={say(r.set, { digest: v.sha256.slice(0, 16) })} head={[r.regime, r.titleOf, r.where, t.due.clause, t.due.material]}>
        {v.regimes.map((x) => <tr key={x.regime}><td><strong>{x.regime}</strong></td><td>{x.title}</td><td>{x.jurisdiction}</td><td>{x.clause}</td><td>{x.material}</td></tr>)}
      </Table></section></>}</Loaded>
    {p.custodian && <ProposeRegimes done={list.reload} />}
  </Page>;
}
