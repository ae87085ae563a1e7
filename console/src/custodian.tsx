// The custodian: what falls due and by which clause, holds, what waits for a second person, disclosures, agreements; and the numbers
// that the auditor sees too.
import { useState } from "preact/hooks";
import { act, read } from "./api";
import { say, texts as t } from "./texts";
import { Field, Loaded, Outcome, short, Table, useDo, useLoad, when } from "./ui";

type Power = { regime: string; until: string | null; clause: string; "apply-from"?: string | null; "apply-until"?: string | null };
type Part = {
  part: string; encounter: string; material: string; taken: string; "taken-under": string; due: boolean; held: boolean; "destroy-by": string | null; clause: string;
  "not-before": string | null; events: number; pending: number; powers: Power[];
};
type Event = { part: string; material: string; number: number; event: string; date: string; "decided-by": string; document: string; state: string };

const inDays = (days: number): string => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);

function Status(p: { part: Part }) {
  if (p.part.held) return <span class="tag refer">{t.due.held}</span>;
  return p.part.due ? <span class="tag bad">{t.due.isDue}</span> : <span class="tag go">{t.due.kept}</span>;
}

function Hold(p: { part: Part; done: () => void }) {
  const [until, setUntil] = useState(inDays(365)), [document, setDocument] = useState(""), work = useDo();
  const place = () => work.run(async () => {
    await act("record-event", { id: p.part.part, event: "hold", date: inDays(0), until, document });
    p.done();
    return t.due.done;
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); void place(); }}>
    <h2>{t.due.hold} <code>{short(p.part.part)}</code></h2>
    <p>{t.due.holdAbout}</p>
    <div class="split"><Field label={t.due.holdUntil}>{(id) => <input id={id} type="date" value={until} onInput={(e) => setUntil(e.currentTarget.value)} />}</Field>
      <Field label={t.due.document}>{(id) => <input id={id} maxLength={60} value={document} onInput={(e) => setDocument(e.currentTarget.value)} />}</Field></div>
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy}>{t.due.setHold}</button></div>
  </form>;
}

export function Due(p: { custodian: boolean }) {
  const [by, setBy] = useState(inDays(365 * 5)), [part, setPart] = useState<Part | null>(null);
  const list = useLoad(() => read<{ parts: Part[] }>("record-list", { "due-by": by }));
  const sorted = (all: Part[]) => [...all].sort((a, b) => (a["destroy-by"] ?? "9").localeCompare(b["destroy-by"] ?? "9"));
  return <>
    <h1>{t.due.title}</h1>
    <form class="row" onSubmit={(e) => { e.preventDefault(); list.reload(); }}>
      <label for="due-by">{t.due.by}</label><input id="due-by" type="date" value={by} onInput={(e) => setBy(e.currentTarget.value)} /><button type="submit">{t.year.show}</button>
    </form>
    {part && <Hold key={part.part} part={part} done={list.reload} />}
    <Loaded of={list}>{(v) => <>
      <p role="status">{say(t.due.count, { due: v.parts.filter((x) => x.due).length, held: v.parts.filter((x) => x.held).length, all: v.parts.length })}</p>
      {v.parts.length ? <Table caption={t.due.title} head={[t.due.destroyBy, t.due.clause, t.due.material, t.due.part, t.due.taken, t.due.under, t.due.status, ...(p.custodian ? [t.due.hold] : [])]}>
        {sorted(v.parts).slice(0, 500).map((x) => <tr key={x.part}><td>{x["destroy-by"] ?? t.none}</td><td>{x.clause}
          {x.powers.map((w) => w["apply-from"] && <p class="hint" key={w.regime}>{say(t.due.window, { from: w["apply-from"], until: w["apply-until"] ?? "" })}</p>)}</td>
          <td>{x.material}</td><td><code>{short(x.part)}</code></td><td>{x.taken}</td><td>{x["taken-under"]}</td><td><Status part={x} /></td>
          {p.custodian && <td><button class="small" onClick={() => setPart(x)}>{t.due.hold}<span class="gone"> {short(x.part)}</span></button></td>}</tr>)}
      </Table> : <p>{t.due.none}</p>}</>}</Loaded>
  </>;
}

