/**
 * How many edits (a character put in, taken out or replaced, or two neighbours swapped) make one text the other, up to `most`;
 * more are told as `most + 1`. Only what can still be within is worked out, so the work is length × `most`.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let older: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const now = Array<number>(b.length + 1).fill(most + 1);
    now[0] = row;
    let least = row;
    for (let column = Math.max(1, row - most); column <= Math.min(b.length, row + most); column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      now[column] = Math.min(
        at(before, column) + 1,
        at(now, column - 1) + 1,
        at(before, column - 1) + (same ? 0 : 1),
        swapped ? at(older, column - 2) + 1 : most + 1,
      );
      least = Math.min(least, at(now, column));
    }
    if (least > most) return most + 1;
    [older, before] = [before, now];
  }
  return Math.min(at(before, b.length), most + 1);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

/** Whose domains are typed most, and so mistyped most. What resembles one of them and is itself one is meant. */
const PROVIDERS = [
  "gmail.com",
  "googlemail.com",
  "outlook.com",
  "hotmail.com",
  "live.com",
  "msn.com",
  "yahoo.com",
  "ymail.com",
  "icloud.com",
  "me.com",
  "mac.com",
  "aol.com",
  "mail.com",
  "email.com",
  "gmx.com",
  "gmx.de",
  "gmx.net",
  "web.de",
  "t-online.de",
  "orange.fr",
  "yandex.com",
  "zoho.com",
  "proton.me",
  "protonmail.com",
  "fastmail.com",
] as const;

/** The provider whose domain this one resembles without being any: one edit apart, two where the name is long. */
export function mistypedProvider(domain: string): string | undefined {
  if ((PROVIDERS as readonly string[]).includes(domain)) return undefined;
  return PROVIDERS.find((provider) => {
    const most = provider.length >= 10 ? 2 : 1;
    // Of the shortest names everything is one edit away.
    return provider.length >= 7 && editDistance(domain, provider, most) <= most;
  });
}

/** What a mailbox is called without what many providers let be put into its name: `+tag`, and dots at Gmail. */
export function mailboxOf(address: string): string {
  const split = address.lastIndexOf("@");
  const [local = "", domain = ""] = [address.slice(0, split).split("+")[0], address.slice(split + 1)];
  return domain === "gmail.com" || domain === "googlemail.com"
    ? `${local.replaceAll(".", "")}@gmail.com`
    : `${local}@${domain}`;
}
