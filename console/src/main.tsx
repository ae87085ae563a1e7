import { render, type FunctionComponent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Admission, History, Programmes } from "./admission";
import { Agreements } from "./agreements";
import { ActError, closeSession, currentSession, setPerson, signInNeeded, unlocked, type Failure, type Role, type Session } from "./api";
import { Ledger, Proofs } from "./auditor";
import { Approvals, Disclosures, Due, Persons, Rates, YearPage } from "./custodian";
import { Comes, Holds, RegimesPage } from "./custody";
import { Desk } from "./desk";
import { Cases } from "./examiner";
import { People } from "./people";
import { Slips } from "./redress";
import { Received, Secondary } from "./secondary";
import { SignIn } from "./signin";
import { say, texts as t } from "./texts";
import { Note, sessionNow } from "./ui";
import { Alarms, Desks, Lots } from "./watch";

type Group = keyof typeof t.groups;
const pages: Record<string, { text: string; group: Group; page: FunctionComponent<{ custodian: boolean }>; roles: Role[] }> = {
  desk: { text: t.nav.desk, group: "work", page: Desk, roles: ["officer"] },
  secondary: { text: t.nav.secondary, group: "work", page: Secondary, roles: ["officer"] },
  admission: { text: t.nav.admission, group: "work", page: Admission, roles: ["officer"] },
  cases: { text: t.nav.cases, group: "work", page: Cases, roles: ["examiner"] },
  ledger: { text: t.nav.ledger, group: "proof", page: Ledger, roles: ["auditor"] },
  due: { text: t.nav.due, group: "records", page: Due, roles: ["custodian"] },
  warnings: { text: t.nav.warnings, group: "records", page: Comes, roles: ["custodian", "auditor"] },
  approvals: { text: t.nav.approvals, group: "records", page: Approvals, roles: ["custodian"] },
  persons: { text: t.nav.persons, group: "records", page: Persons, roles: ["custodian"] },
  proofs: { text: t.nav.proofs, group: "proof", page: Proofs, roles: ["auditor", "custodian"] },
  held: { text: t.nav.due, group: "records", page: Due, roles: ["auditor"] },
  holds: { text: t.nav.holds, group: "records", page: Holds, roles: ["custodian", "auditor"] },
  regimes: { text: t.nav.regimes, group: "records", page: RegimesPage, roles: ["custodian", "auditor"] },
  agreements: { text: t.nav.agreements, group: "exchange", page: Agreements, roles: ["custodian", "auditor"] },
  disclosures: { text: t.nav.disclosures, group: "exchange", page: Disclosures, roles: ["custodian", "auditor"] },
  received: { text: t.nav.received, group: "exchange", page: Received, roles: ["officer", "custodian", "examiner"] },
  slips: { text: t.nav.slips, group: "exchange", page: Slips, roles: ["officer", "custodian", "auditor"] },
  people: { text: t.nav.people, group: "watch", page: People, roles: ["custodian", "auditor", "operator"] },
  desks: { text: t.nav.desks, group: "watch", page: Desks, roles: ["custodian", "auditor", "operator"] },
  lots: { text: t.nav.lots, group: "watch", page: Lots, roles: ["custodian", "auditor"] },
  alarms: { text: t.nav.alarms, group: "watch", page: Alarms, roles: ["custodian", "auditor"] },
  rates: { text: t.nav.rates, group: "proof", page: Rates, roles: ["custodian", "auditor"] },
  year: { text: t.nav.year, group: "proof", page: YearPage, roles: ["custodian", "auditor"] },
  programmes: { text: t.nav.programmes, group: "exchange", page: Programmes, roles: ["custodian"] },
  history: { text: t.nav.history, group: "proof", page: History, roles: ["officer", "custodian", "auditor", "examiner", "operator"] },
};

const allowed = (role: Role): [string, (typeof pages)[string]][] => Object.entries(pages).filter(([, p]) => p.roles.includes(role));

