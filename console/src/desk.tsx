// The primary desk: a crossing is opened, what is captured goes to the node, every partner is asked at once; the answer is proceed or
// refer and nothing else.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { act, ActError, read } from "./api";
import type { Bytes } from "./bytes";
import { readMrz, type Mrz } from "./mrz";
import { readSlip, type Slip } from "./slip";
import { say, texts as t } from "./texts";
import { explain, Field, Note, sessionNow, useLoad } from "./ui";

const LIMIT = 64 << 20;
type Held = { capture: string; device: string; stated: boolean; finger: number; prints: number; faces: number; quality: number | null; at: string };
/** One capture on this page: on its way, held by the node, or not taken. */
type Shot = { key: number; name: string; of: string; file: File | null; url: string; state: "sending" | "held" | "lost"; detail: string; held: Held | null; ms: number };
type Form = { desk: string; crossing: string; purpose: string; mrz: string; nationality: string; document: string; flight: string; slip: Slip | null; whom: string };
type Answer = { outcome: "proceed" | "refer" | "not asked"; detail: string; ms: number };

const time = (): string => new Date().toISOString().slice(11, 19).replace(/:/g, "");
const fresh = (desk: string, purpose: string): Form => ({ desk, crossing: `${desk}-${time()}`, purpose, mrz: "", nationality: "", document: "", flight: "", slip: null, whom: "" });

/** Of this tab: what was typed and captured survives going to another page and back, and a session that ends. */
const kept: { form: Form; shots: Shot[]; times: number[] } = { form: fresh((localStorage.getItem("desk") ?? "desk-1").slice(0, 30), ""), shots: [], times: [] };
let shotKey = 0;

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

/** The third parties for whom an agreement in force lets this authority ask. */
async function thirdParties(purpose: string): Promise<string[]> {
  if (!purpose) return [];
  const { targets } = await read<{ targets: { "on-behalf-of": string[] }[] }>("search-targets", { purpose });
  return [...new Set(targets.flatMap((x) => x["on-behalf-of"]))].sort();
}

/** YYMMDD as it stands in the document: the century does not. */
const day = (six: string): string => six.replace(/^(..)(..)(..)$/, "$1-$2-$3");

function Document(p: { text: string; mrz: Mrz | null }) {
  if (!p.text.trim()) return null;
  if (!p.mrz) return <Note>{t.desk.mrzBad}</Note>;
  const m = p.mrz, fields = m.wrong.map((w) => t.desk.fields[w]).join(", ");
  return <>
    <Note kind={m.wrong.length ? "bad" : "good"}>{m.wrong.length ? say(t.desk.mrzWrong, { fields }) : t.desk.mrzGood}</Note>
    <dl class="pairs">
      <dt>{t.desk.name}</dt><dd>{m.name}</dd><dt>{t.desk.number}</dt><dd>{m.type} {m.issuer} {m.number}</dd>
      <dt>{t.desk.birth}</dt><dd>{day(m.birth)}</dd><dt>{t.desk.expires}</dt><dd>{day(m.expiry)}</dd>
    </dl>
  </>;
}

/* ---- captures ---- */

/** What the node shows of a capture: of the device's own form the browser has no picture. */
async function picture(capture: string): Promise<string> {
  const { png } = await act<{ png: string }>("capture-show", { capture }).catch(() => ({ png: "" }));
  return png && `data:image/png;base64,${png}`;
}

async function send(shot: Shot, desk: string): Promise<Shot> {
  const began = performance.now(), bytes: Bytes | null = await shot.file!.bytes().catch(() => null);
  if (!bytes) return { ...shot, state: "lost", detail: t.desk.unreadable };
  const params: Record<string, string> = { desk, ...(shot.of === "face" ? { of: "face" } : shot.of !== "unknown" ? { finger: shot.of } : {}) };
  try {
    const { capture } = await act<{ capture: Held }>("capture-add", params, bytes);
    const ms = performance.now() - began, url = capture.stated ? await picture(capture.capture) : shot.url;
    return { ...shot, state: "held", held: capture, detail: "", url, ms };
  } catch (e) {
    return { ...shot, state: "lost", detail: explain(e) };
  }
}

