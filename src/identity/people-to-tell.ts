import type { Db } from "../db/connection.ts";
import type { AccountId, ProductId } from "../db/id.ts";
import { administratorsToTell } from "./administrators-to-tell.ts";
import { emailKey } from "./keys.ts";
import type { OrganizationSettings } from "./settings/form.ts";
import { getSettings } from "./settings/settings.ts";
import { IS_ACTIVE } from "./statuses.ts";

export type PersonToTell = { account: AccountId; recipient: string; administrator: boolean };

/** Who is told of an event by mail, each once (C18). */
export async function peopleToTell(
  db: Db,
  event: keyof OrganizationSettings["notifications"],
  about: { products: readonly ProductId[]; sponsor?: AccountId | null },
): Promise<PersonToTell[]> {
  const wanted = (await getSettings(db)).notifications[event];
  const administrators = (await administratorsToTell(db)).map(({ account, recipient }) => ({
    account,
    recipient,
    administrator: true,
  }));
  const found = [
    ...(wanted.includes("administrators") ? administrators : []),
    ...(await others(db, {
      sponsor: wanted.includes("sponsor") ? (about.sponsor ?? null) : null,
      products: wanted.includes("scope-owners") ? about.products : [],
      addresses: wanted.flatMap((one) => emailKey(one) ?? []),
    })),
  ];
  // A guest's end that nobody would hear of is the administrators' affair.
  const told = found.length === 0 && event === "guestEnding" ? administrators : found;
  return [...new Map(told.toReversed().map((one) => [one.account, one])).values()].toReversed();
}

/** Whoever answers for a guest, looks after a product or its site, or is named: as far as they are active and have an address. */
async function others(
  db: Db,
  { sponsor, products, addresses }: { sponsor: AccountId | null; products: readonly ProductId[]; addresses: string[] },
): Promise<PersonToTell[]> {
  return db.query<PersonToTell>({
    text: `select a.id as account, a.email_key as recipient, false as administrator from accounts a
      where a.organization = $1 and ${IS_ACTIVE} and a.email_key is not null
        and (a.id = $2 or a.email_key = any ($4) or a.id in (
          select r.account from rights r join products p on p.organization = $1 and p.id = any ($3)
          where r.organization = $1 and r.in_force and r.parked_at is null
            and ((r.bundle = 'site-administrator' and r.scope_kind = 'site' and r.scope_id = p.site)
              or (r.bundle = 'user-access-administrator' and r.scope_kind = 'product' and r.scope_id = p.id))))
      order by a.id`,
    values: [db.organization, sponsor, products, addresses],
  });
}
