// The examiner, by ACE-V: the probe alone, marked and locked by signature; then the candidate beside it; a conclusion with reasons,
// signed. No score, rank, name, category, machine's minutiae or other opinion ever reaches this page.
import { useEffect, useState } from "preact/hooks";
import { act, read, signText } from "./api";
import { hex, sha256, utf8 } from "./bytes";
import { say, texts as t } from "./texts";
import { Empty, Field, Loaded, Note, Outcome, Page, short, Table, useDo, useLoad, when } from "./ui";
import { length, nothingDrawn, start, Viewer, type Drawn, type Tool, type View } from "./viewer";

type Case = { case: string; state: string; step: string; until: string; suitable: boolean | null; face: boolean; own: string; version: number };
type Picture = { of: "probe" | "candidate"; modality: "fingerprint" | "face"; finger: number; png: string };
type Opened = { case: Case; pictures: Picture[] };
/** `form`: of a face, each feature: seen in the probe, then compared. */
type Draft = { drawn: Record<number, Drawn>; notes: string; suitable: "" | "yes" | "no"; form: Record<string, { seen: string; found: string }>; reasons: string; finding: string };

const fresh = (): Draft => ({ drawn: {}, notes: "", suitable: "", form: {}, reasons: "", finding: "" });
const drafts = new Map<string, Draft>(); // of this tab: survives going back and a session that ends; gone with the tab

/** What is signed (src/flow/examination/examine.c). */
async function signature(what: "analysis" | "conclusion", id: string, word: string, version: number, text: string): Promise<string> {
  return signText(`entente ${what} v1\n${id}\n${word}\n${version}\n${hex(await sha256(utf8(text)))}\n`);
}

function marksText(d: Draft, pictures: Picture[]): string {
  return JSON.stringify({
    "entente-marks": 1, notes: d.notes,
    pictures: pictures.map((p, i) => ({ finger: p.finger, ...(d.drawn[i] ?? nothingDrawn) })),
  }, null, 1);
}

function Lines(p: { drawn: Drawn; mark: (d: Drawn) => void }) {
  const set = (i: number, ridges: number) => p.mark({ ...p.drawn, lines: p.drawn.lines.map((l, k) => (k === i ? { ...l, ridges } : l)) });
  return <>{p.drawn.lines.map((l, i) => <Field key={i} label={`${i + 1}: ${say(t.exam.length, length(l))}`}>{(id) =>
    <div class="row"><input id={id} type="number" min={0} max={99} value={l.ridges} aria-label={`${i + 1}: ${t.exam.ridges}`} onInput={(e) => set(i, Number(e.currentTarget.value))} />
      <span>{t.exam.ridges}</span></div>}</Field>)}</>;
}

/* ---- faces: feature by feature (docs/law/examination.md); the node takes neither step without the whole form ---- */

const features = Object.keys(t.exam.features);

function Form(p: { draft: Draft; step: "seen" | "found"; change: (part: Partial<Draft>) => void }) {
  const words = p.step === "seen" ? t.exam.seen : t.exam.found, set = (k: string, v: string) => p.change({ form: { ...p.draft.form, [k]: { seen: "", found: "", ...p.draft.form[k], [p.step]: v } } });
  return <div class="form-grid"><Table caption={t.exam.form} head={[t.exam.feature, p.step === "seen" ? t.exam.inProbe : t.exam.compared]}>
    {features.map((k) => <tr key={k}><td>{t.exam.features[k]}{p.step === "found" && p.draft.form[k]?.seen && <span class="hint"> {t.exam.seen[p.draft.form[k]!.seen]}</span>}</td>
      <td><select aria-label={t.exam.features[k]} value={p.draft.form[k]?.[p.step] ?? ""} onChange={(e) => set(k, e.currentTarget.value)}><option value=""></option>{Object.entries(words).map(([w, text]) => <option key={w} value={w}>{text}</option>)}</select></td></tr>)}
  </Table></div>;
}

const filled = (d: Draft, step: "seen" | "found"): boolean => features.every((k) => d.form[k]?.[step]);
/** What is signed begins with it. */
const formText = (d: Draft, step: "seen" | "found"): string => `${["morphological-form/v1", ...features.map((k) => `${k}: ${d.form[k]?.[step] ?? ""}`)].join("\n")}\n\n`;

const tools: Tool[] = ["move", "ending", "fork", "dot", "measure"];

function Tools(p: { tool: Tool; set: (tool: Tool) => void }) {
  return <div class="tools" role="toolbar" aria-label={t.exam.tools}>{tools.map((name) =>
    <button key={name} class="small" aria-pressed={p.tool === name} onClick={() => p.set(name)}>{t.exam[name]}</button>)}</div>;
}

