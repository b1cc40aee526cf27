import { expect, test } from "vitest";
import { nameKey } from "../../../src/identity/keys.ts";
import { scimServer } from "../endpoint.ts";

const { ctx } = await scimServer();

async function folded(texts: string[]): Promise<string[]> {
  const rows = await ctx.db.lookUp<{ text: string }>({
    text: "select fold_text(t) as text from unnest($1::text[]) with ordinality as w (t, n) order by n",
    values: [texts],
  });
  return rows.map((row) => row.text);
}

test("fold_text folds every character of Unicode as the keys of src/identity do", async () => {
  const characters: string[] = [];
  for (let code = 1; code <= 0x1ffff; code++)
    if (code < 0xd800 || code > 0xdfff) characters.push(`a${String.fromCodePoint(code)}b`);
  const answers = await folded(characters);
  const different = characters.filter((text, index) => answers[index] !== nameKey(text));
  // The final sigma stands in the middle here; everything else is the same, letter by letter.
  expect(different).toEqual(["aςb"]);
});

test("folding is idempotent, and both sigmas are the same wherever they stand", async () => {
  const texts = ["ΟΔΟΣ", "οδος", "οδοσ", "İstanbul", "e\u0301É", "STRASSE", "ﬀ"];
  const once = await folded(texts);
  expect(await folded(once)).toEqual(once);
  expect(new Set(once.slice(0, 3)).size).toBe(1);
});
