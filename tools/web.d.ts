// What the scripts of the pages (src/proctor/html_report/web, src/proctor/view/web) hand to each other. Only
// `make lint-js` reads this: a page holds none of it. What Python writes is in page_data.py, columns.py and texts.py.

interface RunInfo {
  /** R1, R2 and so on. */
  number: string;
  name: string;
  /** What ends the thinking of its model, where that was set. */
  think?: string;
}

interface TaskInfo {
  name: string;
  alias: string;
  group: string;
  /** How many questions it has. */
  n: number;
  labels: string[];
}

interface GroupInfo {
  name: string;
  alias: string;
  tasks: string[];
}

/** Where the columns of a run begin in the buffer; `like`: the run by which its steps are sorted; `beyond`: they are differences from it. */
interface RunLayout {
  state: number;
  picked: number;
  ranks: number;
  steps: number;
  best: number;
  like?: number;
  beyond?: number;
}

/** A score: its name, its filter, where its numbers begin; without `c` it is the state. */
interface MetricLayout {
  n: string;
  f: string;
  c?: number;
}

interface Layout {
  id: number;
  hash: number;
  gold: number;
  k: number;
  golds: Record<number, number[]>;
  by?: number;
  groups: string[];
  runs: RunLayout[];
  /** By task and run. */
  metrics: MetricLayout[][][];
}

interface Info {
  runs: RunInfo[];
  tasks: TaskInfo[];
  groups: GroupInfo[];
  columns: Layout;
  /** The first question of each block of texts. */
  blocks: number[];
  level: string;
}

interface RunColumns {
  state: Uint8Array;
  picked: Uint8Array;
  steps: Uint8Array;
  best: Uint8Array;
}

/** By question, of one run: the probability of what was picked, of what is right, and the lead of the likeliest. */
interface RunNumbers {
  picked: Float32Array;
  gold: Float32Array;
  margin: Float32Array;
}

/** The filters and the order, as the address has them; `view.js` reads and writes it. */
interface View {
  f: string[];
  t: string;
  s: string;
  run: number;
  /** The two runs that are compared. */
  pair: number[];
  k: string;
  p: string[];
  by: string;
  len: string[];
  o: string;
  down: boolean;
  q: string;
}

type ViewChange = Partial<View> | ((view: View) => Partial<View>);

/** Response, what the filter took out of it, the prompt where it is another than the first run's, what other filters took; 0: there is none. */
type OwnTexts = [response: string | number, filtered: string | 0, prompt?: string | 0, others?: Record<string, string>];

/** A question's texts; {} where the page has none. */
interface Found {
  question?: string;
  options?: string[];
  doc?: string | null;
  /** The document's, where it need not be computed. */
  hash?: string | null;
  prompt?: string | null;
  target?: string | null;
  /** By run. */
  own?: (OwnTexts | 0 | null)[];
}

/** A question in a block of texts: the numbers are places in the block's table. */
type TextRow = [question: string | 0, options: string[] | 0, doc: number, prompt: number, target: string | 0];

interface TextBlock {
  table: string[];
  rows: TextRow[];
  own: ((OwnTexts | 0)[] | null)[];
}

/** Where texts come from: `Texts` of the page, `ServedTexts` of a server. */
interface TextSource {
  starts: number[];
  block(i: number): number;
  load(number: number): Promise<unknown>;
  now(i: number): Found | null;
  get(i: number): Promise<Found | null>;
  resolve(text: string, found: Found): string;
  document(found: Found): string | null;
  head(task: number, run: number): Promise<string>;
  prepare(view: View, progress: (share: number) => void): Promise<void>;
  whole(order: number[]): Promise<void>;
  lengths(columns: Columns): Float32Array;
  matches(i: number, words: string[]): boolean;
}

/** What a page's list is made of. */
interface Source {
  info: Info;
  columns: Columns;
  texts: TextSource;
  /** Where flags are kept elsewhere than in the browser. */
  flags?: Flags;
}

/** A reader's flag on a question. */
interface Flag {
  task: string;
  doc_id: number;
  doc_hash: string | null;
  flag: string;
  note: string;
}

/** What the pane asks of the page. */
interface PaneActions {
  move(step: number): void;
  close(): void;
  copyLink(button: HTMLElement): void;
  flagged(): void;
}

interface Strings {
  language: string;
  strings: Record<string, string | Record<string, string>>;
}

type Leaf = Node | string | null | undefined;
type Child = Leaf | Leaf[];

/** `/api/page`: the columns in base64; from `length` on, the characters of each question. */
interface ServedPage {
  version: string;
  info: Info & { columns: { length: number } };
  columns: string;
  reading: number;
}

/** `/api/question`: by run its texts, null where the run has not this question. */
interface ServedQuestion {
  question: string;
  options: string[];
  document: string | null;
  doc_hash: string | null;
  target: string | null;
  runs: ({ prompt: string; response?: string | number; filtered?: string } | null)[];
}

interface Array<T> {
  filter(predicate: BooleanConstructor): Exclude<T, null | undefined | false | 0 | "">[];
}