function Choose(p: { of: string; pictures: Picture[]; at: number; set: (i: number) => void }) {
  const name = (i: number) => `${say(t.exam.picture, { of: p.of, n: i + 1, all: p.pictures.length })}${p.pictures[i]?.modality === "face" ? ` (${t.desk.fingers.face})` : p.pictures[i]?.finger ? ` (${Object.values(t.desk.fingers)[p.pictures[i]!.finger]})` : ""}`;
  if (p.pictures.length < 2) return <h2>{name(0)}</h2>;
  return <Field label={p.of}>{(id) => <select id={id} value={p.at} onChange={(e) => p.set(Number(e.currentTarget.value))}>
    {p.pictures.map((_, i) => <option key={i} value={i}>{name(i)}</option>)}</select>}</Field>;
}

/** Where in ACE-V this examiner is. */
function Steps(p: { at: string }) {
  return <ol class="steps" aria-label={t.exam.steps}>{Object.entries(t.exam.stepNames).map(([k, name]) => <li key={k} aria-current={k === p.at ? "step" : undefined}>{name}</li>)}</ol>;
}

type Step = { opened: Opened; draft: Draft; change: (part: Partial<Draft>) => void; reload: () => Promise<void> };

function Analysis(p: Step) {
  const probes = p.opened.pictures.filter((x) => x.of === "probe"), [at, setAt] = useState(0), [tool, setTool] = useState<Tool>("move");
  const [view, setView] = useState<View>(start), work = useDo(), drawn = p.draft.drawn[at] ?? nothingDrawn, face = p.opened.case.face;
  const mark = (d: Drawn) => p.change({ drawn: { ...p.draft.drawn, [at]: d } });
  const lock = () => work.run(async () => {
    if (!p.draft.suitable) return work.say(t.exam.needSuitable);
    if (face && !filled(p.draft, "seen")) return work.say(t.exam.needForm);
    const marks = (face ? formText(p.draft, "seen") : "") + marksText(p.draft, probes), word = p.draft.suitable === "yes" ? "suitable" : "not-suitable";
    await act("case-analyse", { case: p.opened.case.case, suitable: p.draft.suitable, signature: await signature("analysis", p.opened.case.case, word, 1, marks) }, utf8(marks));
    await p.reload();
  });
  return <>
    <h1>{t.exam.analysis}</h1>
    <Steps at="analysis" />
    <div class="views">
      <section class="view"><Choose of={t.exam.probe} pictures={probes} at={at} set={(i) => { setAt(i); setView(start); }} />
        {probes[at] && <Viewer png={probes[at].png} of={t.exam.probe} view={view} change={setView} fit={setView} drawn={drawn} mark={mark} tool={tool} ruled={probes[at].modality !== "face"} />}
        <Tools tool={tool} set={setTool} /><p class="hint">{t.exam.keys}</p></section>
      <section class="card"><p>{say(t.exam.marks, { count: drawn.marks.length })}</p>
        <Lines drawn={drawn} mark={mark} />
        {face && <Form draft={p.draft} step="seen" change={p.change} />}
        <Field label={t.exam.notes} hint={t.exam.notesHint}>{(id, by) => <textarea id={id} aria-describedby={by} rows={5} maxLength={8000} value={p.draft.notes} onInput={(e) => p.change({ notes: e.currentTarget.value })} />}</Field>
        <fieldset><legend>{t.exam.suitable}</legend>{(["yes", "no"] as const).map((v) => <label class="choice" key={v}>
          <input type="radio" name="suitable" checked={p.draft.suitable === v} onChange={() => p.change({ suitable: v })} />{t.exam[v]}</label>)}</fieldset>
        <Outcome of={work} />
        <div class="row"><button class="main" disabled={work.busy} onClick={() => void lock()}>{t.exam.lock}</button></div>
        <p class="hint">{t.exam.lockHint} {t.exam.draft}</p></section>
    </div>
  </>;
}

