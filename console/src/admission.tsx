// Admission: what a programme says of a traveller today; the officer decides and signs. Programmes and designations are texts that two
// custodians sign; the history is public. Nothing here asks a partner or looks at an agreement.
import { useEffect, useState } from "preact/hooks";
import { act, read, signText } from "./api";
import { hex, sha256, utf8, type Bytes } from "./bytes";
import { say, texts as t } from "./texts";
import { Empty, Field, inDays, Loaded, Note, Outcome, Page, Table, useDo, useLoad, when } from "./ui";

type Signature = { name: string; at: string } | null;
type ProgrammeEvent = {
  id: string; event: "programme" | "designate" | "end"; programme: string; country: string; effective: string; decider: string; clause: string;
  "inside-leave-by": string | null; "under-way-admitted-until": string | null; text: string; proposed: Signature; approved: Signature;
};
type Programme = { programme: string; title: string; border: string; clause: string; days: number; within: number | null; conditions: { name: string; clause: string; "shown-by": string }[] };
type Answer = { answer: "meets" | "not-met" | "refer"; until: string | null; clause: string; reason: string; day: string };
type Overdue = { programme: string; nationality: string; document: string; entered: string; "granted-until": string; "last-day": string; "days-over": number };

const events = async (byItself = false): Promise<ProgrammeEvent[]> => (await read<{ events: ProgrammeEvent[] }>("programme-list", {}, byItself)).events;
const words = { meets: "meets programme conditions", "not-met": "condition not met", refer: "refer" } as const;

/** What the officer signs (docs/law/programme.md). */
export function admissionText(programme: string, ask: Ask, a: Answer, admitted: boolean, reason: string, until: string): string {
  return `entente-admission/v1\nprogramme ${programme}\nnationality ${ask.nationality}\ndocument ${ask.document}\nanswer ${words[a.answer]}\nclause ${a.clause}\n`
    + `decision ${admitted ? "admitted" : "not admitted"}\nreason ${reason || "as answered"}\nday ${a.day}\nanswered-until ${a.until ?? "none"}\nuntil ${until || "none"}\n`;
}

export type Ask = { nationality: string; document: string; declared: Record<string, string>; authorised: string; setOut: string };

const askParams = (programme: string, a: Ask): Record<string, string> => ({
  programme, nationality: a.nationality, document: a.document, "authorised-until": a.authorised, "set-out": a.setOut,
  declared: Object.entries(a.declared).filter(([, v]) => v).map(([k, v]) => `${k}=${v}`).join(","),
});

function Conditions(p: { of: Programme; ask: Ask; change: (part: Partial<Ask>) => void }) {
  const d = p.of.conditions.filter((c) => c["shown-by"] === "declaration"), a = t.admission;
  return <>
    {d.map((c) => <fieldset key={c.name}><legend>{c.name.replace(/-/g, " ")} <span class="hint">{c.clause}</span></legend>
      <div class="row">{(["yes", "no", ""] as const).map((v) => <label class="choice" key={v}><input type="radio" name={c.name} checked={(p.ask.declared[c.name] ?? "") === v}
        onChange={() => p.change({ declared: { ...p.ask.declared, [c.name]: v } })} />{v === "yes" ? a.yes : v === "no" ? a.no : a.unsaid}</label>)}</div></fieldset>)}
    {p.of.conditions.some((c) => c["shown-by"] === "authorisation") && <Field label={a.authorised}>{(id) => <input id={id} type="date" value={p.ask.authorised} onInput={(e) => p.change({ authorised: e.currentTarget.value })} />}</Field>}
    <Field label={a.setOut} hint={a.setOutHint}>{(id, by) => <input id={id} aria-describedby={by} type="date" value={p.ask.setOut} onInput={(e) => p.change({ setOut: e.currentTarget.value })} />}</Field>
  </>;
}

