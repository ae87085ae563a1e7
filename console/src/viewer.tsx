// One picture under the examiner's eye: moved, zoomed, turned, inverted; marks in the picture's own pixels. The picture is never
// changed, only how it is drawn.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { say, texts as t } from "./texts";

export type View = { zoom: number; x: number; y: number; turn: number; invert: boolean; contrast: number; brightness: number };
export type MarkKind = "ending" | "fork" | "dot";
export type Tool = "move" | MarkKind | "measure";
export type Mark = { kind: MarkKind; x: number; y: number };
export type Line = { x1: number; y1: number; x2: number; y2: number; ridges: number };
export type Drawn = { marks: Mark[]; lines: Line[] };

export const start: View = { zoom: 0, x: 0, y: 0, turn: 0, invert: false, contrast: 100, brightness: 100 }; // zoom 0: not fitted yet
export const nothingDrawn: Drawn = { marks: [], lines: [] };
const PER_MM = 500 / 25.4; // the pictures of a case have 500 pixels an inch (ISO/IEC 19794-4, 7)

export const length = (l: Line): { px: number; mm: string } => {
  const px = Math.hypot(l.x2 - l.x1, l.y2 - l.y1);
  return { px: Math.round(px), mm: (px / PER_MM).toFixed(1) };
};

const bounded = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));
export const zoomed = (v: View, by: number): View => ({ ...v, zoom: bounded(v.zoom * by, 0.1, 16) });
export const turned = (v: View, by: number): View => ({ ...v, turn: (((v.turn + by) % 360) + 360) % 360 });
/** Moves by screen pixels, whatever the turn. */
export function moved(v: View, dx: number, dy: number): View {
  const a = (-v.turn * Math.PI) / 180;
  return { ...v, x: v.x - (dx * Math.cos(a) - dy * Math.sin(a)) / v.zoom, y: v.y - (dx * Math.sin(a) + dy * Math.cos(a)) / v.zoom };
}

function transform(c: CanvasRenderingContext2D, v: View, scale: number): void {
  c.setTransform(1, 0, 0, 1, c.canvas.width / 2, c.canvas.height / 2);
  c.rotate((v.turn * Math.PI) / 180);
  c.scale(v.zoom * scale, v.zoom * scale);
  c.translate(-v.x, -v.y);
}

const colours: Record<MarkKind, string> = { ending: "#e0242b", fork: "#1568d3", dot: "#0d7a45" };

function drawMarks(c: CanvasRenderingContext2D, d: Drawn, unit: number): void {
  c.lineWidth = 2 * unit;
  for (const m of d.marks) {
    for (const [colour, width] of [["#ffffff", 5], [colours[m.kind], 2.5]] as const) { // a light edge keeps them apart from any ground
      c.strokeStyle = colour;
      c.lineWidth = width * unit;
      c.beginPath();
      if (m.kind === "fork") c.rect(m.x - 6 * unit, m.y - 6 * unit, 12 * unit, 12 * unit);
      else c.arc(m.x, m.y, (m.kind === "ending" ? 7 : 4) * unit, 0, 7);
      c.stroke();
    }
  }
  for (const l of d.lines) {
    c.strokeStyle = "#a03bd0";
    c.lineWidth = 2 * unit;
    c.beginPath();
    c.moveTo(l.x1, l.y1);
    c.lineTo(l.x2, l.y2);
    c.stroke();
    c.font = `${14 * unit}px system-ui, sans-serif`;
    c.fillStyle = "#5a1080";
    c.fillText(String(d.lines.indexOf(l) + 1), l.x2 + 6 * unit, l.y2);
  }
}

/** A bar of so many millimetres as the picture is shown now: what is measured is measured against it. */
function drawScale(c: CanvasRenderingContext2D, zoom: number, left: number, bottom: number): void {
  const mm = [10, 5, 2, 1, 0.5, 0.2].find((n) => n * PER_MM * zoom <= 140) ?? 0.1, px = mm * PER_MM * zoom;
  c.fillStyle = "rgb(255 255 255 / .85)";
  c.fillRect(left, bottom - 30, px + 16, 28);
  c.fillStyle = "#000";
  c.fillRect(left + 8, bottom - 10, px, 3);
  for (const x of [0, px - 1.5]) c.fillRect(left + 8 + x, bottom - 14, 1.5, 10);
  c.font = "12px system-ui, sans-serif";
  c.fillText(`${mm} mm`, left + 8, bottom - 17);
}