/** Probe and candidate, moved together or each alone. */
function Pair(p: Step) {
  const sides = (["probe", "candidate"] as const).map((of) => p.opened.pictures.filter((x) => x.of === of));
  const [at, setAt] = useState<[number, number]>([0, 0]), [views, setViews] = useState<[View, View]>([start, start]), [linked, setLinked] = useState(true);
  const [tool, setTool] = useState<Tool>("move"), [aid, setAid] = useState<Record<number, Drawn>>({});
  const change = (side: number) => (f: (v: View) => View) => setViews(([a, b]) => [side === 0 || linked ? f(a) : a, side === 1 || linked ? f(b) : b]);
  const fit = (side: number) => (v: View) => setViews(([a, b]) => (side === 0 ? [v, b] : [a, v]));
  const choose = (side: number) => (i: number) => { setAt(([a, b]) => (side === 0 ? [i, b] : [a, i])); fit(side)(start); };
  return <>
    <div class="row"><label class="choice"><input type="checkbox" checked={linked} onChange={() => setLinked(!linked)} />{t.exam.linked}</label><Tools tool={tool} set={setTool} /></div>
    <div class="views">{sides.map((pictures, side) => {
      const i = at[side as 0 | 1], of = side === 0 ? t.exam.probe : t.exam.candidate;
      return <section class="view" key={of}><Choose of={of} pictures={pictures} at={i} set={choose(side)} />
        {pictures[i] && <Viewer png={pictures[i].png} of={of} view={views[side as 0 | 1]} change={change(side)} fit={fit(side)} tool={tool}
          drawn={(side === 0 ? p.draft.drawn[i] : aid[i]) ?? nothingDrawn} mark={side === 0 ? undefined : (d) => setAid({ ...aid, [i]: d })} ruled={pictures[i].modality !== "face"} />}</section>;
    })}</div>
    <p class="hint">{t.exam.keys}</p>
  </>;
}

function Conclusion(p: Step) {
  const work = useDo(), k = p.opened.case, form = k.face && p.draft.finding !== "not-suitable";
  useEffect(() => work.say(""), [p.draft.finding, p.draft.reasons, p.draft.form]);
  const conclude = () => work.run(async () => {
    const { finding, reasons } = p.draft;
    if (!finding) return work.say(t.exam.needFinding);
    if (!reasons.trim()) return work.say(t.exam.needReasons);
    if (form && !filled(p.draft, "found")) return work.say(t.exam.needForm);
    const whole = (form ? formText(p.draft, "found") : "") + reasons, signed = await signature("conclusion", k.case, finding, k.version + 1, whole);
    const { case: now } = await act<{ case: Case }>("case-conclude", { case: k.case, finding, signature: signed }, utf8(whole));
    p.change({ reasons: "", finding: "" });
    await p.reload();
    return say(t.exam.done, { finding: t.exam.findings[finding as keyof typeof t.exam.findings], version: now.version, state: now.state });
  });
  return <section class="card"><h2>{t.exam.conclusion}</h2>
    {form && <Form draft={p.draft} step="found" change={p.change} />}
    <fieldset><legend>{t.exam.conclusion}</legend>{Object.entries(t.exam.findings).map(([word, text]) => <label class="choice" key={word}>
      <input type="radio" name="finding" checked={p.draft.finding === word} onChange={() => p.change({ finding: word })} />{text}</label>)}</fieldset>
    <Field label={t.exam.reasons} hint={t.exam.reasonsHint}>{(id, by) => <textarea id={id} aria-describedby={by} rows={5} maxLength={16000} value={p.draft.reasons} onInput={(e) => p.change({ reasons: e.currentTarget.value })} />}</Field>
    <Outcome of={work} />
    <div class="row"><button class="main" disabled={work.busy} onClick={() => void conclude()}>{t.exam.sign}</button></div>
    {k.version > 0 && <p class="hint">{t.exam.again}</p>}
  </section>;
}

function Comparison(p: Step) {
  return <>
    <h1>{t.exam.comparison}</h1>
    <Steps at="comparison" />
    <Note>{p.opened.case.suitable ? t.exam.locked : t.exam.lockedNo}</Note>
    <Pair {...p} />
    <Conclusion {...p} />
  </>;
}

/* ---- afterwards: what the machine saw ---- */

type Machine = { score: number; "log10-ratio": number; extrapolated: boolean; finger: number; pairs: [number, number, number, number][]; pictures: Picture[] };

/** The candidate's print; each minutia that the machine held for the same, and where the probe's lies on it. */
function Drawing(p: { machine: Machine }) {
  const m = p.machine, src = `data:image/png;base64,${m.pictures[0]?.png ?? ""}`, [size, setSize] = useState<[number, number] | null>(null), e = t.exam;
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSize([image.naturalWidth, image.naturalHeight]);
    image.src = src;
    return () => { image.onload = null; };
  }, [src]);
  return <section class="card"><h2>{e.machine}</h2>
    <p>{say(e.machineSay, { score: m.score.toFixed(1), ratio: m["log10-ratio"].toFixed(1), count: m.pairs.length })}{m.extrapolated && ` ${e.machineBeyond}`}</p>
    {size && <svg class="chart" viewBox={`0 0 ${size[0]} ${size[1]}`} role="img" aria-label={say(e.machineLabel, { count: m.pairs.length })}>
      <image href={src} width={size[0]} height={size[1]} />
      {m.pairs.map(([x, y, px, py], i) => <g key={i} fill="none" stroke-width="2"><circle cx={x} cy={y} r="6" stroke="#e0242b" /><line x1={x} y1={y} x2={px} y2={py} stroke="#1568d3" /><rect x={px - 3} y={py - 3} width="6" height="6" stroke="#1568d3" /></g>)}
    </svg>}
    <p class="hint">{e.machineHint}</p>
  </section>;
}