function Quality(p: { held: Held }) {
  const q = p.held.quality;
  if (q === null) return <span>{p.held.faces ? t.desk.fingers.face : ""}</span>;
  return <><svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class={q < 40 ? "b2" : "b1"} width={q} height="8" /></svg>
    <span>{say(q < 40 ? t.desk.qualityLow : t.desk.quality, { q })}</span></>;
}

function Picture(p: { shot: Shot }) {
  const [bad, setBad] = useState(false);
  return p.shot.url && !bad ? <img src={p.shot.url} alt={t.desk.preview} onError={() => setBad(true)} /> : <div class="nopic">{t.desk.noPreview}</div>;
}

function Shots(p: { shots: Shot[]; drop: (s: Shot) => void; again: (s: Shot) => void }) {
  if (!p.shots.length) return <div class="empty"><p>{t.desk.noCaptures}</p></div>;
  return <ul class="captures" aria-label={t.desk.captures}>{p.shots.map((s) => <li key={s.key} class={s.state === "lost" ? "bad" : undefined}>
    <Picture shot={s} />
    <strong>{s.held?.stated ? say(t.desk.fromDevice, { device: s.held.device }) : t.desk.fingers[s.of as keyof typeof t.desk.fingers]}</strong>
    {s.state === "sending" && <span role="status">{t.desk.sending}</span>}
    {s.state === "lost" && <span role="alert">{s.detail}</span>}
    {s.held && s.state === "held" && <Quality held={s.held} />}
    <span>{s.state === "lost" && s.file && <button type="button" class="small" onClick={() => p.again(s)}>{t.tryAgain}</button>} <button type="button" class="small" onClick={() => p.drop(s)}>{t.desk.remove}<span class="gone"> {s.name}</span></button></span>
  </li>)}</ul>;
}

/** The captures of this desk: those chosen here, and those that its device posts to the node meanwhile. */
function useShots(desk: string) {
  const [shots, setShots] = useState(kept.shots);
  const change = (f: (all: Shot[]) => Shot[]) => { kept.shots = f(kept.shots); setShots(kept.shots); };
  const replace = (s: Shot) => change((all) => all.map((x) => (x.key === s.key ? s : x)));
  const start = (s: Shot) => { replace({ ...s, state: "sending" }); void send(s, desk).then(replace); };
  const add = (files: File[], of: string) => {
    for (const file of files) {
      const key = ++shotKey, wrong = file.size > LIMIT ? t.desk.tooLarge : file.size ? "" : t.desk.empty;
      const s: Shot = { key, name: file.name, of, file, url: wrong ? "" : URL.createObjectURL(file), state: wrong ? "lost" : "sending", detail: wrong, held: null, ms: 0 };
      change((all) => [...all, s]);
      if (!wrong) start(s);
    }
  };
  const drop = (s: Shot) => {
    if (s.url.startsWith("blob:")) URL.revokeObjectURL(s.url);
    if (s.held) void act("capture-drop", { capture: s.held.capture }).catch(() => undefined);
    change((all) => all.filter((x) => x.key !== s.key));
  };
  const clear = () => { for (const s of kept.shots) if (s.url.startsWith("blob:")) URL.revokeObjectURL(s.url); change(() => []); };
  useLoad(async (byItself) => {
    const { captures } = await read<{ captures: Held[] }>("capture-list", { desk }, byItself);
    const here = new Set(captures.map((c) => c.capture)), known = new Set(kept.shots.map((s) => s.held?.capture));
    const over = kept.shots.some((s) => s.state === "held" && s.held && !here.has(s.held.capture));
    if (over) change((all) => all.map((s) => (s.state === "held" && s.held && !here.has(s.held.capture) ? { ...s, state: "lost", held: null, detail: t.desk.over } : s)));
    for (const c of captures.filter((x) => x.stated && !known.has(x.capture) && !kept.shots.some((s) => s.state === "sending"))) {
      const url = await picture(c.capture);
      change((all) => all.some((s) => s.held?.capture === c.capture) ? all : [...all, { key: ++shotKey, name: c.device, of: "unknown", file: null, url, state: "held", detail: "", held: c, ms: 0 }]);
    }
  }, 2000);
  return { shots, add, drop, again: start, clear };
}

