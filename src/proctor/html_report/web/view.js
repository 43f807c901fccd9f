// What is shown: filters and order, as a value that stands in the address.

const TOGGLES = ["wrong", "right", "unread", "failed", "disagree", "flipped", "only_a", "only_b", "confident", "flagged"];
/** @type {Record<string, number[]>} */
const STATE_TOGGLES = { wrong: [WRONG, PARTLY], right: [RIGHT], unread: [UNREAD, UNFINISHED], failed: [FAILED] };
const SORTS = ["order", "margin", "gold", "difference", "length"];
const CONFIDENT = 0.9;
/** The runs that are compared unless the reader chooses others. */
const PAIR = [0, 1];

/** @type {() => View} */
const emptyView = () => ({ f: [], t: "", s: "", run: 0, pair: PAIR, k: "", p: ["", ""], by: "", len: ["", ""], o: "order", down: false, q: "" });

/**
 * A view from an address such as `#f=wrong,disagree&t=mmlu_stem&s=enzyme&q=mmlu_anatomy/17`.
 * @type {(hash: string, runs: string[]) => View}
 */
const parseView = (hash, runs) => {
  const view = emptyView();
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {(name: string) => string[]} */
  const range = (name) => (given.get(name) || "").split("..").concat("").slice(0, 2).map((end) => (/^\d*\.?\d+$/.test(end) ? end : ""));
  view.f = (given.get("f") || "").split(",").filter((one) => TOGGLES.includes(one));
  view.t = given.get("t") || "";
  view.s = given.get("s") || "";
  view.run = Math.max(0, runs.indexOf(given.get("run") ?? ""));
  const pair = (given.get("pair") || "").split(",").map((one) => runs.indexOf(one));
  view.pair = pair.length === 2 && pair[0] !== pair[1] && !pair.includes(-1) ? pair : PAIR;
  view.k = given.get("k") || "";
  view.p = range("p");
  view.by = given.get("by") || "";
  view.len = range("len");
  const order = given.get("o") || "order";
  view.down = order.endsWith("-");
  view.o = SORTS.includes(order.replace(/-$/, "")) ? order.replace(/-$/, "") : "order";
  view.q = given.get("q") || "";
  return view;
};

/** @type {(view: View) => boolean} */
const hasOwnPair = (view) => view.pair.join() !== PAIR.join();

/** @type {(view: View, runs: string[]) => string} */
const viewHash = (view, runs) => {
  /** @type {string[]} */
  const parts = [];
  /** @type {(name: string, value: string) => unknown} */
  const put = (name, value) => value && parts.push(`${name}=${encodeURIComponent(value).replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%40/g, "@")}`);
  put("f", view.f.join(","));
  put("t", view.t);
  put("s", view.s);
  put("run", view.run ? runs[view.run] : "");
  put("pair", hasOwnPair(view) ? view.pair.map((run) => runs[run]).join(",") : "");
  put("k", view.k);
  put("p", view.p.some(Boolean) ? view.p.join("..") : "");
  put("by", view.by);
  put("len", view.len.some(Boolean) ? view.len.join("..") : "");
  put("o", view.o === "order" && !view.down ? "" : view.o + (view.down ? "-" : ""));
  put("q", view.q);
  return parts.join("&");
};

/**
 * Which tasks a view wants: null for all.
 * @type {(view: View, info: Info) => boolean[] | null}
 */
const wantedTasks = (view, info) => {
  if (!view.t) return null;
  const group = info.groups.find((one) => one.name === view.t);
  const names = new Set(group ? group.tasks : [view.t]);
  return info.tasks.map((task) => names.has(task.name));
};

/**
 * The questions of a view, as places, in its order; `lengths` where texts are loaded.
 * @type {(view: View, info: Info, columns: Columns, texts: TextSource, flags: Flags, lengths: Float32Array | null) => number[]}
 */
