// The primary desk: a crossing is opened, every partner is asked at once, the answer is proceed or refer and nothing else.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { act, ActError, read } from "./api";
import { readMrz, type Mrz } from "./mrz";
import { say, texts as t } from "./texts";
import { explain, Field, Note } from "./ui";

const LIMIT = 64 << 20;
type Form = { crossing: string; purpose: string; mrz: string; flight: string; finger: string; print: File | null };
type Answer = { outcome: "proceed" | "refer" | "not asked"; detail: string; ms: number };

const number = (): string => `${(localStorage.getItem("desk") ?? "DESK-1").slice(0, 30)}-${new Date().toISOString().slice(11, 19).replace(/:/g, "")}`;
const empty = (purpose: string): Form => ({ crossing: number(), purpose, mrz: "", flight: "", finger: "unknown", print: null });

/** What the agreements here name as purposes: suggestions only, the node decides. */
async function purposes(): Promise<string[]> {
  const { agreements } = await read<{ agreements: { name: string }[] }>("agreement-list");
  const found = new Set<string>();
  for (const a of agreements) {
    const { envelope } = await read<{ envelope: string }>("agreement-envelope", { name: a.name });
    for (const m of envelope.matchAll(/\{?\s*name:\s*([a-z0-9-]{1,39}),?\s+power:/g)) found.add(m[1]!);
  }
  return [...found];
}

function Document(p: { text: string; mrz: Mrz | null }) {
  if (!p.text.trim()) return null;
  if (!p.mrz) return <Note>{t.desk.mrzBad}</Note>;
  const m = p.mrz, fields = m.wrong.map((w) => t.desk.fields[w]).join(", ");
  return <>
    <dl class="pairs">
      <dt>{t.desk.name}</dt><dd>{m.name}</dd><dt>{t.desk.number}</dt><dd>{m.type} {m.issuer} {m.number}</dd>
      <dt>{t.desk.nationality}</dt><dd>{m.nationality}</dd><dt>{t.desk.birth}</dt><dd>{m.birth}</dd><dt>{t.desk.expires}</dt><dd>{m.expiry}</dd>
    </dl>
    <Note kind={m.wrong.length ? "bad" : "good"}>{m.wrong.length ? say(t.desk.mrzWrong, { fields }) : t.desk.mrzGood}</Note>
  </>;
}

function Preview(p: { file: File | null }) {
  const [url, setUrl] = useState(""), [bad, setBad] = useState(false);
  useEffect(() => {
    setBad(false);
    if (!p.file || p.file.size > LIMIT) return setUrl("");
    const made = URL.createObjectURL(p.file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [p.file]);
  if (!url) return null;
  return bad ? <p class="hint">{t.desk.noPreview}</p> : <img class="print" src={url} alt={t.desk.preview} onError={() => setBad(true)} />;
}

function Verdict(p: { answer: Answer; times: number[]; form: Form; next: () => void }) {
  const head = useRef<HTMLHeadingElement>(null), { outcome } = p.answer, go = outcome === "proceed";
  useEffect(() => head.current?.focus(), [p.answer]);
  const sorted = [...p.times].sort((a, b) => a - b), p95 = sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
  const word = go ? t.desk.proceed : outcome === "refer" ? t.desk.refer : t.desk.notAsked;
  return <>
    <section class={`verdict ${go ? "go" : "refer"}`} aria-live="assertive">
      <h1 ref={head} tabIndex={-1}><strong>{go ? "✓ " : "▲ "}{word}</strong></h1>
      <p>{go ? t.desk.proceedSay : outcome === "refer" ? t.desk.referSay : t.desk.notAskedSay}</p>
      {p.answer.detail && <p>{p.answer.detail}</p>}
    </section>
    {outcome !== "not asked" && <p class="hint">{say(t.desk.time, { ms: Math.round(p.answer.ms), count: sorted.length, p95: Math.round(p95) })}</p>}
    <div class="row">
      <button class="main" onClick={p.next}>{t.desk.next}</button>
      {outcome === "refer" && <button onClick={() => print()}>{t.desk.sheet}</button>}
    </div>
    <Sheet form={p.form} />
  </>;
}

/** Printed only. */
function Sheet(p: { form: Form }) {
  const m = readMrz(p.form.mrz);
  return <section class="sheet">
    <h1>{t.sheet.title}</h1>
    <dl class="pairs">
      <dt>{t.sheet.crossing}</dt><dd>{p.form.crossing}</dd><dt>{t.sheet.time}</dt><dd>{new Date().toISOString().slice(0, 16).replace("T", " ")} UTC</dd>
      {m && <><dt>{t.sheet.document}</dt><dd>{m.issuer} {m.number}</dd></>}
    </dl>
    <p>{t.sheet.why}</p><p>{t.sheet.rights}</p><ol>{t.sheet.ways.map((w) => <li key={w}>{w}</li>)}</ol>
  </section>;
}

async function ask(form: Form): Promise<Answer | string> {
  if (!form.purpose.trim()) return t.desk.noPurpose;
  if (!form.print) return t.desk.noPrint;
  if (form.print.size > LIMIT) return t.desk.tooLarge;
  if (!form.print.size) return t.desk.empty;
  const body = await form.print.bytes().catch(() => null), began = performance.now();
  if (!body) return t.desk.unreadable;
  const finger: Record<string, string> = form.finger === "unknown" ? {} : { finger: form.finger };
  try {
    const got = await act<{ outcome: "proceed" | "refer" }>("crossing-ask", { purpose: form.purpose.trim(), crossing: form.crossing.trim(), ...finger }, body);
    return { outcome: got.outcome, detail: "", ms: performance.now() - began };
  } catch (e) {
    if (e instanceof ActError && e.failure.kind === "line") return { outcome: "not asked", detail: t.line, ms: 0 };
    return explain(e);
  }
}

const times: number[] = []; // of this desk since the page was opened

export function Desk() {
  const [form, setForm] = useState<Form>(empty("")), [suggested, setSuggested] = useState<string[]>([]);
  const [busy, setBusy] = useState(false), [failed, setFailed] = useState(""), [answer, setAnswer] = useState<Answer | null>(null);
  const change = (part: Partial<Form>) => setForm((f) => ({ ...f, ...part }));
  useEffect(() => {
    purposes().then((all) => { setSuggested(all); setForm((f) => ({ ...f, purpose: f.purpose || (all[0] ?? "") })); }, () => undefined);
  }, []);
  const submit = async () => {
    if (busy) return;
    setBusy(true);
    setFailed("");
    localStorage.setItem("desk", form.crossing.replace(/-\d{6}$/, ""));
    const got = await ask(form).finally(() => setBusy(false));
    if (typeof got === "string") return setFailed(got);
    if (got.outcome !== "not asked") times.push(got.ms);
    setAnswer(got);
  };
  const next = () => { setAnswer(null); setFailed(""); setForm(empty(form.purpose)); };
  useLayoutEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.key === "Enter" && e.ctrlKey && !answer) void submit();
      if (e.key === "Escape" && answer && !document.querySelector("dialog[open]")) next();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });
  if (answer) return <Verdict answer={answer} times={times} form={form} next={next} />;
  return <form onSubmit={(e) => { e.preventDefault(); void submit(); }} noValidate>
    <h1>{t.desk.title}</h1>
    <div class="split">
      <div class="card">
        <Field label={t.desk.crossing} hint={t.desk.crossingHint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={60} value={form.crossing} onInput={(e) => change({ crossing: e.currentTarget.value })} />}</Field>
        <Field label={t.desk.purpose}>{(id) => <><input id={id} list="purposes" maxLength={39} value={form.purpose} onInput={(e) => change({ purpose: e.currentTarget.value })} />
          <datalist id="purposes">{suggested.map((s) => <option key={s} value={s} />)}</datalist></>}</Field>
        <Field label={t.desk.mrz} hint={t.desk.mrzHint}>{(id, by) => <textarea id={id} aria-describedby={by} class="mrz" rows={3} maxLength={200} spellcheck={false} autocomplete="off" value={form.mrz} onInput={(e) => change({ mrz: e.currentTarget.value })} />}</Field>
        <Document text={form.mrz} mrz={readMrz(form.mrz)} />
        <Field label={t.desk.flight}>{(id) => <input id={id} maxLength={12} value={form.flight} onInput={(e) => change({ flight: e.currentTarget.value })} />}</Field>
      </div>
      <div class="card">
        <Field label={t.desk.print} hint={t.desk.printHint}>{(id, by) => <input id={id} aria-describedby={by} type="file" onChange={(e) => change({ print: e.currentTarget.files?.[0] ?? null })} />}</Field>
        <Field label={t.desk.finger}>{(id) => <select id={id} value={form.finger} onChange={(e) => change({ finger: e.currentTarget.value })}>
          {Object.entries(t.desk.fingers).map(([k, v]) => <option key={k} value={k}>{v}</option>)}</select>}</Field>
        <p><Preview file={form.print} /></p>
        {failed && <Note kind="bad">{failed}</Note>}
        <div class="row"><button class="main" type="submit" disabled={busy}>{busy ? t.desk.asking : t.desk.ask}</button></div>
        <p class="hint">{t.desk.keys}</p>
      </div>
    </div>
  </form>;
}