/* ---- the answer ---- */

function Verdict(p: { answer: Answer; times: number[]; form: Form; next: () => void }) {
  const head = useRef<HTMLHeadingElement>(null), { outcome } = p.answer, go = outcome === "proceed";
  useEffect(() => head.current?.focus(), [p.answer]);
  const sorted = [...p.times].sort((a, b) => a - b), p95 = sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
  const word = go ? t.desk.proceed : outcome === "refer" ? t.desk.refer : t.desk.notAsked;
  return <>
    <section class={`verdict ${go ? "go" : outcome === "refer" ? "refer" : "none"}`} aria-live="assertive">
      <h1 ref={head} tabIndex={-1}><strong>{go ? "✓ " : outcome === "refer" ? "▲ " : "– "}{word}</strong></h1>
      <p>{go ? t.desk.proceedSay : outcome === "refer" ? t.desk.referSay : t.desk.notAskedSay}</p>
      {p.answer.detail && <p>{p.answer.detail}</p>}
    </section>
    <div class="row">
      <button class="main" onClick={p.next}>{t.desk.next} <kbd>Esc</kbd></button>
      {outcome === "refer" && <button onClick={() => print()}>{t.desk.sheet}</button>}
      <span class="hint">{say(t.desk.crossingIs, { crossing: p.form.crossing })}{p.form.whom && ` · ${say(t.desk.askedFor, { party: p.form.whom })}`}</span>
    </div>
    {outcome !== "not asked" && <p class="hint">{say(t.desk.time, { ms: Math.round(p.answer.ms), count: sorted.length, p95: Math.round(p95) })}</p>}
    <ReferralSheet crossing={p.form.crossing} document={p.form.document} whom={p.form.whom} />
  </>;
}

/** Printed only: what the traveller takes to the secondary desk, and keeps. */
export function ReferralSheet(p: { crossing: string; document: string; whom?: string }) {
  const s = t.sheet, node = sessionNow.is?.node ?? "", contact = sessionNow.is?.contact ?? "", now = new Date();
  return <section class="sheet">
    <div class="top"><strong>{node}</strong><span>{now.toISOString().slice(0, 16).replace("T", " ")} UTC</span></div>
    <h1>{s.title}</h1>
    <dl class="pairs"><dt>{s.crossing}</dt><dd><strong>{p.crossing}</strong></dd>{p.document && <><dt>{s.document}</dt><dd>{p.document}</dd></>}{p.whom && <><dt>{s.whom}</dt><dd>{p.whom}</dd></>}<dt>{s.officer}</dt><dd>{sessionNow.is?.name}</dd></dl>
    <p>{s.why}</p><p>{s.unresolved}</p>
    <h2>{s.rightsTitle}</h2><ol>{s.rights.map((w) => <li key={w}>{w}</li>)}</ol>
    <h2>{s.complaintTitle}</h2><ol>{s.complaint.map((w) => <li key={w}>{w}</li>)}</ol>
    <p><strong>{s.write}</strong> {contact || s.noContact}</p>
    <h2>{s.slipTitle}</h2><p>{s.slip}</p>
    <div class="sign"><span>{s.signOfficer}</span><span>{s.signTime}</span></div>
  </section>;
}

