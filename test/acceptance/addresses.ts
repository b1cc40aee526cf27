import { random } from "../harness/random.ts";

/** The sign-up domains of the table: one alone, one's sub-domains alone, one below a public suffix, one beyond ASCII. */
export const LISTED = ["example.com", "*.example.org", "example.co.uk", "münchen.example"];

/** What is typed, `NAME` being a local part that only this line has, and the domain it comes to; none: nobody gets in. */
const TABLE: readonly (readonly [typed: string, domain?: string])[] = [
  ["NAME@example.com", "example.com"],
  ["NAME@EXAMPLE.com", "example.com"],
  ["  NAME@example.com\r\n", "example.com"],
  ["NAME@example.com.", "example.com"],
  ["NAME@example.com.."],
  ["NAME@.example.com"],
  ["NAME@example.com.evil.example"],
  ["NAME@example.comm"],
  ["NAME@example.co"],
  ["NAME@example.c"],
  ["NAME@com"],
  ["NAME@sub.example.com"],
  ["NAME@www.example.com"],
  ["NAME@evilexample.com"],
  ["NAME@evil-example.com"],
  ["NAME@example-com"],
  ["NAME@examplecom"],
  ["NAME@example..com"],
  ["NAME@*.example.com"],
  // Sub-domains alone.
  ["NAME@a.example.org", "a.example.org"],
  ["NAME@a.b.example.org", "a.b.example.org"],
  ["NAME@A.Example.ORG.", "a.example.org"],
  ["NAME@example.org"],
  ["NAME@.example.org"],
  ["NAME@*.example.org"],
  ["NAME@-a.example.org"],
  ["NAME@a-.example.org"],
  ["NAME@a..example.org"],
  ["NAME@_a.example.org"],
  ["NAME@a.evilexample.org"],
  ["NAME@aexample.org"],
  ["NAME@a.example.org.evil.example"],
  ["NAME@a.example.orgs"],
  [`NAME@${"a".repeat(64)}.example.org`],
  [`NAME@${"a".repeat(63)}.example.org`, `${"a".repeat(63)}.example.org`],
  // Longer than an address may be, and of the listed domain as far as one may read.
  ["NAME@PAD.example.org.evil.example"],
  // A public suffix is nobody's.
  ["NAME@example.co.uk", "example.co.uk"],
  ["NAME@co.uk"],
  ["NAME@other.co.uk"],
  ["NAME@uk"],
  ["NAME@a.example.co.uk"],
  ["NAME@example.uk"],
  // Names beyond ASCII: one name however it is written, and what only looks like one.
  ["NAME@münchen.example", "xn--mnchen-3ya.example"],
  ["NAME@MÜNCHEN.example", "xn--mnchen-3ya.example"],
  ["NAME@mu\u0308nchen.example", "xn--mnchen-3ya.example"],
  ["NAME@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
  ["NAME@munchen.example"],
  ["NAME@muenchen.example"],
  ["NAME@mūnchen.example"],
  ["NAME@xn--mnchen-3ya.com"],
  ["NAME@ｅｘａｍｐｌｅ.com", "example.com"],
  ["NAME@𝐞xample.com", "example.com"],
  ["NAME@exаmple.com"],
  ["NAME@еxample.com"],
  ["NAME@exαmple.com"],
  ["NAME@examplе.com"],
  ["NAME@exampIe.com"],
  ["NAME@examp1e.com"],
  ["NAME@exarnple.com"],
  ["NAME@example.соm"],
  ["NAME@ex\u0301ample.com"],
  ["NAME@exam\u00adple.com"],
  ["NAME@exam\u200dple.com"],
  ["NAME@exam\u200bple.com"],
  ["NAME@\u202eexample.com"],
  ["NAME@example.com\u202c"],
  ["NAME@example\u3002com"],
  ["NAME@example\uff0ecom"],
  ["NAME@xn--example.com"],
  ["NAME@xn--exmple-cua.com"],
  ["NAME@xn--.example.org"],
  ["NAME＠example.com"],
  ["NАME@example.com"],
  // Local parts that are read differently by others.
  ["NAME%evil.example@example.com", "example.com"],
  ["evil.example!NAME@example.com", "example.com"],
  ["NAME+a@example.com", "example.com"],
  ['"NAME"@example.com'],
  ['"NAME@evil.example"@example.com'],
  ['"NAME\\"@evil.example"@example.com'],
  ['"NAME b"@example.com'],
  ["NAME.@example.com"],
  [".NAME@example.com"],
  ["NAME..a@example.com"],
  ["NAME b@example.com"],
  [`NAME${"a".repeat(64)}@example.com`],
  ["NAME(evil)@example.com"],
  ["NAME@(evil.example)example.com"],
  ["NAME@example.com(evil.example)"],
  ["NAME@evil.example(@example.com)"],
  // More than one address, or address and more.
  ["NAME@evil.example@example.com"],
  ["NAME@example.com@evil.example"],
  ["NAME@@example.com"],
  ["NAME@example.com,NAME@evil.example"],
  ["NAME@evil.example,NAME@example.com"],
  ["NAME@evil.example;NAME@example.com"],
  ["NAME@evil.example NAME@example.com"],
  ["NAME@evil.example\tNAME@example.com"],
  ["NAME@evil.example\nNAME@example.com"],
  ["NAME@example.com\nBcc: NAME@evil.example"],
  ["NAME@example.com\r\nTo: NAME@evil.example"],
  ["NAME@example.com%0aBcc:NAME@evil.example"],
  ["NAME@example.com>, <NAME@evil.example"],
  ["<NAME@example.com>"],
  ["<NAME@example.com>NAME@evil.example"],
  ["Ann <NAME@example.com>"],
  ["@example.com:NAME@evil.example"],
  ["@evil.example:NAME@example.com"],
  ["mailto:NAME@example.com"],
  ["group:NAME@example.com;"],
  // Controls: a null is left out before anything is read.
  ["NAME@example.com\0.evil.example"],
  ["NAME@evil.example\0@example.com"],
  ["NAME\u0001@example.com"],
  ["NAME@example.com\u0001"],
  ["NAME@exam\u007fple.com"],
  ["NAME@exam\tple.com"],
  ["NAME@example.com\u2028NAME@evil.example"],
  ["\ufeffNAME@evil.example"],
  // What is no name of a host.
  ["NAME@[127.0.0.1]"],
  ["NAME@127.0.0.1"],
  ["NAME@[IPv6:::1]"],
  ["NAME@0x7f.1"],
  ["NAME@localhost"],
  ["NAME@example.com:25"],
  ["NAME@example.com/evil.example"],
  ["NAME@example.com?.evil.example"],
  ["NAME@example.com#.evil.example"],
  ["NAME@example.com\\.evil.example"],
  ["NAME@example.com%2eevil.example"],
  ["NAME@user:word@example.com"],
  ["NAME@"],
  ["@example.com"],
  ["NAME"],
  ["example.com"],
  [""],
];

/** One thing that somebody types at the door; `becomes` null: nobody gets in by it and nobody is mailed. */
export type Typed = { typed: string; becomes: string | null };

/** Labels that make of `NAME@….example.org` the longest address that there is. */
function padding(name: string): string {
  const labels = `${"abcdefghi.".repeat(25)}`.slice(0, 254 - `${name}@.example.org`.length);
  return labels.endsWith(".") ? `${labels.slice(0, -1)}a` : labels;
}

/** The table, every line with a name of its own. */
export function table(): Typed[] {
  return TABLE.map(([typed, domain], at) => {
    const name = `hand${at}`;
    const text = typed.replaceAll("NAME", name).replace("PAD", padding(name));
    const local = text.trim().slice(0, text.trim().lastIndexOf("@"));
    return { typed: text, becomes: domain === undefined ? null : `${local}@${domain}` };
  });
}

const LOOKALIKES: Record<string, string> = { a: "а", c: "с", e: "е", o: "о", p: "р", x: "х", m: "м", l: "ӏ" };
const BEHIND = [",", ";", " ", "\t", "\n", "\\", "/", "?", "#", ":", "@", "<", "(", "\0", "\u3002", "\uff61", "&", "|"];
const BEFORE = [",", ";", " ", "\t", "\n", ":", "<", "(", "@", '"'];

/** So many addresses that are none of a listed domain, made out of listed ones as a seed decides. */
export function hostile(count: number, seed: number): Typed[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const letter = () => pick([..."abcdefghijklmnopqrstuvwxyz0123456789"]);
  const label = () => Array.from({ length: 1 + Math.floor(next() * 8) }, letter).join("");
  /** Another name of a host, that differs from the listed one in its registered part. */
  const elsewhere: ((domain: string) => string)[] = [
    (domain) => `${domain}.${label()}.example`,
    (domain) => `${domain}.${label()}`,
    (domain) => `${domain}${letter()}`,
    (domain) => domain.replace("example", `${letter()}${letter()}example`),
    (domain) => domain.replace("example", `example${letter()}`),
    (domain) => domain.replace("example", `ex${letter()}${letter()}mple`),
    (domain) => domain.replace("example", "exmaple"),
    (domain) => domain.replace("example.", "example"),
    (domain) => domain.replace("example.", "example-"),
    (domain) => domain.replace(/\.[a-z]+$/, `.x${letter()}`),
    (domain) => {
      const from = pick(
        Object.keys(LOOKALIKES).filter((one) => domain.replace(/^[^.]+\.(?=example)/, "").includes(one)),
      );
      const at = domain.lastIndexOf(from);
      return `${domain.slice(0, at)}${LOOKALIKES[from]}${domain.slice(at + 1)}`;
    },
  ];
  const bases = ["example.com", "a.example.org", "example.co.uk"];
  const made: ((name: string) => string)[] = [
    (name) => `${name}@${pick(elsewhere)(pick(bases))}`,
    (name) => `${name}@${pick(elsewhere)(pick(elsewhere)(pick(bases)))}`,
    (name) => `${name}@${label()}.${pick(["example.com", "example.co.uk"])}`,
    (name) => `${name}@${pick(bases)}${pick(BEHIND)}${pick(["", ".", "@", name])}evil.example`,
    (name) => `${name}@evil.example${pick(BEFORE)}${name}@${pick(bases)}`,
    (name) => `"${name}${pick(["", "@evil.example", " ", "\\"])}"@${pick(bases)}`,
    (name) => `${name}(${label()})@${pick(bases)}`,
  ];
  return Array.from({ length: count }, (_, at) => ({ typed: pick(made)(`made${at}`), becomes: null }));
}
