// What is watched: alarms, searches that the lot chose, the desks' capture keys. An alarm stops nothing and decides nothing: a person looks.
import { useState } from "preact/hooks";
import { act, read } from "./api";
import { say, texts as t } from "./texts";
import { Empty, Field, Loaded, Numbers, Outcome, Page, save, sessionNow, short, Table, useDo, useLoad, when } from "./ui";

type Alarm = { time: string; alarm: string; ours: boolean; reference: string; agreement: string; flow: string; partner: string; detail: string };

const DAY = 86400000;

export function Alarms() {
  const a = t.alarms, list = useLoad((byItself) => read<{ alarms: Alarm[] }>("alarm-list", {}, byItself), 30000);
  const since = (v: Alarm[], days: number) => v.filter((x) => Date.parse(x.time) > Date.now() - days * DAY).length;
  return <Page title={a.title} lead={a.about}>
    <Loaded of={list}>{(v) => v.alarms.length ? <>
      <Numbers of={[[a.today, since(v.alarms, 1), since(v.alarms, 1) > 0], [a.week, since(v.alarms, 7)], [a.all, v.alarms.length]]} />
      <section class="card"><Table caption={a.title} quiet head={[a.at, a.what, a.detail, a.where, a.search]}>
        {[...v.alarms].sort((x, y) => y.time.localeCompare(x.time)).map((x) => <tr key={x.time + x.reference + x.alarm}><td class="day">{when(x.time)}</td><td><strong>{x.alarm}</strong></td><td>{x.detail}</td>
          <td>{x.agreement} · {x.flow}<p class="hint">{say(x.ours ? a.asked : a.answered, { partner: x.partner })}</p></td><td><code>{short(x.reference)}</code></td></tr>)}
      </Table></section></> : <Empty><p>{a.none}</p></Empty>}</Loaded>
  </Page>;
}

/* ---- the lot ---- */

type Lot = { reference: string; agreement: string; flow: string; partner: string; ours: boolean; state: string; asked: string; until: string; overdue: boolean };
type Opening = { reference: string; opening: string; receipt: string };

/** As the auditor reads it; both files go on to `entente lot verify` and to the page of proofs. */
function Opened(p: { of: Opening; close: () => void }) {
  const l = t.lots, name = short(p.of.reference);
  return <section class="card" aria-label={l.opening}><div class="head"><h2>{l.opening} <code>{name}</code></h2><button class="small" onClick={p.close}>{t.agreements.close}</button></div>
    <p>{l.openingSay}</p>
    <pre class="mono" tabIndex={0} aria-label={l.opening}>{p.of.opening}</pre>
    <div class="row"><button onClick={() => save(`${name}.lot`, "text/plain", p.of.opening)}>{l.saveOpening}</button><button onClick={() => save(`${name}.tlog-proof`, "text/plain", p.of.receipt)}>{l.saveReceipt}</button></div>
  </section>;
}