/** `last`: what the last capture took, of which the answer's time is counted from. */
async function ask(form: Form, shots: Shot[]): Promise<Answer | string> {
  const held = shots.filter((s) => s.state === "held" && s.held), last = Math.max(0, ...held.map((s) => s.ms));
  if (!form.purpose.trim()) return t.desk.noPurpose;
  if (shots.some((s) => s.state === "sending")) return t.desk.stillSending;
  if (shots.some((s) => s.state === "lost")) return t.desk.oneLost;
  if (!held.length) return t.desk.noPrint;
  const began = performance.now();
  try {
    const got = await act<{ outcome: "proceed" | "refer" }>("crossing-ask", {
      purpose: form.purpose.trim(), crossing: form.crossing.trim(), captures: held.map((s) => s.held!.capture).join(","),
      document: form.document.trim(), nationality: form.nationality.trim().toUpperCase(), flight: form.flight.trim(), slip: form.slip?.text ?? "",
      "on-behalf-of": form.whom,
    });
    return { outcome: got.outcome, detail: "", ms: performance.now() - began + last };
  } catch (e) {
    if (e instanceof ActError && e.failure.kind === "line") return { outcome: "not asked", detail: t.line, ms: 0 };
    return explain(e);
  }
}

function SlipField(p: { slip: Slip | null; set: (s: Slip | null) => void }) {
  const [failed, setFailed] = useState("");
  const choose = async (file: File | undefined) => {
    setFailed("");
    const slip = file ? await readSlip(file) : null;
    if (file && !slip) setFailed(t.slips.notOne);
    p.set(slip);
  };
  return <>
    <Field label={t.desk.slip} hint={t.desk.slipHint}>{(id, by) => <input id={id} aria-describedby={by} type="file" onChange={(e) => void choose(e.currentTarget.files?.[0])} />}</Field>
    {failed && <Note kind="bad">{failed}</Note>}
    {p.slip && <Note kind="good">{say(t.desk.slipShown, { holder: p.slip.holder, until: p.slip.until })}</Note>}
  </>;
}

function Traveller(p: { form: Form; change: (part: Partial<Form>) => void }) {
  const { form, change } = p, mrz = readMrz(form.mrz);
  const typed = (text: string) => {
    const m = readMrz(text);
    change({ mrz: text, ...(m ? { nationality: m.nationality, document: `${m.issuer} ${m.number}` } : {}) });
  };
  return <section class="card"><h2>{t.desk.traveller}</h2>
    <Field label={t.desk.mrz} hint={t.desk.mrzHint}>{(id, by) => <textarea id={id} aria-describedby={by} class="mrz" rows={3} maxLength={200} spellcheck={false} autocomplete="off" value={form.mrz} onInput={(e) => typed(e.currentTarget.value)} />}</Field>
    <Document text={form.mrz} mrz={mrz} />
    <div class="columns">
      <Field label={t.desk.documentNumber}>{(id) => <input id={id} maxLength={40} autocomplete="off" value={form.document} onInput={(e) => change({ document: e.currentTarget.value })} />}</Field>
      <Field label={t.desk.nationality}>{(id) => <input id={id} class="mrz" maxLength={3} autocomplete="off" value={form.nationality} onInput={(e) => change({ nationality: e.currentTarget.value })} />}</Field>
      <Field label={t.desk.flight}>{(id) => <input id={id} maxLength={12} autocomplete="off" value={form.flight} onInput={(e) => change({ flight: e.currentTarget.value })} />}</Field>
    </div>
    <SlipField slip={form.slip} set={(slip) => change({ slip })} />
  </section>;
}