function Decide(p: { programme: string; ask: Ask; answer: Answer; done: () => void }) {
  const a = t.admission, [reason, setReason] = useState(""), [until, setUntil] = useState(p.answer.until ?? ""), work = useDo();
  const against = (admitted: boolean) => admitted !== (p.answer.answer === "meets");
  const decide = (admitted: boolean) => void work.run(async () => {
    if (against(admitted) && !reason.trim()) return work.say(a.needReason);
    if (admitted && !until) return work.say(a.needUntil);
    const day = admitted ? until : "", why = reason.trim();
    const out = await act<{ decision: string; "last-day": string | null; index: number }>("admit-decide", {
      ...askParams(p.programme, p.ask), decision: admitted ? "admit" : "refuse", reason: why, day: p.answer.day, until: day, answer: p.answer.answer, "answer-clause": p.answer.clause,
      "answer-until": p.answer.until ?? "", signature: await signText(admissionText(p.programme, p.ask, p.answer, admitted, why, day)),
    });
    return say(admitted ? a.admitted : a.notAdmitted, { until: out["last-day"] ?? "", index: out.index });
  });
  return <section class="card"><h2>{a.decision}</h2>
    <p class="hint">{a.decisionSay}</p>
    <div class="columns"><Field label={a.lastDay}>{(id) => <input id={id} type="date" value={until} max={p.answer.until ?? undefined} onInput={(e) => setUntil(e.currentTarget.value)} />}</Field></div>
    <Field label={a.reason} hint={a.reasonHint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={150} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}</Field>
    <Outcome of={work} />
    <div class="row">{!work.done && <><button class="main" disabled={work.busy} onClick={() => decide(true)}>{a.admit}</button><button disabled={work.busy} onClick={() => decide(false)}>{a.refuse}</button></>}
      <button onClick={p.done}>{a.next}</button></div>
  </section>;
}

const fromAddress = (): Ask => {
  const q = new URLSearchParams(location.hash.split("?")[1] ?? "");
  return { nationality: q.get("nationality") ?? "", document: q.get("document") ?? "", declared: {}, authorised: "", setOut: "" };
};

function Exit() {
  const a = t.admission, [who, setWho] = useState({ nationality: "", document: "", to: "" }), work = useDo();
  const record = () => void work.run(async () => {
    const out = await act<{ entered: string }>("stay-exit", { nationality: who.nationality.toUpperCase(), document: who.document.trim(), to: who.to.toUpperCase() });
    setWho({ nationality: "", document: "", to: "" });
    return say(a.left, { entered: out.entered });
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); record(); }}><h2>{a.exit}</h2>
    <div class="columns">
      <Field label={t.desk.nationality}>{(id) => <input id={id} class="mrz" maxLength={3} value={who.nationality} onInput={(e) => setWho({ ...who, nationality: e.currentTarget.value })} />}</Field>
      <Field label={t.desk.documentNumber}>{(id) => <input id={id} maxLength={60} value={who.document} onInput={(e) => setWho({ ...who, document: e.currentTarget.value })} />}</Field>
      <Field label={a.to}>{(id) => <input id={id} class="mrz" maxLength={3} value={who.to} onInput={(e) => setWho({ ...who, to: e.currentTarget.value })} />}</Field>
    </div>
    <Outcome of={work} />
    <div class="row"><button type="submit" disabled={work.busy}>{a.recordExit}</button></div>
  </form>;
}

function Stays() {
  const a = t.admission, list = useLoad((byItself) => read<{ overdue: Overdue[] }>("stays-overdue", {}, byItself), 60000);
  return <section class="card"><h2>{a.overdue}</h2><Loaded of={list}>{(v) => v.overdue.length ? <Table caption={a.overdue} quiet head={[t.desk.nationality, t.desk.documentNumber, a.entered, a.lastDay, a.daysOver]} numbers={[a.daysOver]}>
    {v.overdue.map((x) => <tr key={x.document + x.entered}><td>{x.nationality}</td><td>{x.document}</td><td class="day">{x.entered}</td><td class="day">{x["last-day"]}</td><td class="num">{x["days-over"]}</td></tr>)}
  </Table> : <p class="hint">{a.noOverdue}</p>}</Loaded></section>;
}

