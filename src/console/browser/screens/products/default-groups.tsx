import { Stack, Text } from "@mantine/core";
import { call, type Row } from "../../api/call.ts";
import type { Role } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useWhyNot } from "../../parts/act-button.tsx";
import { GroupPicker } from "../../parts/group-picker.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

const ROLES = ["user", "admin", "guest"] as const;

/** The group into which somebody comes who is given a role of the product and no group. */
export function DefaultGroups({ product }: { product: Row<"products.list"> }) {
  const { t, word } = useTexts();
  const act = useAct();
  const whyNot = useWhyNot("products.setDefaultGroup");
  const query = { site: product.site };
  const found = useApi("products.defaultGroups", { params: { key: product.key }, query });
  if (found.data === undefined) return null;
  const held = (role: Role) => found.data?.data.find((one) => one.role === role)?.group;
  const set = (role: Role, group: string | null): void => {
    const before = held(role)?.id ?? null;
    if (group === before) return;
    const asked = (to: string | null) => ({
      params: { key: product.key, role },
      query,
      body: { group: to && `id:${to}` },
    });
    void act("products.setDefaultGroup", asked(group), t("products.defaultSet"), () =>
      call("products.setDefaultGroup", asked(before)),
    );
  };
  return (
    <Stack gap="md">
      <Text c="dimmed">{whyNot === null ? t("products.defaultsHow") : t("shared.whyNot", { why: whyNot })}</Text>
      {ROLES.filter((role) => role !== "guest" || product.hasGuests).map((role) => {
        const chosen = held(role);
        return (
          <GroupPicker
            key={role}
            label={word("status", role)}
            value={chosen?.id ?? null}
            {...(chosen && { chosen })}
            onPick={(group) => set(role, group)}
          />
        );
      })}
    </Stack>
  );
}
