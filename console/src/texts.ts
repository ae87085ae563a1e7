// Every text of the console. A translation is this file with other words; `{name}` stands for a value.
export const texts = {
  app: "Entente", skip: "Skip to the page", signOut: "Sign out", signedIn: "{name}, {role}", pages: "Pages",
  roles: { officer: "border officer", examiner: "examiner", custodian: "custodian", auditor: "auditor", operator: "operator" },
  nav: { desk: "Desk", secondary: "Secondary", received: "Received", cases: "Cases", due: "Falling due", approvals: "Approvals", disclosures: "Disclosures",
    agreements: "Agreements", ledger: "Ledger", proofs: "Proofs and bundles", rates: "Error rates", year: "The year" },
  nothingHere: "This role has no page in the console. The command entente does what it needs.",

  signIn: {
    title: "Sign in", again: "Your key is needed", about: "Your key stays in this browser: it is opened here with your passphrase, signs what you do, and is forgotten when you leave the page.",
    file: "Your key file", fileHint: "people/NAME.key, as the custodian gave it to you", passphrase: "Passphrase", button: "Sign in", working: "Opening the key, {percent} %",
    noFile: "Choose your key file first.", notKey: "This file is no personal key of Entente. It begins with “entente-person-key/v1”.",
    wrong: "This is not the passphrase of {name}.", noPassphrase: "Type your passphrase.", notSupported: "This browser cannot sign with Ed25519. Chromium 137, Firefox 130 or Safari 17 can.",
    ended: "The session has ended ({why}). What you typed is still there: sign in and go on.", locked: "What you are doing is signed with your key. Open it to go on; nothing you typed is lost.",
    other: "This page is {name}'s. Sign out first to work as somebody else.",
  },
  line: "The node does not answer. Nothing that you typed is lost: check that it runs (entente serve) and try again.",
  tryAgain: "Try again", refused: "Refused: {detail}", loading: "Loading…", none: "none", cancel: "Cancel", choose: "Choose",

  desk: {
    title: "Open a crossing", crossing: "Crossing", crossingHint: "your desk's own number; no name", purpose: "Purpose", mrz: "Machine-readable zone of the document",
    mrzHint: "Typed or read; it stays on this page and is not sent", mrzBad: "This is no machine-readable zone: three lines of 30 signs, or two of 36 or 44.",
    mrzWrong: "Check digit wrong: {fields}. Compare with the document.", mrzGood: "All check digits are right.",
    fields: { number: "document number", birth: "date of birth", expiry: "date of expiry", personal: "personal number", composite: "the whole" } as Record<string, string>,
    name: "Name", number: "Document", nationality: "Nationality", birth: "Born", expires: "Expires", flight: "Flight", print: "Fingerprint, or a transaction", printHint: "PNG, JPEG, WSQ, JPEG 2000, BMP, PGM, or an ANSI/NIST-ITL file; 64 MiB at most",
    finger: "Finger", preview: "The print that will be asked about", noPreview: "This form of file has no preview here; the node reads it.", tooLarge: "This file has more than 64 MiB: capture the print again.", empty: "This file is empty: capture the print again.",
    unreadable: "The file can no longer be read: choose it again.",
    ask: "Ask all partners", asking: "Asking all partners…", noPrint: "Choose the print first.", noPurpose: "Name the purpose first.",
    proceed: "PROCEED", refer: "REFER", proceedSay: "Continue with the traveller as usual.", referSay: "Bring the traveller to the secondary desk. A referral says nothing about a person: some are by chance.",
    notAsked: "NOT SEARCHED", notAskedSay: "Nothing was asked or will be asked later for this crossing. It is no ground against the traveller.",
    next: "Next traveller", sheet: "Print the referral sheet", time: "{ms} ms from capture to answer; 95 % of {count} at this desk within {p95} ms", keys: "Keys: Ctrl+Enter asks, Escape is the next traveller.",
    fingers: { unknown: "unknown", "right-thumb": "right thumb", "right-index": "right index", "right-middle": "right middle", "right-ring": "right ring", "right-little": "right little",
      "left-thumb": "left thumb", "left-index": "left index", "left-middle": "left middle", "left-ring": "left ring", "left-little": "left little" },
  },
  sheet: {
    title: "Referral to the secondary desk", crossing: "Crossing", time: "Time", document: "Document", node: "Authority", why: "You were asked to wait. This is no accusation: travellers are referred for many reasons, some of them by chance. An answer of a machine decides nothing; persons do.",
    rights: "You may ask what is held about you, have it corrected, and complain.", ways: [
      "Ask this authority in writing, with the number above. It answers within one month.",
      "If you are not content, complain to the data protection authority of this country, or of the country that holds the record.",
      "If the waiting time is over and nothing is confirmed, this is called unresolved; it is not a refusal and stands nowhere against you."],
  },
  secondary: {
    title: "Referred travellers", none: "Nobody is referred to this desk.", own: "Crossings that you opened yourself are shown to another officer only.", chance: "by chance: every partner said no hit",
    partners: "Partners asked for {crossing}", partner: "Partner", state: "State", left: "Time left", detail: "Detail", unresolved: "unresolved", unresolvedSay: "The time for persons to confirm is over. Unresolved is not a refusal, and no ground against the traveller.",
    examined: "examined at the partner", disclosed: "identified; disclosed to this authority", open: "Open", openAct: "Open what was disclosed",
    states: { hit: "hit, persons examine", "no hit": "no hit", refused: "refused by the partner", "no answer": "no answer", "not searched": "not searched" } as Record<string, string>,
    ground: "No answer, a refusal or a suspension is never a ground against the traveller.", since: "referred {time}",
  },
  received: { title: "What partners disclosed", opened: "One disclosure, opened", none: "Nothing was disclosed to this authority.", from: "From", at: "Received", until: "Keep until", agreement: "Agreement", each: "Each opening is an entry in the ledger.", field: "Field", value: "Value", close: "Close", print: "Print of finger {finger}" },

  cases: {
    title: "Your cases", none: "No case waits for you.", case: "Case", state: "State", step: "Your step", until: "Until", own: "Your conclusion", open: "Open", back: "Back to the list",
    steps: { analysis: "analysis", comparison: "comparison", concluded: "concluded" } as Record<string, string>,
    about: "The node chooses who examines. Nobody sees another's conclusion before their own, nor whether a case is a control.",
  },
  exam: {
    analysis: "Analysis of the probe", comparison: "Comparison", probe: "Probe", candidate: "Candidate", picture: "{of}, print {n} of {all}", pictureLabel: "Print",
    suitable: "Is the probe suitable for comparison?", yes: "suitable", no: "not suitable", notes: "Notes on the analysis", notesHint: "what you saw: level 1 detail, quality, distortion",
    lock: "Lock the analysis with your signature", locked: "Your analysis is locked: suitable.", lockedNo: "Your analysis is locked: not suitable.", lockHint: "After this it cannot be changed, and the candidate is shown.",
    zoomIn: "Zoom in", zoomOut: "Zoom out", fit: "Fit", left: "Turn left", right: "Turn right", invert: "Invert", contrast: "Contrast", brightness: "Brightness", linked: "Both move together",
    tools: "Tool", move: "Move", ending: "Ending", fork: "Bifurcation", dot: "Other mark", measure: "Measure", undo: "Undo", marks: "{count} marks", ridges: "Ridges counted on the line", length: "{px} pixels, {mm} mm at 500 pixels an inch",
    keys: "Keys in the picture: arrows move, + and − zoom, [ and ] turn, I inverts, M marks at the crosshair, U undoes.",
    canvas: "{of}: zoom {zoom} %, turned {turn} degrees, {count} marks", conclusion: "Your conclusion",
    findings: { identified: "identified", excluded: "excluded", inconclusive: "inconclusive", "not-suitable": "not suitable" },
    reasons: "Reasons", reasonsHint: "the features in agreement or in difference; sealed with the probe", sign: "Sign the conclusion", needReasons: "Give your reasons: a conclusion without them is not taken.", needFinding: "Choose a conclusion.", needSuitable: "Say whether the probe is suitable.",
    done: "Signed: {finding}, version {version}. The case is {state}.", again: "Concluding again is a new version, while nothing was disclosed.", gone: "This case has ended ({state}); its pictures are destroyed.",
    draft: "Marks that are not locked yet are kept in this tab only.",
  },

  due: { title: "What falls due", by: "Due by", material: "Material", part: "Part", taken: "Taken", under: "Taken under", destroyBy: "Destroy by", clause: "Clause", status: "Status", held: "held", isDue: "due", kept: "kept", window: "extension may be applied for {from} to {until}",
    none: "Nothing falls due by then.", events: "Events", hold: "Hold", holdAbout: "A hold keeps the key of a part that is due; the part is searched by nobody.", holdUntil: "Hold until", document: "Order or file number", setHold: "Place the hold", done: "Recorded.", count: "{due} due now, {held} held, {all} in the list" },
  approvals: { title: "Waiting for a second person", none: "Nothing waits for a second person.", event: "Event", date: "Date", decidedBy: "Decided by", document: "Document", state: "State", approve: "Approve", refuse: "Refuse", about: "Nobody approves their own act; the node refuses it.", done: "Done: {what}." },
  disclosures: { title: "Disclosures", cases: "Cases", opened: "Opened", disclose: "Disclose what the agreement grants", fields: "Fields", to: "To", at: "Disclosed", state: "State", none: "Nothing was disclosed.", noCases: "There is no case.", kept: "kept there until {until}", waits: "waits for the partner",
    gone: "destroyed there, proven", asked: "recalled ({why}), no undertaking yet", reference: "Search", finding: "Finding", examiners: "Examiners", control: "control", done: "Disclosed to {partner}: {fields} ({clause})." },
  agreements: { title: "Agreements", name: "Name", version: "Version", state: "State", from: "From", until: "Until", parties: "Signed by", none: "There is no agreement.", show: "Read", close: "Close" },
  rates: { title: "Error rates", about: "Of pairs that do not match, mixed in without a mark.", examiner: "Examiner", cases: "Cases", controls: "Controls", wrong: "Wrongly identified", excluded: "Excluded", inconclusive: "Inconclusive", none: "Nobody has examined yet.", all: "All" },
  year: { title: "The year", year: "Year", show: "Show", destroyedBy: "Destroyed, by clause", collected: "Collected", held: "Held", destroyed: "Destroyed", extended: "Extended", holds: "Holds placed", onHold: "On hold now", overdue: "Overdue", age: "Average age, days", none: "Nothing was destroyed in this year." },

  ledger: { title: "Ledger", about: "Entries are fetched from the node and checked here: each is hashed, the tree is built in this browser, and its root is compared with the checkpoint, whose signature is checked with the key that you give.",
    key: "The node's verifier key, or its card", keyHint: "from another source than this node; the node's own card is filled in only on your word", useOwn: "Use the node's own card (shows no second history)", check: "Fetch and check", working: "{done} of {all} entries",
    good: "{count} entries. The root that this browser computed is the checkpoint's, and the signature of {name} is right.", badRoot: "The entries do not give the checkpoint's root: do not trust this ledger. Keep the checkpoint and tell the auditor's office.",
    badSignature: "The checkpoint is not signed with the key that you gave.", badEntry: "Entry {index} is not in the form of an entry.", noKey: "That is neither a verifier key nor a card.", index: "Entry", kind: "Kind", time: "Time", flow: "Flow", purpose: "Purpose", clause: "Clause", case: "Case number", follows: "Follows", destroyBy: "Destroy by",
    filter: "Only this kind", all: "all", kinds: "Entries by kind", page: "Entries {from} to {to} of {all}", older: "Older", newer: "Newer", tooMany: "This page checks ledgers of up to {max} entries; for a larger one use entente audit." },
  proofs: { title: "Proofs and bundles", about: "Receipts (.tlog-proof) with the card or verifier key of who made them, or whole folders of parties as for entente audit. Nothing leaves this browser.", drop: "Drop files or folders here, or choose them", files: "Choose files", folder: "Choose a folder",
    good: "proven", bad: "not proven", file: "File", result: "Result", keyless: "no key of {name} was given: drop its card", form: "not a tlog-proof of an entry", signature: "the checkpoint is not signed by {name}", path: "the entry is not in the tree at index {index}",
    entry: "entry {index} of {name}: {kind}, {time}", cosigned: "{count} further signatures are under it, whose keys were not given", bundle: "{name}: {count} entries, the root is the checkpoint's, the signature is right", bundleBad: "{name}: {why}", keys: "Keys given",
    compare: "The parties compared", searches: "Searches in both ledgers with the same outcome", differ: "Different accounts of one search", notAnswered: "Written down as answered by the asker, missing at the holder", notAsked: "Answered, but asked by nobody", outside: "With a party whose bundle is not here",
    card: "card of {name}: {digits}", cardBad: "the card's own signature is wrong", clear: "Clear", badRoot: "the entries do not give the checkpoint's root", badSignature: "the checkpoint is not signed with the card's key", noCard: "a bundle has card, ledger/entries and ledger/checkpoint", unknown: "neither a proof, a card nor a verifier key" },
};

export function say(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