function draw(canvas: HTMLCanvasElement, image: HTMLImageElement, v: View, d: Drawn, cross: boolean, ruled: boolean): void {
  const c = canvas.getContext("2d")!, scale = canvas.width / canvas.clientWidth;
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.clearRect(0, 0, canvas.width, canvas.height);
  transform(c, v, scale);
  c.imageSmoothingEnabled = v.zoom < 3;
  c.filter = `${v.invert ? "invert(1) " : ""}contrast(${v.contrast}%) brightness(${v.brightness}%)`;
  c.drawImage(image, 0, 0);
  c.filter = "none";
  drawMarks(c, d, 1 / v.zoom);
  c.setTransform(scale, 0, 0, scale, canvas.width / 2, canvas.height / 2);
  if (ruled) drawScale(c, v.zoom, 8 - canvas.clientWidth / 2, canvas.clientHeight / 2 - 4);
  if (!cross) return;
  c.strokeStyle = "#d1007a";
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(-14, 0); c.lineTo(14, 0); c.moveTo(0, -14); c.lineTo(0, 14);
  c.stroke();
}

function usePicture(png: string): HTMLImageElement | null {
  const [image, setImage] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    const made = new Image();
    made.onload = () => setImage(made);
    made.src = `data:image/png;base64,${png}`;
    return () => { made.onload = null; made.src = ""; setImage(null); };
  }, [png]);
  return image;
}

type Props = { png: string; of: string; view: View; change: (f: (v: View) => View) => void; fit: (v: View) => void; drawn: Drawn; mark?: ((d: Drawn) => void) | undefined; tool: Tool; ruled?: boolean };