function AskForm(p: { programmes: string[] }) {
  const a = t.admission, [programme, setProgramme] = useState(p.programmes[0]!), [of, setOf] = useState<Programme | null>(null);
  const [ask, setAsk] = useState<Ask>(fromAddress()), [answer, setAnswer] = useState<Answer | null>(null), work = useDo();
  const change = (part: Partial<Ask>) => { setAsk((x) => ({ ...x, ...part })); setAnswer(null); };
  useEffect(() => { setOf(null); void work.run(async () => setOf(await read<Programme>("programme-show", { programme }))); }, [programme]);
  const go = () => void work.run(async () => setAnswer(await act<Answer>("admit", askParams(programme, ask))));
  const kind = answer?.answer === "meets" ? "good" : answer?.answer === "not-met" ? "bad" : undefined;
  return <>
    <form class="card" onSubmit={(e) => { e.preventDefault(); go(); }}><h2>{a.ask}</h2>
      <div class="columns">
        <Field label={a.programme}>{(id) => <select id={id} value={programme} onChange={(e) => { setProgramme(e.currentTarget.value); setAnswer(null); }}>{p.programmes.map((x) => <option key={x}>{x}</option>)}</select>}</Field>
        <Field label={t.desk.nationality}>{(id) => <input id={id} class="mrz" maxLength={3} value={ask.nationality} onInput={(e) => change({ nationality: e.currentTarget.value.toUpperCase() })} />}</Field>
        <Field label={t.desk.documentNumber}>{(id) => <input id={id} maxLength={60} value={ask.document} onInput={(e) => change({ document: e.currentTarget.value })} />}</Field>
      </div>
      {of && <p class="hint">{say(of.within ? a.rolling : a.eachVisit, { title: of.title, days: of.days, within: of.within ?? 0, clause: of.clause })}</p>}
      {of && <Conditions of={of} ask={ask} change={change} />}
      <Outcome of={work} />
      <div class="row"><button class="main" type="submit" disabled={work.busy || !of}>{a.askAct}</button></div>
    </form>
    {answer && <Note kind={kind}><p><strong>{answer.answer === "meets" ? say(a.meets, { until: answer.until ?? "" }) : answer.answer === "not-met" ? say(a.notMet, { clause: answer.clause }) : a.refer}</strong></p>
      <p>{answer.answer === "meets" ? answer.clause : answer.reason}</p></Note>}
    {answer && <Decide key={JSON.stringify(answer)} programme={programme} ask={ask} answer={answer} done={() => { setAnswer(null); setAsk({ ...fromAddress(), nationality: "", document: "" }); }} />}
  </>;
}

export function Admission() {
  const a = t.admission, list = useLoad(() => events());
  const named = (v: ProgrammeEvent[]) => [...new Set(v.filter((e) => e.event === "programme" && e.approved && e.effective <= inDays(0)).map((e) => e.programme))];
  return <Page title={a.title} lead={a.about}>
    <Loaded of={list}>{(v) => named(v).length ? <div class="split wide"><div><AskForm programmes={named(v)} /></div><div><Exit /><Stays /></div></div> : <Empty><p>{a.noProgramme}</p></Empty>}</Loaded>
  </Page>;
}

/* ---- programmes: two custodians ---- */

type Draft = { event: ProgrammeEvent["event"]; programme: string; country: string; effective: string; decider: string; clause: string; leaveBy: string; admittedUntil: string };
const nothing = (): Draft => ({ event: "designate", programme: "", country: "", effective: inDays(0), decider: "", clause: "", leaveBy: "", admittedUntil: "" });

/** What both custodians sign (docs/law/programme.md). */
async function eventText(d: Draft, file: Bytes | null): Promise<string> {
  return `entente-programme-event/v1\nevent ${d.event}\nprogramme ${d.programme}\ncountry ${d.event === "programme" ? "none" : d.country}\ndecider ${d.decider}\nclause ${d.clause}\neffective ${d.effective}\n`
    + `inside-leave-by ${d.leaveBy || "as-granted"}\nunder-way-admitted-until ${d.admittedUntil || "none"}\nfile ${file ? hex(await sha256(file)) : "0".repeat(64)}\n`;
}

