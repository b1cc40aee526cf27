import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { getProduct, updateProduct } from "../../../src/identity/products.ts";
import { applyPreset } from "../../../src/identity/settings/apply-preset.ts";
import { DEFAULT_SETTINGS, settingsForm } from "../../../src/identity/settings/form.ts";
import { changeGuestPolicy, getGuestPolicy } from "../../../src/identity/settings/guest-policy.ts";
import { PRESET_NAMES, PRESETS } from "../../../src/identity/settings/presets.ts";
import { changeSettings, getSettings } from "../../../src/identity/settings/settings.ts";
import { getSignUp } from "../../../src/identity/sign-up.ts";
import { testContext } from "../../harness/postgres.ts";
import { company } from "../inviting-company.ts";

const ctx = await testContext();
const mail = { smtpUrl: "smtp://127.0.0.1:1" };

/** Every setting by name, parts of their own. */
function leaves(settings: object, within = ""): [name: string, value: unknown][] {
  return Object.entries(settings).flatMap(([key, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value, `${within}${key}.`)
      : [[`${within}${key}`, value]],
  );
}

const settingsOf = (name: (typeof PRESET_NAMES)[number]) => {
  const { summary: _, signUpVerification, ...settings } = PRESETS[name];
  return { signUpVerification, ...settings };
};

describe.each(PRESET_NAMES)("%s", (name) => {
  it("C1, C2, C3, C4, C5, C6, C7, C8, C9, C11, C12, C13, C18, C19: fills every setting, and a second time changes nothing", async () => {
    const org = await company(ctx);
    const apply = () => org.write((tx) => applyPreset(tx, mail, name));
    const { signUpVerification, ...settings } = settingsOf(name);
    expect(settingsForm.safeParse(settings).success).toBe(true);
    const before = new Map(leaves({ signUpVerification: "always", ...DEFAULT_SETTINGS }));
    const { changes } = await apply();
    for (const [setting, value] of leaves({ signUpVerification, ...settings })) {
      const changed = changes.find((one) => one.product === null && one.name === setting);
      expect([setting, changed ? changed.after : before.get(setting)]).toEqual([setting, value]);
    }
    expect(await getSettings(org.db)).toEqual(settings);
    expect((await getSignUp(org.db)).verification).toBe(signUpVerification);
    expect(await org.write((tx) => getProduct(tx, org.wiki))).toMatchObject({
      guestBasis: settings.guestQuota.basis,
      guestRatio: settings.guestQuota.ratio,
      guestEnforcement: settings.guestQuota.enforcement,
    });
    expect(await getGuestPolicy(org.db, org.wiki)).toEqual(settings.guestPolicy);
    expect((await apply()).changes).toEqual([]);
  });

  it("is overridable setting by setting, and what a product says of its own guests stays", async () => {
    const org = await company(ctx);
    await org.write((tx) => changeGuestPolicy(tx, org.wiki, { mostSpaces: 7 }));
    expect((await org.write((tx) => applyPreset(tx, mail, name))).keptBy).toEqual([expect.stringMatching(/\/wiki$/)]);
    expect((await getGuestPolicy(org.db, org.wiki)).mostSpaces).toBe(7);
    await org.write((tx) => changeSettings(tx, { notify: true, guestPolicy: { period: "P3D" } }));
    expect(await getSettings(org.db)).toMatchObject({ notify: true, guestPolicy: { period: "P3D" } });
    await org.write(async (tx) => {
      const { id: _, key: __, site: ___, ...held } = await getProduct(tx, org.wiki);
      await updateProduct(tx, org.wiki, { ...held, guestBasis: "fixed", guestRatio: 2 });
    });
    expect(await org.write((tx) => getProduct(tx, org.wiki))).toMatchObject({ guestBasis: "fixed", guestRatio: 2 });
  });
});

test("each setting that the presets speak of differs between two of them, or is theirs alone to override", () => {
  const values = PRESET_NAMES.map((name) => new Map(leaves(settingsOf(name))));
  const same = [...(values[0]?.keys() ?? [])].filter(
    (setting) => new Set(values.map((one) => JSON.stringify(one.get(setting)))).size === 1,
  );
  expect(same.sort()).toEqual([
    "guestPolicy.allowedDomains",
    "guestPolicy.clientLimits",
    "invitationBudget.addressInAll",
    "invitationBudget.addressPerDay",
    "invitationBudget.openAtLeast",
    "invitationBudget.openPerMember",
    "notifications.request",
    "notifications.signUp",
  ]);
});

test("docs/settings.md has each setting once, with its default and every preset's value", () => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "settings.md"), "utf8");
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| |`| \|$/g, "")))
    .map(([name, , , ...values]) => [name, ...values]);
  const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const all = (settings: object) => new Map(leaves(settings).map(([name, value]) => [name, shown(value)]));
  const [defaults, ...presets] = [
    { signUpVerification: "always", ...DEFAULT_SETTINGS },
    ...PRESET_NAMES.map(settingsOf),
  ].map(all);
  expect(rows).toEqual(
    [...(defaults?.keys() ?? [])].map((name) => [
      name,
      defaults?.get(name),
      ...presets.map((preset) => preset.get(name)),
    ]),
  );
});
