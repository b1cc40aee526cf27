import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Link = Row<"links.list">;

/** Whether a link still lets anybody in. */
export function LinkChip({ state }: Pick<Link, "state">) {
  const { t } = useTexts();
  return <Chip meaning={MEANINGS.link[state]} label={t(`links.${state}`)} />;
}

/** What it grants and what each use costs (R101). */
export function Gives({ link: { roles, groups, spaces } }: { link: Pick<Link, "roles" | "groups" | "spaces"> }) {
  const { t, word } = useTexts();
  const given = [
    ...roles.map(({ product, role, takes, left }) =>
      t(takes === "seat" ? "links.costsSeat" : "links.costsSlot", {
        product,
        role: word("status", role),
        left: left === null ? "∞" : left,
      }),
    ),
    ...spaces.map(({ product, space }) => `${product}/${space}`),
  ];
  return <>{(given.length > 0 ? given : groups.map(({ name }) => name)).join(", ") || t("shared.none")}</>;
}