export function Approvals() {
  const list = useLoad(() => read<{ events: Event[] }>("event-list")), work = useDo();
  const decide = (e: Event, agree: "yes" | "no") => void work.run(async () => {
    await act("event-approve", { id: e.part, number: String(e.number), agree });
    list.reload();
    return say(t.approvals.done, { what: `${e.event}, ${agree === "yes" ? t.approvals.approve : t.approvals.refuse}` });
  });
  const a = t.approvals;
  return <>
    <h1>{a.title}</h1>
    <p class="hint">{a.about}</p>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.events.length ? <Table caption={a.title} head={[a.event, t.due.material, t.due.part, a.date, a.decidedBy, a.document, a.state, t.choose]}>
      {v.events.map((e) => <tr key={`${e.part} ${e.number}`}><td>{e.event}</td><td>{e.material}</td><td><code>{short(e.part)}</code></td><td>{e.date}</td><td>{e["decided-by"]}</td><td>{e.document}</td><td>{e.state}</td>
        <td><div class="tools"><button class="small" disabled={work.busy} onClick={() => decide(e, "yes")}>{a.approve}<span class="gone"> {e.event} {short(e.part)}</span></button>
          <button class="small" disabled={work.busy} onClick={() => decide(e, "no")}>{a.refuse}<span class="gone"> {e.event} {short(e.part)}</span></button></div></td></tr>)}
    </Table> : <p>{a.none}</p>}</Loaded>
  </>;
}

type Case = { case: string; state: string; finding: string; reference: string; flow: string; control: boolean; examiners: number; concluded: number; opened: string };
type Disclosure = { disclosure: string; reference: string; partner: string; fields: string[]; clause: string; disclosed: string; arrived: string | null; "keep-until": string; recalled: string | null; "recalled-for": string; undertaken: string | null };

function became(d: Disclosure): string {
  if (d.recalled) return d.undertaken ? t.disclosures.gone : say(t.disclosures.asked, { why: d["recalled-for"] });
  return d.arrived ? say(t.disclosures.kept, { until: d["keep-until"] }) : t.disclosures.waits;
}

export function Disclosures(p: { custodian: boolean }) {
  const d = t.disclosures, work = useDo();
  const list = useLoad(async () => ({ ...(await read<{ cases: Case[] }>("case-list")), ...(await read<{ disclosures: Disclosure[] }>("disclosure-list")) }), 15000);
  const disclose = (k: Case) => void work.run(async () => {
    const out = await act<{ partner: string; fields: string[]; clause: string }>("disclose", { reference: k.reference });
    list.reload();
    return say(d.done, { partner: out.partner, fields: out.fields.join(", "), clause: out.clause });
  });
  return <>
    <h1>{d.title}</h1>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => <>
      <section class="card">{v.cases.length ? <Table caption={d.cases} head={[d.opened, d.reference, t.ledger.flow, d.examiners, t.cases.state, d.finding, t.choose]}>
        {v.cases.map((k) => <tr key={k.case}><td>{when(k.opened)}</td><td><code>{short(k.reference)}</code> {k.control && <span class="tag plain">{d.control}</span>}</td><td>{k.flow}</td><td>{k.concluded} / {k.examiners}</td><td>{k.state}</td><td>{k.finding}</td>
          <td>{p.custodian && k.finding === "identified" && !k.control && !v.disclosures.some((x) => x.reference === k.reference) &&
            <button class="small" disabled={work.busy} onClick={() => disclose(k)}>{d.disclose}<span class="gone"> {short(k.reference)}</span></button>}</td></tr>)}
      </Table> : <p>{d.noCases}</p>}</section>
      <section class="card">{v.disclosures.length ? <Table caption={d.title} head={[d.at, d.to, d.fields, t.due.clause, d.state]}>
        {v.disclosures.map((x) => <tr key={x.disclosure}><td>{when(x.disclosed)}</td><td>{x.partner}</td><td>{x.fields.join(", ")}</td><td>{x.clause}</td><td>{became(x)}</td></tr>)}
      </Table> : <p>{d.none}</p>}</section></>}</Loaded>
  </>;
}

type Agreement = { name: string; title: string; version: number; state: string; "signed-by": string; from: string; until: string };

