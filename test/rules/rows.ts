/** What docs/rules.md may say of a rule. */
const STATES = ["met", "met in spirit", "needs a screen", "not Muster's"] as const;

/** One rule as docs/rules.md has it. */
export type Row = { number: string; state: string; where: string };

const LAST = { R: 181, C: 20 };
const NOT_OURS = 12;

/** The rows of docs/rules.md: number, rule, state, and where it stands or why it does not. */
export function rowsOf(page: string): Row[] {
  return page
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, number = ""]) => /^[RC]\d+$/.test(number))
    .map(([, number = "", , state = "", where = ""]) => ({ number, state, where }));
}

/** What is wrong with the rows themselves: numbers missing, twice or unknown, states that are none, reasons left out. */
export function faultsOf(rows: readonly Row[]): string[] {
  const known = Object.entries(LAST).flatMap(([letter, last]) =>
    Array.from({ length: last }, (_, index) => `${letter}${index + 1}`),
  );
  const numbers = rows.map(({ number }) => number);
  const others = rows.filter(({ state }) => state === "not Muster's").length;
  return [
    ...known.filter((number) => !numbers.includes(number)).map((number) => `${number} has no row`),
    ...numbers.filter((number, at) => numbers.indexOf(number) !== at).map((number) => `${number} has two rows`),
    ...numbers.filter((number) => !known.includes(number)).map((number) => `${number} is no rule`),
    ...rows
      .filter(({ state }) => !STATES.some((one) => one === state))
      .map(({ number, state }) => `${number}: "${state}" is no state`),
    ...rows.filter(({ where }) => where === "").map(({ number }) => `${number} says neither where nor why`),
    ...(others > NOT_OURS ? [`${others} rules are said to be not Muster's; ${NOT_OURS} may be`] : []),
  ];
}
