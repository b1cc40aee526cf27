import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Answer } from "../../api/call.ts";
import { useStanding } from "../../parts/impact-view.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";

type Done = Answer<"directories.switch">;

/** Who a switch would move, who loses what by it, and who stays behind. Of each list the first hundred are told. */
export function Switched({ result }: { result: Done }) {
  const { t, word } = useTexts();
  const roleNamed = useRoleNamed();
  const { counts, from, to } = result;
  const [switched, unmatched, conflicts] = [counts.switched ?? 0, counts.unmatched ?? 0, counts.conflicts ?? 0];
  return (
    <Stack gap="md">
      <Text role="status">{t("directories.switchCounts", { switched, unmatched, conflicts })}</Text>
      <Part
        title={t("directories.losing")}
        count={(counts.accessLost ?? 0) + (counts.accessChanged ?? 0) + (counts.accessGained ?? 0)}
        heads={[t("directories.person"), t("directories.product"), t("directories.now"), t("directories.after")]}
        rows={result.access.map((one) => ({
          key: `${one.account} ${one.site}/${one.product}`,
          cells: [
            one.userName,
            one.product,
            roleNamed(one.roleBefore),
            roleNamed(one.what === "lost" ? null : one.role),
          ],
        }))}
      />
      <Part
        title={t("directories.conflicts")}
        count={conflicts}
        heads={[t("directories.recordFrom"), t("directories.recordTo"), t("shared.reason")]}
        rows={result.conflicts.map((one) => ({
          key: `${one.reason} ${one.from.join()} ${one.to.join()}`,
          cells: [one.from.join(", "), one.to.join(", "), one.detail],
        }))}
      />
      <Part
        title={t("directories.pairs")}
        count={switched}
        heads={[t("directories.recordFrom"), t("directories.recordTo"), t("directories.rights")]}
        rows={result.switched.map((one) => ({
          key: one.account,
          cells: [one.from, one.to, one.rights.map((bundle) => word("administrators", bundle)).join(", ")],
        }))}
      />
      <Part
        title={t("directories.unmatched")}
        means={t("directories.unmatchedMeans", { from: from.name, to: to.name })}
        count={unmatched}
        heads={[t("directories.person"), t("directories.access"), t("directories.rights"), t("directories.hangs")]}
        rows={result.unmatched.map((one) => ({
          key: one.account,
          cells: [
            one.userName,
            one.access.map(({ product, role }) => `${product}: ${roleNamed(role)}`).join(", "),
            one.rights.map((bundle) => word("administrators", bundle)).join(", "),
            t("directories.hangsCounts", { spaces: one.guestAssignments, groups: one.localMemberships }),
          ],
        }))}
      />
      {(counts.parked ?? 0) > 0 && <Text>{t("directories.parkedTotal", { n: counts.parked ?? 0 })}</Text>}
    </Stack>
  );
}

function useRoleNamed(): (role: string | null) => string {
  const standing = useStanding();
  return (role) => {
    const known = (["admin", "user", "guest"] as const).find((one) => one === role);
    return standing({ role: known ?? null, allowed: true });
  };
}

type PartOf = {
  title: string;
  means?: string;
  count: number;
  heads: readonly string[];
  rows: readonly { key: string; cells: readonly ReactNode[] }[];
};

function Part({ title, means, count, heads, rows }: PartOf) {
  const { t } = useTexts();
  if (rows.length === 0) return null;
  return (
    <div>
      <Text fw={600}>
        {title} ({count})
      </Text>
      {means !== undefined && <Text c="dimmed">{means}</Text>}
      <PlainTable caption={title} heads={heads}>
        {rows.map(({ key, cells }) => (
          <tr key={key}>
            {cells.map((cell, at) => (
              <td key={heads[at]}>{cell}</td>
            ))}
          </tr>
        ))}
      </PlainTable>
      {count > rows.length && <Text c="dimmed">{t("directories.andMore", { n: count - rows.length })}</Text>}
    </div>
  );
}