export function Agreements() {
  const list = useLoad(() => read<{ agreements: Agreement[] }>("agreement-list")), [text, setText] = useState<{ name: string; envelope: string } | null>(null), work = useDo(), a = t.agreements;
  const show = (name: string) => void work.run(async () => setText({ name, ...(await read<{ envelope: string }>("agreement-envelope", { name })) }));
  return <>
    <h1>{a.title}</h1>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.agreements.length ? <Table caption={a.title} head={[a.name, a.version, a.state, a.from, a.until, a.parties, a.show]}>
      {v.agreements.map((x) => <tr key={x.name}><td>{x.name}<p class="hint">{x.title}</p></td><td>{x.version}</td><td>{x.state}</td><td>{x.from}</td><td>{x.until}</td><td>{x["signed-by"]}</td>
        <td><button class="small" onClick={() => show(x.name)}>{a.show}<span class="gone"> {x.name}</span></button></td></tr>)}
    </Table> : <p>{a.none}</p>}</Loaded>
    {text && <section class="card"><h2>{text.name}</h2><pre class="mono scroll" tabIndex={0}>{text.envelope}</pre><button onClick={() => setText(null)}>{a.close}</button></section>}
  </>;
}

type Rate = { name: string; cases: number; controls: number; "wrongly-identified": number; excluded: number; inconclusive: number };

export function Rates() {
  const list = useLoad(() => read<{ examiners: Rate[] }>("case-rates")), r = t.rates;
  const sum = (all: Rate[]): Rate => all.reduce((n, x) => ({ name: r.all, cases: n.cases + x.cases, controls: n.controls + x.controls, "wrongly-identified": n["wrongly-identified"] + x["wrongly-identified"],
    excluded: n.excluded + x.excluded, inconclusive: n.inconclusive + x.inconclusive }), { name: r.all, cases: 0, controls: 0, "wrongly-identified": 0, excluded: 0, inconclusive: 0 });
  return <>
    <h1>{r.title}</h1>
    <p class="hint">{r.about}</p>
    <Loaded of={list}>{(v) => v.examiners.length ? <Table caption={r.title} head={[r.examiner, r.cases, r.controls, r.wrong, r.excluded, r.inconclusive]}>
      {[...v.examiners, sum(v.examiners)].map((x) => <tr key={x.name}><td>{x.name}</td><td class="num">{x.cases}</td><td class="num">{x.controls}</td><td class="num">{x["wrongly-identified"]}</td><td class="num">{x.excluded}</td><td class="num">{x.inconclusive}</td></tr>)}
    </Table> : <p>{r.none}</p>}</Loaded>
  </>;
}

type Year = { collected: Record<string, number>; held: Record<string, number>; "destroyed-by-clause": Record<string, number>; destroyed: number; extended: number; holds: number; "on-hold": number; overdue: number; "average-age-days": number };

export function YearPage() {
  const [year, setYear] = useState(String(new Date().getUTCFullYear())), list = useLoad(() => read<Year>("retention-year", { year })), y = t.year;
  return <>
    <h1>{y.title}</h1>
    <form class="row" onSubmit={(e) => { e.preventDefault(); list.reload(); }}><label for="year">{y.year}</label><input id="year" inputMode="numeric" maxLength={4} value={year} onInput={(e) => setYear(e.currentTarget.value)} /><button type="submit">{y.show}</button></form>
    <Loaded of={list}>{(v) => <div class="split">
      <section class="card"><dl class="pairs">{([[y.destroyed, v.destroyed], [y.extended, v.extended], [y.holds, v.holds], [y.onHold, v["on-hold"]], [y.overdue, v.overdue], [y.age, Math.round(v["average-age-days"])]] as const).map(([text, n]) =>
        <><dt>{text}</dt><dd>{n}</dd></>)}</dl>
        <Table caption={y.collected} head={[t.due.material, y.collected, y.held]}>{Object.keys(v.collected).map((m) => <tr key={m}><td>{m}</td><td class="num">{v.collected[m]}</td><td class="num">{v.held[m]}</td></tr>)}</Table></section>
      <section class="card">{Object.keys(v["destroyed-by-clause"]).length ? <Table caption={y.destroyedBy} head={[t.due.clause, y.destroyed]}>{Object.entries(v["destroyed-by-clause"]).map(([c, n]) => <tr key={c}><td>{c}</td><td class="num">{n}</td></tr>)}</Table> : <p>{y.none}</p>}</section>
    </div>}</Loaded>
  </>;
}
