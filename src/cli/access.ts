import type { Command } from "commander";
import { accessOf } from "../identity/access/access-of.ts";
import { type Condition, type WhyAccess, whyAccess } from "../identity/access/why-access.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { resolveProduct } from "../identity/products.ts";
import { type Answer, printable, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";

/** `muster access PERSON`: what a person may use, and why or why not. */
export function registerAccess(program: Command, line: CommandLine): void {
  program
    .command("access <person>")
    .description("what a person may use, by which groups, and why not more")
    .option("--why <product>", "every condition on this product: what is missing, who set it, who could change it")
    .action(
      line.inOrganization(async ({ db }, options: GlobalOptions & { why?: string }, person: string) => {
        const account = await resolvePerson(db, person);
        if (options.why !== undefined)
          return whyAnswer(await whyAccess(db, account, await resolveProduct(db, options.why, options.site)));
        const found = await accessOf(db, account);
        const rows = found.access.map(({ site, product, role, allowed, reason, spaces, trace }) => [
          `${site}/${product}`,
          role,
          allowed ? "yes" : "no",
          reason,
          spaces
            .map((one) => `${one.space} (${one.permission}${one.expiresAt ? ` until ${one.expiresAt}` : ""})`)
            .join(", ") || null,
          trace
            .map((one) => `${one.directory}/${one.group} → ${one.role}${one.counts ? "" : " (does not count)"}`)
            .join(", ") || null,
        ]);
        const { userName, status } = found.account;
        return {
          json: found,
          text: `${table(["who", "status"], [[userName, status]])}\n\n${table(["product", "role", "allowed", "reason", "spaces", "by"], rows, "there are no products")}`,
        };
      }),
    );
}

function whyAnswer(why: WhyAccess): Answer {
  const { account, site, product, role, allowed, reason, person, ways, place } = why;
  return {
    json: why,
    text: [
      table(
        ["who", "status", "product", "role", "allowed", "reason"],
        [[account.userName, account.status, `${site}/${product}`, role, allowed ? "yes" : "no", reason]],
      ),
      "",
      ...person.flatMap(told),
      ...ways.flatMap(({ role: given, memberOf, group, conditions, counts }) => [
        `${given} by ${group.directory ?? "local"}/${printable(group.name)}${group.name === memberOf ? "" : ` (in which ${printable(memberOf)} is)`}: ${counts ? "counts" : "does not count"}`,
        ...conditions.flatMap(told).map((one) => `  ${one}`),
      ]),
      ...place.flatMap(told),
    ].join("\n"),
  };
}

/** A condition in lines: whether it is met, and what would help. */
function told({ met, because, directory, setBy, remedy }: Condition): string[] {
  const by = setBy === null ? "" : ` (${setBy.userName ?? setBy.kind}, ${setBy.at.toISOString()})`;
  if (met) return [`yes  ${printable(because)}`];
  const who = remedy?.heldBy.map(({ userName }) => printable(userName)).join(", ") || "nobody with a right now";
  return [
    `NO   ${printable(because)}${by}`,
    ...(remedy ? [`       could change it: ${who}; ${remedy.command}`] : []),
    ...(remedy === null && directory !== null ? [`       only ${printable(directory)} itself changes it`] : []),
  ];
}