export function Viewer(p: Props) {
  const canvas = useRef<HTMLCanvasElement>(null), image = usePicture(p.png), [focused, setFocused] = useState(false);
  const drag = useRef<{ x: number; y: number; from: { x: number; y: number } | null } | null>(null);

  const fitted = (): View => {
    const box = canvas.current!, i = image!;
    return { ...p.view, zoom: Math.min(box.clientWidth / i.width, box.clientHeight / i.height), x: i.width / 2, y: i.height / 2 };
  };
  useLayoutEffect(() => {
    const box = canvas.current;
    if (!box || !image) return;
    if (p.view.zoom === 0) return p.fit(fitted());
    const width = Math.round(box.clientWidth * devicePixelRatio), height = Math.round(box.clientHeight * devicePixelRatio);
    if (box.width !== width) box.width = width;
    if (box.height !== height) box.height = height;
    draw(box, image, p.view, p.drawn, focused, p.ruled !== false);
  });
  const at = (e: { clientX: number; clientY: number }): { x: number; y: number } => {
    const box = canvas.current!.getBoundingClientRect();
    const v = moved(p.view, box.left + box.width / 2 - e.clientX, box.top + box.height / 2 - e.clientY);
    return { x: Math.round(v.x), y: Math.round(v.y) };
  };
  const add = (point: { x: number; y: number }) => {
    if (!p.mark || !image || point.x < 0 || point.y < 0 || point.x >= image.width || point.y >= image.height) return;
    const kind = p.tool === "move" || p.tool === "measure" ? "ending" : p.tool;
    p.mark({ ...p.drawn, marks: [...p.drawn.marks, { kind, ...point }] });
  };
  const undo = () => p.mark?.({ ...p.drawn, marks: p.drawn.marks.slice(0, -1) });
  const keys: Record<string, () => void> = {
    ArrowLeft: () => p.change((v) => moved(v, 30, 0)), ArrowRight: () => p.change((v) => moved(v, -30, 0)),
    ArrowUp: () => p.change((v) => moved(v, 0, 30)), ArrowDown: () => p.change((v) => moved(v, 0, -30)),
    "+": () => p.change((v) => zoomed(v, 1.25)), "=": () => p.change((v) => zoomed(v, 1.25)), "-": () => p.change((v) => zoomed(v, 0.8)),
    "[": () => p.change((v) => turned(v, -5)), "]": () => p.change((v) => turned(v, 5)), i: () => p.change((v) => ({ ...v, invert: !v.invert })),
    m: () => add({ x: Math.round(p.view.x), y: Math.round(p.view.y) }), u: undo,
  };
  const key = (e: KeyboardEvent) => {
    const run = e.ctrlKey || e.metaKey || e.altKey ? undefined : keys[e.key];
    if (!run) return;
    e.preventDefault();
    run();
  };
  const down = (e: PointerEvent) => {
    canvas.current!.setPointerCapture(e.pointerId);
    drag.current = { x: e.clientX, y: e.clientY, from: p.tool === "measure" && p.mark ? at(e) : null };
    if (p.tool !== "move" && p.tool !== "measure") add(at(e));
  };
  const move = (e: PointerEvent) => {
    const d = drag.current;
    if (!d || p.tool !== "move") return;
    const dx = e.clientX - d.x, dy = e.clientY - d.y;
    drag.current = { ...d, x: e.clientX, y: e.clientY };
    p.change((v) => moved(v, dx, dy));
  };
  const up = (e: PointerEvent) => {
    const from = drag.current?.from, to = at(e);
    drag.current = null;
    if (from && p.mark && Math.hypot(to.x - from.x, to.y - from.y) >= 3)
      p.mark({ ...p.drawn, lines: [...p.drawn.lines, { x1: from.x, y1: from.y, x2: to.x, y2: to.y, ridges: 0 }] });
  };
  const wheel = useRef<(e: WheelEvent) => void>(() => undefined);
  wheel.current = (e) => { e.preventDefault(); p.change((v) => zoomed(v, e.deltaY < 0 ? 1.15 : 1 / 1.15)); };
  useEffect(() => { // not passive: the page must not scroll below the picture
    const box = canvas.current!, turn = (e: WheelEvent) => wheel.current(e);
    box.addEventListener("wheel", turn, { passive: false });
    return () => box.removeEventListener("wheel", turn);
  }, []);
  const label = say(t.exam.canvas, { of: p.of, zoom: Math.round(p.view.zoom * 100), turn: p.view.turn, count: p.drawn.marks.length });
  return <>
    <canvas ref={canvas} tabIndex={0} role="application" aria-label={label} onKeyDown={key} onPointerDown={down} onPointerMove={move} onPointerUp={up}
      onFocus={() => setFocused(true)} onBlur={() => setFocused(false)} />
    <div class="tools" role="toolbar" aria-label={p.of}>
      <button class="small" onClick={() => p.change((v) => zoomed(v, 1.25))}>{t.exam.zoomIn}</button>
      <button class="small" onClick={() => p.change((v) => zoomed(v, 0.8))}>{t.exam.zoomOut}</button>
      <button class="small" onClick={() => image && p.fit({ ...fitted(), turn: 0 })}>{t.exam.fit}</button>
      <button class="small" onClick={() => p.change((v) => turned(v, -5))}>{t.exam.left}</button>
      <button class="small" onClick={() => p.change((v) => turned(v, 5))}>{t.exam.right}</button>
      <button class="small" aria-pressed={p.view.invert} onClick={() => p.change((v) => ({ ...v, invert: !v.invert }))}>{t.exam.invert}</button>
      {p.mark && <button class="small" onClick={undo} disabled={!p.drawn.marks.length}>{t.exam.undo}</button>}
      <label>{t.exam.contrast} <input type="range" min={20} max={400} value={p.view.contrast} onInput={(e) => { const n = Number(e.currentTarget.value); p.change((v) => ({ ...v, contrast: n })); }} /></label>
      <label>{t.exam.brightness} <input type="range" min={20} max={300} value={p.view.brightness} onInput={(e) => { const n = Number(e.currentTarget.value); p.change((v) => ({ ...v, brightness: n })); }} /></label>
    </div>
  </>;
}
