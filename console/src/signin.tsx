import { useState } from "preact/hooks";
import { ActError, openSession, setPerson, type Session } from "./api";
import { openKey, readKeyFile, type KeyFile } from "./keys";
import { say, texts as t } from "./texts";
import { Field, Note } from "./ui";

async function keyFrom(file: File | null): Promise<KeyFile | string> {
  if (!file) return t.signIn.noFile;
  const key = file.size <= 1024 ? readKeyFile(await file.text().catch(() => "")) : null;
  return key ?? t.signIn.notKey;
}

/** `only`: the page belongs to this person. */
export function SignIn(p: { why?: string; only?: string | undefined; done: (s: Session) => void; cancel?: () => void }) {
  const [file, setFile] = useState<File | null>(null), [passphrase, setPassphrase] = useState("");
  const [failed, setFailed] = useState(""), [percent, setPercent] = useState(-1);

  const attempt = async (): Promise<string> => {
    const key = await keyFrom(file);
    if (typeof key === "string") return key;
    if (!passphrase) return t.signIn.noPassphrase;
    if (p.only && key.name !== p.only) return say(t.signIn.other, { name: p.only });
    const person = await openKey(key, passphrase, (part) => setPercent(Math.round(part * 100)));
    if (!person) return say(t.signIn.wrong, { name: key.name });
    const session = await openSession(person);
    setPerson(person);
    setPassphrase("");
    p.done(session);
    return "";
  };
  const submit = async (e: Event) => {
    e.preventDefault();
    if (percent >= 0) return;
    setFailed("");
    setPercent(0);
    try {
      setFailed(await attempt());
    } catch (error) {
      if (error instanceof ActError) setFailed(error.failure.kind === "line" ? t.line : say(t.refused, { detail: error.failure.detail }));
      else if (error instanceof DOMException && error.name === "NotSupportedError") setFailed(t.signIn.notSupported);
      else throw error;
    } finally {
      setPercent(-1);
    }
  };
  return <form onSubmit={submit} noValidate>
    {p.why && <Note>{p.why}</Note>}
    <p>{t.signIn.about}</p>
    <Field label={t.signIn.file} hint={t.signIn.fileHint}>{(id, by) =>
      <input id={id} aria-describedby={by} type="file" accept=".key" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} />}</Field>
    <Field label={t.signIn.passphrase}>{(id) =>
      <input id={id} type="password" autocomplete="off" value={passphrase} onInput={(e) => setPassphrase(e.currentTarget.value)} />}</Field>
    {failed && <Note kind="bad">{failed}</Note>}
    <div class="row">
      <button class="main" type="submit" disabled={percent >= 0}>{percent >= 0 ? say(t.signIn.working, { percent }) : t.signIn.button}</button>
      {p.cancel && <button type="button" onClick={p.cancel}>{t.cancel}</button>}
    </div>
  </form>;
}