/** The page's name in the address, so that back, forward and two tabs work as everywhere. */
function useRoute(): string {
  const name = () => location.hash.slice(2).split("?")[0] ?? "", [at, setAt] = useState(name());
  useEffect(() => {
    const changed = () => setAt(name());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return at;
}

/** Asks for the key over the page, which stays as it is below. */
function KeyDialog(p: { why: Failure; session: Session; done: (s: Session) => void; cancel: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  const why = p.why.kind === "session" ? say(t.signIn.ended, { why: p.why.detail }) : t.signIn.locked;
  return <dialog ref={box} aria-labelledby="key-title" onClose={p.cancel}>
    <h2 id="key-title">{t.signIn.again}</h2>
    <SignIn why={why} only={p.session.name} done={p.done} cancel={p.cancel} />
  </dialog>;
}

const MANY = 8; // pages, from which on they are told apart by groups

function Bar(p: { session: Session; at: string; out: () => void; lock: () => void }) {
  const mine = allowed(p.session.role);
  return <header class="bar">
    <a class="skip" href="#page" onClick={(e) => { e.preventDefault(); document.getElementById("page")?.focus(); }}>{t.skip}</a>
    <div class="mark"><img src="/mark.svg" alt="" /><span>{t.app}<small>{p.session.node}</small></span></div>
    <nav class={mine.length > MANY ? "many" : undefined} aria-label={t.pages}>{(Object.keys(t.groups) as Group[]).map((group) => [group, mine.filter(([, page]) => page.group === group)] as const).filter(([, of]) => of.length).map(([group, of]) =>
      <div key={group}>{mine.length > MANY && <p id={`g-${group}`}>{t.groups[group]}</p>}<ul aria-labelledby={mine.length > MANY ? `g-${group}` : undefined}>{of.map(([name, page]) =>
        <li key={name}><a href={`#/${name}`} aria-current={name === p.at ? "page" : undefined}>{page.text}</a></li>)}</ul></div>)}</nav>
    <div class="who"><strong>{p.session.name}</strong><span>{t.roles[p.session.role]}</span>
      <span>{say(t.until, { time: new Date(p.session.until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false }) })}</span>
      <div>{unlocked() && <button class="small" onClick={p.lock}>{t.lock}</button>}<button class="small" onClick={p.out}>{t.signOut}</button></div></div>
  </header>;
}

function SignedIn(p: { session: Session; set: (s: Session | null) => void }) {
  const route = useRoute(), mine = allowed(p.session.role), [why, setWhy] = useState<Failure | null>(null), [, tick] = useState(0);
  const at = mine.some(([name]) => name === route) ? route : mine[0]?.[0] ?? "", first = useRef(true);
  const Page = pages[at]?.page;
  signInNeeded.ask = (failure) => setWhy((already) => already ?? failure);
  useEffect(() => { document.title = `${pages[at]?.text ?? ""} – ${t.app}`; }, [at]);
  useLayoutEffect(() => { // a new page is read from its top
    if (!first.current) { scrollTo(0, 0); document.getElementById("page")?.focus({ preventScroll: true }); }
    first.current = false;
  }, [at]);
  const out = () => void closeSession().then(() => { setPerson(null); p.set(null); });
  return <div class="frame">
    <Bar session={p.session} at={at} out={out} lock={() => { setPerson(null); tick((n) => n + 1); }} />
    <main id="page" tabIndex={-1}>{Page ? <Page key={at} custodian={p.session.role === "custodian"} /> : <p>{t.nothingHere}</p>}</main>
    {why && <KeyDialog why={why} session={p.session} done={(s) => { p.set(s); setWhy(null); }} cancel={() => setWhy(null)} />}
  </div>;
}

function App() {
  const [session, setSession] = useState<Session | null | undefined>(undefined), [failed, setFailed] = useState("");
  useEffect(() => {
    document.title = t.app;
    currentSession().then(setSession, (e: unknown) => {
      setSession(null);
      if (e instanceof ActError && e.failure.kind === "line") setFailed(t.line);
    });
  }, []);
  sessionNow.is = session ?? null;
  if (session === undefined) return <main><p class="loading" role="status">{t.loading}</p></main>;
  if (session) return <SignedIn key={session.name} session={session} set={setSession} />;
  return <main id="page"><section class="card narrow"><h1>{t.signIn.title}</h1>{failed && <Note kind="bad">{failed}</Note>}<SignIn done={setSession} /></section></main>;
}

render(<App />, document.getElementById("app")!);
