// The grammar of `bsvae show --where`: comparisons of a column with a value, joined by and, or, not
// and parentheses. `compile(text, columns)` gives a function of a row's values by column name;
// without any operator the text is words, and all of them must be in the row.
const OPERATOR = /[=<>!()[\]{}]/;
const TOKEN = new RegExp(
  [
    "\\s+",
    "(?<string>\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*')",
    "(?<number>(?:\\d[\\d_]*\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)(?![\\w.])",
    "(?<word>[A-Za-z_]\\w*)",
    "(?<sign>==|!=|<=|>=|[<>()[\\]{},+-])",
  ].join("|"),
  "y",
);
const EXAMPLE = "write comparisons of a column with a value, like family == 'gaussian' and latent_dim > 2";
const LONGEST = 1000;  // letters of a filter, as in `sweeps.results.filters`
const CLOSING = { "[": "]", "(": ")", "{": "}" };

class Refused extends Error {}

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex, match = TOKEN.exec(text);
    if (!match) throw new Refused(`at “${text.slice(at, at + 12)}”: ${EXAMPLE}`);
    const [kind, value] = Object.entries(match.groups).find(([, part]) => part !== undefined) || [];
    if (kind) found.push({ kind, value });
  }
  return found;
}

function unquoted(text) {
  const known = { n: "\n", t: "\t", r: "\r" };
  return text.slice(1, -1).replace(/\\(.)/g, (_, letter) => known[letter] ?? letter);
}

class Parser {
  constructor(text, columns) {
    this.left = tokens(text);
    this.columns = columns;
  }

  is(value) {
    return this.left.length > 0 && this.left[0].kind !== "string" && this.left[0].value === value;
  }

  take(value) {
    if (!this.is(value)) return false;
    this.left.shift();
    return true;
  }

  refuse() {
    const next = this.left.length ? `at “${this.left[0].value}”` : "at its end";
    throw new Refused(`${next}: ${EXAMPLE}`);
  }

  whole() {
    const holds = this.any();
    if (this.left.length) this.refuse();
    return holds;
  }

  any() {
    const parts = [this.every()];
    while (this.take("or")) parts.push(this.every());
    return parts.length === 1 ? parts[0] : (row) => parts.some((holds) => holds(row));
  }

  every() {
    const parts = [this.one()];
    while (this.take("and")) parts.push(this.one());
    return parts.length === 1 ? parts[0] : (row) => parts.every((holds) => holds(row));
  }

  one() {
    if (this.take("not")) {
      const holds = this.one();
      return (row) => !holds(row);
    }
    if (this.take("(")) {
      const holds = this.any();
      if (!this.take(")")) this.refuse();
      return holds;
    }
    return this.comparison();
  }

  comparison() {
    const name = this.left.shift();
    if (!name || name.kind !== "word") { if (name) this.left.unshift(name); this.refuse(); }
    if (this.take("in")) return this.among(name.value, true);
    if (this.is("not") && this.left[1]?.value === "in") {
      this.left.splice(0, 2);
      return this.among(name.value, false);
    }
    const sign = ["==", "!=", "<=", ">=", "<", ">"].find((one) => this.take(one));
    if (!sign) this.refuse();
    const read = this.column(name.value), value = this.literal();
    return compare(read, sign, value, name.value);
  }

  among(name, inside) {
    const read = this.column(name), values = this.list();
    return (row) => values.includes(read(row)) === inside;
  }

  column(name) {
    if (this.columns.has(name)) return (row) => plain(row(name));
    const near = nearest(name, [...this.columns]);
    throw new Refused(`unknown column '${name}'${near ? ` (did you mean '${near}'?)` : ""}`);
  }

  list() {
    const open = ["[", "(", "{"].find((one) => this.take(one));
    if (!open) this.refuse();
    const values = [];
    while (!this.is(CLOSING[open])) {
      values.push(this.literal());
      if (!this.take(",")) break;
    }
    if (!this.take(CLOSING[open])) this.refuse();
    return values;
  }

  literal() {
    const sign = this.take("-") ? -1 : this.take("+") ? 1 : 0;
    const next = this.left.shift();
    if (next?.kind === "number") return (sign || 1) * Number(next.value.replaceAll("_", ""));
    if (next?.kind === "string" && !sign) return unquoted(next.value);
    const known = { None: null, True: 1, False: 0 };
    if (next?.kind === "word" && !sign && next.value in known) return known[next.value];
    if (next) this.left.unshift(next);
    return this.refuse();
  }
}

function plain(value) {
  return typeof value === "boolean" ? Number(value) : value;
}

function compare(read, sign, value, name) {
  if (sign === "==") return (row) => read(row) === value;
  if (sign === "!=") return (row) => read(row) !== value;
  return (row) => {
    const cell = read(row);
    if (cell === null || value === null) return false;
    if (typeof cell !== typeof value) {
      throw new Refused(`${name} ${sign} ${JSON.stringify(value)}: not of one kind`);
    }
    if (sign === "<") return cell < value;
    if (sign === ">") return cell > value;
    return sign === "<=" ? cell <= value : cell >= value;
  };
}

function distance(a, b) {
  let above = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const line = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = above[j - 1] + (a[i - 1] !== b[j - 1]);
      line[j] = Math.min(swap, above[j] + 1, line[j - 1] + 1);
    }
    above = line;
  }
  return above[b.length];
}

function nearest(name, known) {
  const ranked = known.map((one) => [distance(name.toLowerCase(), one), one]).sort((a, b) => a[0] - b[0]);
  return ranked.length && ranked[0][0] <= Math.max(2, name.length / 2) ? ranked[0][1] : "";
}

function compile(text, columns) {
  const letters = [...text.trim()].length;
  if (letters > LONGEST) throw new Refused(`too long (${letters} letters, at most ${LONGEST})`);
  const [first, second] = text.trim().split(/\s+/);
  const among = columns.has(first) && (second === "in" || second === "not");
  if (among || OPERATOR.test(text)) return new Parser(text, columns).whole();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => words.every((word) => row.text.includes(word));
}
