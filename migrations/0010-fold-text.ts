import type { Knex } from "knex";

/**
 * `fold_text`: the form under which two spellings of a text are the same, for the texts of a resource that no key column
 * holds. It folds as src/identity/keys.ts does, and a test compares the two over all of Unicode; `lower()` does not, because
 * its answer depends on the database's locale. Two exceptions: the final sigma is the same as the other one, so that
 * folding a part of a text never differs from the same part of the folded text.
 */
export async function up(knex: Knex): Promise<void> {
  const { upper, lower } = simpleFoldings();
  await knex.raw(`
    create function fold_wide_text(value text) returns text
      language sql immutable parallel safe strict set search_path = pg_catalog
      as $$ select normalize(replace(translate(normalize(value, NFC), '${upper}', '${lower}'), U&'\\0130', U&'i\\0307'), NFC) $$;
    create function fold_text(value text) returns text
      language sql immutable parallel safe
      as $$ select case when octet_length(value) = length(value) then lower(value collate "C")
        else muster.fold_wide_text(value) end $$;
    revoke all on function fold_wide_text(text), fold_text(text) from public;
    grant execute on function fold_wide_text(text), fold_text(text) to muster_app;
  `);
}

/** Every character whose lower-case form is one other character, and that form; the final sigma with them. */
function simpleFoldings(): { upper: string; lower: string } {
  let upper = "ς";
  let lower = "σ";
  for (let code = 0x41; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    const folded = character.toLowerCase();
    if (folded === character || [...folded].length !== 1) continue;
    upper += character;
    lower += folded;
  }
  return { upper, lower };
}
