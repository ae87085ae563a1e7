import { render, type FunctionComponent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Admission, History, Programmes } from "./admission";
import { Agreements } from "./agreements";
import { ActError, closeSession, currentSession, setPerson, signInNeeded, unlocked, type Failure, type Role, type Session } from "./api";
import { Ledger, Proofs } from "./auditor";
import { Approvals, Disclosures, Due, Persons, Rates, YearPage } from "./custodian";
import { Desk } from "./desk";
import { Cases } from "./examiner";
import { Slips } from "./redress";
import { Received, Secondary } from "./secondary";
import { SignIn } from "./signin";
import { say, texts as t } from "./texts";
import { Note, sessionNow } from "./ui";

const pages: Record<string, { text: string; page: FunctionComponent<{ custodian: boolean }>; roles: Role[] }> = {
  desk: { text: t.nav.desk, page: Desk, roles: ["officer"] },
  secondary: { text: t.nav.secondary, page: Secondary, roles: ["officer"] },
  admission: { text: t.nav.admission, page: Admission, roles: ["officer"] },
  cases: { text: t.nav.cases, page: Cases, roles: ["examiner"] },
  due: { text: t.nav.due, page: Due, roles: ["custodian"] },
  approvals: { text: t.nav.approvals, page: Approvals, roles: ["custodian"] },
  persons: { text: t.nav.persons, page: Persons, roles: ["custodian"] },
  ledger: { text: t.nav.ledger, page: Ledger, roles: ["auditor"] },
  held: { text: t.nav.due, page: Due, roles: ["auditor"] },
  disclosures: { text: t.nav.disclosures, page: Disclosures, roles: ["custodian", "auditor"] },
  received: { text: t.nav.received, page: Received, roles: ["officer", "custodian", "examiner"] },
  slips: { text: t.nav.slips, page: Slips, roles: ["officer", "custodian", "auditor"] },
  agreements: { text: t.nav.agreements, page: Agreements, roles: ["custodian", "auditor"] },
  programmes: { text: t.nav.programmes, page: Programmes, roles: ["custodian"] },
  history: { text: t.nav.history, page: History, roles: ["officer", "custodian", "auditor", "examiner", "operator"] },
  rates: { text: t.nav.rates, page: Rates, roles: ["custodian", "auditor"] },
  year: { text: t.nav.year, page: YearPage, roles: ["custodian", "auditor"] },
  proofs: { text: t.nav.proofs, page: Proofs, roles: ["auditor", "custodian"] },
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

function Bar(p: { session: Session; at: string; out: () => void; lock: () => void }) {
  return <header class="bar">
    <a class="skip" href="#page" onClick={(e) => { e.preventDefault(); document.getElementById("page")?.focus(); }}>{t.skip}</a>
    <div class="mark"><img src="/mark.svg" alt="" /><span>{t.app}<small>{p.session.node}</small></span></div>
    <nav aria-label={t.pages}><ul>{allowed(p.session.role).map(([name, page]) =>
      <li key={name}><a href={`#/${name}`} aria-current={name === p.at ? "page" : undefined}>{page.text}</a></li>)}</ul></nav>
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
