import type { Db } from "../../db/connection.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { reconcileAll } from "../access/reconcile.ts";
import { emailKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import { DEFAULT_SETTINGS, type OrganizationSettings, type SettingsChange } from "./form.ts";

/** The organization's settings; what nobody has set has its default. */
export async function getSettings(db: Db): Promise<OrganizationSettings> {
  const [row] = await db.query<{ settings: SettingsChange }>({
    name: "settings-of-organization",
    text: "select settings from organizations where id = $1",
    values: [db.organization],
  });
  if (!row) throw new MusterError("not-found", "there is no such organization");
  return withChange(DEFAULT_SETTINGS, row.settings);
}

/** The settings after a change: objects part by part, lists as a whole. */
function withChange(before: OrganizationSettings, change: SettingsChange): OrganizationSettings {
  const merged = Object.entries(before).map(([name, value]) => {
    const wanted = change[name as keyof SettingsChange];
    if (wanted === undefined) return [name, value];
    const parts = typeof wanted === "object" && wanted !== null && !Array.isArray(wanted);
    return [name, parts ? { ...(value as object), ...definedIn(wanted) } : wanted];
  });
  return Object.fromEntries(merged) as OrganizationSettings;
}

function definedIn(parts: object): object {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

/** One setting that is another now; `name` with a dot for a part, as in `guestPolicy.period`. */
export type SettingChange = { name: string; before: unknown; after: unknown };

/**
 * Changes the organization's settings. Before: the organization is locked exclusively. After: they stand, with an audit row, and
 * hold for whatever comes next; where they say which invitations hold slots, whoever waited is admitted as far as that reaches.
 * Returns what is another now.
 * @throws MusterError `invalid` for an explicit recipient who is nobody here: no mail goes to strangers.
 */
export async function changeSettings(tx: Tx, wanted: SettingsChange): Promise<SettingChange[]> {
  requireExclusive(tx);
  const before = await getSettings(tx);
  const after = withChange(before, wanted);
  const changes = differences(before, after);
  if (changes.length === 0) return [];
  await requireRecipients(tx, after);
  await tx.query({
    text: "update organizations set settings = $2 where id = $1",
    values: [tx.organization, JSON.stringify(after)],
  });
  await recordChanges(tx, [
    {
      action: "settings.changed",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { changes },
    },
  ]);
  if (changes.some(({ name }) => name === "guestPolicy.countPending")) await reconcileAll(tx);
  return changes;
}

/** What is another after than before, by name. */
export function differences(before: object, after: object, within = ""): SettingChange[] {
  return Object.entries(before).flatMap(([key, value]) => {
    const now = (after as Record<string, unknown>)[key];
    const name = `${within}${key}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return differences(value, now as object, `${name}.`);
    return JSON.stringify(value) === JSON.stringify(now) ? [] : [{ name, before: value, after: now }];
  });
}

async function requireRecipients(tx: Tx, { notifications }: OrganizationSettings): Promise<void> {
  for (const [event, recipients] of Object.entries(notifications))
    for (const recipient of recipients) {
      if (!recipient.includes("@")) continue;
      const [known] = await tx.query({
        text: "select id from accounts where organization = $1 and email_key = $2 limit 1",
        values: [tx.organization, emailKey(recipient)],
      });
      if (!known)
        throw new MusterError(
          "invalid",
          `nobody here has the address ${recipient}; name somebody's of the organization`,
          {
            at: `/notifications/${event}`,
          },
        );
    }
}