export function Desk() {
  const [form, setForm] = useState<Form>(kept.form), [suggested, setSuggested] = useState<string[]>([]), [of, setOf] = useState("unknown");
  const [busy, setBusy] = useState(false), [failed, setFailed] = useState(""), [answer, setAnswer] = useState<Answer | null>(null);
  const shots = useShots(form.desk), [over, setOver] = useState(false), [thirds, setThirds] = useState<string[]>([]);
  const change = (part: Partial<Form>) => { kept.form = { ...kept.form, ...part }; setForm(kept.form); };
  useEffect(() => {
    purposes().then((all) => { setSuggested(all); if (!kept.form.purpose) change({ purpose: all[0] ?? "" }); }, () => undefined);
  }, []);
  useEffect(() => {
    let stale = false;
    thirdParties(form.purpose.trim()).then((all) => {
      if (stale) return;
      setThirds(all);
      if (kept.form.whom && !all.includes(kept.form.whom)) change({ whom: "" });
    }, () => undefined);
    return () => { stale = true; };
  }, [form.purpose]);
  const submit = async () => {
    if (busy) return;
    setBusy(true);
    setFailed("");
    const got = await ask(form, shots.shots).finally(() => setBusy(false));
    if (typeof got === "string") return setFailed(got);
    if (got.outcome !== "not asked") kept.times.push(got.ms);
    setAnswer(got);
  };
  const next = () => {
    setFailed("");
    if (answer?.outcome !== "not asked") { shots.clear(); kept.form = fresh(form.desk, form.purpose); setForm(kept.form); }
    setAnswer(null); // not asked: what was typed and captured is still there
  };
  useLayoutEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.key === "Enter" && e.ctrlKey && !answer) void submit();
      if (e.key === "Escape" && answer && !document.querySelector("dialog[open]")) next();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });
  if (answer) return <Verdict answer={answer} times={kept.times} form={form} next={next} />;
  const named = (desk: string) => { localStorage.setItem("desk", desk); change({ desk, crossing: `${desk}-${time()}` }); };
  return <form onSubmit={(e) => { e.preventDefault(); void submit(); }} noValidate>
    <h1>{t.desk.title}</h1>
    <p class="lead">{t.desk.about}</p>
    <section class="card"><div class="columns">
      <Field label={t.desk.crossing} hint={t.desk.crossingHint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={60} value={form.crossing} onInput={(e) => change({ crossing: e.currentTarget.value })} />}</Field>
      <Field label={t.desk.desk} hint={t.desk.deskHint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={30} value={form.desk} onChange={(e) => named(e.currentTarget.value.trim() || "desk-1")} />}</Field>
      <Field label={t.desk.purpose}>{(id) => <><input id={id} list="purposes" maxLength={39} value={form.purpose} onInput={(e) => change({ purpose: e.currentTarget.value })} />
        <datalist id="purposes">{suggested.map((s) => <option key={s} value={s} />)}</datalist></>}</Field>
      {thirds.length > 0 && <Field label={t.desk.whom} hint={t.desk.whomHint}>{(id, by) => <select id={id} aria-describedby={by} value={form.whom} onChange={(e) => change({ whom: e.currentTarget.value })}>
        <option value="">{t.desk.ourselves}</option>{thirds.map((s) => <option key={s} value={s}>{s}</option>)}</select>}</Field>}
    </div></section>
    <div class="split">
      <Traveller form={form} change={change} />
      <section class="card" onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
        onDrop={(e) => { e.preventDefault(); setOver(false); shots.add([...(e.dataTransfer?.files ?? [])], of); }}>
        <h2>{t.desk.captures}</h2>
        <Shots shots={shots.shots} drop={shots.drop} again={shots.again} />
        <div class={`columns ${over ? "drop over" : ""}`}>
          <Field label={t.desk.finger}>{(id) => <select id={id} value={of} onChange={(e) => setOf(e.currentTarget.value)}>
            {Object.entries(t.desk.fingers).map(([k, v]) => <option key={k} value={k}>{v}</option>)}</select>}</Field>
          <Field label={t.desk.print}>{(id) => <input id={id} aria-describedby="print-hint" type="file" multiple onChange={(e) => { shots.add([...(e.currentTarget.files ?? [])], of); e.currentTarget.value = ""; }} />}</Field>
        </div>
        <p class="hint" id="print-hint">{t.desk.printHint}</p>
        {failed && <Note kind="bad">{failed}</Note>}
        <div class="row"><button class="main" type="submit" disabled={busy}>{busy ? t.desk.asking : t.desk.ask} <kbd>Ctrl+Enter</kbd></button></div>
      </section>
    </div>
  </form>;
}

