import type { Config } from "../../config.ts";
import type { Tx } from "../../db/transaction.ts";
import { getProduct, listProducts, updateProduct } from "../products.ts";
import { recordChanges } from "../record.ts";
import { getSignUp, setSignUp } from "../sign-up.ts";
import { PRESETS, type PresetName } from "./presets.ts";
import { changeSettings, differences, type SettingChange } from "./settings.ts";

/** One thing that a preset makes another; `product` where it is a product's, as SITE/KEY. */
type PresetChange = SettingChange & { product: string | null };
export type AppliedPreset = {
  changes: PresetChange[];
  /** What products say of their own guests stays, and goes before the preset: those products, as SITE/KEY. */
  keptBy: string[];
};

/**
 * Fills the settings as a preset has them. Afterwards each of them can be changed by itself.
 *
 * Before: the organization is locked exclusively. After: the organization's settings, the proof that signing up asks for and the
 * guest quota of every product with guests are the preset's, with audit rows; nobody is dropped (R146). Applied twice it
 * changes nothing the second time.
 * @throws MusterError as the change of each setting.
 */
export async function applyPreset(
  tx: Tx,
  mail: Pick<Config["mail"], "smtpUrl">,
  name: PresetName,
): Promise<AppliedPreset> {
  const { summary: _, signUpVerification, ...settings } = PRESETS[name];
  const changes: PresetChange[] = (await changeSettings(tx, settings)).map((change) => ({ product: null, ...change }));
  const signUp = await getSignUp(tx);
  if (signUp.verification !== signUpVerification) {
    await setSignUp(tx, mail, { ...signUp, verification: signUpVerification });
    changes.push({ product: null, name: "signUpVerification", before: signUp.verification, after: signUpVerification });
  }
  const { basis: guestBasis, ratio: guestRatio, enforcement: guestEnforcement } = settings.guestQuota;
  const products = await listProducts(tx);
  for (const { id, hasGuests, key, site } of products) {
    if (!hasGuests) continue;
    const { id: _id, key: _key, site: _site, ...before } = await getProduct(tx, id);
    const after = { ...before, guestBasis, guestRatio, guestEnforcement };
    await updateProduct(tx, id, after);
    changes.push(...differences(before, after).map((change) => ({ product: `${site}/${key}`, ...change })));
  }
  if (changes.length > 0)
    await recordChanges(tx, [
      {
        action: "settings.preset-applied",
        subjectKind: "organization",
        subject: tx.organization,
        detail: { preset: name, changes: changes.length },
      },
    ]);
  const own = await tx.query<{ name: string }>({
    text: `select s.key || '/' || p.key as name from products p
      join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 and p.guest_policy <> '{}' order by s.key, p.key`,
    values: [tx.organization],
  });
  return { changes, keptBy: own.map((product) => product.name) };
}