const select = (view, info, columns, texts, flags, lengths) => {
  const tasks = wantedTasks(view, info);
  const states = view.f.flatMap((one) => STATE_TOGGLES[one] || []);
  /** @type {(one: string) => boolean} */
  const has = (one) => view.f.includes(one);
  const { state, picked } = columns.of[view.run];
  const [first, second] = view.pair.map((run) => columns.of[run]?.state);
  /** Which runs of the pair are right; neither where one does not have the question. @type {(i: number) => boolean[]} */
  const rightOnes = (i) => (first && second && first[i] !== ABSENT && second[i] !== ABSENT ? [first[i] === RIGHT, second[i] === RIGHT] : [false, false]);
  const ofPair = has("flipped") || has("only_a") || has("only_b");
  const option = view.k ? [...Array(columns.runs ? 255 : 0).keys()].find((place) => letterOf(place) === view.k) ?? NONE : NONE;
  const [low, high] = view.p.map(Number);
  const [short, long] = view.len.map(Number);
  const chances = view.p.some(Boolean) || has("confident") ? columns.numbers(view.run).picked : new Float32Array(0);
  const by = view.by ? columns.groups.indexOf(view.by) : -1;
  const words = wordsOf(view.s);
  /** @type {(i: number) => boolean} */
  const fits = (i) => {
    if (tasks && !tasks[columns.task[i]]) return false;
    if (states.length && !states.includes(state[i])) return false;
    if (has("disagree") && !disagree(columns, i)) return false;
    if (ofPair) {
      const [a, b] = rightOnes(i);
      if ((has("flipped") && a === b) || (has("only_a") && !(a && !b)) || (has("only_b") && !(b && !a))) return false;
    }
    if (has("confident") && !(state[i] === WRONG && chances[i] >= CONFIDENT)) return false;
    if (has("flagged") && !flags.of(columns, i)) return false;
    if (view.k && picked[i] !== option) return false;
    if (view.p[0] && !(chances[i] >= low)) return false;
    if (view.p[1] && !(chances[i] <= high)) return false;
    if (view.by && columns.by?.[i] !== by) return false;
    if (lengths && view.len[0] && !(lengths[i] >= short)) return false;
    if (lengths && view.len[1] && !(lengths[i] <= long)) return false;
    return !words.length || texts.matches(i, words);
  };
  const found = [];
  for (let i = 0; i < columns.n; i += 1) if (fits(i)) found.push(i);
  return sorted(found, view, columns, lengths);
};

/**
 * Runs that have a question are not all right or all wrong.
 * @type {(columns: Columns, i: number) => boolean}
 */
const disagree = (columns, i) => {
  let [right, wrong] = [false, false];
  for (let run = 0; run < columns.runs; run += 1) {
    const state = columns.of[run].state[i];
    if (state === RIGHT) right = true;
    else if (state !== ABSENT && state !== PLAIN) wrong = true;
  }
  return right && wrong;
};

/** @type {(found: number[], view: View, columns: Columns, lengths: Float32Array | null) => number[]} */
const sorted = (found, view, columns, lengths) => {
  let key = null;
  if (view.o === "margin") key = columns.numbers(view.run).margin;
  if (view.o === "gold") key = columns.numbers(view.run).gold;
  if (view.o === "length") key = lengths;
  if (view.o === "difference" && columns.runs > 1) {
    const [a, b] = view.pair.map((run) => columns.numbers(run).gold);
    key = found.reduce((values, i) => { values[i] = Math.abs(b[i] - a[i]); return values; }, new Float32Array(columns.n));
  }
  const sign = view.down ? -1 : 1;
  if (!key) return view.down ? found.reverse() : found;
  // What has no number stands last, whichever way.
  return found.sort((a, b) => (Number.isNaN(key[a]) ? 1 : 0) - (Number.isNaN(key[b]) ? 1 : 0) || sign * (key[a] - key[b]) || a - b);
};