function Propose(p: { done: () => void; known: string[] }) {
  const g = t.programmes, [d, setDraft] = useState(nothing()), [file, setFile] = useState<File | null>(null), work = useDo();
  const change = (part: Partial<Draft>) => setDraft((x) => ({ ...x, ...part }));
  const text = (key: keyof Draft, label: string, max: number, hint?: string) => <Field label={label} hint={hint}>{(id, by) => <input id={id} aria-describedby={by} maxLength={max} value={d[key]} onInput={(e) => change({ [key]: e.currentTarget.value })} />}</Field>;
  const day = (key: keyof Draft, label: string, hint?: string) => <Field label={label} hint={hint}>{(id, by) => <input id={id} aria-describedby={by} type="date" value={d[key]} onInput={(e) => change({ [key]: e.currentTarget.value })} />}</Field>;
  const propose = () => void work.run(async () => {
    const bytes = d.event === "programme" ? await file?.bytes().catch(() => null) ?? null : null;
    if (d.event === "programme" && !bytes) return work.say(g.needFile);
    const asked = { ...d, country: d.event === "programme" ? "" : d.country.toUpperCase() };
    await act("programme-propose", { event: d.event, programme: d.programme, country: asked.country, decider: d.decider, clause: d.clause, effective: d.effective,
      "inside-leave-by": d.event === "end" ? d.leaveBy : "", "under-way-admitted-until": d.event === "end" ? d.admittedUntil : "", signature: await signText(await eventText(d.event === "end" ? asked : { ...asked, leaveBy: "", admittedUntil: "" }, bytes)) }, bytes ?? utf8(""));
    p.done();
    setDraft(nothing());
    return g.proposed;
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); propose(); }}><h2>{g.propose}</h2>
    <div class="columns">
      <Field label={g.event}>{(id) => <select id={id} value={d.event} onChange={(e) => change({ event: e.currentTarget.value as Draft["event"] })}>{Object.entries(g.events).map(([k, v]) => <option key={k} value={k}>{v}</option>)}</select>}</Field>
      <Field label={t.admission.programme}>{(id) => <><input id={id} list="programmes" maxLength={39} value={d.programme} onInput={(e) => change({ programme: e.currentTarget.value })} /><datalist id="programmes">{p.known.map((x) => <option key={x} value={x} />)}</datalist></>}</Field>
      {d.event !== "programme" && <Field label={g.country}>{(id) => <input id={id} class="mrz" maxLength={3} value={d.country} onInput={(e) => change({ country: e.currentTarget.value })} />}</Field>}
      {day("effective", g.effective)}{text("decider", g.decider, 63)}{text("clause", t.due.clause, 47)}
      {d.event === "end" && <>{day("leaveBy", g.leaveBy, g.leaveByHint)}{day("admittedUntil", g.admittedUntil, g.admittedUntilHint)}</>}
    </div>
    {d.event === "programme" && <Field label={g.file} hint={g.fileHint}>{(id, by) => <input id={id} aria-describedby={by} type="file" accept=".yaml,.yml" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} />}</Field>}
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy}>{g.sign}</button></div>
  </form>;
}

export function Programmes() {
  const g = t.programmes, list = useLoad((byItself) => events(byItself), 15000), work = useDo();
  const approve = (e: ProgrammeEvent) => void work.run(async () => { await act("programme-approve", { id: e.id, signature: await signText(e.text) }); list.reload(); return g.approved; });
  return <Page title={g.title} lead={g.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => <>
      {v.length ? <section class="card"><Table caption={g.title} quiet head={[g.event, t.admission.programme, g.country, g.effective, g.decider, t.due.clause, g.signedBy, t.approvals.approve]}>
        {[...v].reverse().map((e) => <tr key={e.id}><td>{g.events[e.event]}{e.event === "end" && <p class="hint">{say(g.rule, { leave: e["inside-leave-by"] ?? g.asGranted, way: e["under-way-admitted-until"] ?? g.nobody })}</p>}</td><td>{e.programme}</td><td>{e.country}</td><td class="day">{e.effective}</td><td>{e.decider}</td><td>{e.clause}</td>
          <td>{e.proposed?.name}{e.approved ? `, ${e.approved.name}` : ""}</td><td>{e.approved ? <span class="tag go">{g.inForce}</span> : <button class="small" disabled={work.busy} onClick={() => approve(e)}>{g.approve}<span class="gone"> {e.programme} {e.country}</span></button>}</td></tr>)}
      </Table></section> : <Empty><p>{g.none}</p></Empty>}
      <Propose done={list.reload} known={[...new Set(v.map((e) => e.programme))]} /></>}</Loaded>
  </Page>;
}

type Change = { at: string; what: string; agreement?: string; programme?: string; by: string; clause?: string; country?: string; effective?: string; changes: { searches: boolean; admission: boolean; "inside-whose-stay-may-end-earlier": number | null } };

export function History() {
  const h = t.history, list = useLoad(() => read<{ history: Change[] }>("programme-history"));
  const inside = (n: number | null) => (n === null ? h.few : n ? say(h.inside, { n }) : h.nobody);
  return <Page title={h.title} lead={h.about}>
    <Loaded of={list}>{(v) => v.history.length ? <section class="card"><Table caption={h.title} quiet head={[h.at, h.what, h.subject, h.by, t.due.clause, t.programmes.effective, h.changes]}>
      {[...v.history].reverse().map((l, i) => <tr key={i}><td class="day">{when(l.at)}</td><td>{l.what}</td><td>{l.agreement ? say(h.agreement, { name: l.agreement }) : `${say(h.programme, { name: l.programme ?? "" })} ${l.country ?? ""}`}</td><td>{l.by}</td><td>{l.clause}</td><td class="day">{l.effective}</td>
        <td>{l.changes.admission ? inside(l.changes["inside-whose-stay-may-end-earlier"]) : h.searchesOnly}</td></tr>)}
    </Table></section> : <Empty><p>{h.none}</p></Empty>}</Loaded>
  </Page>;
}
