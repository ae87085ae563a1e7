// Bars, drawn; the numbers are in the label for who does not see them, and in a table beside where they matter.
type Row = { name: string; parts: number[] };

const short = (n: number): string => (n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : n >= 1e4 ? `${Math.round(n / 1e3)} k` : String(n));

/** Upright bars, their parts stacked; `limit` is a line. */
export function Bars(p: { label: string; names: string[]; rows: Row[]; limit?: number | undefined }) {
  const height = 150, left = 44, width = 640, step = Math.min(48, (width - left - 8) / Math.max(1, p.rows.length));
  const most = Math.max(1, p.limit ?? 0, ...p.rows.map((r) => r.parts.reduce((a, b) => a + b, 0))), y = (n: number) => 10 + height - (height * n) / most;
  const every = Math.ceil(p.rows.length / 8);
  return <>
    <svg class="chart" viewBox={`0 0 ${width} ${height + 34}`} role="img" aria-label={`${p.label}: ${p.rows.map((r) => `${r.name} ${r.parts.join(" ")}`).join(", ")}`}>
      {[0, 0.5, 1].map((part) => <g key={part}><line class="grid" x1={left} x2={width} y1={y(most * part)} y2={y(most * part)} />{(most > 1 || part !== 0.5) && <text class="faint" x={left - 6} y={y(most * part) + 4} text-anchor="end">{short(Math.round(most * part))}</text>}</g>)}
      {p.rows.map((r, i) => {
        let below = 0;
        return <g key={r.name}>{r.parts.map((n, k) => { below += n; return n ? <rect key={k} class={`b${k}`} x={left + i * step + 2} width={Math.max(2, step - 4)} y={y(below)} height={Math.max(1, (height * n) / most)} /> : null; })}
          {i % every === 0 && <text class="faint" x={left + i * step + step / 2} y={height + 26} text-anchor="middle">{r.name}</text>}</g>;
      })}
      {p.limit && <line class="limit" x1={left} x2={width} y1={y(p.limit)} y2={y(p.limit)} />}
    </svg>
    {p.names.length > 1 && <ul class="legend">{p.names.map((n, k) => <li key={n}><svg viewBox="0 0 10 10" aria-hidden="true"><rect class={`b${k}`} width="10" height="10" /></svg>{n}</li>)}</ul>}
  </>;
}

/** Lying bars with their numbers. */
export function Lines(p: { label: string; rows: [string, number][] }) {
  const most = Math.max(1, ...p.rows.map(([, n]) => n));
  return <svg class="chart" viewBox={`0 0 480 ${p.rows.length * 22 + 4}`} role="img" aria-label={`${p.label}: ${p.rows.map(([k, n]) => `${k} ${n}`).join(", ")}`}>
    {p.rows.map(([name, n], i) => <g key={name}><text x={0} y={i * 22 + 16}>{name.length > 26 ? `${name.slice(0, 25)}…` : name}</text><rect class="b0" x={190} y={i * 22 + 4} width={Math.max(2, (220 * n) / most)} height={15} rx="2" />
      <text x={198 + Math.max(2, (220 * n) / most)} y={i * 22 + 16}>{n}</text></g>)}
  </svg>;
}