function Afterwards(p: Step) {
  const work = useDo(), [machine, setMachine] = useState<Machine | null>(null), k = p.opened.case;
  const open = () => void work.run(async () => setMachine(await act<Machine>("case-machine", { case: k.case })));
  return <>
    <h1>{t.exam.after}</h1>
    <Note>{say(t.exam.gone, { state: t.cases.states[k.state] ?? k.state })}</Note>
    {k.own && <Note kind="good">{say(t.exam.yours, { finding: t.exam.findings[k.own as keyof typeof t.exam.findings], version: k.version })}</Note>}
    {k.state === "concluded" && k.own && <>
      {!machine && <div class="row"><button onClick={open} disabled={work.busy}>{t.exam.openMachine}</button></div>}
      <Outcome of={work} />
      {machine && <Drawing machine={machine} />}
      <Conclusion {...p} />
    </>}
  </>;
}

function Examine(p: { id: string; back: () => void }) {
  const [opened, setOpened] = useState<Opened | null>(null), [draft, setDraft] = useState<Draft>(drafts.get(p.id) ?? fresh()), work = useDo();
  const change = (part: Partial<Draft>) => setDraft((d) => { const next = { ...d, ...part }; drafts.set(p.id, next); return next; });
  const reload = async () => {
    const { cases } = await read<{ cases: Case[] }>("case-list"), now = cases.find((k) => k.case === p.id);
    if (now && now.state !== "open") return setOpened({ case: now, pictures: [] });
    setOpened(await act<Opened>("case-open", { case: p.id }));
  };
  useEffect(() => { void work.run(reload); }, [p.id]);
  useEffect(() => {
    const warn = (e: BeforeUnloadEvent) => { if (drafts.has(p.id)) e.preventDefault(); };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [p.id]);
  const ended = opened && opened.case.state !== "open";
  useEffect(() => { if (ended) drafts.delete(p.id); }, [ended, p.id]);
  const step: Step | null = opened && { opened, draft, change, reload };
  return <>
    <div class="row" style={{ margin: "0 0 .8rem" }}><button class="small" onClick={p.back}>← {t.cases.back}</button><span class="hint">{t.cases.case} <code>{short(p.id)}</code>{opened && ` · ${say(t.cases.untilTime, { time: when(opened.case.until) })}`}</span></div>
    <Outcome of={work} />
    {work.failed && <button class="small" onClick={() => void work.run(reload)}>{t.tryAgain}</button>}
    {step && (ended ? <Afterwards {...step} /> : opened!.case.step === "analysis" ? <Analysis {...step} /> : <Comparison {...step} />)}
  </>;
}

export function Cases() {
  const [open, setOpen] = useState(""), list = useLoad((byItself) => read<{ cases: Case[] }>("case-list", {}, byItself), 15000), c = t.cases;
  if (open) return <Examine id={open} back={() => { setOpen(""); list.reload(); }} />;
  const order = (k: Case) => (k.state === "open" ? (k.step === "concluded" ? 1 : 0) : 2);
  return <Page title={c.title} lead={c.about}>
    <Loaded of={list}>{(v) => v.cases.length ? <section class="card"><Table caption={c.title} quiet head={[c.case, c.state, c.step, c.until, c.own, c.open]}>
      {[...v.cases].sort((a, b) => order(a) - order(b) || a.until.localeCompare(b.until)).map((k) => <tr key={k.case}><td><code>{short(k.case)}</code></td><td><span class={`tag ${k.state === "open" ? "refer" : "plain"}`}>{c.states[k.state]}</span></td><td>{k.state === "open" ? c.steps[k.step] : ""}</td><td class="day">{when(k.until)}</td>
        <td>{k.own ? t.exam.findings[k.own as keyof typeof t.exam.findings] : ""}</td>
        <td>{(k.state === "open" || (k.state === "concluded" && k.own)) && <button class={k.state !== "open" || k.step === "concluded" ? "small" : "small main"} onClick={() => setOpen(k.case)}>{k.state === "open" ? c.open : c.look}<span class="gone"> {short(k.case)}</span></button>}</td></tr>)}
    </Table></section> : <Empty><p>{c.none}</p></Empty>}</Loaded>
  </Page>;
}