export function Lots(p: { custodian: boolean }) {
  const l = t.lots, list = useLoad((byItself) => read<{ lots: Lot[] }>("lot-list", {}, byItself), 30000), work = useDo(), [shown, setShown] = useState<Opening | null>(null);
  const auditor = sessionNow.is?.role === "auditor";
  const open = (x: Lot) => void work.run(async () => { await act("lot-open", { reference: x.reference }); list.reload(); return say(l.openedNow, { reference: short(x.reference) }); });
  const show = (x: Lot) => void work.run(async () => {
    setShown({ reference: x.reference, ...(await act<{ opening: string; receipt: string }>("lot-show", { reference: x.reference })) });
    list.reload();
  });
  return <Page title={l.title} lead={l.about}>
    <Outcome of={work} />
    {shown && <Opened of={shown} close={() => setShown(null)} />}
    <Loaded of={list}>{(v) => v.lots.length ? <>
      <Numbers of={[[l.toOpen, v.lots.filter((x) => x.ours && x.state === "chosen").length], [l.overdueCount, v.lots.filter((x) => x.overdue).length, v.lots.some((x) => x.overdue)], [l.seen, v.lots.filter((x) => x.state === "seen").length]]} />
      <section class="card"><Table caption={l.title} quiet head={[l.until, l.search, l.where, l.asked, t.cases.state, t.choose]}>
        {[...v.lots].sort((x, y) => x.until.localeCompare(y.until)).map((x) => <tr key={x.reference}><td class="day">{x.until}</td><td><code>{short(x.reference)}</code></td><td>{x.agreement} · {x.flow}<p class="hint">{say(x.ours ? t.alarms.asked : t.alarms.answered, { partner: x.partner })}</p></td><td class="day">{when(x.asked)}</td>
          <td><span class={`tag ${x.overdue ? "bad" : x.state === "chosen" ? "refer" : "plain"}`}>{x.overdue ? l.overdue : l.states[x.state] ?? x.state}</span></td>
          <td>{p.custodian && x.ours && x.state === "chosen" && <button class="small" disabled={work.busy} onClick={() => open(x)}>{l.open}<span class="gone"> {short(x.reference)}</span></button>}
            {auditor && x.ours && (x.state === "opened" || x.state === "seen") && <button class="small" disabled={work.busy} onClick={() => show(x)}>{l.show}<span class="gone"> {short(x.reference)}</span></button>}</td></tr>)}
      </Table></section></> : <Empty><p>{l.none}</p></Empty>}</Loaded>
  </Page>;
}

/* ---- capture keys ---- */

type DeskKey = { name: string; state: string; hardware: boolean; since: string; key: string };

function AddDesk(p: { done: () => void }) {
  const d = t.desks, [name, setName] = useState(""), [key, setKey] = useState(""), work = useDo();
  const propose = () => void work.run(async () => {
    await act("desk-add", { name: name.trim(), key: key.trim(), hardware: "yes" });
    p.done();
    setName("");
    setKey("");
    return say(d.proposed, { name: name.trim() });
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); propose(); }}><h2>{d.propose}</h2><p class="hint">{d.proposeSay}</p>
    <div class="columns"><Field label={d.name}>{(id) => <input id={id} maxLength={39} value={name} onInput={(e) => setName(e.currentTarget.value)} />}</Field>
      <Field label={d.key} hint={d.keyHint}>{(id, by) => <input id={id} aria-describedby={by} class="mono" maxLength={44} value={key} onInput={(e) => setKey(e.currentTarget.value)} />}</Field></div>
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy || !name.trim() || !key.trim()}>{d.sign}</button></div>
  </form>;
}

export function Desks(p: { custodian: boolean }) {
  const d = t.desks, list = useLoad((byItself) => read<{ desks: DeskKey[] }>("desk-list", {}, byItself), 30000), work = useDo();
  const change = (x: DeskKey, what: "desk-approve" | "desk-withdraw", said: string) => void work.run(async () => { await act(what, { name: x.name }); list.reload(); return say(said, { name: x.name }); });
  const may = p.custodian || sessionNow.is?.role === "operator";
  return <Page title={d.title} lead={d.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.desks.length ? <section class="card"><Table caption={d.title} quiet head={[d.name, t.cases.state, d.kind, d.since, d.key, ...(may ? [t.choose] : [])]}>
      {v.desks.map((x) => <tr key={x.name}><td><strong>{x.name}</strong></td><td><span class={`tag ${x.state === "active" ? "go" : x.state === "proposed" ? "refer" : "plain"}`}>{d.states[x.state] ?? x.state}</span></td><td>{x.hardware ? d.hardware : d.software}</td><td class="day">{when(x.since)}</td><td><code>{x.key.slice(0, 12)}…</code></td>
        {may && <td><div class="tools">{p.custodian && x.state === "proposed" && <button class="small" disabled={work.busy} onClick={() => change(x, "desk-approve", d.approved)}>{t.approvals.approve}<span class="gone"> {x.name}</span></button>}
          {x.state !== "withdrawn" && <button class="small" disabled={work.busy} onClick={() => change(x, "desk-withdraw", d.withdrawn)}>{d.withdraw}<span class="gone"> {x.name}</span></button>}</div></td>}</tr>)}
    </Table></section> : <Empty><p>{d.none}</p></Empty>}</Loaded>
    {may && <AddDesk done={list.reload} />}
  </Page>;
}
